package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/attest"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

// ExchangeSessionRequest takes a session's person to another organization.
type ExchangeSessionRequest struct {
	_ struct{} `schema:"api_b2b_session_v1_ExchangeRequest"`
	TermsFields

	// Where to go, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// Exactly one of the two. The session stays.
	SessionToken secret.String `json:"session_token"`
	// Of the session.
	SessionJWT secret.String `json:"session_jwt"`
	// The language of a text that the login may send. Beside those listed: ja, ru, nl, pl, tr, fa, vi, cs.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr,it,de-DE,zh-Hans,ca-ES"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// ExchangeSessionResponse is a login, complete or not.
type ExchangeSessionResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_ExchangeResponse"`
	LoginReply
}

// Logs the session's person in as the member of another organization with the same address, with the factors that are
// worth something there: those that prove the mailbox, and a text to the number that both members have proven. An
// invitation is accepted by it.
func (a *API) exchangeSession(
	ctx context.Context, c endpoint.Call, in *ExchangeSessionRequest,
) (*ExchangeSessionResponse, error) {
	result, err := a.Exchange.Exchange(ctx, c.Project, exchange.Request{
		Organization: in.OrganizationID, Tokens: session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT},
		Terms: in.terms(), Locale: in.Locale, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &ExchangeSessionResponse{LoginReply: loginReply(c, result)}, nil
}

// MigrateSessionRequest brings a session of the system before this one.
type MigrateSessionRequest struct {
	_ struct{} `schema:"api_b2b_session_v1_MigrateRequest"`
	TermsFields

	// The token of the other system, which its userinfo endpoint takes.
	SessionToken secret.String `json:"session_token" api:"required"`
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
}

// MigrateSessionResponse holds the session.
type MigrateSessionResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_MigrateResponse"`
	VouchedReply

	MemberSession *MemberSession `json:"member_session"`
}

// VouchedReply is a session on the word of another system.
type VouchedReply struct {
	MemberReply

	SessionToken revealed `json:"session_token"`
	SessionJWT   revealed `json:"session_jwt"`
}

func vouchedReply(c endpoint.Call, r *login.Result) VouchedReply {
	return VouchedReply{
		MemberReply:  replyAbout(c, r.Organization, r.Member, r.At),
		SessionToken: revealed(r.Live.Token), SessionJWT: revealed(r.Live.JWT),
	}
}

// Asks the project's userinfo endpoint whose the token is, and gives the member with that address a session.
func (a *API) migrateSession(
	ctx context.Context, c endpoint.Call, in *MigrateSessionRequest,
) (*MigrateSessionResponse, error) {
	result, err := a.Attest.Migrate(ctx, c.Project, attest.Migrate{
		Token: in.SessionToken, Organization: in.OrganizationID, Terms: in.terms(), RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &MigrateSessionResponse{
		VouchedReply: vouchedReply(c, result), MemberSession: wireSession(result.Live),
	}, nil
}

// AttestSessionRequest shows a token of another issuer.
type AttestSessionRequest struct {
	_ struct{} `schema:"api_b2b_session_v1_AttestRequest"`
	TermsFields

	// The project's profile of the issuer.
	ProfileID string `json:"profile_id" api:"required"`
	// A JWT of the issuer. It works once.
	Token secret.String `json:"token" api:"required"`
	// The organization, by id, slug or external id. Needed unless the token names it.
	OrganizationID ids.OrgRef `json:"organization_id"`
	// Of a session that gets the factor. At most one of the two; somebody else's is ignored.
	SessionToken secret.String `json:"session_token"`
	// Of a session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// AttestSessionResponse holds the session.
type AttestSessionResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_AttestResponse"`
	VouchedReply

	MemberSession *MemberSession `json:"member_session" api:"required"`
	MemberDevice  *DeviceInfo    `json:"member_device"`
}

// Exchanges a token of an issuer that the project trusts for a session of the member whom it is about.
func (a *API) attestSession(
	ctx context.Context, c endpoint.Call, in *AttestSessionRequest,
) (*AttestSessionResponse, error) {
	result, err := a.Attest.Attest(ctx, c.Project, attest.Request{
		Profile: in.ProfileID, Token: in.Token, Organization: in.OrganizationID,
		Tokens: session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT}, Terms: in.terms(), RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &AttestSessionResponse{
		VouchedReply: vouchedReply(c, result), MemberSession: wireSession(result.Live),
	}, nil
}
