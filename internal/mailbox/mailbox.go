// Package mailbox is what all ways in by mail share: who is behind an address, who joins by one, whether a mail may go
// there, and putting it on its way.
package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service puts mails on their way.
type Service struct {
	Notify *notify.Service
	// Metrics counts decisions; nil for nobody.
	Metrics *metric.Set
}

// Sent is whom a mail goes to.
type Sent struct {
	Organization  *store.Organization
	Member        *store.Member
	MemberCreated bool
	At            time.Time
}

// Find gives the organization's member with the address, or nil when there is none and the organization lets the address
// join.
func Find(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address,
) (*store.Member, error) {
	m, err := Member(ctx, tx, p, o, address)
	if err == nil && m == nil {
		err = member.MayJoinByEmail(o, address)
	}
	return m, err
}

// Member gives the organization's member with the address, nil for none.
func Member(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address,
) (*store.Member, error) {
	id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
	return m, err
}

// Join makes a pending member of somebody whom the organization lets join. It comes after all that can refuse the mail,
// so that a refusal leaves no member behind.
func Join(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address, requestID string,
) (*store.Member, error) {
	by := rbac.Caller{RequestID: requestID}
	return member.Join(ctx, tx, p, by, o, member.New{Email: address.String(), Pending: true})
}

// Allowed refuses a mail for a way in that the organization does not let the member use. m is nil for somebody who is
// about to join.
func Allowed(o *store.Organization, m *store.Member, method string) error {
	if m == nil {
		m = &store.Member{OrganizationID: o.ID, Status: store.StatusPending}
	}
	if !mfa.AllowsPrimary(o, m, method) {
		return errs.OperationRestrictedByOrganizationAuthMethods
	}
	return nil
}

// Ready refuses to take on more while the queue is too long to deliver in time.
func (s *Service) Ready(p *store.Project) error {
	if wait, full := s.Notify.Busy(store.ChannelEmail); full && p.Live() {
		return errs.TooManyRequests.After(wait)
	}
	return nil
}

// Budget decides whether one more mail may go to the address. Refused comes back in the decision: its record is part of
// the transaction. It fails with errs.ServerUnavailable where nobody carries mails.
func (s *Service) Budget(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address,
) (*limit.Decision, error) {
	d, err := limit.CheckMail(ctx, tx, p, address.String())
	if err != nil {
		return d, err
	}
	if d.Refused {
		tx.AfterCommit(func() { s.Metrics.Decided(d.Limit, "", "") })
		return d, nil
	}
	if _, ok := s.Notify.Route(p, store.ChannelEmail, "", ""); !ok {
		return nil, errs.ServerUnavailable.Because(errors.New("no mail server is set"))
	}
	return d, nil
}

// Letter is a mail to be sent.
type Letter struct {
	Kind           string // store.Kind...
	To             email.Address
	Locale         string
	OrganizationID string // "" where nobody has chosen one
	MemberID       string
	LinkID         string // of the link that it carries
	Deadline       time.Time
	Content        notify.Content
	RequestID      string
}

// Post counts the mail and writes its row under the id given; the mail leaves after the commit, whoever gets it.
func (s *Service) Post(
	ctx context.Context, tx *store.Tx, p *store.Project, d *limit.Decision, id string, l Letter,
) error {
	if err := d.Count(ctx, tx, p); err != nil {
		return err
	}
	now := tx.Now()
	m := &store.Message{
		ID: id, ProjectID: p.ID, OrganizationID: l.OrganizationID, MemberID: l.MemberID, RequestID: l.RequestID,
		Channel: store.ChannelEmail, Kind: l.Kind, Recipient: l.To.String(), Locale: l.Locale, LinkID: l.LinkID,
		Decision: d.Record(), Deadline: l.Deadline, CreatedAt: now, UpdatedAt: now,
	}
	l.Content.ProjectName = p.Name
	if err := s.Notify.Compose(p, m, l.Content); err != nil {
		return err
	}
	s.Notify.Post(ctx, tx, p, m)
	tx.AfterCommit(func() { s.Metrics.Decided(metric.Sent, "", m.Provider) })
	return nil
}
