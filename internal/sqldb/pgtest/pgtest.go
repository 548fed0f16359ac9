// Package pgtest gives tests a real PostgreSQL.
package pgtest

import "testing"

// URL returns the URL of a fresh, empty database, dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	t.Fatal("TODO")
	return ""
}
