package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

func (a *API) passwords() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/strength_check", "b2b.passwords.strength_check", a.checkPassword,
			errs.InvalidEmail),
		endpoint.POST("/v1/b2b/passwords/migrate", "b2b.passwords.migrate", a.migratePassword, migrationErrors()...),
		endpoint.POST("/v1/b2b/passwords/authenticate", "b2b.passwords.authenticate", a.authenticatePassword,
			organizationErrors(primaryErrors(guessErrors...)...)...),
		endpoint.POST("/v1/b2b/passwords/email/reset/start", "b2b.passwords.email.reset_start", a.startPasswordReset,
			organizationErrors(append(slices.Clone(resetStartErrors), errs.MemberNotFound,
				errs.OperationRestrictedByOrganizationAuthMethods, errs.InvalidLoginRedirectURL,
				errs.NoLoginRedirectURLsSet)...)...),
		endpoint.POST("/v1/b2b/passwords/email/reset", "b2b.passwords.email.reset", a.resetPassword,
			primaryErrors(append(slices.Clone(resetErrors), errs.OperationRestrictedByOrganizationAuthMethods)...)...),
		endpoint.POST("/v1/b2b/passwords/email/require_reset", "b2b.passwords.email.require_reset",
			a.requirePasswordReset, memberErrors(errs.MemberNotFound, errs.InvalidEmail, errs.CrossOrgPasswordsNotEnabled,
				errs.MemberPasswordNotFound)...),
		endpoint.POST("/v1/b2b/passwords/session/reset", "b2b.passwords.session.reset", a.resetPasswordInSession,
			organizationErrors(primaryErrors(errs.NoSessionArguments, errs.SessionTooOldToResetPassword,
				errs.SessionAuthorizationTenancyError, errs.OperationRestrictedByOrganizationAuthMethods, errs.WeakPassword,
				errs.BreachedPassword, errs.TooManyRequests)...)...),
		endpoint.POST("/v1/b2b/passwords/existing_password/reset", "b2b.passwords.existing_password.reset",
			a.resetExistingPassword, organizationErrors(primaryErrors(append(slices.Clone(guessErrors), errs.WeakPassword,
				errs.BreachedPassword, errs.CannotResetPasswordWithExistingPassword)...)...)...),
		endpoint.POST("/v1/b2b/passwords/discovery/authenticate", "b2b.passwords.discovery.authenticate",
			a.discoverByPassword, errs.CrossOrgPasswordsNotEnabled, errs.InvalidEmail, errs.UnauthorizedCredentials,
			errs.UserLockLimitReached, errs.MemberResetPassword, errs.TooManyRequests),
		endpoint.POST("/v1/b2b/passwords/discovery/email/reset/start", "b2b.passwords.discovery.email.reset_start",
			a.startDiscoveryReset, append(slices.Clone(resetStartErrors), errs.CrossOrgPasswordsNotEnabled,
				errs.InvalidDiscoveryRedirectURL, errs.NoDiscoveryRedirectURLsSet)...),
		endpoint.POST("/v1/b2b/passwords/discovery/email/reset", "b2b.passwords.discovery.email.reset",
			a.resetDiscoveryPassword, append(slices.Clone(resetErrors), errs.CrossOrgPasswordsNotEnabled)...),
		endpoint.DELETE("/v1/b2b/organizations/{organization_id}/members/passwords/{member_password_id}",
			"b2b.organizations.members.delete_password", a.deletePassword, memberErrors(errs.MemberPasswordNotFound)...),
	}
}

var (
	guessErrors = []*errs.Error{
		errs.InvalidEmail, errs.OperationRestrictedByOrganizationAuthMethods, errs.UnauthorizedCredentials,
		errs.UserLockLimitReached, errs.MemberResetPassword, errs.TooManyRequests,
	}
	resetStartErrors = []*errs.Error{
		errs.InvalidEmail, errs.InvalidLocale, errs.InvalidPKCECodeChallenge, errs.EmailTemplateNotFound,
		errs.NoPasswordResetRedirectURL, errs.InvalidPasswordResetRedirectURL, errs.NoMatchForProvidedMagicLinkURL,
		errs.TooManyRequests,
	}
	resetErrors = []*errs.Error{
		errs.UnableToAuthPasswordResetToken, errs.PKCEMismatch, errs.PKCEExpectedCodeVerifier,
		errs.PKCEDidNotExpectCodeVerifier, errs.InvalidPKCECodeVerifier, errs.WeakPassword, errs.BreachedPassword,
		errs.TooManyRequests,
	}
)

