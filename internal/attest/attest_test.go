package attest_test

import (
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/attest"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

const orgClaim = "https://issuer.example/org"

func (w *world) attest(profile string, token secret.String, change func(*attest.Request)) (*login.Result, error) {
	in := attest.Request{Profile: profile, Token: token, Organization: ids.OrgRef(w.org.ID)}
	if change != nil {
		change(&in)
	}
	return w.API.Attest.Attest(w.T.Context(), w.Project, in)
}

// A token becomes a session, whatever the organization asks of logins of its own, and works once.
func TestTokenBecomesASession(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.good(map[string]any{"jti": "token-1"})
		r, err := w.attest(profileID, token, func(in *attest.Request) { in.Terms.Minutes = 30 })
		w.Check(err)
		f := r.Live.Session.Factors[0]
		if r.Member.ID != w.member.ID || len(r.Live.Session.Factors) != 1 || f.Type != "trusted_auth_token" ||
			f.DeliveryMethod != "trusted_token_exchange" || f.Trusted.TokenID != "token-1" || f.SequenceOrder != "PRIMARY" {
			t.Errorf("session of %s with %+v", r.Member.ID, f)
		}
		if got := r.Session.ExpiresAt.Sub(r.Session.StartedAt); got != 30*time.Minute {
			t.Errorf("it lives %v", got)
		}
		if r.Member.EmailVerified {
			t.Error("another system's word proves no mailbox")
		}
		if _, err := w.attest(profileID, token, nil); !errors.Is(err, errs.InvalidTrustedAuthToken) {
			t.Errorf("a second time: %v", err)
		}

		// Another token adds its factor to the session, and leaves somebody else's alone.
		shown := func(in *attest.Request) { in.Tokens.Session = r.Live.Token }
		again, err := w.attest(profileID, w.good(nil), shown)
		w.Check(err)
		if again.Session.ID != r.Session.ID || len(again.Session.Factors) != 2 || again.Live.Token != r.Live.Token {
			t.Errorf("session %s with %d factors, want %s with 2", again.Session.ID, len(again.Session.Factors), r.Session.ID)
		}
		w.newMember(member.New{Email: "bob@example.com"})
		bob, err := w.attest(profileID, w.good(map[string]any{"mail": "bob@example.com"}), shown)
		w.Check(err)
		if bob.Session.ID == r.Session.ID {
			t.Error("bob is in ada's session")
		}
	})
}

// Every way in which a token can be wrong.
func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		now := w.DB.Now()
		past := now.Add(-time.Hour).Unix()
		other, err := w.API.Organizations.Create(t.Context(), w.Project, rbac.Caller{}, org.Changes{Name: "Other", Slug: "other"})
		w.Check(err)
		hs := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"iss": "https://issuer.example", "aud": "thimble", "jti": "x", "mail": "ada@example.com", "exp": now.Add(time.Minute).Unix(),
		})
		shared, err := hs.SignedString([]byte(inForm(t, "stranger")))
		w.Check(err)
		none, err := jwt.NewWithClaims(jwt.SigningMethodNone, hs.Claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
		w.Check(err)
		good := w.good(nil)

		for _, test := range []struct {
			name    string
			profile string
			token   secret.String
			change  func(*attest.Request)
			want    *errs.Error
		}{
			{"unknown profile", "nowhere", "x", nil, errs.TrustedTokenProfileNotFound},
			{"no JWT", profileID, "x", nil, errs.InvalidTrustedAuthToken},
			{"no signature", profileID, secret.String(none), nil, errs.InvalidTrustedAuthToken},
			{"signed with the public key as a secret", pemID, secret.String(shared), nil, errs.InvalidTrustedAuthToken},
			{"a byte changed", profileID, good[:len(good)-4] + "AAAA", nil, errs.InvalidTrustedAuthToken},
			{"a stranger's key", profileID, w.token("stranger", jwt.SigningMethodRS256, nil), nil, errs.InvalidTrustedAuthToken},
			{"a key that is not in the profile", pemID, good, nil, errs.InvalidTrustedAuthToken},
			{"expired", profileID, w.good(map[string]any{"exp": past}), nil, errs.InvalidTrustedAuthToken},
			{"without an end", profileID, w.good(map[string]any{"exp": nil}), nil, errs.InvalidTrustedAuthToken},
			{"of the future", profileID, w.good(map[string]any{"nbf": now.Add(time.Hour).Unix()}), nil, errs.InvalidTrustedAuthToken},
			{"issued later", profileID, w.good(map[string]any{"iat": now.Add(time.Hour).Unix()}), nil, errs.InvalidTrustedAuthToken},
			{"another issuer", profileID, w.good(map[string]any{"iss": "https://evil.example"}), nil, errs.JWTInvalidIssuer},
			{"no issuer", profileID, w.good(map[string]any{"iss": nil}), nil, errs.InvalidTrustedAuthToken},
			{"another audience", profileID, w.good(map[string]any{"aud": "other"}), nil, errs.JWTInvalidAudience},
			{"no address", profileID, w.good(map[string]any{"mail": nil}), nil, errs.JWTInvalidClaims},
			{"an address that is none", profileID, w.good(map[string]any{"mail": "ada"}), nil, errs.JWTInvalidClaims},
			{"no id", profileID, w.good(map[string]any{"jti": nil}), nil, errs.JWTInvalidClaims},
			{"an id that is no text", profileID, w.good(map[string]any{"jti": 7}), nil, errs.JWTInvalidClaims},
			{"roles that are no list", profileID, w.good(map[string]any{"roles": "admin"}), nil, errs.JWTInvalidClaims},
			{"nobody there", profileID, w.good(map[string]any{"mail": "eve@example.com"}), nil, errs.MemberNotFound},
			{
				"no organization", profileID, good, func(in *attest.Request) { in.Organization = "" },
				errs.TokenMissingOrganizationIDClaim,
			},
			{
				"no organization in the token where it is needed", jitID, good, nil, errs.TokenMissingOrganizationIDClaim,
			},
			{
				"unknown organization in the token", profileID, w.good(map[string]any{orgClaim: "nowhere"}), nil,
				errs.InvalidTokenOrganizationIDClaim,
			},
			{
				"organization of the other environment", profileID,
				w.good(map[string]any{orgClaim: ids.New(ids.Organization, ids.Live, now)}), nil, errs.InvalidTokenOrganizationIDClaim,
			},
			{
				"another organization in the token", profileID, w.good(map[string]any{orgClaim: other.ID}), nil,
				errs.InvalidTokenOrganizationIDClaim,
			},
			{
				"unknown organization in the request", profileID, good,
				func(in *attest.Request) { in.Organization = "nowhere" }, errs.OrganizationNotFound,
			},
			{
				"two sessions", profileID, good,
				func(in *attest.Request) { in.Tokens = session.Tokens{Session: "x", JWT: "y"} }, errs.TooManySessionArguments,
			},
			{
				"a session that is none", profileID, good,
				func(in *attest.Request) { in.Tokens.Session = "x" }, errs.InvalidSessionToken,
			},
			{
				"duration", profileID, good, func(in *attest.Request) { in.Terms.Minutes = 4 },
				errs.InvalidSessionDurationMinutes,
			},
		} {
			if _, err := w.attest(test.profile, test.token, test.change); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
		// None of it used the good one up.
		if _, err := w.attest(profileID, good, nil); err != nil {
			t.Errorf("the good one: %v", err)
		}
	})
}

