package api

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/secret"
)

func (a *API) discoveryPasswords() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/discovery/authenticate", "b2b.passwords.discovery.authenticate",
			a.discoverByPassword, errs.CrossOrgPasswordsNotEnabled, errs.InvalidEmail, errs.UnauthorizedCredentials,
			errs.UserLockLimitReached, errs.MemberResetPassword, errs.TooManyRequests),
		endpoint.POST("/v1/b2b/passwords/discovery/email/reset/start", "b2b.passwords.discovery.email.reset_start",
			a.startDiscoveryReset, append(slices.Clone(resetStartErrors), errs.CrossOrgPasswordsNotEnabled,
				errs.InvalidDiscoveryRedirectURL, errs.NoDiscoveryRedirectURLsSet)...),
		endpoint.POST("/v1/b2b/passwords/discovery/email/reset", "b2b.passwords.discovery.email.reset",
			a.resetDiscoveryPassword, append(slices.Clone(resetErrors), errs.CrossOrgPasswordsNotEnabled)...),
	}
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
