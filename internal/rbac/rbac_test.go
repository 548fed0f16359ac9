package rbac

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestGrantingRoles(t *testing.T) {
	t.Parallel()
	both, member, admin := []string{MemberRole, AdminRole}, []string{MemberRole}, []string{AdminRole}
	for _, c := range []struct {
		held             []string
		resource, action string
		want             []string
	}{
		{both, Self, UpdateName, member},
		{both, Member, UpdateName, admin},
		{both, Organization, Delete, admin},
		{both, CustomOrgRoles, Create, admin},
		{both, SSO, Get, admin},
		{both, SCIM, Update, admin},
		{member, Organization, UpdateName, nil},
		{admin, Self, UpdateName, nil},
		{nil, Self, UpdateName, nil},
		// Everything that a resource has is not everything there is.
		{both, Self, UpdateRoles, nil},
		{both, Self, UpdateBreakglass, nil},
		{both, Self, Create, nil},
		{both, Organization, "update.info.logo_url", nil},
		{both, Organization, "*", nil},
		{both, Organization, "", nil},
		{both, "documents", "read", nil},
		{[]string{"king", AdminRole, "*"}, Member, Create, admin},
	} {
		got := GrantingRoles(c.held, c.resource, c.action)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s on %s with %v (-want +got):\n%s", c.action, c.resource, c.held, diff)
		}
		if Allows(c.held, c.resource, c.action) != (len(c.want) > 0) {
			t.Errorf("Allows disagrees on %s on %s with %v", c.action, c.resource, c.held)
		}
	}
}

// What a member may do to itself is a part of what may be done to members, never more.
func TestSelfIsWithinMember(t *testing.T) {
	t.Parallel()
	actions := map[string][]string{}
	for _, r := range resources {
		actions[r.ID] = r.Actions
		sorted := slices.Sorted(slices.Values(r.Actions))
		if len(slices.Compact(sorted)) != len(r.Actions) {
			t.Errorf("%s lists an action twice", r.ID)
		}
	}
	for _, action := range actions[Self] {
		if !slices.Contains(actions[Member], action) {
			t.Errorf("%s on %s is no action on %s", action, Self, Member)
		}
	}
	for _, action := range []string{Create, Search, UpdateRoles, UpdateBreakglass} {
		if slices.Contains(actions[Self], action) {
			t.Errorf("%s is an action on %s", action, Self)
		}
	}
}

func TestMemberRoles(t *testing.T) {
	t.Parallel()
	o := &store.Organization{Settings: store.OrgSettings{ImplicitRoles: []store.ImplicitRole{
		{Domain: "acme.com", RoleID: AdminRole}, {Domain: "acme.com", RoleID: "reader"}, {Domain: "com", RoleID: "king"},
	}}}
	direct := Source{Type: "direct_assignment"}
	implicit := Source{Type: "email_assignment", Details: map[string]string{"email_domain": "acme.com"}}
	everybody := HeldRole{MemberRole, []Source{direct}}

	for name, c := range map[string]struct {
		email string
		roles []string
		want  []HeldRole
	}{
		"nothing else": {"a@beta.com", nil, []HeldRole{everybody}},
		"explicit":     {"a@beta.com", []string{AdminRole}, []HeldRole{everybody, {AdminRole, []Source{direct}}}},
		"below":        {"a@mail.acme.com", nil, []HeldRole{everybody}},
		"both ways": {"a@acme.com", []string{AdminRole}, []HeldRole{
			everybody, {AdminRole, []Source{direct, implicit}}, {"reader", []Source{implicit}},
		}},
	} {
		got := MemberRoles(o, &store.Member{Email: c.email, Roles: c.roles})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got := RoleIDs([]HeldRole{{ID: "a"}, {ID: "b"}})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("RoleIDs = %v", got)
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	backend := Caller{}
	as := func(roles ...string) Caller {
		return Caller{Actor: &Actor{MemberID: "m", OrganizationID: "o", Roles: roles}}
	}
	noID := Caller{Actor: &Actor{OrganizationID: "o", Roles: []string{MemberRole}}}
	denied, tenancy := errs.SessionAuthorizationError, errs.SessionAuthorizationTenancyError

	for name, c := range map[string]struct {
		got  error
		want *errs.Error
	}{
		"backend":               {backend.OnMember("o", "m", UpdateRoles, "anything"), nil},
		"backend, organization": {backend.OnOrganization("o", "anything"), nil},
		"self":                  {as(MemberRole).OnMember("o", "m", UpdateName, UpdatePhone), nil},
		"self, one too many":    {as(MemberRole).OnMember("o", "m", UpdateName, UpdateRoles), denied},
		"another":               {as(MemberRole).OnMember("o", "x", UpdateName), denied},
		"nobody":                {noID.OnOrganizationMembers("o", UpdateName), denied},
		"admin":                 {as(AdminRole).OnMember("o", "x", UpdateName, UpdateRoles), nil},
		"admin elsewhere":       {as(AdminRole).OnMember("p", "x", UpdateName), tenancy},
		"elsewhere, no action":  {as(AdminRole).OnMember("p", "m"), tenancy},
		"organization":          {as(AdminRole).OnOrganization("o", UpdateSlug, Delete), nil},
		"organization, denied":  {as(MemberRole).OnOrganization("o", UpdateSlug), denied},
		"organization, foreign": {as(AdminRole).OnOrganization("p", UpdateSlug), tenancy},
	} {
		if c.want == nil && c.got != nil || c.want != nil && !errors.Is(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}
