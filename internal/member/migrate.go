package member

import (
	"context"

	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Change puts changes on the backend's own behalf into a member that LockMember gave in this transaction, apart from
// address and external id. The caller writes the row.
func Change(ctx context.Context, tx *store.Tx, p *project.Project, m *store.Member, c Changes) error {
	if c.Phone.Given() {
		if err := setPhone(ctx, tx, p, m, c.Phone); err != nil {
			return err
		}
	}
	return c.apply(m)
}