func migrationErrors() []*errs.Error {
	return organizationErrors(
		errs.InvalidEmail, errs.PasswordAlreadyExists, errs.ActionNotAllowedEmailDomainIsClaimed,
		errs.DuplicateMemberEmail, errs.DuplicateMemberExternalID, errs.InvalidPhoneNumber,
		errs.DuplicateMemberPhoneNumber, errs.DuplicateMemberPhoneNumberForMember, errs.InvalidRBACRoleID,
		errs.CannotAssignDefaultRBACRoleID, errs.TooManyRoles, errs.MetadataInvalidFormat, errs.MetadataTooManyKeys,
		errs.MetadataTooLarge,
		errs.InvalidBcryptHash, errs.InvalidBcryptCost,
		errs.InvalidScryptNParameter, errs.InvalidScryptParameters, errs.InvalidBase64ScryptHash,
		errs.InvalidBase64ScryptSalt, errs.InvalidScryptSaltLength, errs.ScryptKeyLengthMismatch,
		errs.InvalidArgon2Hash, errs.InvalidArgon2Salt, errs.InvalidArgon2IterationAmount, errs.InvalidArgon2Memory,
		errs.InvalidArgon2Threads, errs.InvalidArgon2KeyLength, errs.Argon2KeyLengthMismatch,
		errs.InvalidMd5Hash, errs.InvalidSha1Hash, errs.InvalidSha512Hash, errs.InvalidPrependSalt, errs.InvalidAppendSalt,
		errs.InvalidPhpassHashFormat, errs.InvalidPhpassHashPrefix,
		errs.InvalidPbkdf2Hash, errs.InvalidPbkdf2Salt, errs.InvalidPbkdf2IterationAmount, errs.InvalidPbkdf2Algorithm,
		errs.Pbkdf2KeyLengthMismatch)
}

// CheckPasswordRequest asks how strong a password is.
type CheckPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_StrengthCheckRequest"`

	Password secret.String `json:"password" api:"required"`
	// Whose it would be: parts of the address make it weaker, and a breach makes it invalid.
	EmailAddress string `json:"email_address"`
}

// CheckPasswordResponse says how strong it is.
type CheckPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_StrengthCheckResponse"`
	endpoint.Reply

	// Whether the project's policy takes it.
	ValidPassword bool `json:"valid_password"`
	// The score of zxcvbn, 0 to 4.
	Score int32 `json:"score"`
	// Always false where nothing is looked up.
	BreachedPassword bool `json:"breached_password"`
	// zxcvbn or luds.
	StrengthPolicy string `json:"strength_policy"`
	// Whether new passwords are looked up in the server's list of breached ones.
	BreachDetectionOnCreate bool `json:"breach_detection_on_create"`
	// Null under zxcvbn.
	LUDSFeedback *LUDSFeedback `json:"luds_feedback"`
	// Null under luds.
	ZxcvbnFeedback *ZxcvbnFeedback `json:"zxcvbn_feedback"`
}

// LUDSFeedback says which characters a password has and what is missing.
type LUDSFeedback struct {
	_ struct{} `schema:"api_b2b_password_v1_LudsFeedback"`

	HasLowerCase      bool  `json:"has_lower_case"`
	HasUpperCase      bool  `json:"has_upper_case"`
	HasDigit          bool  `json:"has_digit"`
	HasSymbol         bool  `json:"has_symbol"`
	MissingComplexity int32 `json:"missing_complexity"`
	MissingCharacters int32 `json:"missing_characters"`
}

// ZxcvbnFeedback says what is weak about a password, for whoever chose it.
type ZxcvbnFeedback struct {
	_ struct{} `schema:"api_b2b_password_v1_ZxcvbnFeedback"`

	Warning     string   `json:"warning"`
	Suggestions []string `json:"suggestions"`
}