// Keys of every kind, published or given.
func TestKeys(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		for _, test := range []struct {
			profile, key string
			method       jwt.SigningMethod
		}{
			{profileID, "rsa", jwt.SigningMethodRS256},
			{profileID, "rsa", jwt.SigningMethodPS512},
			{profileID, "ec", jwt.SigningMethodES256},
			{profileID, "ed", jwt.SigningMethodEdDSA},
			{pemID, "stranger", jwt.SigningMethodRS512},
			{pemID, "ec", jwt.SigningMethodES256},
		} {
			if _, err := w.attest(test.profile, w.token(test.key, test.method, nil), nil); err != nil {
				t.Errorf("%s by %s: %v", test.method.Alg(), test.key, err)
			}
		}
		if w.issuer.asked != 1 {
			t.Errorf("the issuer was asked %d times for its keys, want once", w.issuer.asked)
		}

		// A key that is new is asked for, but not at every try.
		w.issuer.mu.Lock()
		w.issuer.keys = maps.Clone(w.issuer.keys)
		w.issuer.keys["stranger"] = signers()["stranger"]
		w.issuer.mu.Unlock()
		try := func() error {
			_, err := w.attest(profileID, w.token("stranger", jwt.SigningMethodRS256, nil), nil)
			return err
		}
		if err := try(); !errors.Is(err, errs.InvalidTrustedAuthToken) || w.issuer.asked != 1 {
			t.Errorf("at once: %v after %d questions", err, w.issuer.asked)
		}
		w.DB.AdvanceClock(31 * time.Second)
		if err := try(); err != nil || w.issuer.asked != 2 {
			t.Errorf("later: %v after %d questions", err, w.issuer.asked)
		}

		// An issuer that does not answer costs nobody who is known; one whose keys are old is not believed without it.
		w.issuer.mu.Lock()
		w.issuer.status = http.StatusBadGateway
		w.issuer.mu.Unlock()
		if err := try(); err != nil {
			t.Errorf("while its keys are known: %v", err)
		}
		w.DB.AdvanceClock(6 * time.Minute)
		if err := try(); !errors.Is(err, errs.InvalidTrustedAuthToken) {
			t.Errorf("with old keys: %v", err)
		}
	})
}

// Who is meant: by external id before address.
func TestExternalID(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		bob := w.newMember(member.New{Email: "bob@example.com", ExternalID: "user-7"})
		r, err := w.attest(profileID, w.good(map[string]any{"sub": "user-7", orgClaim: w.org.Slug}), nil)
		w.Check(err)
		if r.Member.ID != bob.ID {
			t.Errorf("it is %s, want bob", r.Member.Email)
		}
		r, err = w.attest(profileID, w.good(map[string]any{"sub": "user-8"}), nil)
		w.Check(err)
		if r.Member.ID != w.member.ID {
			t.Errorf("it is %s, want ada", r.Member.Email)
		}
	})
}

