// Package rbac decides what roles permit: pure data and pure functions.
package rbac

import "slices"

// The roles that every project has.
const (
	MemberRole = "stytch_member" // everybody has it, always
	AdminRole  = "stytch_admin"
)

// The resources that every project has.
const (
	Organization   = "stytch.organization"
	Member         = "stytch.member"
	Self           = "stytch.self" // the member who acts
	SSO            = "stytch.sso"
	SCIM           = "stytch.scim"
	CustomOrgRoles = "stytch.custom-org-roles"
)

// The actions on members and organizations.
const (
	Create               = "create"
	Delete               = "delete"
	UpdateName           = "update.info.name"
	UpdateSlug           = "update.info.slug"
	UpdateLogoURL        = "update.info.logo-url"
	UpdateEmail          = "update.info.email"
	UpdateUntrusted      = "update.info.untrusted-metadata"
	UpdatePhone          = "update.info.mfa-phone"
	DeletePhone          = "update.info.delete.mfa-phone"
	UpdateBreakglass     = "update.settings.is-breakglass"
	UpdateEnrolled       = "update.settings.mfa-enrolled"
	UpdateDefaultMethod  = "update.settings.default-mfa-method"
	UpdateRoles          = "update.settings.roles"
	UpdateAuthMethods    = "update.settings.allowed-auth-methods"
	UpdateMFAMethods     = "update.settings.allowed-mfa-methods"
	UpdateMFAPolicy      = "update.settings.mfa-policy"
	UpdateEmailJIT       = "update.settings.email-jit-provisioning"
	UpdateEmailInvites   = "update.settings.email-invites"
	UpdateDomains        = "update.settings.allowed-domains"
	UpdateDefaultSSO     = "update.settings.default-sso-connection"
	UpdateSSOJIT         = "update.settings.sso-jit-provisioning"
	UpdateImplicitRoles  = "update.settings.implicit-roles"
	UpdateOAuthTenantJIT = "update.settings.oauth-tenant-jit-provisioning"
	UpdateOAuthTenants   = "update.settings.allowed-oauth-tenants"
	RevokeSessions       = "revoke-sessions"
	Search               = "search"
	Get                  = "get"
	Update               = "update"
	UnlinkEmail          = "update.info.unlink.retired-email"
	DeleteTOTP           = "update.info.delete.mfa-totp"
	DeletePassword       = "update.info.delete.password"
	GetConnectedApps     = "get.connected-apps"
	RevokeConnectedApp   = "revoke.connected-app"
	everyAction          = "*"
)

// Resource is something that roles permit actions on.
type Resource struct {
	ID          string
	Description string
	Actions     []string
}

// Permission allows actions on a resource. The action "*" stands for every action the resource has.
type Permission struct {
	ResourceID string
	Actions    []string
}

// Role is a named list of permissions.
type Role struct {
	ID          string
	Description string
	Permissions []Permission
}

var resources = []Resource{
	{Organization, "The organization itself and its settings.", []string{
		UpdateName, UpdateSlug, UpdateLogoURL, UpdateAuthMethods, UpdateMFAMethods, UpdateEmailJIT, UpdateEmailInvites,
		UpdateDomains, UpdateDefaultSSO, UpdateSSOJIT, UpdateMFAPolicy, UpdateImplicitRoles, UpdateOAuthTenantJIT,
		UpdateOAuthTenants, Delete,
	}},
	{Member, "The members of the organization.", []string{
		Create, Search, Delete, RevokeSessions, UpdateName, UpdateEmail, UpdateUntrusted, UpdatePhone, DeletePhone,
		DeleteTOTP, DeletePassword, UnlinkEmail, UpdateBreakglass, UpdateEnrolled, UpdateDefaultMethod, UpdateRoles,
		GetConnectedApps, RevokeConnectedApp,
	}},
	{Self, "The member who acts.", []string{
		Delete, RevokeSessions, UpdateName, UpdateEmail, UpdateUntrusted, UpdatePhone, DeletePhone, DeleteTOTP,
		DeletePassword, UnlinkEmail, UpdateEnrolled, UpdateDefaultMethod, GetConnectedApps, RevokeConnectedApp,
	}},
	{SSO, "The single sign-on connections of the organization.", []string{Create, Get, Update, Delete}},
	{SCIM, "The directory connections of the organization.", []string{Create, Get, Update, Delete}},
	{CustomOrgRoles, "The roles that the organization defines for itself.", []string{Create, Get, Update, Delete}},
}

var roles = []Role{
	{MemberRole, "Every member of every organization.", []Permission{{Self, []string{everyAction}}}},
	{AdminRole, "May do everything in the organization.", []Permission{
		{Organization, []string{everyAction}},
		{Member, []string{everyAction}},
		{SSO, []string{everyAction}},
		{SCIM, []string{everyAction}},
		{CustomOrgRoles, []string{everyAction}},
	}},
}

// IsRole reports whether the policy has the role.
func IsRole(id string) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return r.ID == id })
}

// Allows reports whether some of the roles permits the action on the resource.
func Allows(held []string, resource, action string) bool {
	return len(GrantingRoles(held, resource, action)) > 0
}

// GrantingRoles gives those of the roles, in their order, that permit the action on the resource. No role permits an
// action that the resource does not have, "*" included.
func GrantingRoles(held []string, resource, action string) []string {
	if !hasAction(resource, action) {
		return nil
	}

	var granting []string
	for _, id := range held {
		if permits(id, resource, action) {
			granting = append(granting, id)
		}
	}
	return granting
}

func hasAction(resource, action string) bool {
	return slices.ContainsFunc(resources, func(r Resource) bool {
		return r.ID == resource && slices.Contains(r.Actions, action)
	})
}

func permits(role, resource, action string) bool {
	for _, r := range roles {
		if r.ID != role {
			continue
		}
		for _, p := range r.Permissions {
			granted := slices.Contains(p.Actions, everyAction) || slices.Contains(p.Actions, action)
			if granted && p.ResourceID == resource {
				return true
			}
		}
	}
	return false
}