// Says how strong a password is by the project's policy.
func (a *API) checkPassword(ctx context.Context, c endpoint.Call, in *CheckPasswordRequest) (*CheckPasswordResponse, error) {
	s, err := a.Passwords.Check(ctx, c.Project, in.Password, in.EmailAddress)
	if err != nil {
		return nil, err
	}
	out := &CheckPasswordResponse{
		ValidPassword: s.Valid, Score: int32(s.Score), BreachedPassword: s.Breached, StrengthPolicy: s.Policy,
		BreachDetectionOnCreate: s.LookedUp,
	}
	if l := s.LUDS; l != nil {
		out.LUDSFeedback = &LUDSFeedback{
			HasLowerCase: l.Lower, HasUpperCase: l.Upper, HasDigit: l.Digit, HasSymbol: l.Symbol,
			MissingComplexity: l.MissingComplexity, MissingCharacters: l.MissingCharacters,
		}
	}
	if f := s.Zxcvbn; f != nil {
		out.ZxcvbnFeedback = &ZxcvbnFeedback{Warning: f.Warning, Suggestions: f.Suggestions}
	}
	return out, nil
}

// MigratePasswordRequest brings a password along from another system.
type MigratePasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_MigrateRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member's address. It counts as verified from here on.
	EmailAddress string `json:"email_address" api:"required"`
	// The hash as the other system wrote it.
	Hash secret.String `json:"hash" api:"required"`
	// What wrote it.
	HashType     string        `json:"hash_type" api:"required" enum:"bcrypt,md_5,argon_2i,argon_2id,sha_1,sha_512,scrypt,phpass,pbkdf_2"`
	MD5Config    *MD5Config    `json:"md_5_config"`
	Argon2Config *Argon2Config `json:"argon_2_config"`
	SHA1Config   *SHA1Config   `json:"sha_1_config"`
	SHA512Config *SHA512Config `json:"sha_512_config"`
	ScryptConfig *ScryptConfig `json:"scrypt_config"`
	PBKDF2Config *PBKDF2Config `json:"pbkdf_2_config"`
	// What the member is called.
	Name string `json:"name"`
	// Free JSON that only backends may write.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Free JSON that the member may write, too.
	UntrustedMetadata json.RawMessage `json:"untrusted_metadata"`
	// Ids of roles beside the one that every member has.
	Roles []string `json:"roles"`
	// Keeps sessions alive that hold a factor of a connection which gives a role that is taken away here.
	PreserveExistingSessions bool `json:"preserve_existing_sessions"`
	// The number for second factors, in E.164 form.
	MFAPhoneNumber phone.Input `json:"mfa_phone_number"`
	// Takes your word that the number is the member's.
	SetPhoneNumberVerified bool `json:"set_phone_number_verified"`
	// Your own id of the member, where this call makes one.
	ExternalID string `json:"external_id"`
}

