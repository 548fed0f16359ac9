package errs

// Organizations: finding them, their names and settings.
var (
	OrganizationNotFound = row(404, "organization_not_found",
		"The organization does not exist.",
		"No organization of the project has this id, external id or slug.",
		"Check the reference; ids of another project are unknown here.")
	InvalidOrganizationID = row(400, "invalid_organization_id",
		"The organization's id does not have the right form.",
		"The value cannot be an id, an external id or a slug.",
		"Send the id as it was given by the server, or the slug or external id that was set.")
	InvalidID = row(400, "invalid_id",
		"An id does not have the right form.",
		"The value is not of the form kind-environment-uuid, or of another kind.",
		"Send the id as it was given by the server.")
	OrganizationNameMissing = row(400, "organization_name_missing",
		"Please give the organization a name.",
		"The name is empty.",
		"Send organization_name with 1 to 128 characters.")
	InvalidOrganizationName = row(400, "invalid_organization_name",
		"The organization's name is too long or holds characters that are not allowed.",
		"The name is longer than 128 characters or holds control characters.",
		"Send a name of 1 to 128 printable characters.")
	OrganizationNameIncludesBannedWords = row(400, "organization_name_includes_banned_words",
		"This name cannot be used for an organization.",
		"The name holds a word that the project does not allow.",
		"Choose another name.")
	InvalidOrganizationSlug = row(400, "invalid_organization_slug",
		"The slug must have 2 to 128 letters, digits or the characters - . _ ~.",
		"The slug is too short, too long, holds other characters or looks like an id.",
		"Choose another slug.")
	OrganizationSlugAlreadyUsed = row(400, "organization_slug_already_used",
		"Another organization uses this slug.",
		"Slugs are unique in a project.",
		"Choose another slug.")
	OrganizationLogoURLTooLong = row(400, "organization_logo_url_too_long",
		"The address of the logo is too long.",
		"The address has more than 2048 characters.",
		"Use a shorter address.")
	InvalidOrganizationExternalID = row(400, "invalid_organization_external_id",
		"The external id must have 1 to 128 letters, digits or the characters . _ - |.",
		"The external id is too long or holds other characters.",
		"Choose another external id.")
	OrganizationExternalIDAlreadyUsed = row(400, "organization_external_id_already_used",
		"Another organization uses this external id.",
		"External ids of organizations are unique in a project.",
		"Choose another external id, or update the organization that has it.")
	ExternalOrganizationIDSameAsOrganizationID = row(400, "external_organization_id_same_as_organization_id",
		"An external id must not look like an id of this server.",
		"The value has the form of an organization or member id, so references could be mixed up.",
		"Choose an external id of another form.")
	CannotUpdateTrustedMetadata = row(400, "cannot_update_trusted_metadata",
		"Trusted metadata can only be changed by the application itself.",
		"The call acts for a member and holds trusted_metadata.",
		"Leave the field out, or make the call without a member's session.")

	InvalidSSODefaultConnectionID = row(400, "invalid_sso_default_connection_id",
		"The default connection must be one of the organization's own.",
		"No SSO connection of this organization has this id.",
		"Send the id of a connection of this organization.")
	InvalidOrganizationAllowedAuthMethods = row(400, "invalid_organization_allowed_auth_methods",
		"One of the login methods is not known.",
		"allowed_auth_methods holds a value outside the documented list.",
		"Use the documented names of methods.")
	InvalidOrganizationMFAPolicy = row(400, "invalid_organization_mfa_policy",
		"The policy for the second step must be OPTIONAL or REQUIRED_FOR_ALL.",
		"mfa_policy has another value.",
		"Send OPTIONAL or REQUIRED_FOR_ALL.")
	InvalidOrganizationAllowedMFAMethods = row(400, "invalid_organization_allowed_mfa_methods",
		"The methods for the second step can be sms_otp and totp.",
		"allowed_mfa_methods holds another value.",
		"Send sms_otp, totp or both.")
	InvalidOrganizationMFAFactorSetting = row(400, "invalid_organization_mfa_factor_setting",
		"The setting mfa_methods must be ALL_ALLOWED or RESTRICTED.",
		"mfa_methods has another value.",
		"Send ALL_ALLOWED or RESTRICTED.")
	InvalidOrganizationAuthMethodSettings = row(400, "invalid_organization_auth_method_settings",
		"The setting auth_methods must be ALL_ALLOWED or RESTRICTED.",
		"auth_methods has another value.",
		"Send ALL_ALLOWED or RESTRICTED.")
	InvalidOrganizationAuthFactorSetting = row(400, "invalid_organization_auth_factor_setting",
		"One of the settings for joining the organization is not allowed.",
		"A setting has a value outside its list, or no way to gain members is left.",
		"Use the documented values, and leave one of SSO, email joining or invitations open.")
	InvalidOrganizationAuthFactorSettingForEmailJITProvisioning = row(400,
		"invalid_organization_auth_factor_setting_for_email_jit_provisioning",
		"The setting email_jit_provisioning must be RESTRICTED or NOT_ALLOWED.",
		"email_jit_provisioning has another value.",
		"Send RESTRICTED or NOT_ALLOWED.")
	InvalidOrganizationAuthFactorSettingForOAuthTenantJITProvisioning = row(400,
		"invalid_organization_auth_factor_setting_for_oauth_tenant_jit_provisioning",
		"The setting oauth_tenant_jit_provisioning must be RESTRICTED or NOT_ALLOWED.",
		"oauth_tenant_jit_provisioning has another value.",
		"Send RESTRICTED or NOT_ALLOWED.")
	AllowedAuthMethodsRequiredForRestricted = row(400, "allowed_auth_methods_required_for_restricted",
		"Please list at least one login method, or allow all of them.",
		"auth_methods is RESTRICTED and allowed_auth_methods is empty.",
		"List the methods in allowed_auth_methods.")
	AllowedMFAMethodsRequiredForRestricted = row(400, "allowed_mfa_methods_required_for_restricted",
		"Please list at least one method for the second step, or allow all of them.",
		"mfa_methods is RESTRICTED and allowed_mfa_methods is empty.",
		"List the methods in allowed_mfa_methods.")
	InvalidRestrictedEmailSetting = row(400, "invalid_restricted_email_setting",
		"Please list at least one email domain first.",
		"Joining or inviting by email is RESTRICTED and email_allowed_domains is empty.",
		"List the domains in email_allowed_domains.")
	InvalidRestrictedSSOSetting = row(400, "invalid_restricted_sso_setting",
		"Please list at least one SSO connection first.",
		"sso_jit_provisioning is RESTRICTED and no connection is listed.",
		"List connections in sso_jit_provisioning_allowed_connections.")
	InvalidRestrictedOAuthTenantsSetting = row(400, "invalid_restricted_oauth_tenants_setting",
		"Please list at least one OAuth tenant first.",
		"oauth_tenant_jit_provisioning is RESTRICTED and allowed_oauth_tenants is empty.",
		"List the tenants in allowed_oauth_tenants.")
	InvalidOAuthAllowedTenantsFormat = row(400, "invalid_oauth_allowed_tenants_format",
		"The OAuth tenants must be lists of texts under slack, hubspot or github.",
		"allowed_oauth_tenants has another key, or a value that is no list of strings.",
		"Send an object such as {\"slack\": [\"T0123\"]}.")
	TooManyConnectedApps = row(400, "too_many_connected_apps",
		"Too many connected apps are listed.",
		"A list of connected apps is longer than allowed.",
		"List fewer, or allow all of them.")

	OrganizationSettingsDomainTooCommon = row(400, "organization_settings_domain_too_common",
		"Domains of public mail providers cannot be used here.",
		"email_allowed_domains holds a domain where anybody can get an address.",
		"List only domains that the organization owns.")
	OrganizationSettingsDisposableDomain = row(400, "organization_settings_disposable_domain",
		"Domains of throw-away addresses cannot be used here.",
		"email_allowed_domains holds a domain of a provider of disposable addresses.",
		"List only domains that the organization owns.")
	OrganizationSettingsInvalidDomain = row(400, "organization_settings_invalid_domain",
		"One of the email domains is not a domain.",
		"email_allowed_domains holds a value that is no domain name.",
		"Send names such as example.com, without @ and without wildcards.")
	OrganizationSettingsDuplicateDomain = row(400, "organization_settings_duplicate_domain",
		"One of the email domains is listed twice.",
		"email_allowed_domains holds the same domain twice; case does not matter.",
		"List each domain once.")
	TooManyDomains = row(400, "too_many_domains",
		"Too many domains are listed.",
		"A list of domains has more than 100 entries.",
		"List fewer domains.")
	OrganizationSettingsClaimedDomainTooCommon = row(400, "organization_settings_claimed_domain_too_common",
		"Domains of public mail providers cannot be claimed.",
		"claimed_email_domains holds a domain where anybody can get an address.",
		"Claim only domains that the organization owns.")
	OrganizationSettingsInvalidClaimedDomain = row(400, "organization_settings_invalid_claimed_domain",
		"One of the claimed domains is not a domain.",
		"claimed_email_domains holds a value that is no domain name.",
		"Send names such as example.com, without @ and without wildcards.")
	OrganizationSettingsDuplicateClaimedDomain = row(400, "organization_settings_duplicate_claimed_domain",
		"One of the claimed domains is listed twice.",
		"claimed_email_domains holds the same domain twice; case does not matter.",
		"List each domain once.")
	ClaimedEmailDomainsNotSupported = row(400, "claimed_email_domains_not_supported",
		"Claiming email domains is not switched on.",
		"The project's settings do not include claimed domains.",
		"Switch the feature on in the project's settings.")
	ActionNotAllowedEmailDomainIsClaimed = row(400, "action_not_allowed_email_domain_is_claimed",
		"People with this email domain belong to another organization.",
		"Another organization of the project claims the domain of the address.",
		"Use the organization that claims the domain, or another address.")

	MetadataTooManyKeys = row(400, "metadata_too_many_keys",
		"The metadata has too many keys.",
		"A metadata object would have more than 20 keys at its top level.",
		"Delete keys by sending null for them, or nest values.")
	MetadataTooLarge = row(400, "metadata_too_large",
		"The metadata is too large.",
		"A metadata object would take more than 4 kilobytes as JSON.",
		"Keep large values in your own database.")
	MetadataInvalidFormat = row(400, "metadata_invalid_format",
		"The metadata must be a JSON object.",
		"A metadata field holds something else than an object.",
		"Send an object.")
)
