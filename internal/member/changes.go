package member

import (
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/metadata"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	maxName  = 256 // characters
	maxRoles = 100
)

// New is a member to be.
type New struct {
	Email             string
	Name              string
	ExternalID        string
	Phone             phone.Input
	Roles             []string
	Pending           bool
	Invited           bool
	IsBreakglass      bool
	MFAEnrolled       bool
	TrustedMetadata   json.RawMessage
	UntrustedMetadata json.RawMessage
}

// Changes are the fields of an update that were given; the others stay as they are.
type Changes struct {
	Name              *string
	UntrustedMetadata json.RawMessage
	TrustedMetadata   json.RawMessage
	IsBreakglass      *bool
	Phone             phone.Input // only while the member has none
	MFAEnrolled       *bool
	DefaultMFAMethod  string
	Roles             []string // replaces the explicit ones; nil leaves them
	PreserveSessions  bool     // only about roles that a connection gives too; there are no connections yet
	Email             string
	UnlinkEmail       bool // with Email: the old address is set free instead of retired
	ExternalID        optional.Text
}

// authorize checks that the caller may change each field that was given.
func (c *Changes) authorize(by rbac.Caller, m *store.Member) error {
	if by.Backend() {
		return nil
	}
	actions := c.actions()
	if err := by.OnMember(m.OrganizationID, m.ID, actions...); err != nil {
		return err
	}
	switch {
	case c.ExternalID.Given:
		return errs.SessionAuthorizationError // no action covers it: it is the backend's own
	case c.TrustedMetadata != nil:
		return errs.CannotUpdateTrustedMetadata
	case c.Email != "" && by.Actor.MemberID == m.ID:
		// A session must not be enough to move the account to a mailbox that nobody has proven.
		return errs.MemberCannotUpdateTheirEmailAddress
	case len(actions) == 0:
		// The answer to a change of nothing holds the whole member, which is not for every colleague's eyes.
		return by.OnMember(m.OrganizationID, m.ID, rbac.UpdateName)
	}
	return nil
}

func (c *Changes) actions() []string {
	var actions []string
	for _, touched := range []struct {
		given  bool
		action string
	}{
		{c.Name != nil, rbac.UpdateName},
		{c.UntrustedMetadata != nil, rbac.UpdateUntrusted},
		{c.IsBreakglass != nil, rbac.UpdateBreakglass},
		{c.Phone.Given(), rbac.UpdatePhone},
		{c.MFAEnrolled != nil, rbac.UpdateEnrolled},
		{c.DefaultMFAMethod != "", rbac.UpdateDefaultMethod},
		{c.Roles != nil, rbac.UpdateRoles},
		{c.Email != "", rbac.UpdateEmail},
	} {
		if touched.given {
			actions = append(actions, touched.action)
		}
	}
	return actions
}

// apply puts the fields that need nothing but the member's own row into it. Address, number and external id are left to
// the service.
func (c *Changes) apply(m *store.Member) (err error) {
	if c.Name != nil {
		if m.Name, err = readName(*c.Name); err != nil {
			return err
		}
	}
	if c.Roles != nil {
		if m.Roles, err = readRoles(c.Roles); err != nil {
			return err
		}
	}
	if m.UntrustedMetadata, err = metadata.Merge(m.UntrustedMetadata, c.UntrustedMetadata); err != nil {
		return err
	}
	if m.TrustedMetadata, err = metadata.Merge(m.TrustedMetadata, c.TrustedMetadata); err != nil {
		return err
	}
	if c.IsBreakglass != nil {
		m.IsBreakglass = *c.IsBreakglass
	}
	if c.MFAEnrolled != nil {
		m.MFAEnrolled = *c.MFAEnrolled
	}
	return c.applyDefaultMethod(m)
}

func (c *Changes) applyDefaultMethod(m *store.Member) error {
	var owned bool
	switch c.DefaultMFAMethod {
	case "":
		return nil
	case store.MethodSMS:
		owned = m.PhoneVerified // a number that was never proven is not a factor yet
	case store.MethodTOTP:
		owned = m.TOTPID != ""
	default:
		return errs.InvalidMFADefaultMethod
	}
	if !owned {
		return errs.DefaultMFAMemberMissingFactor
	}
	m.DefaultMFAMethod = c.DefaultMFAMethod
	return nil
}

func readName(name string) (string, error) {
	for _, r := range name {
		if unicode.IsControl(r) {
			return "", errs.InvalidArgument.Saying("name must not contain control characters.")
		}
	}
	if utf8.RuneCountInString(name) > maxName {
		return "", errs.InvalidArgument.Saying("name must have at most 256 characters.")
	}
	return name, nil
}

// readRoles checks a list of explicit roles. The role of everybody is not assigned, so it cannot be taken away either.
func readRoles(given []string) ([]string, error) {
	if len(given) > maxRoles {
		return nil, errs.TooManyRoles
	}
	roles := make([]string, 0, len(given))
	for _, id := range given {
		switch {
		case id == rbac.MemberRole:
			return nil, errs.CannotAssignDefaultRBACRoleID
		case !rbac.IsRole(id):
			return nil, errs.InvalidRBACRoleID
		case !slices.Contains(roles, id):
			roles = append(roles, id)
		}
	}
	return roles, nil
}

func readExternalID(id string) (string, error) {
	if id != "" && !org.IsExternalID(id) {
		return "", errs.InvalidArgument.Saying(
			"external_id must have 1 to 128 letters, digits, dots, underscores, hyphens or vertical bars, " +
				"and must not look like an id of this server.")
	}
	return id, nil
}