// MD5Config holds what stood around the password.
type MD5Config struct {
	_ struct{} `schema:"api_password_v1_MD5Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// SHA1Config holds what stood around the password.
type SHA1Config struct {
	_ struct{} `schema:"api_password_v1_SHA1Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// SHA512Config holds what stood around the password.
type SHA512Config struct {
	_ struct{} `schema:"api_password_v1_SHA512Config"`

	PrependSalt string `json:"prepend_salt"`
	AppendSalt  string `json:"append_salt"`
}

// Argon2Config says how a hexadecimal hash was made. Encoded ones say it themselves.
type Argon2Config struct {
	_ struct{} `schema:"api_password_v1_Argon2Config"`

	// The salt as text.
	Salt            string `json:"salt" api:"required"`
	IterationAmount int32  `json:"iteration_amount" api:"required"`
	// In KiB.
	Memory  int32 `json:"memory" api:"required"`
	Threads int32 `json:"threads" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
}

// ScryptConfig says how a base64 hash was made. PHC strings say it themselves.
type ScryptConfig struct {
	_ struct{} `schema:"api_password_v1_ScryptConfig"`

	// In base64.
	Salt string `json:"salt" api:"required"`
	// A power of two, above 1 and below 262145.
	NParameter int32 `json:"n_parameter" api:"required"`
	RParameter int32 `json:"r_parameter" api:"required"`
	PParameter int32 `json:"p_parameter" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
}

// PBKDF2Config says how a base64 hash was made.
type PBKDF2Config struct {
	_ struct{} `schema:"api_password_v1_PBKDF2Config"`

	// In base64.
	Salt            string `json:"salt" api:"required"`
	IterationAmount int32  `json:"iteration_amount" api:"required"`
	// In bytes.
	KeyLength int32 `json:"key_length" api:"required"`
	// sha256, which is the default, or sha512.
	Algorithm string `json:"algorithm"`
}

func (in *MigratePasswordRequest) hash() password.Import {
	out := password.Import{Type: in.HashType, Hash: in.Hash.Reveal()}
	if c := in.Argon2Config; c != nil {
		out.Argon2 = &password.Argon2Config{
			Salt: c.Salt, Passes: c.IterationAmount, MemoryKiB: c.Memory, Threads: c.Threads, KeyLen: c.KeyLength,
		}
	}
	if c := in.ScryptConfig; c != nil {
		out.Scrypt = &password.ScryptConfig{
			Salt: c.Salt, N: c.NParameter, R: c.RParameter, P: c.PParameter, KeyLen: c.KeyLength,
		}
	}
	if c := in.PBKDF2Config; c != nil {
		out.PBKDF2 = &password.PBKDF2Config{
			Salt: c.Salt, Rounds: c.IterationAmount, KeyLen: c.KeyLength, Algorithm: c.Algorithm,
		}
	}
	switch {
	case in.HashType == password.TypeMD5 && in.MD5Config != nil:
		out.Salts = &password.Salts{Prepend: in.MD5Config.PrependSalt, Append: in.MD5Config.AppendSalt}
	case in.HashType == password.TypeSHA1 && in.SHA1Config != nil:
		out.Salts = &password.Salts{Prepend: in.SHA1Config.PrependSalt, Append: in.SHA1Config.AppendSalt}
	case in.HashType == password.TypeSHA512 && in.SHA512Config != nil:
		out.Salts = &password.Salts{Prepend: in.SHA512Config.PrependSalt, Append: in.SHA512Config.AppendSalt}
	}
	return out
}

// MigratePasswordResponse holds the member who has the password.
type MigratePasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_MigrateResponse"`
	MemberReply

	// Whether this call made the member.
	MemberCreated bool `json:"member_created"`
}

// Gives a member the hash that another system made of a password, and makes the member where there is none. The hash is
// verified as it is at the first login, and replaced by one of this server then.
func (a *API) migratePassword(
	ctx context.Context, c endpoint.Call, in *MigratePasswordRequest,
) (*MigratePasswordResponse, error) {
	m, err := a.Passwords.Migrate(ctx, c.Project, password.Migrate{
		Organization: in.OrganizationID, Email: in.EmailAddress, Hash: in.hash(), Name: in.Name, ExternalID: in.ExternalID,
		Roles: in.Roles, PreserveSessions: in.PreserveExistingSessions, Phone: in.MFAPhoneNumber,
		PhoneVerified: in.SetPhoneNumberVerified, TrustedMetadata: in.TrustedMetadata,
		UntrustedMetadata: in.UntrustedMetadata, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &MigratePasswordResponse{MemberReply: memberReply(c, &m.Found), MemberCreated: m.Created}, nil
}

// FinishFields are what calls that end in a session take beside their own.
type FinishFields struct {
	TermsFields

	// Of a session that gets the factor. At most one of the two; somebody else's is ignored.
	SessionToken secret.String `json:"session_token"`
	// Of a session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// The language of a text that the login may send.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

func (f *FinishFields) finish(c endpoint.Call, intermediate secret.String) password.Finish {
	return password.Finish{
		Tokens: session.Tokens{Session: f.SessionToken, JWT: f.SessionJWT, Intermediate: intermediate},
		Terms:  f.terms(), Locale: f.Locale, RequestID: c.RequestID,
	}
}

// AuthenticatePasswordRequest logs a member in.
type AuthenticatePasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_AuthenticateRequest"`
	FinishFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef    `json:"organization_id" api:"required"`
	EmailAddress   string        `json:"email_address" api:"required"`
	Password       secret.String `json:"password" api:"required"`
	// Of a login that is not complete: its factors count too.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
}

// AuthenticatePasswordResponse is a login, complete or not.
type AuthenticatePasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_AuthenticateResponse"`
	LoginReply

	OrganizationID string `json:"organization_id"`
}

// Logs a member in. A wrong password, a member without one and an address that nobody has get the same answer after the
// same time. Where a second factor is missing, the answer holds an intermediate session token instead of a session.
func (a *API) authenticatePassword(
	ctx context.Context, c endpoint.Call, in *AuthenticatePasswordRequest,
) (*AuthenticatePasswordResponse, error) {
	result, err := a.Passwords.Authenticate(ctx, c.Project, password.Authenticate{
		Finish: in.finish(c, in.IntermediateSessionToken), Organization: in.OrganizationID, Email: in.EmailAddress,
		Password: in.Password,
	})
	if err != nil {
		return nil, err
	}
	return &AuthenticatePasswordResponse{LoginReply: loginReply(c, result), OrganizationID: result.Organization.ID}, nil
}

// StartPasswordResetRequest asks for a mail with a link to a new password.
type StartPasswordResetRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_ResetStartRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	EmailAddress   string     `json:"email_address" api:"required"`
	// Where the link leads: an address registered for reset_password. The project's default when absent.
	ResetPasswordRedirectURL string `json:"reset_password_redirect_url"`
	// How long the link is good, 5 to 10080 minutes. 30 when absent.
	ResetPasswordExpirationMinutes int32 `json:"reset_password_expiration_minutes"`
	// SHA-256 of a verifier in base64url (RFC 7636): the link works only together with it.
	CodeChallenge string `json:"code_challenge"`
	// Where a second link leads that logs in without a password: an address registered for login. No such link when absent.
	LoginRedirectURL string `json:"login_redirect_url"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// No template but the shipped one exists: leave it out.
	ResetPasswordTemplateID string `json:"reset_password_template_id"`
	// No template but the shipped one exists: leave it out.
	VerifyEmailTemplateID string `json:"verify_email_template_id"`
}

// StartPasswordResetResponse says whom the mail goes to.
type StartPasswordResetResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_ResetStartResponse"`
	endpoint.Reply

	MemberID      string  `json:"member_id"`
	MemberEmailID string  `json:"member_email_id"`
	Member        *Member `json:"member" api:"required"`
}

