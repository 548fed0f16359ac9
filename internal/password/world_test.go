package password_test

import (
	"log/slog"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const (
	good   secret.String = "stable donkey battery"
	better secret.String = "table monkey cavalry"
)

// world is a project with an organization: ada has a password, bob has none, md5 has one of an old system.
type world struct {
	*testing.T
	db      *store.DB
	service *password.Service
	notify  *notify.Service
	project *store.Project
	org     *store.Organization
	members map[string]*store.Member
}

func engines(t *testing.T, settings store.ProjectSettings, test func(w *world)) {
	t.Helper()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		w := &world{T: t, db: db, members: map[string]*store.Member{}}
		master, _ := keys.NewMaster()
		ring, err := keys.Open(t.Context(), db, master)
		w.check(err)
		w.project = storetest.Project(t, db, ids.Test)
		purposes := []string{"reset_password"}
		project.AddRedirect(&settings, store.RedirectURL{URL: "https://app.example.com/", Purposes: purposes, Defaults: purposes})
		w.project.Settings = settings

		w.notify = notify.New(notify.Options{DB: db, Keys: ring, Logger: slog.New(slog.DiscardHandler)})
		w.check(w.notify.Start(t.Context()))
		sessions := &session.Service{DB: db, Keys: ring}
		w.service = &password.Service{
			DB: db, Keys: ring, Sessions: sessions, Login: &login.Service{Sessions: sessions},
			Mailbox: &mailbox.Service{Notify: w.notify}, Pool: &password.Pool{Workers: 2, Waiting: 200},
			PublicURL: "https://auth.example.com",
		}
		w.org, err = (&org.Service{DB: db}).Create(t.Context(), w.project, rbac.Caller{}, org.Changes{Name: "Acme"})
		w.check(err)
		members := &member.Service{DB: db}
		for _, name := range []string{"ada", "bob", "md5"} {
			found, err := members.Create(t.Context(), w.project, rbac.Caller{}, ids.OrgRef(w.org.ID),
				member.New{Email: name + "@example.com"})
			w.check(err)
			w.members[name] = found.Member
		}
		w.migrate("ada", password.Import{Type: password.TypeArgon2id, Hash: password.Hash(good)})
		w.migrate("md5", password.Import{Type: password.TypeMD5, Hash: "5f4dcc3b5aa765d61d8327deb882cf99"})
		test(w)
	})
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) migrate(name string, hash password.Import) {
	w.Helper()
	_, err := w.service.Migrate(w.Context(), w.project, password.Migrate{
		Organization: ids.OrgRef(w.org.ID), Email: name + "@example.com", Hash: hash,
	})
	w.check(err)
}

// login logs in with a password and gives the refusal.
func (w *world) login(name string, text secret.String) error {
	_, err := w.service.Authenticate(w.Context(), w.project, password.Authenticate{
		Organization: ids.OrgRef(w.org.ID), Email: name + "@example.com", Password: text,
	})
	return err
}

// link makes a link to a new password for ada, as a mail would carry it.
func (w *world) link() secret.String {
	w.Helper()
	id := ids.NewUUID(w.db.Now())
	token, hash := secret.NewToken(id)
	m := w.members["ada"]
	w.check(w.db.Write(w.Context(), func(tx *store.Tx) error {
		tx.InsertMagicLink(&store.MagicLink{
			ID: id.String(), ProjectID: w.project.ID, OrganizationID: w.org.ID, MemberID: m.ID, TokenHash: hash,
			Purpose: "reset_password", Email: m.Email, RedirectURL: "https://app.example.com/",
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(password.DefaultMinutes * 60e9),
		})
		return nil
	}))
	return token
}

func (w *world) sessions(name string) int {
	w.Helper()
	n := 0
	w.check(w.db.Read(w.Context(), func(tx *store.Tx) error {
		found, err := tx.MemberSessions(w.Context(), w.members[name].ID)
		n = len(found)
		return err
	}))
	return n
}
