package smsotp_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/magiclink"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/smsotp"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is a server with a test project, one organization that asks everybody for a second factor, and one member.
type world struct {
	*server.App
	t       *testing.T
	project *store.Project
	org     *store.Organization
	member  *store.Member
}

const number = "+12025550162"

// engines runs a test in a world on each engine.
func engines(t *testing.T, o sqldb.Options, test func(w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db"), o))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, pgtest.URL(t), o))
	})
}

func newWorld(t *testing.T, url string, o sqldb.Options) *world {
	t.Helper()
	master, _ := keys.NewMaster()
	return openWorld(t, url, o, master)
}

func openWorld(t *testing.T, url string, o sqldb.Options, master keys.Master) *world {
	t.Helper()
	app, err := server.Open(t.Context(), server.Options{
		DatabaseURL: url, Database: o, Master: master, PublicURL: "http://127.0.0.1", Logger: slog.New(slog.DiscardHandler),
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
	w.project, _, err = app.Projects.Create(t.Context(), ids.Test, "Test")
	if err != nil {
		t.Fatal(err)
	}
	w.settings(func(s *store.ProjectSettings) {
		s.RedirectURLs = []store.RedirectURL{{
			URL: "http://localhost:3000/authenticate", Purposes: []string{"login", "signup"}, Defaults: []string{"login", "signup"},
		}}
	})
	w.org, err = app.API.Organizations.Create(t.Context(), w.project, rbac.Caller{}, org.Changes{Name: "Acme", MFAPolicy: store.MFARequired})
	if err != nil {
		t.Fatal(err)
	}
	w.member = w.newMember("ada@example.com")
	return w
}

func (w *world) settings(change func(*store.ProjectSettings)) {
	w.t.Helper()
	change(&w.project.Settings)
	err := w.DB.Write(w.t.Context(), func(tx *store.Tx) error {
		_, err := tx.UpdateProject(w.t.Context(), w.project)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newMember(address string) *store.Member {
	w.t.Helper()
	found, err := w.API.Members.Create(w.t.Context(), w.project, rbac.Caller{}, ids.OrgRef(w.org.ID), member.New{Email: address})
	if err != nil {
		w.t.Fatal(err)
	}
	return found.Member
}

// login proves the member's mailbox and gives what that leads to.
func (w *world) login(m *store.Member) *login.Result {
	w.t.Helper()
	_, err := w.API.MagicLinks.LoginOrSignup(w.t.Context(), w.project, magiclink.Send{
		Organization: ids.OrgRef(w.org.ID), Email: m.Email,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	result, err := w.API.MagicLinks.Authenticate(w.t.Context(), w.project, magiclink.Authenticate{Token: w.link(m)})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// link gives the token of the newest mail to the member.
func (w *world) link(m *store.Member) secret.String {
	w.t.Helper()
	body := w.letter(m.Email)
	const mark = "?token="
	for i := range len(body) - len(mark) - secret.TokenLength {
		if body[i:i+len(mark)] == mark {
			return secret.String(body[i+len(mark) : i+len(mark)+secret.TokenLength])
		}
	}
	w.t.Fatalf("no link in the mail to the member: %q", body)
	return ""
}

// letter gives the newest message to the recipient.
func (w *world) letter(to string) string {
	w.t.Helper()
	letters, err := w.Notify.Letters(w.t.Context(), w.project.ID, to, 1)
	if err != nil || len(letters) == 0 {
		w.t.Fatalf("no message: %v", err)
	}
	return letters[0].Body
}

// code gives the code in the newest text.
func (w *world) code() string { return w.letter(number)[:6] }

// send asks for a code; the error is what the caller would see.
func (w *world) send(m *store.Member, to string, tokens session.Tokens) error {
	_, err := w.API.SMS.Send(w.t.Context(), w.project, w.sendTo(m, to, tokens))
	return err
}

func (w *world) sendTo(m *store.Member, to string, tokens session.Tokens) smsotp.Send {
	return smsotp.Send{
		Organization: ids.OrgRef(w.org.ID), Member: ids.MemberRef(m.ID), Phone: phone.Input(to), Tokens: tokens,
	}
}

func (w *world) redeem(m *store.Member, code string, tokens session.Tokens) (*session.Live, error) {
	return w.API.SMS.Authenticate(w.t.Context(), w.project, second.Attempt{
		Organization: ids.OrgRef(w.org.ID), Member: ids.MemberRef(m.ID), Tokens: tokens,
	}, code)
}

// row reads the member again.
func (w *world) row(m *store.Member) *store.Member {
	w.t.Helper()
	found, err := w.API.Members.Get(w.t.Context(), w.project, ids.OrgRef(w.org.ID), ids.MemberRef(m.ID), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return found.Member
}

// sessions counts the member's living sessions.
func (w *world) sessions(m *store.Member) int {
	w.t.Helper()
	all, err := w.API.Sessions.List(w.t.Context(), w.org, m)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all)
}