// Mails a member a link to a new password, or to the first one.
func (a *API) startPasswordReset(
	ctx context.Context, c endpoint.Call, in *StartPasswordResetRequest,
) (*StartPasswordResetResponse, error) {
	sent, err := a.Passwords.StartReset(ctx, c.Project, password.Start{
		Organization: in.OrganizationID, Email: in.EmailAddress, RedirectURL: in.ResetPasswordRedirectURL,
		LoginURL: in.LoginRedirectURL, Minutes: in.ResetPasswordExpirationMinutes, PKCEChallenge: in.CodeChallenge,
		Locale: in.Locale, Templates: []string{in.ResetPasswordTemplateID, in.VerifyEmailTemplateID},
		RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &StartPasswordResetResponse{
		MemberID: sent.Member.ID, MemberEmailID: sent.Member.EmailID,
		Member: wireMember(sent.Organization, sent.Member, c.Project, sent.At),
	}, nil
}

// ResetPasswordRequest is a new password with the token of a mail.
type ResetPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_ResetRequest"`
	FinishFields

	// The token of the link.
	PasswordResetToken secret.String `json:"password_reset_token" api:"required"`
	Password           secret.String `json:"password" api:"required"`
	// The verifier whose challenge the reset was started with.
	CodeVerifier string `json:"code_verifier"`
	// Of a login that is not complete: its factors count too.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
}

// ResetPasswordResponse is a login, complete or not.
type ResetPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_ResetResponse"`
	LoginReply

	// The id of the address that the link proved.
	MemberEmailID  string `json:"member_email_id"`
	OrganizationID string `json:"organization_id"`
}

// Gives a member a new password, once per link. The address is verified by it. All sessions of the member end, but for
// one that comes along.
func (a *API) resetPassword(
	ctx context.Context, c endpoint.Call, in *ResetPasswordRequest,
) (*ResetPasswordResponse, error) {
	result, err := a.Passwords.Reset(ctx, c.Project, password.Reset{
		Finish: in.finish(c, in.IntermediateSessionToken), Token: in.PasswordResetToken, Verifier: in.CodeVerifier,
		Password: in.Password,
	})
	if err != nil {
		return nil, err
	}
	return &ResetPasswordResponse{
		LoginReply: loginReply(c, result), MemberEmailID: result.Member.EmailID, OrganizationID: result.Organization.ID,
	}, nil
}

