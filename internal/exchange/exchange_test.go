package exchange_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	number = "+12025550162"
	other  = "+12025550163"
)

// side is the member of one of the two organizations and what the case is about.
type side struct {
	member  member.New
	org     org.Changes
	phone   string
	proven  bool // the number
	mailed  bool // the address is proven
	factors []func(m *store.Member) store.Factor
}

// outcome is what an exchange led to: types of factors, and what is missing.
type outcome struct {
	Err      string   // the type of the error
	Session  []string // the factors of the session
	Held     []string // those of the intermediate session
	Primary  []string
	Second   bool
	Texted   bool
	Status   string
	Verified bool
}

func factor(typ, delivery, order string) store.Factor {
	return store.Factor{Type: typ, DeliveryMethod: delivery, SequenceOrder: order}
}

func link(m *store.Member) store.Factor {
	f := factor(store.FactorMagicLink, store.DeliverEmail, store.Primary)
	f.Email = &store.EmailFactor{EmailID: m.EmailID, Email: m.Email}
	return f
}

func code(m *store.Member) store.Factor {
	f := link(m)
	f.Type = store.FactorEmailOTP
	return f
}

func oldLink(m *store.Member) store.Factor {
	f := link(m)
	f.Email = &store.EmailFactor{EmailID: "email-test-old", Email: "before-" + m.Email}
	return f
}

func password(m *store.Member) store.Factor {
	f := factor(store.FactorPassword, store.DeliverKnowledge, store.Primary)
	f.Email = &store.EmailFactor{EmailID: m.EmailID, Email: m.Email}
	return f
}

func text(*store.Member) store.Factor {
	f := factor(store.FactorOTP, store.DeliverSMS, store.Secondary)
	f.Phone = &store.PhoneFactor{PhoneID: "phone-number-test-1", Phone: number}
	return f
}

func app(*store.Member) store.Factor {
	f := factor(store.FactorTOTP, store.DeliverApp, store.Secondary)
	f.TOTP = &store.TOTPFactor{TOTPID: "member-totp-test-1"}
	return f
}

func imported(*store.Member) store.Factor {
	return factor(store.FactorImported, store.DeliverImported, store.Primary)
}

func trusted(*store.Member) store.Factor {
	f := factor(store.FactorTrusted, store.DeliverTrusted, store.Primary)
	f.Trusted = &store.TrustedFactor{TokenID: "t"}
	return f
}

func list(f ...func(m *store.Member) store.Factor) []func(m *store.Member) store.Factor { return f }

var (
	required = org.Changes{MFAPolicy: store.MFARequired}
	onlyApps = org.Changes{
		MFAPolicy: store.MFARequired, MFAMethods: store.Restricted, AllowedMFAMethods: []string{store.MethodTOTP},
	}
	onlyPasswords = org.Changes{AuthMethods: store.Restricted, AllowedAuthMethods: []string{store.MethodPassword}}
	onlyCodes     = org.Changes{AuthMethods: store.Restricted, AllowedAuthMethods: []string{store.MethodEmailOTP}}

	insufficient = outcome{Err: errs.InsufficientFactorsForSessionExchange.Type}
	anyPrimary   = []string{store.MethodMagic, store.MethodEmailOTP, store.MethodPassword, store.MethodSSO}
)

func complete(types ...string) outcome {
	return outcome{Session: types, Status: store.StatusActive, Verified: true}
}

