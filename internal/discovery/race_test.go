package discovery_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is a server with a test project and an organization that people of corp.example may join.
type world struct {
	*server.App
	t       *testing.T
	project *store.Project
	org     *store.Organization
}

func engines(t *testing.T, test func(w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, pgtest.URL(t)))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	master, _ := keys.NewMaster()
	app, err := server.Open(t.Context(), server.Options{
		DatabaseURL: url, Master: master, PublicURL: "http://127.0.0.1", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := &world{App: app, t: t}
	if w.project, _, err = app.Projects.Create(t.Context(), ids.Test, "Test"); err != nil {
		t.Fatal(err)
	}
	w.org, err = app.API.Organizations.Create(t.Context(), w.project, rbac.Caller{}, org.Changes{
		Name: "Corp", EmailAllowedDomains: []string{"corp.example"}, EmailJITProvisioning: store.Restricted,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.API.Members.Create(t.Context(), w.project, rbac.Caller{}, ids.OrgRef(w.org.ID), member.New{
		Email: "ada@corp.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.exchange(w.begin("ada@corp.example")); err != nil { // proves her address
		t.Fatal(err)
	}
	return w
}

// begin proves an address without an organization and gives the token.
func (w *world) begin(address email.Address) secret.String {
	w.t.Helper()
	var begun *discovery.Begun
	err := w.DB.Write(w.t.Context(), func(tx *store.Tx) (err error) {
		factor := discovery.MailFactor(w.project, store.FactorMagicLink, address, tx.Now())
		begun, err = discovery.Begin(w.t.Context(), tx, w.project, address, "", factor)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return begun.Token
}

// exchange takes the login into the organization and gives the session it became.
func (w *world) exchange(token secret.String) (string, error) {
	r, err := w.API.Discovery.Exchange(w.t.Context(), w.project, discovery.Exchange{
		Tokens: session.Tokens{Intermediate: token}, Organization: ids.OrgRef(w.org.ID),
	})
	if err != nil {
		return "", err
	}
	return r.Session.MemberID, nil
}

// race runs a function many times at once and gives its results, those that were refused left out.
func (w *world) race(n int, refusal *errs.Error, f func(i int) (string, error)) []string {
	w.t.Helper()
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		all []string
	)
	for i := range n {
		wg.Go(func() {
			got, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				all = append(all, got)
			case refusal == nil || !errors.Is(err, refusal):
				w.t.Errorf("try %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	return all
}

func TestOneLoginBecomesOneSession(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.begin("eve@corp.example")
		won := w.race(64, errs.IntermediateSessionNotFound, func(int) (string, error) { return w.exchange(token) })
		if len(won) != 1 {
			w.t.Errorf("%d exchanges of one login succeeded", len(won))
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
				w.t.Fatalf("one address became the members %v", joined)
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
			r, err := w.API.Discovery.Create(w.t.Context(), w.project, discovery.Create{
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
			w.t.Errorf("%d organizations with the slugs %v", len(founded), slugs)
		}
	})
}

// A token founds one organization, however often it is shown.
func TestOneLoginFoundsOneOrganization(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		token := w.begin("solo@firm.example")
		founded := w.race(32, errs.IntermediateSessionNotFound, func(int) (string, error) {
			r, err := w.API.Discovery.Create(w.t.Context(), w.project, discovery.Create{
				Tokens: session.Tokens{Intermediate: token},
			})
			if err != nil {
				return "", err
			}
			return r.Organization.ID, nil
		})
		if len(founded) != 1 {
			w.t.Errorf("one login founded %d organizations", len(founded))
		}
	})
}
