package exchange_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// account is a factor of a provider. A domain is one whose mail the provider runs.
func account(delivery, domain string) func(m *store.Member) store.Factor {
	return func(m *store.Member) store.Factor {
		f := factor(store.FactorOAuth, delivery, store.Primary)
		a := &store.OAuthFactor{
			ID: "oauth-user-test-1", Subject: "4711", HostedDomain: domain,
			EmailFactor: store.EmailFactor{EmailID: m.EmailID, Email: m.Email},
		}
		switch delivery {
		case store.DeliverGoogle:
			f.Google = a
		case store.DeliverMicrosoft:
			f.Microsoft = a
		case store.DeliverHubspot:
			f.Hubspot = a
		case store.DeliverSlack:
			f.Slack = a
		case store.DeliverGitHub:
			f.GitHub = a
		}
		return f
	}
}

// carried is a factor of a provider that came from another organization before.
func carried(delivery string) func(m *store.Member) store.Factor {
	return func(m *store.Member) store.Factor {
		f := account(delivery, "")(m)
		f.CarryOver()
		return f
	}
}

// plain is a factor of which nothing but its kind is of interest.
func plain(typ, delivery, order string) func(m *store.Member) store.Factor {
	return func(*store.Member) store.Factor { return factor(typ, delivery, order) }
}

// targets are the organizations that each factor is carried to, in the order of the columns of factorRows.
var targets = []struct {
	name string
	side func(own string) side
}{
	{"open", func(string) side { return side{} }},
	{"a second factor wanted", func(string) side { return side{org: required} }},
	{"its own method wanted", func(own string) side {
		return side{org: org.Changes{AuthMethods: store.Restricted, AllowedAuthMethods: []string{own}}}
	}},
	{"another method wanted", func(own string) side {
		other := map[bool]string{true: store.MethodPassword, false: store.MethodMagic}[own == store.MethodMagic]
		return side{org: org.Changes{AuthMethods: store.Restricted, AllowedAuthMethods: []string{other}}}
	}},
	{"invited", func(string) side { return side{member: member.New{Invited: true}} }},
}

// What an exchange leads to.
const (
	refuses  = "-"
	whole    = "session"
	lacksOne = "primary"
	lacksTwo = "second"
)

// What becomes of factors in each of the targets: of those that prove the mailbox, of those that were no more than
// somebody's word for it and let nobody join, and of second ones.
const (
	proves    = "session second session primary session"
	claims    = "session second session primary primary"
	secondary = "primary primary primary primary primary"
)

// factorRows is reference 9.4 for every factor that a session can have (3.7), alone: as what it arrives, and what is
// missing in each of the targets.
var factorRows = []struct {
	name     string
	factor   func(m *store.Member) store.Factor
	crossOrg bool   // passwords
	arrives  string // "" for nothing that moves: no exchange at all
	targets  string
}{
	{"magic link", link, false, "magic_link", proves},
	{"email code", code, false, "email_otp", proves},
	{"password", password, false, "", ""},
	{"password of all organizations", password, true, "password", claims},
	{"Google, whose mail it is", account(store.DeliverGoogle, "example.com"), false, "oauth_google", proves},
	{"Google", account(store.DeliverGoogle, ""), false, "oauth_exchange_google", claims},
	{"Microsoft", account(store.DeliverMicrosoft, ""), false, "oauth_microsoft", proves},
	{"HubSpot", account(store.DeliverHubspot, ""), false, "oauth_exchange_hubspot", claims},
	{"Slack", account(store.DeliverSlack, ""), false, "oauth_exchange_slack", claims},
	{"GitHub", account(store.DeliverGitHub, ""), false, "oauth_exchange_github", claims},
	{"Google once before", carried(store.DeliverGoogle), false, "oauth_exchange_google", claims},
	{"HubSpot once before", carried(store.DeliverHubspot), false, "oauth_exchange_hubspot", claims},
	{"Slack once before", carried(store.DeliverSlack), false, "oauth_exchange_slack", claims},
	{"GitHub once before", carried(store.DeliverGitHub), false, "oauth_exchange_github", claims},
	{"connected app", plain("oauth", "oauth_access_token_exchange", store.Primary), false, "", ""},
	{"SAML", plain("sso", "sso_saml", store.Primary), false, "", ""},
	{"OpenID Connect", plain("sso", "sso_oidc", store.Primary), false, "", ""},
	{"impersonation", plain("impersonated", "impersonation", store.Primary), false, "", ""},
	{"imported", imported, false, "", ""},
	{"trusted token", trusted, false, "", ""},
	{"text", text, false, "otp", secondary},
	{"app", app, false, "", ""},
	{"recovery code", plain(store.FactorRecovery, store.DeliverRecovery, store.Secondary), false, "", ""},
}

// kinds are the types and delivery methods that sessions can have (reference 3.7).
const kinds = `magic_link/email email_otp/email otp/sms totp/authenticator_app recovery_codes/recovery_code
	password/knowledge sso/sso_saml sso/sso_oidc oauth/oauth_google oauth/oauth_microsoft oauth/oauth_hubspot
	oauth/oauth_slack oauth/oauth_github oauth/oauth_exchange_google oauth/oauth_exchange_slack
	oauth/oauth_exchange_hubspot oauth/oauth_exchange_github oauth/oauth_access_token_exchange
	impersonated/impersonation imported/imported_auth0 trusted_auth_token/trusted_token_exchange`

func TestEveryFactor(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, row := range factorRows {
		f := row.factor(&store.Member{Email: "ada@example.com"})
		tested[f.Type+"/"+f.DeliveryMethod] = true
	}
	for _, kind := range strings.Fields(kinds) {
		if !tested[kind] {
			t.Errorf("no row is about %s", kind)
		}
		delete(tested, kind)
	}
	if len(tested) > 0 {
		t.Errorf("there are no such factors: %v", tested)
	}

	engines(t, func(w *world) {
		for i, row := range factorRows {
			w.Project.Settings.CrossOrgPasswords = row.crossOrg
			want := strings.Fields(cmp.Or(row.targets, strings.Repeat(refuses+" ", len(targets))))
			for j, target := range targets {
				address := fmt.Sprintf("ada%d.%d@example.com", i, j)
				_, from := w.make(fmt.Sprintf("from%d.%d", i, j), address, side{mailed: true, phone: number, proven: true})
				f := row.factor(from)
				own := f.Method()
				if f.SequenceOrder == store.Secondary {
					own = store.MethodEmailOTP // a method to log in with
				}
				if row.arrives == "" {
					own = store.MethodMagic // nothing is asked of it
				}
				there := target.side(own)
				there.phone, there.proven = other, true
				toOrg, to := w.make(fmt.Sprintf("to%d.%d", i, j), address, there)
				token := w.session(from, side{factors: list(row.factor)})

				got := w.exchange(toOrg, session.Tokens{Session: token})
				name, arrived := summary(got)
				if name != want[j] || arrived != row.arrives {
					w.T.Errorf("%s, %s: %s with %q, want %s with %q", row.name, target.name, name, arrived, want[j], row.arrives)
				}
				if name == whole {
					w.owned(to)
				}
			}
		}
	})
}

// summary says what an exchange led to, and which factors arrived.
func summary(o outcome) (name, arrived string) {
	switch {
	case o.Err == errs.InsufficientFactorsForSessionExchange.Type:
		return refuses, ""
	case o.Err != "":
		return o.Err, ""
	case o.Session != nil:
		return whole, strings.Join(o.Session, " ")
	case o.Second:
		return lacksTwo, strings.Join(o.Held, " ")
	}
	return lacksOne, strings.Join(o.Held, " ")
}
