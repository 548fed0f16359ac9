package api

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/secret"
)

func (a *API) passwordChanges() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/session/reset", "b2b.passwords.session.reset", a.resetPasswordInSession,
			organizationErrors(primaryErrors(errs.NoSessionArguments, errs.SessionTooOldToResetPassword,
				errs.SessionAuthorizationTenancyError, errs.OperationRestrictedByOrganizationAuthMethods, errs.WeakPassword,
				errs.BreachedPassword, errs.TooManyRequests)...)...),
		endpoint.POST("/v1/b2b/passwords/existing_password/reset", "b2b.passwords.existing_password.reset",
			a.resetExistingPassword, organizationErrors(primaryErrors(append(slices.Clone(guessErrors), errs.WeakPassword,
				errs.BreachedPassword, errs.CannotResetPasswordWithExistingPassword)...)...)...),
	}
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
