package api

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/secret"
)

func (a *API) passwordMails() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/email/reset/start", "b2b.passwords.email.reset_start", a.startPasswordReset,
			organizationErrors(append(slices.Clone(resetStartErrors), errs.MemberNotFound,
				errs.OperationRestrictedByOrganizationAuthMethods, errs.InvalidLoginRedirectURL,
				errs.NoLoginRedirectURLsSet)...)...),
		endpoint.POST("/v1/b2b/passwords/email/reset", "b2b.passwords.email.reset", a.resetPassword,
			primaryErrors(append(slices.Clone(resetErrors), errs.OperationRestrictedByOrganizationAuthMethods)...)...),
		endpoint.POST("/v1/b2b/passwords/email/require_reset", "b2b.passwords.email.require_reset",
			a.requirePasswordReset, memberErrors(errs.MemberNotFound, errs.InvalidEmail, errs.CrossOrgPasswordsNotEnabled,
				errs.MemberPasswordNotFound)...),
	}
}

// resetStartErrors are the errors of every call that mails a link to a new password.
var resetStartErrors = []*errs.Error{
	errs.InvalidEmail, errs.InvalidLocale, errs.InvalidPKCECodeChallenge, errs.EmailTemplateNotFound,
	errs.NoPasswordResetRedirectURL, errs.InvalidPasswordResetRedirectURL, errs.NoMatchForProvidedMagicLinkURL,
	errs.TooManyRequests,
}

// resetErrors are the errors of every call that redeems such a link.
var resetErrors = []*errs.Error{
	errs.UnableToAuthPasswordResetToken, errs.PKCEMismatch, errs.PKCEExpectedCodeVerifier,
	errs.PKCEDidNotExpectCodeVerifier, errs.InvalidPKCECodeVerifier, errs.WeakPassword, errs.BreachedPassword,
	errs.TooManyRequests,
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
