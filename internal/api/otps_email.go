package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/emailotp"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

func (a *API) emailOTPs() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/otps/email/login_or_signup", "b2b.otps.email.login_or_signup", a.sendEmailOTP,
			organizationErrors(errs.InvalidEmail, errs.InvalidLocale, errs.EmailTemplateNotFound,
				errs.EmailJITProvisioningNotAllowed, errs.InvalidEmailForJITProvisioning,
				errs.ActionNotAllowedEmailDomainIsClaimed, errs.DuplicateMemberEmail,
				errs.OperationRestrictedByOrganizationAuthMethods, errs.TooManyRequests)...),
		endpoint.POST("/v1/b2b/otps/email/authenticate", "b2b.otps.email.authenticate", a.authenticateEmailOTP,
			organizationErrors(primaryErrors(emailCodeErrors...)...)...),
		endpoint.POST("/v1/b2b/otps/email/discovery/send", "b2b.otps.email.discovery.send", a.sendDiscoveryOTP,
			errs.InvalidEmail, errs.InvalidLocale, errs.EmailTemplateNotFound, errs.TooManyRequests),
		endpoint.POST("/v1/b2b/otps/email/discovery/authenticate", "b2b.otps.email.discovery.authenticate",
			a.authenticateDiscoveryOTP, emailCodeErrors...),
	}
}

// emailCodeErrors are the errors of every call that redeems a code of a mail.
var emailCodeErrors = []*errs.Error{
	errs.InvalidEmail, errs.InvalidCode, errs.OTPCodeNotFound, errs.UnableToAuthOTPCode, errs.UserLockLimitReached,
}

// SendEmailOTPRequest asks for a code.
type SendEmailOTPRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_LoginOrSignupRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// Where the code goes. An address that the organization lets join becomes a pending member.
	EmailAddress string `json:"email_address" api:"required"`
	// No template but the shipped one exists: leave it out.
	LoginTemplateID string `json:"login_template_id"`
	// No template but the shipped one exists: leave it out.
	SignupTemplateID string `json:"signup_template_id"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// How long the code of an active member is good, 2 to 15 minutes. 10 when absent.
	LoginExpirationMinutes int32 `json:"login_expiration_minutes"`
	// How long the code of everybody else is good, 2 to 15 minutes. 10 when absent.
	SignupExpirationMinutes int32 `json:"signup_expiration_minutes"`
}

// SendEmailOTPResponse says whom the code goes to.
type SendEmailOTPResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_LoginOrSignupResponse"`
	MemberReply

	// Whether this call made the member.
	MemberCreated bool `json:"member_created"`
}

// Mails a code of six digits that logs a member in, or makes somebody a member whom the organization lets join. A newer
// code to the same address ends the one before, of whatever organization.
func (a *API) sendEmailOTP(ctx context.Context, c endpoint.Call, in *SendEmailOTPRequest) (*SendEmailOTPResponse, error) {
	sent, err := a.EmailOTP.LoginOrSignup(ctx, c.Project, emailotp.Send{
		Organization: in.OrganizationID, Email: in.EmailAddress, Locale: in.Locale, RequestID: c.RequestID,
		Login:  emailotp.Mail{Minutes: in.LoginExpirationMinutes, Template: in.LoginTemplateID},
		Signup: emailotp.Mail{Minutes: in.SignupExpirationMinutes, Template: in.SignupTemplateID},
	})
	if err != nil {
		return nil, err
	}
	return &SendEmailOTPResponse{MemberReply: sentReply(c, sent), MemberCreated: sent.MemberCreated}, nil
}

// AuthenticateEmailOTPRequest redeems a code.
type AuthenticateEmailOTPRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_AuthenticateRequest"`
	TermsFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The address that the code was sent to.
	EmailAddress string `json:"email_address" api:"required"`
	// The six digits of the mail, as a string.
	Code secret.String `json:"code" api:"required"`
	// Of a session that gets the factor. At most one of the two; somebody else's is ignored.
	SessionToken secret.String `json:"session_token"`
	// Of a session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// Of a login that is not complete: its factors count too.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// The language of a text that the login may send.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// AuthenticateEmailOTPResponse is a login, complete or not.
type AuthenticateEmailOTPResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_AuthenticateResponse"`
	LoginReply

	// The id of the address that the code proved.
	MethodID       string `json:"method_id"`
	OrganizationID string `json:"organization_id"`
}

// Redeems a code, once. Where a second factor is missing, the answer holds an intermediate session token instead of a
// session, and a code may be on its way.
func (a *API) authenticateEmailOTP(
	ctx context.Context, c endpoint.Call, in *AuthenticateEmailOTPRequest,
) (*AuthenticateEmailOTPResponse, error) {
	result, err := a.EmailOTP.Authenticate(ctx, c.Project, emailotp.Authenticate{
		Organization: in.OrganizationID, Email: in.EmailAddress, Code: in.Code.Reveal(), Terms: in.terms(),
		Tokens: session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken},
		Locale: in.Locale, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &AuthenticateEmailOTPResponse{
		LoginReply: loginReply(c, result), MethodID: result.Member.EmailID, OrganizationID: result.Organization.ID,
	}, nil
}

// SendDiscoveryOTPRequest asks for a code that leads to no organization yet.
type SendDiscoveryOTPRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_discovery_SendRequest"`

	// Where the code goes, known or not.
	EmailAddress string `json:"email_address" api:"required"`
	// No template but the shipped one exists: leave it out.
	LoginTemplateID string `json:"login_template_id"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// How long the code is good, 2 to 15 minutes. 10 when absent.
	DiscoveryExpirationMinutes int32 `json:"discovery_expiration_minutes"`
}

// SendDiscoveryOTPResponse says nothing: known and unknown addresses cannot be told apart.
type SendDiscoveryOTPResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_discovery_SendResponse"`
	endpoint.Reply
}

// Mails a code to somebody who has not chosen an organization. The answer is the same whoever has the address.
func (a *API) sendDiscoveryOTP(
	ctx context.Context, c endpoint.Call, in *SendDiscoveryOTPRequest,
) (*SendDiscoveryOTPResponse, error) {
	err := a.EmailOTP.SendDiscovery(ctx, c.Project, emailotp.SendDiscovery{
		Email: in.EmailAddress, Locale: in.Locale, RequestID: c.RequestID,
		Mail: emailotp.Mail{Minutes: in.DiscoveryExpirationMinutes, Template: in.LoginTemplateID},
	})
	if err != nil {
		return nil, err
	}
	return &SendDiscoveryOTPResponse{}, nil
}

// AuthenticateDiscoveryOTPRequest redeems a code that leads to no organization yet.
type AuthenticateDiscoveryOTPRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_discovery_AuthenticateRequest"`

	// The address that the code was sent to.
	EmailAddress string `json:"email_address" api:"required"`
	// The six digits of the mail, as a string.
	Code secret.String `json:"code" api:"required"`
}

// AuthenticateDiscoveryOTPResponse lists the organizations that are open to the address.
type AuthenticateDiscoveryOTPResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_email_discovery_AuthenticateResponse"`
	DiscoveredReply
}

// Redeems a code, once, for an intermediate session and the organizations that it can be exchanged into.
func (a *API) authenticateDiscoveryOTP(
	ctx context.Context, c endpoint.Call, in *AuthenticateDiscoveryOTPRequest,
) (*AuthenticateDiscoveryOTPResponse, error) {
	begun, err := a.EmailOTP.AuthenticateDiscovery(ctx, c.Project, in.EmailAddress, in.Code.Reveal(), c.RequestID)
	if err != nil {
		return nil, err
	}
	return &AuthenticateDiscoveryOTPResponse{DiscoveredReply: discoveredReply(c, begun)}, nil
}
