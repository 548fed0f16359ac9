package guard_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

func openAt(t testing.TB, url string, clock *atomic.Int64) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, sqldb.Options{Clock: func() time.Time { return time.UnixMicro(clock.Load()).UTC() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// organization makes one with a member whose number is verified.
func organization(s *scene, slug, number string) *store.Organization {
	s.Helper()
	o := &store.Organization{ID: "organization-" + slug, ProjectID: s.project.ID, Slug: slug, Name: slug}
	m := &store.Member{
		ID: "member-" + slug, ProjectID: s.project.ID, OrganizationID: o.ID, Email: slug + "@example.com", Status: "active",
		Phone: number,
	}
	err := s.db.Write(s.Context(), func(tx *store.Tx) error {
		if _, err := tx.InsertOrganization(s.Context(), o); err != nil {
			return err
		}
		if _, err := tx.InsertMember(s.Context(), m); err != nil {
			return err
		}
		_, err := tx.Exec(s.Context(), sqldb.Dynamic("verify", "UPDATE members SET mfa_phone_verified = TRUE WHERE id = $1"), m.ID)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return o
}
