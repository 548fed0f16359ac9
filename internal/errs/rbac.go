package errs

import "strconv"

// Roles, resources and permissions.
var (
	InvalidRBACRoleID = row(400, "invalid_rbac_role_id",
		"One of the roles does not exist.",
		"Neither the project nor the organization has a role with this id.",
		"Use a role of the policy.")
	CannotAssignDefaultRBACRoleID = row(400, "cannot_assign_default_rbac_role_id",
		"Every member has the role stytch_member; it cannot be assigned.",
		"The list of roles holds the role that everybody has.",
		"Leave it out.")
	InvalidRBACRoleAssignment = row(400, "invalid_rbac_role_assignment",
		"One of the role assignments names a role that does not exist.",
		"An assignment by email domain names a role that is not in the policy.",
		"Use a role of the policy.")
	RBACDomainTooCommon = row(400, "rbac_domain_too_common",
		"Domains of public mail providers cannot give roles.",
		"An assignment by email domain names a domain where anybody can get an address.",
		"Use only domains that the organization owns.")
	RBACInvalidDomain = row(400, "rbac_invalid_domain",
		"One of the role assignments does not name a domain.",
		"An assignment by email domain holds a value that is no domain name.",
		"Send names such as example.com.")
	CannotSpecifyWildcardWithOtherActions = row(400, "cannot_specify_wildcard_with_other_actions",
		"A permission for every action cannot list single actions too.",
		"The list of actions holds * beside others.",
		"Send only *, or only the single actions.")
	InvalidStytchPrefixedResource = row(400, "invalid_stytch_prefixed_resource",
		"Resources of your own cannot start with stytch.",
		"The name is reserved for the server's own resources.",
		"Choose another name.")
	InvalidRBACStytchRoleEdit = row(400, "invalid_rbac_stytch_role_edit",
		"The built-in roles can only be extended.",
		"A built-in role would be deleted, renamed or lose a permission.",
		"Keep its id, description and permissions, and add to them.")
	InvalidRBACCustomRole = row(400, "invalid_rbac_custom_role",
		"A role of the organization names a resource or action that does not exist.",
		"Roles of an organization may use only resources and actions of the project's policy.",
		"Use resources and actions of the project's policy.")
	RBACOrgCustomRolesOnly = row(400, "rbac_org_custom_roles_only",
		"An organization's policy can only hold roles.",
		"Resources or scopes were sent for an organization.",
		"Send roles only; resources and scopes belong to the project's policy.")
	RBACCannotDeleteAttributeUsedInOrgPolicy = row(400, "rbac_cannot_delete_attribute_used_in_org_policy",
		"An organization's policy uses what would be deleted.",
		"A resource, action or role of the project is named by a role of an organization.",
		"Change the organization's policy first.")
	InvalidPermissionAction = row(400, "invalid_permission_action",
		"A permission names an action that does not exist.",
		"The resource has no such action.",
		"Add the action to the resource, or use one that it has.")
	InvalidPermissionResource = row(400, "invalid_permission_resource",
		"A permission names a resource that does not exist.",
		"The policy has no such resource.",
		"Add the resource to the policy.")
	InvalidWildcardAction = row(400, "invalid_wildcard_action",
		"A resource cannot have an action named *.",
		"The asterisk means every action and cannot be one of them.",
		"Choose another name.")

	RBACRoleDuplicate = row(400, "rbac_role_duplicate",
		"Two roles have the same id.",
		"Ids of roles are unique, across the project's and the organization's policy.",
		"Rename one of them.")
	RBACResourceDuplicate = row(400, "rbac_resource_duplicate",
		"Two resources have the same id.",
		"Ids of resources are unique in a policy.",
		"Rename one of them.")
	RBACActionDuplicate = row(400, "rbac_action_duplicate",
		"An action is listed twice.",
		"The actions of a resource or permission are unique.",
		"List each action once.")
	RBACScopeDuplicate = row(400, "rbac_scope_duplicate",
		"Two scopes have the same name.",
		"Names of scopes are unique in a policy.",
		"Rename one of them.")
	RBACReservedScope = row(400, "rbac_reserved_scope",
		"This scope is reserved.",
		"The name belongs to a scope of the OpenID Connect protocol or of the server.",
		"Choose another name.")
	RBACRoleIDTooLong            = rbacTooLong("rbac_role_id_too_long", "The id of a role", 128)
	RBACResourceIDTooLong        = rbacTooLong("rbac_resource_id_too_long", "The id of a resource", 128)
	RBACActionTooLong            = rbacTooLong("rbac_action_too_long", "The name of an action", 128)
	RBACScopeTooLong             = rbacTooLong("rbac_scope_too_long", "The name of a scope", 128)
	RBACDescriptionTooLong       = rbacTooLong("rbac_description_too_long", "A description", 1024)
	EmptyRBACRoleID              = rbacEmpty("empty_rbac_role_id", "A role", "an id")
	EmptyRBACResourceID          = rbacEmpty("empty_rbac_resource_id", "A resource", "an id")
	EmptyRBACScope               = rbacEmpty("empty_rbac_scope", "A scope", "a name")
	RBACResourceMissingActions   = rbacEmpty("rbac_resource_missing_actions", "A resource", "actions")
	RBACPermissionMissingActions = rbacEmpty("rbac_permission_missing_actions", "A permission", "actions")
	RBACRoleMissingPermissions   = rbacEmpty("rbac_role_missing_permissions", "A role", "permissions")
	RBACScopeMissingPermissions  = rbacEmpty("rbac_scope_missing_permissions", "A scope", "permissions")
)

func rbacTooLong(name, what string, most int) *Error {
	text := " has more than " + strconv.Itoa(most) + " characters."
	return row(400, name, what+" is too long.", what+text, "Choose a shorter one.")
}

func rbacEmpty(name, what, lacks string) *Error {
	return row(400, name, what+" lacks "+lacks+".", what+" of the policy came without "+lacks+".", "Add what is missing.")
}
