package session

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// AuthorizationCheck asks whether the session's member may do something.
type AuthorizationCheck struct {
	OrganizationID string
	Resource       string
	Action         string
}

// Authenticated is the answer to Authenticate.
type Authenticated struct {
	*Live
	GrantingRoles []string // nil when nothing was asked
}

// Authenticate gives the session that a token opens, with new terms if the caller asks for some. An authorization check
// that fails changes nothing.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, t Tokens, terms Terms, check *AuthorizationCheck) (*Authenticated, error) {
	switch t.Count() {
	case 0:
		return nil, errs.NoSessionArguments
	case 1:
	default:
		return nil, errs.TooManySessionArguments
	}
	if err := terms.Check(p); err != nil {
		return nil, err
	}
	shown := s.Look(ctx, p, t)

	var a Authenticated
	run := func(tx *store.Tx) (err error) {
		a.Live, err = s.whole(ctx, tx, p, shown)
		if err == nil && check != nil {
			a.GrantingRoles, err = authorize(a.Live, check)
		}
		return err
	}

	if terms.Minutes == 0 && len(terms.Claims) == 0 {
		if err := s.DB.Read(ctx, run); err != nil {
			return nil, err
		}
		a.Session.LastAccessedAt = s.DB.Now()
		s.seen.note(a.Session.ID, a.Session.LastAccessedAt)
	} else if err := s.change(ctx, terms, run, &a); err != nil {
		return nil, err
	}

	if err := s.open(p, a.Live, a.Session.LastAccessedAt); err != nil {
		return nil, err
	}
	return &a, nil
}

func (s *Service) change(ctx context.Context, terms Terms, read func(*store.Tx) error, a *Authenticated) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		if err := Change(a.Session, terms, tx.Now()); err != nil {
			return err
		}
		return Update(ctx, tx, a.Session)
	})
}

// Update writes a session that was read in this transaction. It fails with store.ErrChanged when another call changed it
// meanwhile.
func Update(ctx context.Context, tx *store.Tx, found *store.Session) error {
	changed, err := tx.UpdateSession(ctx, found)
	if err == nil && !changed {
		return store.ErrChanged
	}
	return err
}

// FindWhole is Find for the session with its living organization and member.
func (s *Service) FindWhole(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown,
) (*store.Session, *store.Organization, *store.Member, error) {
	live, err := s.whole(ctx, tx, p, shown)
	if err != nil {
		return nil, nil, nil, err
	}
	return live.Session, live.Organization, live.Member, nil
}

// whole gives the shown session with its member and organization, and of its tokens the one that proved it.
func (s *Service) whole(ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown) (*Live, error) {
	if shown.err != nil {
		return nil, shown.err
	}
	found, o, m, err := tx.SessionWhole(ctx, p.ID, shown.session)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.proven(shown, found) {
		return nil, errs.SessionNotFound
	}
	if err != nil {
		return nil, err
	}
	return &Live{Session: found, Organization: o, Member: m, Token: secret.String(shown.token)}, nil
}

func rolesOf(live *Live) []string {
	return rbac.RoleIDs(rbac.MemberRoles(live.Organization, live.Member))
}

func authorize(live *Live, check *AuthorizationCheck) ([]string, error) {
	if check.OrganizationID != live.Organization.ID {
		return nil, errs.SessionAuthorizationTenancyError
	}
	granting := rbac.GrantingRoles(rolesOf(live), check.Resource, check.Action)
	if len(granting) == 0 {
		return nil, errs.SessionAuthorizationError
	}
	return granting, nil
}