// matrix is reference 9.4: what moves, and whether it is enough there.
var matrix = []struct {
	name     string
	from, to side
	crossOrg bool // passwords
	want     outcome
}{
	{"link", side{factors: list(link)}, side{}, false, complete("magic_link")},
	{"code", side{factors: list(code)}, side{}, false, complete("email_otp")},
	{"link and code", side{factors: list(link, code)}, side{}, false, complete("magic_link", "email_otp")},
	{"password", side{factors: list(password), mailed: true}, side{}, false, insufficient},
	{"password and link", side{factors: list(password, link)}, side{}, false, complete("magic_link")},
	{
		"password of all organizations",
		side{factors: list(password)},
		side{},
		true,
		outcome{Session: []string{"password"}, Status: store.StatusActive},
	},
	{"imported", side{factors: list(imported), mailed: true}, side{}, false, insufficient},
	{"trusted token", side{factors: list(trusted), mailed: true}, side{}, false, insufficient},
	{
		"Slack, of somebody whose address never was proven",
		side{factors: list(account(store.DeliverSlack, ""))},
		side{},
		false,
		insufficient,
	},
	{"link to an address before this one", side{factors: list(oldLink), mailed: true}, side{}, false, insufficient},
	{"app beside a link", side{factors: list(link, app)}, side{}, false, complete("magic_link")},

	{
		"link, passwords wanted",
		side{factors: list(link)},
		side{org: onlyPasswords},
		false,
		outcome{Held: []string{"magic_link"}, Primary: []string{store.MethodPassword}, Status: store.StatusActive},
	},
	{
		"link, break-glass where passwords are wanted",
		side{factors: list(link)},
		side{org: onlyPasswords, member: member.New{IsBreakglass: true}},
		false, complete("magic_link"),
	},
	{
		"link, codes wanted",
		side{factors: list(link)},
		side{org: onlyCodes},
		false,
		outcome{Held: []string{"magic_link"}, Primary: []string{store.MethodEmailOTP}, Status: store.StatusActive},
	},
	{"link and code, codes wanted", side{factors: list(link, code)}, side{org: onlyCodes}, false, complete("magic_link", "email_otp")},
	{
		"password of all organizations, passwords wanted",
		side{factors: list(password)},
		side{org: onlyPasswords},
		true,
		outcome{Session: []string{"password"}, Status: store.StatusActive},
	},

	{
		"link, second factor wanted, none there",
		side{factors: list(link)},
		side{org: required},
		false,
		outcome{Held: []string{"magic_link"}, Second: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link, second factor wanted, number there",
		side{factors: list(link)},
		side{org: required, phone: number, proven: true},
		false,
		outcome{Held: []string{"magic_link"}, Second: true, Texted: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link and text, same proven number",
		side{factors: list(link, text), phone: number, proven: true},
		side{org: required, phone: number, proven: true},
		false, complete("magic_link", "otp"),
	},
	{
		"link and text, enrolled there",
		side{factors: list(link, text), phone: number, proven: true},
		side{member: member.New{MFAEnrolled: true}, phone: number, proven: true},
		false, complete("magic_link", "otp"),
	},
	{
		"link and text, another number there",
		side{factors: list(link, text), phone: number, proven: true},
		side{org: required, phone: other, proven: true},
		false,
		outcome{Held: []string{"magic_link", "otp"}, Second: true, Texted: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link and text, same number there but not proven",
		side{factors: list(link, text), phone: number, proven: true},
		side{org: required, phone: number},
		false,
		outcome{Held: []string{"magic_link", "otp"}, Second: true, Texted: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link and text, number not the session's any more",
		side{factors: list(link, text), phone: other, proven: true},
		side{org: required, phone: number, proven: true},
		false,
		outcome{Held: []string{"magic_link"}, Second: true, Texted: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link and text, only apps there",
		side{factors: list(link, text), phone: number, proven: true},
		side{org: onlyApps, phone: number, proven: true},
		false,
		outcome{Held: []string{"magic_link", "otp"}, Second: true, Status: store.StatusActive, Verified: true},
	},
	{
		"link and app, second factor wanted",
		side{factors: list(link, app)},
		side{org: required},
		false,
		outcome{Held: []string{"magic_link"}, Second: true, Status: store.StatusActive, Verified: true},
	},
	{
		"text alone, of somebody whose address is proven",
		side{factors: list(password, text), phone: number, proven: true, mailed: true},
		side{phone: number, proven: true},
		false,
		outcome{Held: []string{"otp"}, Primary: anyPrimary, Status: store.StatusActive},
	},
	{
		"text alone, of somebody whose address never was",
		side{factors: list(password, text), phone: number, proven: true},
		side{phone: number, proven: true},
		false,
		insufficient,
	},
	{
		"link and text, no second factor wanted",
		side{factors: list(link, text), phone: number, proven: true},
		side{},
		false, complete("magic_link"),
	},

	{"link, pending there", side{factors: list(link)}, side{member: member.New{Pending: true}}, false, complete("magic_link")},
	{"code, invited there", side{factors: list(code)}, side{member: member.New{Invited: true}}, false, complete("email_otp")},
	{
		"password of all organizations, invited there",
		side{factors: list(password)},
		side{member: member.New{Invited: true}},
		true,
		outcome{
			Held: []string{"password"}, Primary: []string{store.MethodMagic, store.MethodEmailOTP}, Status: store.StatusInvited,
		},
	},
	{
		"link, invited where passwords are wanted",
		side{factors: list(link)},
		side{org: onlyPasswords, member: member.New{Invited: true}},
		false,
		outcome{Held: []string{"magic_link"}, Primary: []string{store.MethodPassword}, Status: store.StatusInvited},
	},
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		for i, test := range matrix {
			w.Project.Settings.CrossOrgPasswords = test.crossOrg
			address := fmt.Sprintf("ada%d@example.com", i)
			fromOrg, from := w.make(fmt.Sprint("from", i), address, test.from)
			toOrg, to := w.make(fmt.Sprint("to", i), address, test.to)
			token := w.session(from, test.from)

			got := w.exchange(toOrg, session.Tokens{Session: token})
			if diff := cmp.Diff(test.want, got); diff != "" {
				w.T.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
			if got.Session != nil {
				w.owned(to)
			}
			// The session stays, and the way back to where one is works like any other.
			if _, err := w.API.Sessions.Authenticate(w.T.Context(), w.Project, session.Tokens{Session: token}, session.Terms{}, nil); err != nil {
				w.T.Errorf("%s: the session is gone: %v", test.name, err)
			}
			if again := w.exchange(fromOrg, session.Tokens{Session: token}); test.want.Session != nil && again.Err != "" {
				w.T.Errorf("%s: back into its own organization: %+v", test.name, again)
			}
		}
	})
}

func TestRefusalsInOrder(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		_, from := w.make("from", "ada@example.com", side{})
		toOrg, _ := w.make("to", "bob@example.com", side{})
		token := w.session(from, side{factors: list(link)})
		bad := session.Terms{Minutes: 4}
		for _, test := range []struct {
			name string
			in   exchange.Request
			want *errs.Error
		}{
			{"no token", exchange.Request{Organization: "nowhere", Terms: bad, Locale: "xx"}, errs.NoSessionArguments},
			{
				"two tokens", exchange.Request{
					Organization: "nowhere", Tokens: session.Tokens{Session: "x", JWT: "y"}, Terms: bad, Locale: "xx",
				}, errs.TooManySessionArguments,
			},
			{
				"duration", exchange.Request{
					Organization: "nowhere", Tokens: session.Tokens{Session: "x"}, Terms: bad, Locale: "xx",
				}, errs.InvalidSessionDurationMinutes,
			},
			{
				"language",
				exchange.Request{Organization: "nowhere", Tokens: session.Tokens{Session: "x"}, Locale: "xx"},
				errs.InvalidLocale,
			},
			{
				"organization",
				exchange.Request{Organization: "nowhere", Tokens: session.Tokens{Session: "x"}},
				errs.OrganizationNotFound,
			},
			{"form of a token", exchange.Request{Organization: toOrg, Tokens: session.Tokens{Session: "x"}}, errs.InvalidSessionToken},
			{"form of a JWT", exchange.Request{Organization: toOrg, Tokens: session.Tokens{JWT: "x"}}, errs.UnableToParseSessionJWT},
			{"nobody there", exchange.Request{Organization: toOrg, Tokens: session.Tokens{Session: token}}, errs.MemberNotFound},
		} {
			_, err := w.API.Exchange.Exchange(w.T.Context(), w.Project, test.in)
			if !errors.Is(err, test.want) {
				w.T.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
		if err := w.API.Sessions.Revoke(w.T.Context(), w.Project, rbac.Caller{}, session.Revocation{MemberID: from.ID}); err != nil {
			w.T.Fatal(err)
		}
		if got := w.exchange(toOrg, session.Tokens{Session: token}); got.Err != errs.SessionNotFound.Type {
			w.T.Errorf("a revoked session: %+v", got)
		}
	})
}
