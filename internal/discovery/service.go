package discovery

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service leads people to their organizations.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
	Login    *login.Service
}

// Listing is what is open to the holder of a token.
type Listing struct {
	Address       email.Address
	Organizations []Discovered
	// Hint is the organization that an intermediate session was made for, "" for none.
	Hint string
	At   time.Time
}

// List gives the organizations that are open to the holder of exactly one token. A session is told of memberships alone:
// joining begins with a login. It spends nothing.
func (s *Service) List(ctx context.Context, p *store.Project, tokens session.Tokens) (*Listing, error) {
	switch tokens.Count() {
	case 0:
		return nil, errs.NoSessionArguments
	case 1:
	default:
		return nil, errs.TooManySessionArguments
	}
	shown := s.Sessions.Look(ctx, p, tokens)

	var l *Listing
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if tokens.Intermediate != "" {
			l, err = s.listIntermediate(ctx, tx, p, shown)
		} else {
			l, err = s.listSession(ctx, tx, p, shown)
		}
		return err
	})
	return l, err
}

func (s *Service) listIntermediate(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *session.Shown,
) (*Listing, error) {
	held, err := s.Sessions.FindIntermediate(ctx, tx, p, shown)
	if err != nil {
		return nil, err
	}
	l := &Listing{Address: email.Address(held.Email), Hint: held.OrganizationID, At: tx.Now()}
	l.Organizations, err = Organizations(ctx, tx, p, l.Address, held.Factors)
	return l, err
}

func (s *Service) listSession(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *session.Shown,
) (*Listing, error) {
	found, _, m, err := s.Sessions.FindWhole(ctx, tx, p, shown)
	if err != nil {
		return nil, err
	}
	l := &Listing{Address: email.Address(m.Email), At: tx.Now()}
	if l.Organizations, err = memberships(ctx, tx, p, l.Address, login.Moving(p, found.Factors, m)); err != nil {
		return nil, err
	}
	if m.EmailVerified {
		return l, nil
	}
	// An address that an administrator wrote down tells nothing about what its owner may see elsewhere.
	for _, d := range l.Organizations {
		if d.Organization.ID == m.OrganizationID {
			l.Organizations = []Discovered{d}
			return l, nil
		}
	}
	l.Organizations = nil
	return l, nil
}

// Exchange is a request to go into an organization with an intermediate session.
type Exchange struct {
	Tokens       session.Tokens // an intermediate session token alone
	Organization ids.OrgRef
	Terms        session.Terms
	Locale       locale.Input
	RequestID    string
}

// Exchange takes the holder of an intermediate session into an organization: as the member with the same address, whose
// invitation is accepted by that, or as a new member where the organization lets the address join.
func (s *Service) Exchange(ctx context.Context, p *store.Project, in Exchange) (*login.Result, error) {
	if err := in.Terms.Check(p); err != nil {
		return nil, err
	}
	if _, err := in.Locale.ForSMS(); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		held, err := s.Sessions.FindIntermediate(ctx, tx, p, shown)
		if err != nil {
			return err
		}
		m, err := memberOf(ctx, tx, p, o, email.Address(held.Email), in.RequestID)
		if err != nil {
			return err
		}
		result, err = s.Login.Exchange(ctx, tx, login.Exchange{
			Project: p, Organization: o, Member: m, Held: held, Shown: shown, Factors: held.Factors, Terms: in.Terms,
			Locale: in.Locale, RequestID: in.RequestID,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// memberOf gives the organization's member with the address, a new pending one where the address may join.
func memberOf(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address, requestID string,
) (*store.Member, error) {
	id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
	if err == nil {
		_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
		return m, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err := mayJoin(ctx, tx, o, address); err != nil {
		return nil, err
	}
	by := rbac.Caller{RequestID: requestID}
	return member.Join(ctx, tx, p, by, o, member.New{Email: address.String(), Pending: true})
}

// Create is a request to found an organization with an intermediate session.
type Create struct {
	Tokens session.Tokens // an intermediate session token alone
	// Organization holds the settings. Name and slug come from the founder's address unless given.
	Organization org.Changes
	Terms        session.Terms
	RequestID    string
}

// Create founds an organization whose first member and administrator is the holder of an intermediate session. Both are
// there even when the login is not complete yet.
func (s *Service) Create(ctx context.Context, p *store.Project, in Create) (*login.Result, error) {
	if err := in.Terms.Check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		held, err := s.Sessions.FindIntermediate(ctx, tx, p, shown)
		if err != nil {
			return err
		}
		result, err = s.found(ctx, tx, p, in, held, shown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

func (s *Service) found(
	ctx context.Context, tx *store.Tx, p *store.Project, in Create, held *store.Intermediate, shown *session.Shown,
) (*login.Result, error) {
	base := nameFor(email.Address(held.Email))
	if in.Organization.Name == "" {
		in.Organization.Name = base
	}
	by := rbac.Caller{RequestID: in.RequestID}
	o, err := org.Add(ctx, tx, p, by, in.Organization, base)
	if err != nil {
		return nil, err
	}
	founder := member.New{Email: held.Email, Pending: true, Roles: []string{rbac.AdminRole}}
	m, err := member.Join(ctx, tx, p, by, o, founder)
	if err != nil {
		return nil, err
	}
	return s.Login.Exchange(ctx, tx, login.Exchange{
		Project: p, Organization: o, Member: m, Held: held, Shown: shown, Factors: held.Factors, Terms: in.Terms,
		RequestID: in.RequestID,
	})
}

// maxName leaves room below the bounds of names and slugs.
const maxName = 100

// nameFor derives an organization's name from its founder's address: the domain, or the part before it where strangers
// share the domain.
func nameFor(address email.Address) string {
	name := address.Domain()
	if email.CommonProvider(name) || strings.HasSuffix(name, ".edu") {
		name = address.Local()
	}
	return name[:min(len(name), maxName)]
}
