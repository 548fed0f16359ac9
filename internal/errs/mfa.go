package errs

// Second factors: codes by text, authenticator apps, recovery codes, and the lock after too many failures.
var (
	ActionAvailableOnlyForActiveMembers = row(400, "action_available_only_for_active_members",
		"Only active members can do this.",
		"The member is pending, invited or deleted.",
		"Let the member complete a sign-in first.")
	ActionAvailableOnlyOncePrimaryAuthenticationIsMet = row(400,
		"action_available_only_once_primary_authentication_is_met",
		"Please complete the first sign-in step first.",
		"The organization asks for another primary method than the intermediate session holds.",
		"Complete one of the methods listed in primary_required.")
	OperationRestrictedByOrganizationMFAMethods = row(400, "operation_restricted_by_organization_mfa_methods",
		"Your organization does not allow this method for the second step.",
		"mfa_methods is RESTRICTED and does not list the method.",
		"Use an allowed method, or change the organization's settings.")
	OperationRestrictedByOrganizationAuthMethods = row(400, "operation_restricted_by_organization_auth_methods",
		"Your organization does not allow this way to sign in.",
		"auth_methods is RESTRICTED and does not list the method.",
		"Use an allowed method, or change the organization's settings.")

	PhoneNumberNotFound = row(404, "phone_number_not_found",
		"Please give a phone number first.",
		"The member has no number and the request names none.",
		"Send mfa_phone_number.")
	DuplicateMemberPhoneNumber = row(400, "duplicate_member_phone_number",
		"Another member of your organization uses this number.",
		"A number belongs to one member of an organization at a time.",
		"Use another number, or delete it from the other member.")
	DuplicateMemberPhoneNumberForMember = row(400, "duplicate_member_phone_number_for_member",
		"You already have another phone number. Delete it before you add a new one.",
		"The member has a number and the request names a different one.",
		"Leave the number out, or delete the member's number first.")
	InvalidPhoneNumber = row(400, "invalid_phone_number",
		"The phone number is not valid. Please give it with country code, such as +12025550162.",
		"The value is not a number that can exist, in E.164 form.",
		"Send + and country code, then the number, without an extension.")
	InvalidPhoneNumberCountryCode = row(400, "invalid_phone_number_country_code",
		"We cannot send texts to this country.",
		"The number's country is not on the project's allow list, or cannot be served.",
		"Add the country to the project's list, or use another method.")
	InvalidPhoneNumberSandbox = row(400, "invalid_phone_number_sandbox",
		"This test number cannot be used here.",
		"A sandbox number was used in a live project or in a call that does not know it.",
		"Use a real number, or the call that the sandbox number is for.")
	InvalidEmailSandbox = row(400, "invalid_email_sandbox",
		"This test address cannot be used here.",
		"A sandbox address was used in a live project or in a call that does not know it.",
		"Use a real address, or the call that the sandbox address is for.")
	UnsubscribedPhoneNumber = row(400, "unsubscribed_phone_number",
		"This number has stopped our texts. Text START to the number they came from, then try again.",
		"The recipient answered an earlier text with STOP, or the project noted that the number gets no texts.",
		"GET /v1/thimble/opt_outs tells who said so. Have the person text START, or take the note back; or use another method.")
	OptOutByOwner = row(400, "opt_out_by_owner",
		"This number has stopped our texts by itself. Text START to the number they came from.",
		"The project has no note of its own about the number; its owner texted STOP to a provider's number.",
		"Have the person text START. Where the provider does not pass that on, the operator runs thimble project opt-in.")
	OptOutNotFound = row(404, "opt_out_not_found",
		"Texts to this number are not stopped.",
		"Neither has the project noted that the number gets no texts, nor has its owner texted STOP.",
		"There is nothing to take back.")
	DownstreamCarrierError = row(400, "downstream_carrier_error",
		"The text could not be sent. Please try again later or use another method.",
		"No provider can send to this number at the moment.",
		"Look at the message's record, and try again later.")
	MissingSMSParameter = row(400, "missing_sms_parameter",
		"Something is missing to send the text.",
		"The project's SMS settings are incomplete.",
		"Complete the provider's settings.")
	OTPCodeNotFound = row(404, "otp_code_not_found",
		"The code is not right. Please check it and try again.",
		"The code is not one that was sent, or no code was sent.",
		"Let the person type it again or send a new one.")
	UnableToAuthOTPCode = row(401, "unable_to_auth_otp_code",
		"This code was used or is too old. Please ask for a new one.",
		"The code was right but is used, expired or replaced by a newer one.",
		"Send a new code.")
	InvalidCode = row(400, "invalid_code",
		"The code has six digits. Please check it.",
		"The value is not six digits.",
		"Let the person type it again.")
	InvalidLocale = row(400, "invalid_locale",
		"This language is not known.",
		"locale is not one of the documented language tags.",
		"Send a documented tag such as en, or leave the field out.")
	UserLockLimitReached = row(429, "user_lock_limit_reached",
		"Too many wrong tries. Please wait before you try again, or ask your administrator.",
		"The member failed too often in a row and is locked for a while.",
		"Wait until lock_expires_at, or unlock the member in the dashboard.")
	InvalidExpiration = row(400, "invalid_expiration",
		"The time of validity is outside the allowed range.",
		"A field of minutes is below or above what the call allows.",
		"Send a number in the documented range, or leave the field out.")

	TOTPNotFound = row(404, "totp_not_found",
		"No authenticator app is set up.",
		"The member has no registration of an authenticator app.",
		"Set one up first.")
	ActiveTOTPExists = row(400, "active_totp_exists",
		"An authenticator app is set up already.",
		"The member has an active registration.",
		"Delete it before a new one is made.")
	PendingTOTPExists = row(400, "pending_totp_exists",
		"An authenticator app is being set up already.",
		"The member has a registration that is not verified yet.",
		"Complete it, or wait until it expires.")
	ExpiredTOTP = row(400, "expired_totp",
		"Setting up the authenticator app took too long. Please start again.",
		"The registration was not verified in time.",
		"Make a new registration.")
	InvalidTOTPCode = row(400, "invalid_totp_code",
		"The code of the authenticator app has six digits. Please check it.",
		"The value is not six digits.",
		"Let the person type it again.")
	InvalidTOTPID = row(400, "invalid_totp_id",
		"The id of the authenticator app does not have the right form.",
		"The value is no id of a registration.",
		"Send the id as it was given.")
	TOTPCodeAlreadyAuthenticated = row(400, "totp_code_already_authenticated",
		"This code was used already. Please wait for the next one.",
		"Each code of an authenticator app counts once.",
		"Let the person wait up to 30 seconds for the next code.")
	RecoveryCodeUsedAsTOTPCode = row(400, "recovery_code_used_as_totp_code",
		"This is a recovery code. Please type the code from your authenticator app.",
		"A recovery code was sent where a code of an app belongs.",
		"Use the call for recovery codes.")
	TOTPCodeUsedAsRecoveryCode = row(400, "totp_code_used_as_recovery_code",
		"This is a code from an authenticator app. Please type a recovery code.",
		"A code of an app was sent where a recovery code belongs.",
		"Use the call for authenticator apps.")
	UnableToAuthenticateTOTP = row(401, "unable_to_authenticate_totp",
		"The code is not right. Please check it and try again.",
		"The code does not belong to the member's authenticator app at this time.",
		"Let the person try the next code; check the clock of the device.")
	InvalidRecoveryCode = row(400, "invalid_recovery_code",
		"The recovery code does not have the right form. Please check it.",
		"The value cannot be a recovery code.",
		"Let the person type it again, with its dashes.")
	UnableToAuthenticateRecoveryCode = row(401, "unable_to_authenticate_recovery_code",
		"The recovery code is wrong or was used.",
		"The code is not one of the member's unused recovery codes.",
		"Let the person try another one.")
	RecoveryCodesNotFound = row(404, "recovery_codes_not_found",
		"There are no recovery codes.",
		"The member has no recovery codes.",
		"Set up an authenticator app; codes come with it.")
	RecoveryCodesAlreadyExist = row(400, "recovery_codes_already_exist",
		"There are recovery codes already.",
		"Codes would be imported over existing ones.",
		"Leave the list out, or delete the old registration first.")
	NoActiveRecoveryCodeBackedFactor = row(400, "no_active_recovery_code_backed_factor",
		"Please set up an authenticator app first.",
		"Recovery codes exist only beside an active authenticator app.",
		"Set one up first.")

	DefaultMFAMemberMissingFactor = row(400, "default_mfa_member_missing_factor",
		"The member has not set up this method.",
		"default_mfa_method names a factor that the member does not own.",
		"Set the factor up first.")
	InvalidMFADefaultMethod = row(400, "invalid_mfa_default_method",
		"The default method must be sms_otp or totp.",
		"default_mfa_method has another value.",
		"Send sms_otp or totp.")
	CountryCodeAllowlistInvalidCountryCodes = row(400, "country_code_allowlist_invalid_country_codes",
		"One of the countries cannot be added.",
		"The list holds a code that is no country, or a country that cannot be served.",
		"Use two-letter ISO 3166 codes of countries that can be served.")
	CountryCodeAllowlistEmpty = row(400, "country_code_allowlist_empty",
		"Please list at least one country.",
		"The list of countries is empty.",
		"Send at least one two-letter ISO 3166 code.")
)
