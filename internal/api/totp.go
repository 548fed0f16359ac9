package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/totp"
)

func (a *API) totps() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/totp", "b2b.totp.create", a.createTOTP,
			secondFactorErrors(errs.ActiveTOTPExists, errs.InvalidExpiration)...),
		endpoint.POST("/v1/b2b/totp/authenticate", "b2b.totp.authenticate", a.authenticateTOTP,
			secondFactorErrors(append(termsErrors(), errs.NoSessionArguments, errs.InvalidTOTPCode,
				errs.RecoveryCodeUsedAsTOTPCode, errs.TOTPNotFound, errs.ExpiredTOTP, errs.UnableToAuthenticateTOTP,
				errs.TOTPCodeAlreadyAuthenticated)...)...),
		endpoint.POST("/v1/b2b/totp/migrate", "b2b.totp.migrate", a.migrateTOTP,
			organizationErrors(errs.MemberNotFound, errs.ActiveTOTPExists, errs.InvalidRecoveryCode)...),
	}
}

// CreateTOTPRequest asks for the registration of an authenticator app.
type CreateTOTPRequest struct {
	_ struct{} `schema:"api_b2b_totp_v1_CreateRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
	// How long the registration waits for its first code, 5 to 1440 minutes. 60 when absent.
	ExpirationMinutes int32 `json:"expiration_minutes"`
	// Of a login that is not complete. At most one of the three tokens; needed, with the factor in it, by a member who
	// has another second factor.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// Of a session of the member.
	SessionToken secret.String `json:"session_token"`
	// Of a session of the member.
	SessionJWT secret.String `json:"session_jwt"`
}

// CreateTOTPResponse holds what the member's app needs, once: the seed is not shown again.
type CreateTOTPResponse struct {
	_ struct{} `schema:"api_b2b_totp_v1_CreateResponse"`
	MemberReply

	TOTPRegistrationID string `json:"totp_registration_id"`
	// The seed in base 32, for who types it.
	Secret revealed `json:"secret" api:"required"`
	// A picture of the same for the app's camera: a PNG as a data URL.
	QRCode revealed `json:"qr_code" api:"required"`
	// Codes that stand in for the app once each, as soon as the app is verified.
	RecoveryCodes []revealed `json:"recovery_codes" api:"required"`
}

// Registers an authenticator app. It is the member's second factor from its first code on, and replaces a registration
// that waits for its own.
func (a *API) createTOTP(ctx context.Context, c endpoint.Call, in *CreateTOTPRequest) (*CreateTOTPResponse, error) {
	made, err := a.TOTP.Create(ctx, c.Project, totp.Create{
		Organization: in.OrganizationID, Member: in.MemberID, Minutes: in.ExpirationMinutes, RequestID: c.RequestID,
		Tokens: session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken},
	})
	if err != nil {
		return nil, err
	}
	return &CreateTOTPResponse{
		MemberReply:        replyAbout(c, made.Organization, made.Member, made.At),
		TOTPRegistrationID: made.RegistrationID, Secret: revealed(made.Seed), QRCode: revealed(made.QRCode),
		RecoveryCodes: revealAll(made.RecoveryCodes),
	}, nil
}

// AuthenticateTOTPRequest redeems a code of the app.
type AuthenticateTOTPRequest struct {
	_ struct{} `schema:"api_b2b_totp_v1_AuthenticateRequest"`
	RedeemFields
	EnrolmentFields

	// The six digits that the app shows, as a string.
	Code secret.String `json:"code" api:"required"`
}

// AuthenticateTOTPResponse holds the session.
type AuthenticateTOTPResponse struct {
	_ struct{} `schema:"api_b2b_totp_v1_AuthenticateResponse"`
	SecondFactorReply
}

// Redeems a code of the app, each once. With an intermediate session token the login becomes a new session; with a
// session, that one gets the factor and keeps its token.
func (a *API) authenticateTOTP(
	ctx context.Context, c endpoint.Call, in *AuthenticateTOTPRequest,
) (*AuthenticateTOTPResponse, error) {
	live, err := a.TOTP.Authenticate(ctx, c.Project, in.attempt(c, in.EnrolmentFields), in.Code.Reveal())
	if err != nil {
		return nil, err
	}
	return &AuthenticateTOTPResponse{SecondFactorReply: secondFactorReply(c, live)}, nil
}

// MigrateTOTPRequest takes an app over that the member proved to another service.
type MigrateTOTPRequest struct {
	_ struct{} `schema:"api_b2b_totp_v1_MigrateRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
	// The seed in base 32. Codes must be those of SHA-1, six digits and 30 seconds.
	Secret secret.String `json:"secret" api:"required"`
	// The member's recovery codes, at most 50 of 8 to 64 characters. Ten new ones are made when there are none.
	RecoveryCodes []string `json:"recovery_codes"`
}

// MigrateTOTPResponse holds the registration.
type MigrateTOTPResponse struct {
	_ struct{} `schema:"api_b2b_totp_v1_MigrateResponse"`
	MemberReply

	TOTPRegistrationID string     `json:"totp_registration_id"`
	RecoveryCodes      []revealed `json:"recovery_codes" api:"required"`
}

// Takes an app over from another service. It is the member's second factor at once.
func (a *API) migrateTOTP(ctx context.Context, c endpoint.Call, in *MigrateTOTPRequest) (*MigrateTOTPResponse, error) {
	made, err := a.TOTP.Migrate(ctx, c.Project, totp.Migrate{
		Organization: in.OrganizationID, Member: in.MemberID, Seed: in.Secret, RecoveryCodes: in.RecoveryCodes,
		RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &MigrateTOTPResponse{
		MemberReply:        replyAbout(c, made.Organization, made.Member, made.At),
		TOTPRegistrationID: made.RegistrationID, RecoveryCodes: revealAll(made.RecoveryCodes),
	}, nil
}

// revealAll is for secrets that are handed out as a list, which is never null.
func revealAll(secrets []string) []revealed {
	list := make([]revealed, len(secrets))
	for i, s := range secrets {
		list[i] = revealed(s)
	}
	return list
}
