// Package discovery is for people who log in without naming an organization: it finds the organizations that are open to
// them, takes them into one, and founds new ones.
package discovery

import (
	"context"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/store"
)

// What an organization can be to somebody, as the wire spells it.
const (
	ActiveMember  = "active_member"
	PendingMember = "pending_member"
	InvitedMember = "invited_member"
	ByEmailDomain = "eligible_to_join_by_email_domain"
)

// Discovered is an organization that is open to somebody.
type Discovered struct {
	Organization *store.Organization
	// Type is one of the constants of this package.
	Type string
	// Member is nil for somebody who may join, and Domain is the domain that lets them, else "".
	Member *store.Member
	Domain string
	// Authenticated: the factors at hand are all that the organization asks for.
	Authenticated bool
	// Primary lists the primary methods that would do; nil when that part is met.
	Primary []string
	// Second is nil when no second factor is missing, or the primary part is missing first.
	Second *login.SecondMissing
}

// Organizations gives what is open to whoever proved the factors for the address: organizations with a member of that
// address first, then those that its domain lets join; each by name. It changes nothing and sends nothing.
func Organizations(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address, factors []store.Factor,
) ([]Discovered, error) {
	all, err := memberships(ctx, tx, p, address, factors)
	if err != nil {
		return nil, err
	}
	joinable, err := tx.Joinable(ctx, p.ID, address.Domain(), address.String())
	if err != nil || len(joinable) == 0 {
		return all, err
	}
	for _, o := range joinable {
		// Whoever claims the domain keeps it from all others: the answer differs per organization.
		claimed, err := tx.DomainClaimedByOthers(ctx, p.ID, o.ID, address.Domain())
		if err != nil {
			return nil, err
		}
		if claimed {
			continue
		}
		d := Discovered{Organization: o, Type: ByEmailDomain, Domain: address.Domain()}
		all = append(all, d.judge(newcomer(o, address), factors))
	}
	return all, nil
}

// memberships gives the organizations that have a member of the address.
func memberships(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address, factors []store.Factor,
) ([]Discovered, error) {
	found, err := tx.Memberships(ctx, p.ID, address.String())
	if err != nil {
		return nil, err
	}
	all := make([]Discovered, 0, len(found))
	for _, one := range found {
		d := Discovered{Organization: one.Organization, Type: typeOf(one.Member), Member: one.Member}
		all = append(all, d.judge(one.Member, factors))
	}
	return all, nil
}

func typeOf(m *store.Member) string {
	switch m.Status {
	case store.StatusPending:
		return PendingMember
	case store.StatusInvited:
		return InvitedMember
	}
	return ActiveMember
}

// newcomer is the member that somebody would become.
func newcomer(o *store.Organization, address email.Address) *store.Member {
	return &store.Member{
		ProjectID: o.ProjectID, OrganizationID: o.ID, Status: store.StatusPending, Email: address.String(),
	}
}

// judge adds what the factors would lead to.
func (d Discovered) judge(m *store.Member, factors []store.Factor) Discovered {
	decision := mfa.Decide(d.Organization, m, factors)
	switch {
	case decision.Complete():
		d.Authenticated = true
	case !decision.PrimaryMet:
		d.Primary = decision.Primary
	default:
		d.Second = &login.SecondMissing{Options: mfa.OptionsOf(d.Organization, m, false)}
	}
	return d
}

// mayJoin refuses whom the organization does not let join: the domain is claimed by others or not listed, or nobody there
// has a proven address in it yet.
func mayJoin(ctx context.Context, tx *store.Tx, o *store.Organization, address email.Address) error {
	if err := org.CheckClaim(ctx, tx, o, address); err != nil {
		return err
	}
	if err := member.MayJoinByEmail(o, address); err != nil {
		return err
	}
	vouched, err := tx.HasColleague(ctx, o.ID, address.Domain(), address.String())
	if err == nil && !vouched {
		return errs.InvalidEmailForJITProvisioning
	}
	return err
}