// RequirePasswordResetRequest names an address whose password must be replaced.
type RequirePasswordResetRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_RequireResetRequest"`
	Acting

	EmailAddress string `json:"email_address" api:"required"`
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id"`
}

// RequirePasswordResetResponse holds the member that was named.
type RequirePasswordResetResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_email_RequireResetResponse"`
	endpoint.Reply

	MemberID     *string       `json:"member_id"`
	Member       *Member       `json:"member"`
	Organization *Organization `json:"organization"`
}

// Ends the use of a password that works in every organization: it is deleted where one active member has the address, and
// good for nothing but a reset where several have.
func (a *API) requirePasswordReset(
	ctx context.Context, c endpoint.Call, in *RequirePasswordResetRequest,
) (*RequirePasswordResetResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Passwords.RequireReset(ctx, c.Project, by, password.Require{
		Email: in.EmailAddress, Organization: in.OrganizationID, Member: in.MemberID,
	})
	if err != nil || f == nil {
		return &RequirePasswordResetResponse{}, err
	}
	return &RequirePasswordResetResponse{
		MemberID: &f.Member.ID, Member: wireMember(f.Organization, f.Member, c.Project, f.At),
		Organization: wireOrganization(f.Organization),
	}, nil
}

// ResetPasswordInSessionRequest is a new password for who is logged in.
type ResetPasswordInSessionRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_session_ResetRequest"`
	FinishFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef    `json:"organization_id" api:"required"`
	Password       secret.String `json:"password" api:"required"`
}

// ResetPasswordInSessionResponse holds the session.
type ResetPasswordInSessionResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_session_ResetResponse"`
	LoginReply
}

// Gives the session's member a new password, or the first one, where a factor of the session was proven in the last five
// minutes. All other sessions of the member end.
func (a *API) resetPasswordInSession(
	ctx context.Context, c endpoint.Call, in *ResetPasswordInSessionRequest,
) (*ResetPasswordInSessionResponse, error) {
	result, err := a.Passwords.ResetInSession(ctx, c.Project, password.SessionReset{
		Finish: in.finish(c, ""), Organization: in.OrganizationID, Password: in.Password,
	})
	if err != nil {
		return nil, err
	}
	return &ResetPasswordInSessionResponse{LoginReply: loginReply(c, result)}, nil
}

// ResetExistingPasswordRequest is a new password for who knows the present one.
type ResetExistingPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_existing_password_ResetRequest"`
	FinishFields

	// The organization, by id, slug or external id.
	OrganizationID   ids.OrgRef    `json:"organization_id" api:"required"`
	EmailAddress     string        `json:"email_address" api:"required"`
	ExistingPassword secret.String `json:"existing_password" api:"required"`
	NewPassword      secret.String `json:"new_password" api:"required"`
}

// ResetExistingPasswordResponse is a login, complete or not.
type ResetExistingPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_existing_password_ResetResponse"`
	LoginReply
}

// Exchanges the present password for a new one. All sessions of the member end, but for one that comes along.
func (a *API) resetExistingPassword(
	ctx context.Context, c endpoint.Call, in *ResetExistingPasswordRequest,
) (*ResetExistingPasswordResponse, error) {
	result, err := a.Passwords.ResetExisting(ctx, c.Project, password.ExistingReset{
		Finish: in.finish(c, ""), Organization: in.OrganizationID, Email: in.EmailAddress,
		Existing: in.ExistingPassword, New: in.NewPassword,
	})
	if err != nil {
		return nil, err
	}
	return &ResetExistingPasswordResponse{LoginReply: loginReply(c, result)}, nil
}

// DiscoverByPasswordRequest logs somebody in who has not chosen an organization.
type DiscoverByPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_AuthenticateRequest"`

	EmailAddress string        `json:"email_address" api:"required"`
	Password     secret.String `json:"password" api:"required"`
}

// DiscoverByPasswordResponse lists the organizations that are open.
type DiscoverByPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_AuthenticateResponse"`
	DiscoveredReply
}

// Logs somebody in by the password that the address has in every organization, where the project has such passwords.
func (a *API) discoverByPassword(
	ctx context.Context, c endpoint.Call, in *DiscoverByPasswordRequest,
) (*DiscoverByPasswordResponse, error) {
	begun, err := a.Passwords.Discover(ctx, c.Project, in.EmailAddress, in.Password, c.RequestID)
	if err != nil {
		return nil, err
	}
	return &DiscoverByPasswordResponse{DiscoveredReply: discoveredReply(c, begun)}, nil
}

