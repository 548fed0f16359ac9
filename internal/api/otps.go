package api

import (
	"context"
	"encoding/json"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/smsotp"
)

func (a *API) otps() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/otps/sms/send", "b2b.otps.sms.send", a.sendSMS, secondFactorErrors(
			errs.PhoneNumberNotFound, errs.DuplicateMemberPhoneNumberForMember, errs.InvalidPhoneNumber,
			errs.InvalidPhoneNumberCountryCode, errs.UnsubscribedPhoneNumber, errs.InvalidLocale, errs.TooManyRequests,
			errs.DownstreamCarrierError)...),
		endpoint.POST("/v1/b2b/otps/sms/authenticate", "b2b.otps.sms.authenticate", a.authenticateSMS,
			secondFactorErrors(append(termsErrors(), errs.NoSessionArguments, errs.InvalidCode, errs.OTPCodeNotFound,
				errs.UnableToAuthOTPCode)...)...),
	}
}

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

// SendSMSRequest asks for a code as the member's second factor.
type SendSMSRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_sms_SendRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
	// Where to send the code, in E.164 form. Needed only while the member has no number; otherwise it must be that one.
	MFAPhoneNumber phone.Input `json:"mfa_phone_number"`
	// The language of the text. Beside those listed: it, de-DE, zh-Hans, ca-ES, ja, ru, nl, pl, tr, fa, vi, cs. English
	// when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Of a login that is not complete. At most one of the three tokens.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// Of a session of the member.
	SessionToken secret.String `json:"session_token"`
	// Of a session of the member.
	SessionJWT secret.String `json:"session_jwt"`
}

// SendSMSResponse says whom the code went to.
type SendSMSResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_sms_SendResponse"`
	MemberReply
}

// Sends a code of six digits, good for two minutes, to the member's number. A number given for a member without one
// becomes the member's, unverified until the first code is redeemed. A newer code ends the one before.
func (a *API) sendSMS(ctx context.Context, c endpoint.Call, in *SendSMSRequest) (*SendSMSResponse, error) {
	sent, err := a.SMS.Send(ctx, c.Project, smsotp.Send{
		Organization: in.OrganizationID, Member: in.MemberID, Phone: in.MFAPhoneNumber, Locale: in.Locale,
		Tokens:    session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken},
		RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &SendSMSResponse{MemberReply: MemberReply{
		MemberID:     sent.Member.ID,
		Member:       wireMember(sent.Organization, sent.Member, c.Project, sent.At),
		Organization: wireOrganization(sent.Organization),
	}}, nil
}

// AuthenticateSMSRequest redeems a code.
type AuthenticateSMSRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_sms_AuthenticateRequest"`
	TermsFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `json:"member_id" api:"required"`
	// The six digits of the text, as a string.
	Code secret.String `json:"code" api:"required"`
	// Of the login to complete. Exactly one of the three tokens.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// Of the session that gets the factor.
	SessionToken secret.String `json:"session_token"`
	// Of the session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// Whether the member's later logins ask for a second factor. Ignored where the organization asks everybody.
	SetMFAEnrollment string `json:"set_mfa_enrollment"`
	// Makes texts the member's default second factor.
	SetDefaultMFA bool `json:"set_default_mfa"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// AuthenticateSMSResponse holds the session.
type AuthenticateSMSResponse struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_sms_AuthenticateResponse"`
	SecondFactorReply
}

// Redeems a code. With an intermediate session token the login becomes a new session; with a session, that one gets the
// factor and keeps its token.
func (a *API) authenticateSMS(
	ctx context.Context, c endpoint.Call, in *AuthenticateSMSRequest,
) (*AuthenticateSMSResponse, error) {
	live, err := a.SMS.Authenticate(ctx, c.Project, second.Attempt{
		Organization: in.OrganizationID, Member: in.MemberID, Terms: in.terms(),
		Tokens:     session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken},
		Enrollment: in.SetMFAEnrollment, SetDefault: in.SetDefaultMFA, RequestID: c.RequestID,
	}, in.Code.Reveal())
	if err != nil {
		return nil, err
	}
	return &AuthenticateSMSResponse{SecondFactorReply: secondFactorReply(c, live)}, nil
}

// TermsFields are what a call can ask of a session.
type TermsFields struct {
	// How long the session is good from now, 5 to 527040 minutes. A new session gets 60 when absent; one that exists keeps
	// its end.
	SessionDurationMinutes int32 `json:"session_duration_minutes"`
	// Merged into the session's claims: objects into one another, null deletes a key. At most 4 KB in all.
	SessionCustomClaims json.RawMessage `json:"session_custom_claims"`
}

func (t *TermsFields) terms() session.Terms {
	return session.Terms{Minutes: t.SessionDurationMinutes, Claims: t.SessionCustomClaims}
}

// termsErrors are the errors of TermsFields.
func termsErrors() []*errs.Error {
	return []*errs.Error{
		errs.InvalidSessionDurationMinutes, errs.InvalidSessionDuration, errs.CustomClaimsTooLarge,
		errs.StytchClaimsInCustomClaims,
	}
}
