package errs

// Sessions, intermediate sessions, and acting for a member.
var (
	SessionNotFound = row(404, "session_not_found",
		"The session is over. Please sign in again.",
		"The session is unknown, expired or revoked.",
		"Send the person to the sign-in page.")
	InvalidSessionToken = row(400, "invalid_session_token",
		"The session token does not have the right form.",
		"The value cannot be a session token of this server.",
		"Send the token exactly as it was given.")
	UnableToParseSessionJWT = row(400, "unable_to_parse_session_jwt",
		"The session JWT cannot be read or was not signed here.",
		"The value is no JWT, its signature is wrong or it belongs to another project.",
		"Send the JWT exactly as it was given, with the credentials of its project.")
	IntermediateSessionNotFound = row(404, "intermediate_session_not_found",
		"This sign-in is over. Please start again.",
		"The intermediate session is unknown, expired or was used.",
		"Let the person start the sign-in again.")
	InvalidIntermediateSessionTokenForOrganization = row(400, "invalid_intermediate_session_token_for_organization",
		"This sign-in does not lead to this member.",
		"No factor of the intermediate session belongs to the member named.",
		"Name the member who started the sign-in.")
	MemberSessionMemberIDMismatch = row(400, "member_session_member_id_mismatch",
		"The session belongs to another member.",
		"The token given is of another member than the one named.",
		"Send the token of the member named.")
	TooManySessionArguments = row(400, "too_many_session_arguments",
		"Please send only one of session token, session JWT and intermediate session token.",
		"More than one token names the session.",
		"Leave all but one out.")
	NoSessionArguments = row(400, "no_session_arguments",
		"A session token, a session JWT or an intermediate session token is needed.",
		"No token names the session.",
		"Send one of the tokens that the call documents.")
	NoSessionRevokeArguments = row(400, "no_session_revoke_arguments",
		"Please say which session to end.",
		"None of member_session_id, session_token, session_jwt and member_id was sent.",
		"Send one of them.")
	TooManySessionRevokeArguments = row(400, "too_many_session_revoke_arguments",
		"Please name the session to end in one way only.",
		"More than one of member_session_id, session_token, session_jwt and member_id was sent.",
		"Leave all but one out.")
	InvalidSessionDurationMinutes = row(400, "invalid_session_duration_minutes",
		"A session can last from 5 to 527040 minutes.",
		"session_duration_minutes is outside this range.",
		"Send a number in the range, or leave the field out for 60 minutes.")
	InvalidSessionDuration = row(400, "invalid_session_duration",
		"Sessions of this project cannot last that long.",
		"session_duration_minutes is above the project's own maximum.",
		"Send a smaller number, or raise the maximum in the project's settings.")
	InvalidSessionID = row(400, "invalid_session_id",
		"The session id does not have the right form.",
		"The value is no id of a session.",
		"Send the member_session_id as it was given.")
	InvalidSessionFields = row(400, "invalid_session_fields",
		"The fields about the session do not fit together.",
		"Fields about the session were sent that the call does not allow together.",
		"Compare the fields with the description of the call.")
	InvalidSessionManagement = row(400, "invalid_session_management",
		"This session cannot be managed in this way.",
		"The project's settings do not allow the change of the session.",
		"Make the call from the server, or change the settings.")
	SessionNotMutable = row(400, "session_not_mutable",
		"This session cannot be changed.",
		"The session was made by impersonation and can neither be extended nor gain factors.",
		"End it, and let the member sign in.")
	IncompatibleSessionType = row(400, "incompatible_session_type",
		"This kind of session cannot be used here.",
		"The session was made by a way that the call does not accept.",
		"Use a session from an ordinary sign-in.")
	SessionMustHaveAtLeastOneActiveFactor = row(400, "session_must_have_at_least_one_active_factor",
		"A session needs at least one factor.",
		"The change would leave the session without a proof of who it belongs to.",
		"End the session instead.")
	InvalidSessionMissingPrimaryFactor = row(400, "invalid_session_missing_primary_factor",
		"The session lacks a first sign-in step.",
		"The session holds no primary factor.",
		"Let the person sign in again.")
	InsufficientFactorsForSessionExchange = row(400, "insufficient_factors_for_session_exchange",
		"This session cannot be taken to the other organization.",
		"None of the session's factors counts in the other organization.",
		"Let the person sign in to the other organization.")
	UserUnauthenticated = row(401, "user_unauthenticated",
		"Please sign in first.",
		"The call needs a session and none came with it.",
		"Send the person to the sign-in page.")
	InsufficientFactors = row(401, "insufficient_factors",
		"Please confirm with your other sign-in step first.",
		"The session lacks a second factor that the member already has.",
		"Complete the member's present second factor, then repeat the call with that session.")
	StaleFactors = row(401, "stale_factors",
		"Please sign in again to confirm that it is you.",
		"The session's factors are too old for this action.",
		"Let the person repeat a sign-in step.")
	SessionAuthorizationError = row(403, "session_authorization_error",
		"You are not allowed to do this.",
		"No role in the session grants the action on the resource.",
		"Give the member a role that grants it.")
	SessionAuthorizationTenancyError = row(403, "session_authorization_tenancy_error",
		"This session belongs to another organization.",
		"The organization of the request is not the organization of the session.",
		"Use a session of the organization in question.")
	UnauthorizedAction = row(403, "unauthorized_action",
		"You are not allowed to do this.",
		"The action is not open to members.",
		"Make the call from the server, without a member's session.")

	CustomClaimsTooLarge = row(400, "custom_claims_too_large",
		"The custom claims are too large.",
		"The session's claims would take more than 4 kilobytes as JSON.",
		"Keep large values in your own database.")
	ReservedClaimsInCustomClaims = row(400, "reserved_claims_in_custom_claims",
		"The custom claims hold a reserved name.",
		"A custom claim is named like one of the standard claims of a JWT.",
		"Choose other names.")
	StytchClaimsInCustomClaims = row(400, "stytch_claims_in_custom_claims",
		"Custom claims cannot start with https://stytch.com/.",
		"A custom claim uses the name space of the server's own claims.",
		"Choose other names.")
	UnableToRepresentCustomClaimsJSON = row(400, "unable_to_represent_custom_claims_json",
		"The custom claims cannot be kept as JSON.",
		"session_custom_claims is no JSON object.",
		"Send an object.")

	InvalidTrustedAuthToken = row(400, "invalid_trusted_auth_token",
		"The external token is not valid.",
		"The token's signature, audience or times do not fit its profile.",
		"Get a fresh token, and compare the profile with its issuer.")
	JWTInvalidAudience = row(400, "jwt_invalid_audience",
		"The external token is meant for somebody else.",
		"The aud of the token is not the audience of its profile.",
		"Have the issuer name this audience, or change the profile.")
	JWTInvalidIssuer = row(400, "jwt_invalid_issuer",
		"The external token comes from somebody else.",
		"The iss of the token is not the issuer of its profile.",
		"Name the profile of the token's issuer, or change the profile.")
	JWTInvalidClaims = row(400, "jwt_invalid_claims",
		"The external token does not say what is needed.",
		"A claim that the profile maps is missing or has the wrong form.",
		"Compare the token with the profile's attribute mapping.")
	TokenMissingOrganizationIDClaim = row(400, "token_missing_organization_id_claim",
		"The external token does not say which organization it is for.",
		"Neither the token nor the request names an organization.",
		"Send organization_id, or add the claim to the token.")
	InvalidTokenOrganizationIDClaim = row(400, "invalid_token_organization_id_claim",
		"The external token is for another organization.",
		"The token's organization is unknown or not the one in the request.",
		"Use the organization that the token names.")
	TrustedTokenProfileNotFound = row(404, "trusted_token_profile_not_found",
		"The profile for external tokens does not exist.",
		"The project has no trusted token profile with this id.",
		"Copy the id from the project's settings.")
	MigrateFromExternalEmailDoesNotExist = row(400, "migrate_from_external_email_does_not_exist",
		"No member has the address of the old session.",
		"The other system named an address that no member of the organization has.",
		"Make the member first.")
	MigrateFromExternalMissingUserinfo = row(400, "migrate_from_external_missing_userinfo",
		"Moving sessions from another system is not set up.",
		"The project has no userinfo address of the other system.",
		"Set the address in the project's settings.")
	MigrateFromExternalUnexpectedResponse = row(400, "migrate_from_external_unexpected_response",
		"The other system gave an answer that cannot be used.",
		"The userinfo address did not answer with a verified email address.",
		"Check the address, and that the old session is still live.")
	OAuthAccessTokenExchangeMissingFullAccess = row(400, "oauth_access_token_exchange_missing_full_access",
		"The access token does not grant enough to become a session.",
		"The token lacks the scope full_access.",
		"Ask for the scope; only first-party apps can have it.")
	OAuthAccessTokenExchangeTokenTooOld = row(400, "oauth_access_token_exchange_token_too_old",
		"The access token is too old to become a session.",
		"The token is older than five minutes.",
		"Get a fresh token and exchange it at once.")
	OAuthAccessTokenExchangeTokenInvalidGrant = row(400, "oauth_access_token_exchange_token_invalid_grant",
		"The access token was used already.",
		"Each access token becomes a session once.",
		"Get a fresh token.")
	IDPAccessTokenCouldNotBeExchanged = row(404, "idp_access_token_could_not_be_exchanged",
		"The access token is not known.",
		"The token is unknown, expired or revoked.",
		"Get a fresh token.")
)
