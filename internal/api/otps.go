package api

import (
	"context"
	"encoding/json"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/smsotp"
)

func (a *API) otps() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/otps/sms/send", "b2b.otps.sms.send", a.sendSMS, secondFactorErrors(
			errs.PhoneNumberNotFound, errs.DuplicateMemberPhoneNumberForMember, errs.InvalidPhoneNumber,
			errs.InvalidPhoneNumberSandbox, errs.InvalidPhoneNumberCountryCode, errs.UnsubscribedPhoneNumber,
			errs.InvalidLocale, errs.TooManyRequests, errs.TooFewTokensAuthenticated, errs.DownstreamCarrierError)...),
		endpoint.POST("/v1/b2b/otps/sms/authenticate", "b2b.otps.sms.authenticate", a.authenticateSMS,
			secondFactorErrors(append(termsErrors(), errs.NoSessionArguments, errs.InvalidCode, errs.OTPCodeNotFound,
				errs.UnableToAuthOTPCode)...)...),
	}
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
	return &SendSMSResponse{MemberReply: replyAbout(c, sent.Organization, sent.Member, sent.At)}, nil
}

// AuthenticateSMSRequest redeems a code.
type AuthenticateSMSRequest struct {
	_ struct{} `schema:"api_b2b_otp_v1_b2b_otp_sms_AuthenticateRequest"`
	RedeemFields
	EnrolmentFields

	// The six digits of the text, as a string.
	Code secret.String `json:"code" api:"required"`
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
	live, err := a.SMS.Authenticate(ctx, c.Project, in.attempt(c, in.EnrolmentFields), in.Code.Reveal())
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
