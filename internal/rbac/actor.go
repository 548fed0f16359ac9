package rbac

import "github.com/thimble-auth/thimble/internal/errs"

// Caller is who asks for a change: the project's backend by itself, or on behalf of a member.
type Caller struct {
	// Actor is the member whose session came with the call; nil for the backend by itself, which may do everything.
	Actor *Actor
	// RequestID goes into the audit record.
	RequestID string
}

// Actor is a member with a valid session.
type Actor struct {
	MemberID       string
	OrganizationID string
	Roles          []string // those that count for the session
}

// Backend reports whether no member stands behind the call.
func (c Caller) Backend() bool { return c.Actor == nil }

// InOrganization fails with errs.SessionAuthorizationTenancyError when the caller acts for a member of another
// organization.
func (c Caller) InOrganization(orgID string) error {
	if c.Actor != nil && c.Actor.OrganizationID != orgID {
		return errs.SessionAuthorizationTenancyError
	}
	return nil
}

// OnOrganization allows all of the actions on the organization, or fails with errs.SessionAuthorizationTenancyError or
// errs.SessionAuthorizationError.
func (c Caller) OnOrganization(orgID string, actions ...string) error {
	return c.all(orgID, actions, func(a *Actor, action string) bool {
		return Allows(a.Roles, Organization, action)
	})
}

// OnMember is OnOrganization for actions on a member. Members may do to themselves what their roles permit on
// stytch.self.
func (c Caller) OnMember(orgID, memberID string, actions ...string) error {
	return c.all(orgID, actions, func(a *Actor, action string) bool {
		self := memberID != "" && a.MemberID == memberID
		return Allows(a.Roles, Member, action) || self && Allows(a.Roles, Self, action)
	})
}

// OnOrganizationMembers is OnMember for actions that are about no member who is there already.
func (c Caller) OnOrganizationMembers(orgID string, actions ...string) error {
	return c.OnMember(orgID, "", actions...)
}

func (c Caller) all(orgID string, actions []string, allows func(*Actor, string) bool) error {
	if c.Actor == nil {
		return nil
	}
	if err := c.InOrganization(orgID); err != nil {
		return err
	}
	for _, action := range actions {
		if !allows(c.Actor, action) {
			return errs.SessionAuthorizationError
		}
	}
	return nil
}

// Details gives what an audit record says about the caller: the acting member, or nothing for the backend by itself.
func (c Caller) Details() map[string]string {
	if c.Actor == nil {
		return nil
	}
	return map[string]string{"actor_member_id": c.Actor.MemberID}
}
