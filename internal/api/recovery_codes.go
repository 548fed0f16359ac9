package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/recovery"
	"github.com/thimble-auth/thimble/internal/secret"
)

func (a *API) recoveryCodes() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.GET("/v1/b2b/recovery_codes/{organization_id}/{member_id}", "b2b.recovery_codes.get", a.getRecoveryCodes,
			organizationErrors(errs.MemberNotFound)...),
		endpoint.POST("/v1/b2b/recovery_codes/rotate", "b2b.recovery_codes.rotate", a.rotateRecoveryCodes,
			organizationErrors(errs.MemberNotFound, errs.NoActiveRecoveryCodeBackedFactor)...),
		endpoint.POST("/v1/b2b/recovery_codes/recover", "b2b.recovery_codes.recover", a.redeemRecoveryCode,
			secondFactorErrors(append(termsErrors(), errs.NoSessionArguments, errs.InvalidRecoveryCode,
				errs.TOTPCodeUsedAsRecoveryCode, errs.RecoveryCodesNotFound, errs.UnableToAuthenticateRecoveryCode)...)...),
	}
}

// RecoveryCodesReply holds the codes that a member has left.
type RecoveryCodesReply struct {
	MemberReply

	// Those that were not used, each good for one login.
	RecoveryCodes []revealed `json:"recovery_codes" api:"required"`
}

func recoveryCodesReply(c endpoint.Call, found *recovery.Codes) RecoveryCodesReply {
	return RecoveryCodesReply{
		MemberReply:   replyAbout(c, found.Organization, found.Member, found.At),
		RecoveryCodes: revealAll(found.Codes),
	}
}

// GetRecoveryCodesRequest names a member.
type GetRecoveryCodesRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member, by id or external id.
	MemberID ids.MemberRef `path:"member_id"`
}

// GetRecoveryCodesResponse holds the codes that are left.
type GetRecoveryCodesResponse struct {
	_ struct{} `schema:"api_b2b_recovery_codes_v1_GetResponse"`
	RecoveryCodesReply
}

// Gives the recovery codes that a member has left: none without an active authenticator app.
func (a *API) getRecoveryCodes(
	ctx context.Context, c endpoint.Call, in *GetRecoveryCodesRequest,
) (*GetRecoveryCodesResponse, error) {
	found, err := a.Recovery.Get(ctx, c.Project, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &GetRecoveryCodesResponse{RecoveryCodesReply: recoveryCodesReply(c, found)}, nil
}

// RotateRecoveryCodesRequest names a member.
type RotateRecoveryCodesRequest struct {
	_ struct{} `schema:"api_b2b_recovery_codes_v1_RotateRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
}

// RotateRecoveryCodesResponse holds the new codes.
type RotateRecoveryCodesResponse struct {
	_ struct{} `schema:"api_b2b_recovery_codes_v1_RotateResponse"`
	RecoveryCodesReply
}

// Replaces all recovery codes of a member by ten new ones.
func (a *API) rotateRecoveryCodes(
	ctx context.Context, c endpoint.Call, in *RotateRecoveryCodesRequest,
) (*RotateRecoveryCodesResponse, error) {
	made, err := a.Recovery.Rotate(ctx, c.Project, in.OrganizationID, in.MemberID, c.RequestID)
	if err != nil {
		return nil, err
	}
	return &RotateRecoveryCodesResponse{RecoveryCodesReply: recoveryCodesReply(c, made)}, nil
}

// RecoverRequest redeems a recovery code.
type RecoverRequest struct {
	_ struct{} `schema:"api_b2b_recovery_codes_v1_RecoverRequest"`
	RedeemFields

	// The code. Dashes, spaces and capitals do not matter.
	RecoveryCode secret.String `json:"recovery_code" api:"required"`
}

// RecoverResponse holds the session.
type RecoverResponse struct {
	_ struct{} `schema:"api_b2b_recovery_codes_v1_RecoverResponse"`
	SecondFactorReply

	// How many codes are left. None are made when the last one is used.
	RecoveryCodesRemaining int32 `json:"recovery_codes_remaining"`
}

// Redeems a recovery code in place of a code of the app, each once. With an intermediate session token the login becomes
// a new session; with a session, that one gets the factor and keeps its token.
func (a *API) redeemRecoveryCode(
	ctx context.Context, c endpoint.Call, in *RecoverRequest,
) (*RecoverResponse, error) {
	live, left, err := a.Recovery.Recover(ctx, c.Project, in.attempt(c, EnrolmentFields{}), in.RecoveryCode.Reveal())
	if err != nil {
		return nil, err
	}
	return &RecoverResponse{SecondFactorReply: secondFactorReply(c, live), RecoveryCodesRemaining: int32(left)}, nil
}
