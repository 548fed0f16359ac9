package discovery_test

import (
	"slices"
	"testing"

	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server/servertest"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is a server with an organization that people of corp.example may join.
type world struct {
	*servertest.World
	org *store.Organization
}

func engines(t *testing.T, test func(w *world)) {
	servertest.Engines(t, func(s *servertest.World) {
		w := &world{s, s.NewOrganization(org.Changes{
			Name: "Corp", EmailAllowedDomains: []string{"corp.example"}, EmailJITProvisioning: store.Restricted,
		})}
		s.NewMember(w.org, member.New{Email: "ada@corp.example"})
		_, err := w.exchange(w.begin("ada@corp.example")) // proves her address
		w.Check(err)
		test(w)
	})
}

// begin proves an address without an organization and gives the token.
func (w *world) begin(address email.Address) secret.String {
	w.T.Helper()
	var begun *discovery.Begun
	err := w.DB.Write(w.T.Context(), func(tx *store.Tx) (err error) {
		factor := discovery.MailFactor(w.Project, store.FactorMagicLink, address, tx.Now())
		begun, err = discovery.Begin(w.T.Context(), tx, w.Project, address, "", factor)
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return begun.Token
}

// exchange takes the login into the organization and gives the session it became.
func (w *world) exchange(token secret.String) (string, error) {
	r, err := w.API.Discovery.Exchange(w.T.Context(), w.Project, discovery.Exchange{
		Tokens: session.Tokens{Intermediate: token}, Organization: ids.OrgRef(w.org.ID),
	})
	if err != nil {
		return "", err
	}
	return r.Session.MemberID, nil
}

// race runs a function many times at once and gives its results, those that were refused left out.
func (w *world) race(n int, refusal *errs.Error, f func(i int) (string, error)) []string {
	w.T.Helper()
	all := make([]string, n)
	ended := errstest.Race(n, func(i int) (err error) {
		all[i], err = f(i)
		return err
	})
	for kind, n := range ended {
		if kind != "" && (refusal == nil || kind != refusal.Type) {
			w.T.Errorf("%d tries: %s", n, kind)
		}
	}
	return slices.DeleteFunc(all, func(got string) bool { return got == "" })
}

func TestOneLoginBecomesOneSession(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.begin("eve@corp.example")
		won := w.race(64, errs.IntermediateSessionNotFound, func(int) (string, error) { return w.exchange(token) })
		if len(won) != 1 {
			w.T.Errorf("%d exchanges of one login succeeded", len(won))
		}
	})
}

// Logins of one address at once become sessions of one member: the address is taken once.
func TestOneAddressJoinsOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		var tokens []secret.String
		for range 16 {
			tokens = append(tokens, w.begin("eve@corp.example"))
		}
		joined := w.race(len(tokens), nil, func(i int) (string, error) { return w.exchange(tokens[i]) })
		for _, id := range joined {
			if id != joined[0] {
				w.T.Fatalf("one address became the members %v", joined)
			}
		}
	})
}

// People who found organizations at once, from one domain, each get one, under a slug of its own.
func TestFoundersDoNotCollide(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		slugs := map[string]bool{}
		founded := w.race(16, nil, func(i int) (string, error) {
			token := w.begin(email.Address([]string{"a", "b", "c", "d"}[i%4] + "@firm.example"))
			r, err := w.API.Discovery.Create(w.T.Context(), w.Project, discovery.Create{
				Tokens: session.Tokens{Intermediate: token},
			})
			if err != nil {
				return "", err
			}
			return r.Organization.Slug, nil
		})
		for _, slug := range founded {
			slugs[slug] = true
		}
		if len(founded) != 16 || len(slugs) != 16 || !slugs["firm-example"] {
			w.T.Errorf("%d organizations with the slugs %v", len(founded), slugs)
		}
	})
}

// A token founds one organization, however often it is shown.
func TestOneLoginFoundsOneOrganization(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.begin("solo@firm.example")
		founded := w.race(32, errs.IntermediateSessionNotFound, func(int) (string, error) {
			r, err := w.API.Discovery.Create(w.T.Context(), w.Project, discovery.Create{
				Tokens: session.Tokens{Intermediate: token},
			})
			if err != nil {
				return "", err
			}
			return r.Organization.ID, nil
		})
		if len(founded) != 1 {
			w.T.Errorf("one login founded %d organizations", len(founded))
		}
	})
}
