package discovery

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Begun is a login of somebody who has not chosen an organization.
type Begun struct {
	Address       email.Address
	Token         secret.String // of a new intermediate session
	Expires       time.Time
	Organizations []Discovered
	At            time.Time
}

// MailFactor makes the factor of a mailbox that is no member's in particular. typ is store.FactorMagicLink or
// store.FactorEmailOTP.
func MailFactor(p *store.Project, typ string, address email.Address, now time.Time) store.Factor {
	at := store.At(now)
	return store.Factor{
		Type: typ, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
		Email: &store.EmailFactor{EmailID: ids.New(ids.Email, p.Env, now), Email: address.String()},
	}
}

// Begin suspends a login whose factors were proven just now in a new intermediate session, and finds the organizations
// that are open to it. The transaction is the caller's, in which the credential is spent.
func Begin(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address, requestID string, factors ...store.Factor,
) (*Begun, error) {
	b := &Begun{Address: address, At: tx.Now()}
	b.Token, b.Expires = login.NewIntermediate(tx, p, "", address.String(), factors)
	audit.Record(tx, audit.Event{
		ProjectID: p.ID, RequestID: requestID, Action: "discovery.login", Outcome: audit.Done,
		Details: map[string]string{"factor": factors[0].Type},
	})

	var err error
	b.Organizations, err = Organizations(ctx, tx, p, address, factors)
	return b, err
}