// Where the profile says so, strangers become members, and unknown organizations are founded; of many at once, once.
func TestJIT(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		claims := map[string]any{"mail": "new@firm.example", "sub": "user-9", orgClaim: "firm-1", "roles": []string{"stytch_admin"}}
		var tokens [8]secret.String
		for i := range tokens {
			tokens[i] = w.good(claims)
		}
		var joined [8]*login.Result
		got := errstest.Race(len(joined), func(i int) (err error) {
			joined[i], err = w.attest(jitID, tokens[i], func(in *attest.Request) { in.Organization = "" })
			return err
		})
		if got[""] != len(joined) {
			t.Fatalf("calls ended with %v", got)
		}
		m, o := joined[0].Member, joined[0].Organization
		for _, r := range joined {
			if r.Member.ID != m.ID {
				t.Errorf("one address became the members %s and %s", m.ID, r.Member.ID)
			}
		}
		if o.ExternalID != "firm-1" || m.Status != store.StatusActive || m.EmailVerified || m.ExternalID != "user-9" ||
			len(m.Roles) != 1 || m.Roles[0] != rbac.AdminRole {
			t.Errorf("member %+v of %s", m, o.ExternalID)
		}
		// An id of ours is no name to found an organization under.
		claims[orgClaim] = ids.New(ids.Organization, ids.Test, w.DB.Now())
		_, err := w.attest(jitID, w.good(claims), func(in *attest.Request) { in.Organization = "" })
		if !errors.Is(err, errs.InvalidTokenOrganizationIDClaim) {
			t.Errorf("an unknown id: %v", err)
		}
	})
}

// One token is one session, however often it is shown.
func TestTokenWorksOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.good(nil)
		got := errstest.Race(32, func(int) error {
			_, err := w.attest(profileID, token, nil)
			return err
		})
		if got[""] != 1 || got[errs.InvalidTrustedAuthToken.Type] != 31 {
			t.Errorf("not one session of 32: %v", got)
		}
	})
}

// The login before this one is asked whose its token is.
func TestMigrate(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		try := func(answer string, change func(*attest.Migrate)) (*login.Result, error) {
			w.issuer.userinfo = answer
			in := attest.Migrate{Token: "old-session", Organization: ids.OrgRef(w.org.Slug)}
			if change != nil {
				change(&in)
			}
			return w.API.Attest.Migrate(t.Context(), w.Project, in)
		}
		r, err := try(`{"sub":"1","email":"Ada@Example.com","email_verified":true}`, nil)
		w.Check(err)
		f := r.Live.Session.Factors[0]
		if r.Member.ID != w.member.ID || f.Type != "imported" || f.DeliveryMethod != "imported_auth0" || f.Email != nil {
			t.Errorf("session of %s with %+v", r.Member.ID, f)
		}
		if w.issuer.bearer != "Bearer old-session" {
			t.Errorf("asked with %q", w.issuer.bearer)
		}
		if _, err := try(`{"email":"ada@example.com"}`, nil); err != nil {
			t.Errorf("without a word about verification: %v", err)
		}

		asked := w.issuer.asked
		for _, test := range []struct {
			name, answer string
			change       func(*attest.Migrate)
			want         *errs.Error
		}{
			{"duration", "", func(in *attest.Migrate) { in.Terms.Minutes = 4 }, errs.InvalidSessionDurationMinutes},
			{"organization", "", func(in *attest.Migrate) { in.Organization = "nowhere" }, errs.OrganizationNotFound},
			{"a token with a header in it", "", func(in *attest.Migrate) { in.Token = "a\r\nb: c" }, errs.MigrateFromExternalUnexpectedResponse},
		} {
			if _, err := try(test.answer, test.change); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
		if w.issuer.asked != asked {
			t.Error("the other system was asked for what could not be right")
		}
		for answer, want := range map[string]*errs.Error{
			`{"email":"eve@example.com"}`:                          errs.MigrateFromExternalEmailDoesNotExist,
			`{"email":"ada@example.com","email_verified":false}`:   errs.MigrateFromExternalUnexpectedResponse,
			`{"email":"ada@example.com","email_verified":"false"}`: errs.MigrateFromExternalUnexpectedResponse,
			`{"sub":"1"}`: errs.MigrateFromExternalUnexpectedResponse,
			`nonsense`:    errs.MigrateFromExternalUnexpectedResponse,
			``:            errs.MigrateFromExternalUnexpectedResponse,
		} {
			if _, err := try(answer, nil); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", answer, err, want)
			}
		}
		w.issuer.status = http.StatusUnauthorized
		if _, err := try(`{"email":"ada@example.com"}`, nil); !errors.Is(err, errs.MigrateFromExternalUnexpectedResponse) {
			t.Errorf("an unknown token: %v", err)
		}
		w.Project.Settings.UserinfoURL = ""
		if _, err := try(`{"email":"ada@example.com"}`, nil); !errors.Is(err, errs.MigrateFromExternalMissingUserinfo) {
			t.Errorf("not set up: %v", err)
		}
	})
}
