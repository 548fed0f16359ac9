package errs

// Passwords: signing in with one, choosing a new one, and bringing hashes along from elsewhere.
var (
	WeakPassword = row(400, "weak_password",
		"This password is too easy to guess. Please choose a longer or less common one.",
		"The new password does not meet the project's policy.",
		"Ask the strength check what is missing before the password is sent.")
	BreachedPassword = row(400, "breached_password",
		"This password appeared in a data breach. Please choose another one.",
		"The new password is in the list of breached passwords that the server was given.",
		"Choose a password that is used nowhere else.")
	MemberResetPassword = row(400, "member_reset_password",
		"Please reset your password before you sign in again.",
		"The password was right, but it must be replaced: it appeared in a breach, does not meet the policy any more, or a "+
			"reset was required.",
		"Start a reset by email.")
	NoPasswordResetRedirectURL = row(400, "no_password_reset_redirect_url",
		"A redirect address is needed for password resets.",
		"The request names no address, and the project has no default for the purpose reset_password.",
		"Send reset_password_redirect_url, or choose a default in the project's settings.")
	InvalidPasswordResetRedirectURL = row(400, "invalid_password_reset_redirect_url",
		"This redirect address cannot be used for password resets.",
		"The address given is no address, or is not registered for the purpose reset_password.",
		"Register the address for reset_password in the project's settings.")
	UnableToAuthPasswordResetToken = row(401, "unable_to_auth_password_reset_token",
		"This link was used or is too old. Please ask for a new one.",
		"The token of the reset is unknown, used or expired, or its member has another address by now.",
		"Start the reset again.")
	SessionTooOldToResetPassword = row(400, "session_too_old_to_reset_password",
		"Please sign in again before you change your password.",
		"No factor of the session was proven within the last five minutes.",
		"Have the member prove a factor again, then repeat the call.")
	CannotResetPasswordWithExistingPassword = row(400, "cannot_reset_password_with_existing_password",
		"Your present password cannot be used for this any more. Please reset it by email.",
		"The existing password appeared in a breach or a reset was required: whoever knows it need not be the member.",
		"Start a reset by email.")
	CrossOrgPasswordsNotEnabled = row(400, "cross_org_passwords_not_enabled",
		"Passwords of this project belong to one organization each.",
		"The call needs passwords that work in every organization, and the project's setting is off.",
		"Use the call that names an organization, or switch the setting on before there are passwords.")
	CannotToggleCrossOrgPasswordsWhenPasswordInUse = row(400, "cannot_toggle_cross_org_passwords_when_password_in_use",
		"The setting cannot be changed while passwords exist.",
		"Passwords for one organization and for all of them cannot be turned into each other.",
		"Decide before the first password is set.")
	PasswordAlreadyExists = row(400, "password_already_exists",
		"The member has a password already.",
		"Only the first password of a member can be migrated.",
		"Leave the member as it is, or delete its password first.")
	PasswordValidationTimeout = row(503, "password_validation_timeout",
		"The password could not be checked in time. Please try again.",
		"The list of breached passwords did not answer. This server lets passwords pass then, so it is never sent.",
		"Try again.")

	InvalidBcryptHash = hashError("invalid_bcrypt_hash", "hash",
		"It must be a bcrypt hash of 60 characters that begins with $2a$, $2b$ or $2y$.")
	InvalidBcryptCost = hashError("invalid_bcrypt_cost", "hash", "Its cost must be from 4 to 14.")

	InvalidScryptNParameter = hashError("invalid_scrypt_n_parameter", "scrypt_config.n_parameter",
		"It must be a power of two, above 1 and below 262145.")
	InvalidScryptParameters = hashError("invalid_scrypt_parameters", "scrypt_config",
		"It must hold r and p of at least 1 and a key length of 4 to 128 bytes, and must not need more than 256 MiB; "+
			"without it the hash must be a PHC string.")
	InvalidBase64ScryptHash = hashError("invalid_base64_scrypt_hash", "hash", "It must be base64.")
	InvalidBase64ScryptSalt = hashError("invalid_base64_scrypt_salt", "scrypt_config.salt", "It must be base64.")
	InvalidScryptSaltLength = hashError("invalid_scrypt_salt_length", "scrypt_config.salt",
		"It must have 1 to 1024 bytes.")
	ScryptKeyLengthMismatch = hashError("scrypt_key_length_mismatch", "scrypt_config.key_length",
		"It must be the number of bytes of the hash.")

	InvalidArgon2Hash = hashError("invalid_argon_2_hash", "hash",
		"It must be an encoded hash of version 19 and of the kind that hash_type names, or hexadecimal with argon_2_config.")
	InvalidArgon2Salt            = hashError("invalid_argon_2_salt", "argon_2_config.salt", "It must have 1 to 1024 bytes.")
	InvalidArgon2IterationAmount = hashError("invalid_argon_2_iteration_amount", "argon_2_config.iteration_amount",
		"It must be at least 1, and not so large that one login takes seconds.")
	InvalidArgon2Memory = hashError("invalid_argon_2_memory", "argon_2_config.memory",
		"It must be at least 8 KiB for each thread and at most 262144.")
	InvalidArgon2Threads   = hashError("invalid_argon_2_threads", "argon_2_config.threads", "It must be from 1 to 16.")
	InvalidArgon2KeyLength = hashError("invalid_argon_2_key_length", "argon_2_config.key_length",
		"It must be from 4 to 128.")
	Argon2KeyLengthMismatch = hashError("argon_2_key_length_mismatch", "argon_2_config.key_length",
		"It must be the number of bytes of the hash.")

	InvalidMd5Hash     = hashError("invalid_md_5_hash", "hash", "It must have 32 hexadecimal digits.")
	InvalidSha1Hash    = hashError("invalid_sha_1_hash", "hash", "It must have 40 hexadecimal digits.")
	InvalidSha512Hash  = hashError("invalid_sha_512_hash", "hash", "It must have 128 hexadecimal digits.")
	InvalidPrependSalt = hashError("invalid_prepend_salt", "prepend_salt", "It must have at most 1024 bytes.")
	InvalidAppendSalt  = hashError("invalid_append_salt", "append_salt", "It must have at most 1024 bytes.")

	InvalidPhpassHashFormat = hashError("invalid_phpass_hash_format", "hash",
		"It must have 34 characters, and 2^7 to 2^20 rounds.")
	InvalidPhpassHashPrefix = hashError("invalid_phpass_hash_prefix", "hash", "It must begin with $P$ or $H$.")

	InvalidPbkdf2Hash            = hashError("invalid_pbkdf_2_hash", "hash", "It must be base64.")
	InvalidPbkdf2Salt            = hashError("invalid_pbkdf_2_salt", "pbkdf_2_config.salt", "It must be base64 of 1 to 1024 bytes.")
	InvalidPbkdf2IterationAmount = hashError("invalid_pbkdf_2_iteration_amount", "pbkdf_2_config.iteration_amount",
		"It must be at least 1, and not so large that one login takes seconds.")
	InvalidPbkdf2Algorithm = hashError("invalid_pbkdf_2_algorithm", "pbkdf_2_config.algorithm",
		"It must be sha256 or sha512.")
	Pbkdf2KeyLengthMismatch = hashError("pbkdf_2_key_length_mismatch", "pbkdf_2_config.key_length",
		"It must be the number of bytes of the hash, at most 128.")
)

func hashError(name, field, want string) *Error {
	return row(400, name,
		"The password's hash cannot be read: look at "+field+".",
		"The field "+field+" does not fit. "+want,
		"Compare the hash with what the old system wrote; nothing was changed.")
}
