package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Arrival is a message of a test project that is there to be read: it lies in the inbox, or a simulated carrier brought
// it, maybe more than once.
type Arrival struct {
	ID        ids.UUID // in the order in which messages arrived
	MessageID string
}

// What went to the inbox arrived when it was written, and its own id is that of its arrival.
const (
	inboxArrivals = `SELECT id FROM messages
		WHERE id > $1 AND id < 'message-test-g' AND provider = 'inbox' AND (recipient = $2 OR $2 = '')
			AND (project_id = $3 OR $3 = '')`

	carrierArrivals = `SELECT ` + pretendStepColumns + ` FROM pretend_steps
		WHERE id > $1 AND what = 'arrived' AND (recipient = $2 OR $2 = '') AND (project_id = $3 OR $3 = '')`
)

var (
	sqlInboxArrivals   = sqldb.SQL("inbox_arrivals", inboxArrivals+` ORDER BY id LIMIT $4`)
	sqlInboxNewest     = sqldb.SQL("inbox_newest", inboxArrivals+` ORDER BY id DESC LIMIT $4`)
	sqlCarrierArrivals = sqldb.SQL("carrier_arrivals", carrierArrivals+` ORDER BY id LIMIT $4`)
	sqlCarrierNewest   = sqldb.SQL("carrier_newest", carrierArrivals+` ORDER BY id DESC LIMIT $4`)
)

// Arrivals gives up to limit arrivals after one, the oldest first. An empty recipient or project means any.
func (tx *Tx) Arrivals(
	ctx context.Context, projectID, recipient string, after ids.UUID, limit int,
) ([]Arrival, error) {
	all, err := tx.arrivals(ctx, sqlInboxArrivals, sqlCarrierArrivals, projectID, recipient, after, limit)
	slices.SortFunc(all, func(a, b Arrival) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return all[:min(len(all), limit)], err
}

// NewestArrivals gives the newest arrivals, up to limit, the newest first. An empty recipient or project means any.
func (tx *Tx) NewestArrivals(ctx context.Context, projectID, recipient string, limit int) ([]Arrival, error) {
	all, err := tx.arrivals(ctx, sqlInboxNewest, sqlCarrierNewest, projectID, recipient, ids.UUID{}, limit)
	slices.SortFunc(all, func(a, b Arrival) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	return all[:min(len(all), limit)], err
}

// arrivals asks for both ways of arriving.
func (tx *Tx) arrivals(
	ctx context.Context, inbox, carriers *sqldb.Stmt, projectID, recipient string, after ids.UUID, limit int,
) ([]Arrival, error) {
	var all []Arrival
	first := ids.Format(ids.Message, ids.Test, after)
	err := tx.Query(ctx, inbox, []any{first, recipient, projectID, limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		_, _, u, _ := ids.Parse(id)
		all = append(all, Arrival{ID: u, MessageID: id})
		return err
	})
	if err != nil {
		return nil, err
	}
	steps, err := tx.pretendSteps(ctx, carriers, after.String(), recipient, projectID, limit)
	for _, s := range steps {
		u, _ := ids.ParseUUID(s.ID)
		all = append(all, Arrival{ID: u, MessageID: s.MessageID})
	}
	return all, err
}
