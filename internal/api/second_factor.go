package api

import (
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

// secondFactorErrors adds the errors of every call about a member's second factor.
func secondFactorErrors(others ...*errs.Error) []*errs.Error {
	return append([]*errs.Error{
		errs.OrganizationNotFound, errs.MemberNotFound, errs.LiveIDUsedInTestEnvironment, errs.TestIDUsedInLiveEnvironment,
		errs.ActionAvailableOnlyForActiveMembers, errs.OperationRestrictedByOrganizationMFAMethods,
		errs.TooManySessionArguments, errs.IntermediateSessionNotFound, errs.SessionNotFound, errs.InvalidSessionToken,
		errs.UnableToParseSessionJWT, errs.MemberSessionMemberIDMismatch,
		errs.InvalidIntermediateSessionTokenForOrganization, errs.ActionAvailableOnlyOncePrimaryAuthenticationIsMet,
		errs.InsufficientFactors, errs.DuplicateMemberPhoneNumber, errs.UserLockLimitReached,
	}, others...)
}

// RedeemFields are what every call that redeems a second factor takes beside the code.
type RedeemFields struct {
	TermsFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
	// Of the login to complete. Exactly one of the three tokens.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// Of the session that gets the factor.
	SessionToken secret.String `json:"session_token"`
	// Of the session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// EnrolmentFields are what follows for the member, where the second factor is one to come back to.
type EnrolmentFields struct {
	// Whether the member's later logins ask for a second factor. Ignored where the organization asks everybody.
	SetMFAEnrollment string `json:"set_mfa_enrollment"`
	// Makes this kind of factor the member's default second factor.
	SetDefaultMFA bool `json:"set_default_mfa"`
}

func (f *RedeemFields) attempt(c endpoint.Call, e EnrolmentFields) second.Attempt {
	return second.Attempt{
		Organization: f.OrganizationID, Member: f.MemberID, Terms: f.terms(),
		Tokens:     session.Tokens{Session: f.SessionToken, JWT: f.SessionJWT, Intermediate: f.IntermediateSessionToken},
		Enrollment: e.SetMFAEnrollment, SetDefault: e.SetDefaultMFA, RequestID: c.RequestID,
	}
}

// SecondFactorReply holds the session that a second factor completed or joined.
type SecondFactorReply struct {
	MemberReply

	SessionToken  revealed       `json:"session_token"`
	SessionJWT    revealed       `json:"session_jwt"`
	MemberSession *MemberSession `json:"member_session"`
	MemberDevice  *DeviceInfo    `json:"member_device"`
}

func secondFactorReply(c endpoint.Call, live *session.Live) SecondFactorReply {
	return SecondFactorReply{
		MemberReply:  replyAbout(c, live.Organization, live.Member, live.Session.LastAccessedAt),
		SessionToken: revealed(live.Token), SessionJWT: revealed(live.JWT), MemberSession: wireSession(live),
	}
}
