package errs

// Logins by email, discovery, and joining by the rules of an organization.
var (
	MagicLinkNotFound = row(404, "magic_link_not_found",
		"This link is not known. Please ask for a new one.",
		"No magic link has this token.",
		"Check that the whole token was copied, and send a new link if it was.")
	UnableToAuthMagicLink = row(401, "unable_to_auth_magic_link",
		"This link was used or is too old. Please ask for a new one.",
		"The link was right but is used or expired.",
		"Send a new link.")
	PKCEMismatch = row(400, "pkce_mismatch",
		"The pkce code verifier does not fit. Please finish the sign-in in the browser that started it.",
		"The verifier is not the one whose hash was sent at the start.",
		"Finish on the device that started, or start again.")
	PKCEExpectedCodeVerifier = row(400, "pkce_expected_code_verifier",
		"A pkce code verifier is needed. Please finish the sign-in in the browser that started it.",
		"The sign-in was started with a challenge and finished without a verifier.",
		"Send pkce_code_verifier.")
	PKCEDidNotExpectCodeVerifier = row(400, "pkce_did_not_expect_code_verifier",
		"This sign-in was started without pkce.",
		"A verifier was sent for a sign-in that had no challenge.",
		"Leave pkce_code_verifier out.")
	InvalidPKCECodeChallenge = row(400, "invalid_pkce_code_challenge",
		"The pkce code challenge does not have the right form.",
		"The value is no SHA-256 in unpadded base64url (RFC 7636).",
		"Send the hash of the verifier, 43 characters.")
	InvalidPKCECodeVerifier = row(400, "invalid_pkce_code_verifier",
		"The pkce code verifier does not have the right form.",
		"The value has not 43 to 128 unreserved characters (RFC 7636).",
		"Send the verifier that was made at the start.")
	EmailTemplateNotFound = row(404, "email_template_not_found",
		"The email template does not exist.",
		"The project has no template with this id.",
		"Copy the id from the project's settings, or leave the field out.")

	NoMatchForProvidedMagicLinkURL = row(400, "no_match_for_provided_magic_link_url",
		"This redirect address is not registered.",
		"The address given is not one of the project's redirect addresses.",
		"Register the address in the project's settings.")
	InvalidLoginRedirectURL     = invalidRedirect("invalid_login_redirect_url", "login")
	InvalidSignupRedirectURL    = invalidRedirect("invalid_signup_redirect_url", "signup")
	InvalidInviteRedirectURL    = invalidRedirect("invalid_invite_redirect_url", "invite")
	InvalidDiscoveryRedirectURL = invalidRedirect("invalid_discovery_redirect_url", "discovery")
	NoLoginRedirectURL          = noRedirect("no_login_redirect_url", "login")
	NoSignupRedirectURL         = noRedirect("no_signup_redirect_url", "signup")
	NoInviteRedirectURL         = noRedirect("no_invite_redirect_url", "invite")
	NoDiscoveryRedirectURL      = noRedirect("no_discovery_redirect_url", "discovery")
	NoLoginRedirectURLsSet      = noRedirects("no_login_redirect_urls_set", "login")
	NoInviteRedirectURLsSet     = noRedirects("no_invite_redirect_urls_set", "invite")
	NoSignupRedirectURLsSet     = noRedirects("no_signup_redirect_urls_set", "signup")
	NoDiscoveryRedirectURLsSet  = noRedirects("no_discovery_redirect_urls_set", "discovery")

	NoDefaultLoginRedirectURLSet     = noDefaultRedirect("no_default_login_redirect_url_set", "login")
	NoDefaultSignupRedirectURLSet    = noDefaultRedirect("no_default_signup_redirect_url_set", "signup")
	NoDefaultInviteRedirectURLSet    = noDefaultRedirect("no_default_invite_redirect_url_set", "invite")
	NoDefaultDiscoveryRedirectURLSet = noDefaultRedirect("no_default_discovery_redirect_url_set", "discovery")

	EmailJITProvisioningNotAllowed = row(400, "email_jit_provisioning_not_allowed",
		"You are not a member of this organization. Please ask its administrator for an invitation.",
		"The organization does not let people join by their email address.",
		"Invite the person, or allow joining by email domain.")
	InvalidEmailForJITProvisioning = row(400, "invalid_email_for_jit_provisioning",
		"Your email address does not let you join this organization.",
		"The domain of the address is not one that the organization allows.",
		"Invite the person, or add the domain to email_allowed_domains.")
	InvalidEmailForInvites = row(400, "invalid_email_for_invites",
		"This address cannot be invited to the organization.",
		"Invitations are off, or limited to domains that do not include this one.",
		"Change email_invites, or add the domain to email_allowed_domains.")
	InvalidConnectionForJITProvisioning = row(400, "invalid_connection_for_jit_provisioning",
		"You are not a member of this organization. Please ask its administrator for an invitation.",
		"The organization does not let people join through this SSO connection.",
		"Allow the connection in sso_jit_provisioning_allowed_connections.")
	OAuthTenantJITProvisioningNotAllowed = row(400, "oauth_tenant_jit_provisioning_not_allowed",
		"You are not a member of this organization. Please ask its administrator for an invitation.",
		"The organization does not let people join by their tenant at a provider.",
		"Invite the person, or allow joining by tenant.")
	InvalidOAuthTenantForJITProvisioning = row(400, "invalid_oauth_tenant_for_jit_provisioning",
		"Your workspace at the provider does not let you join this organization.",
		"The tenant is not one that the organization allows.",
		"Add the tenant to allowed_oauth_tenants.")
)

func invalidRedirect(name, purpose string) *Error {
	return row(400, name,
		"This redirect address cannot be used.",
		"The address is no absolute URL, or is not registered for the purpose "+purpose+".",
		"Register the address for "+purpose+" in the project's settings.")
}

func noRedirect(name, purpose string) *Error {
	return row(400, name,
		"A redirect address is needed.",
		"The request names no address for the purpose "+purpose+".",
		"Send "+purpose+"_redirect_url, or set a default in the project's settings.")
}

func noRedirects(name, purpose string) *Error {
	return row(400, name,
		"No redirect address is registered.",
		"The project has no address for the purpose "+purpose+".",
		"Register one for "+purpose+" in the project's settings.")
}

func noDefaultRedirect(name, purpose string) *Error {
	return row(400, name,
		"No default redirect address is set.",
		"The request names no address, and the project has no default for the purpose "+purpose+".",
		"Send "+purpose+"_redirect_url, or choose a default in the project's settings.")
}
