package server

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/store"
)

// TestNoLiveProjectBesideDev: thimble serve would not start on the database that the project is in.
func TestNoLiveProjectBesideDev(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, url string) {
		prepared(t, url, func(db *store.DB) {
			write(t, db, func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
		})
		_, stderr, status := thimble(t, environ, "project", "create", "Shop", "--env", "live")
		if status != 1 || !strings.Contains(stderr, "thimble dev") || !strings.Contains(stderr, "THIMBLE_DATA") {
			t.Errorf("status %d, want 1 and what to do in:\n%s", status, stderr)
		}
		create(t, environ, "Try")
		if all := list(t, environ); len(all) != 1 || all[0].Env != "test" {
			t.Errorf("projects: %+v, want the test project alone", all)
		}
	})
}