// StartDiscoveryResetRequest asks for a mail with a link to a new password of an address.
type StartDiscoveryResetRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_email_ResetStartRequest"`

	EmailAddress string `json:"email_address" api:"required"`
	// Where the link leads: an address registered for reset_password. The project's default when absent.
	ResetPasswordRedirectURL string `json:"reset_password_redirect_url"`
	// Where a second link leads that logs in without a password: an address registered for discovery. No such link when
	// absent.
	DiscoveryRedirectURL string `json:"discovery_redirect_url"`
	// No template but the shipped one exists: leave it out.
	ResetPasswordTemplateID string `json:"reset_password_template_id"`
	// How long the link is good, 5 to 10080 minutes. 30 when absent.
	ResetPasswordExpirationMinutes int32 `json:"reset_password_expiration_minutes"`
	// SHA-256 of a verifier in base64url (RFC 7636): the link works only together with it.
	PKCECodeChallenge string `json:"pkce_code_challenge"`
	// The language of the mail: en, es, pt-br or fr. English when absent.
	Locale locale.Input `json:"locale"`
	// No template but the shipped one exists: leave it out.
	VerifyEmailTemplateID string `json:"verify_email_template_id"`
}

// StartDiscoveryResetResponse says that the mail is on its way.
type StartDiscoveryResetResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_email_ResetStartResponse"`
	endpoint.Reply
}

// Mails a link to a new password to any address: the answer does not tell whether anybody has it.
func (a *API) startDiscoveryReset(
	ctx context.Context, c endpoint.Call, in *StartDiscoveryResetRequest,
) (*StartDiscoveryResetResponse, error) {
	err := a.Passwords.StartDiscoveryReset(ctx, c.Project, password.Start{
		Email: in.EmailAddress, RedirectURL: in.ResetPasswordRedirectURL, LoginURL: in.DiscoveryRedirectURL,
		Minutes: in.ResetPasswordExpirationMinutes, PKCEChallenge: in.PKCECodeChallenge, Locale: in.Locale,
		Templates: []string{in.ResetPasswordTemplateID, in.VerifyEmailTemplateID}, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &StartDiscoveryResetResponse{}, nil
}

// ResetDiscoveryPasswordRequest is a new password of an address with the token of a mail.
type ResetDiscoveryPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_email_ResetRequest"`

	// The token of the link.
	PasswordResetToken secret.String `json:"password_reset_token" api:"required"`
	Password           secret.String `json:"password" api:"required"`
	// The verifier whose challenge the reset was started with.
	PKCECodeVerifier string `json:"pkce_code_verifier"`
}

// ResetDiscoveryPasswordResponse lists the organizations that are open.
type ResetDiscoveryPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_b2b_passwords_discovery_email_ResetResponse"`
	DiscoveredReply
}

// Gives an address a new password in every organization, once per link. All sessions of everybody with the address end.
func (a *API) resetDiscoveryPassword(
	ctx context.Context, c endpoint.Call, in *ResetDiscoveryPasswordRequest,
) (*ResetDiscoveryPasswordResponse, error) {
	begun, err := a.Passwords.ResetDiscovery(ctx, c.Project, password.DiscoveryReset{
		Token: in.PasswordResetToken, Verifier: in.PKCECodeVerifier, Password: in.Password, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &ResetDiscoveryPasswordResponse{DiscoveredReply: discoveredReply(c, begun)}, nil
}

// DeletePasswordRequest names a password.
type DeletePasswordRequest struct {
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member's member_password_id.
	MemberPasswordID string `path:"member_password_id"`
}

// DeletePasswordResponse holds the member without its password.
type DeletePasswordResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeletePasswordResponse"`
	MemberReply
}

// Takes a member's password away. Sessions stay.
func (a *API) deletePassword(
	ctx context.Context, c endpoint.Call, in *DeletePasswordRequest,
) (*DeletePasswordResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Passwords.Delete(ctx, c.Project, by, in.OrganizationID, in.MemberPasswordID)
	if err != nil {
		return nil, err
	}
	return &DeletePasswordResponse{MemberReply: memberReply(c, f)}, nil
}