// Actor gives the member on whose behalf a call acts, nil for the backend itself. An expired JWT does not act.
func (s *Service) Actor(ctx context.Context, p *store.Project, token, jwt secret.String) (*rbac.Actor, error) {
	t := Tokens{Session: token, JWT: jwt}
	switch t.Count() {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, errs.TooManySessionArguments
	}
	shown := s.Look(ctx, p, t)
	if shown.err == nil && !shown.expires.IsZero() && !s.DB.Now().Before(shown.expires) {
		return nil, errs.SessionNotFound
	}

	var live *Live
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		live, err = s.whole(ctx, tx, p, shown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &rbac.Actor{
		MemberID: live.Member.ID, OrganizationID: live.Organization.ID, Roles: rolesOf(live),
	}, nil
}

// List gives the living sessions of a member, without tokens.
func (s *Service) List(ctx context.Context, o *store.Organization, m *store.Member) ([]*Live, error) {
	var all []*Live
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.MemberSessions(ctx, m.ID)
		all = nil
		for _, one := range found {
			live := &Live{Session: one, Organization: o, Member: m}
			live.Roles = rolesOf(live)
			all = append(all, live)
		}
		return err
	})
	return all, err
}

// Revocation names what to revoke; exactly one field is set.
type Revocation struct {
	SessionID string
	MemberID  string
	Tokens
}

func (r Revocation) count() int {
	n := r.Count()
	if r.SessionID != "" {
		n++
	}
	if r.MemberID != "" {
		n++
	}
	return n
}

// Revoke ends a session, or all of a member. What is already over is revoked already: logging out twice is no error.
func (s *Service) Revoke(ctx context.Context, p *store.Project, by rbac.Caller, r Revocation) error {
	switch r.count() {
	case 0:
		return errs.NoSessionRevokeArguments
	case 1:
	default:
		return errs.TooManySessionRevokeArguments
	}
	if r.MemberID != "" {
		return s.revokeMember(ctx, p, by, r.MemberID)
	}
	return s.revokeOne(ctx, p, by, r)
}

func (s *Service) revokeMember(ctx context.Context, p *store.Project, by rbac.Caller, memberID string) error {
	if err := checkID(p, memberID, ids.Member); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		o, m, err := tx.MemberOfProject(ctx, p.ID, memberID)
		if errors.Is(err, store.ErrNotFound) {
			return errs.MemberNotFound
		}
		if err != nil {
			return err
		}
		if err := by.OnMember(o.ID, m.ID, rbac.RevokeSessions); err != nil {
			return err
		}
		if _, err := tx.RevokeMemberSessions(ctx, p.ID, m.ID); err != nil {
			return err
		}
		recordRevoked(tx, p, by.RequestID, o.ID, m.ID, "")
		return nil
	})
}

func (s *Service) revokeOne(ctx context.Context, p *store.Project, by rbac.Caller, r Revocation) error {
	shown := &Shown{session: r.SessionID}
	if r.SessionID == "" {
		shown = s.Look(ctx, p, r.Tokens)
	} else if err := checkID(p, r.SessionID, ids.Session); err != nil {
		return err
	}

	return s.DB.Write(ctx, func(tx *store.Tx) error {
		found, err := s.Find(ctx, tx, p, shown)
		if errors.Is(err, errs.SessionNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := by.OnMember(found.OrganizationID, found.MemberID, rbac.RevokeSessions); err != nil {
			return err
		}
		revoked, err := tx.RevokeSession(ctx, p.ID, found.ID)
		if revoked {
			recordRevoked(tx, p, by.RequestID, found.OrganizationID, found.MemberID, found.ID)
		}
		return err
	})
}

// recordRevoked names the session only to webhooks: "" stands for all of the member.
func recordRevoked(tx *store.Tx, p *store.Project, requestID, orgID, memberID, sessionID string) {
	var one map[string]string
	if sessionID != "" {
		one = map[string]string{"member_session_id": sessionID}
	}
	event.Record(tx, p, audit.Event{
		ProjectID: p.ID, OrganizationID: orgID, MemberID: memberID, RequestID: requestID,
		Action: "session.revoke", Outcome: audit.Done,
	}, one)
}

// checkID refuses an id that is no id of its kind, or of the other environment.
func checkID(p *store.Project, id, kind string) error {
	found, env, _, ok := ids.Parse(id)
	switch {
	case !ok || found != kind:
		return errs.InvalidID
	case env == p.Env:
		return nil
	case env == ids.Live:
		return errs.LiveIDUsedInTestEnvironment
	}
	return errs.TestIDUsedInLiveEnvironment
}
