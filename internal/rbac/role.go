package rbac

import (
	"strings"

	"github.com/thimble-auth/thimble/internal/store"
)

// The ways in which a member comes to a role.
const (
	SourceDirect = "direct_assignment"
	SourceEmail  = "email_assignment"
)

// HeldRole is a role of a member with everything that gives it.
type HeldRole struct {
	ID      string
	Sources []Source
}

// Source is one thing that gives a role.
type Source struct {
	Type    string
	Details map[string]string // email_domain for SourceEmail, else empty
}

// MemberRoles gives the member's roles, each once: the one of everybody, those assigned explicitly, and those that the
// organization gives to the domain of the member's present address.
func MemberRoles(o *store.Organization, m *store.Member) []HeldRole {
	held := []HeldRole{{MemberRole, []Source{{Type: SourceDirect}}}}
	for _, id := range m.Roles {
		held = withSource(held, id, Source{Type: SourceDirect})
	}

	_, domain, _ := strings.Cut(m.Email, "@")
	for _, r := range o.Settings.ImplicitRoles {
		if r.Domain == domain {
			held = withSource(held, r.RoleID, Source{SourceEmail, map[string]string{"email_domain": domain}})
		}
	}
	return held
}

// withSource adds a source to the role, and the role where it is missing.
func withSource(held []HeldRole, id string, s Source) []HeldRole {
	for i := range held {
		if held[i].ID == id {
			held[i].Sources = append(held[i].Sources, s)
			return held
		}
	}
	return append(held, HeldRole{id, []Source{s}})
}

// RoleIDs gives the ids alone: what a session's roles are.
func RoleIDs(held []HeldRole) []string {
	all := make([]string, len(held))
	for i, r := range held {
		all[i] = r.ID
	}
	return all
}
