package api

import (
	"context"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

func (a *API) passwords() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/passwords/strength_check", "b2b.passwords.strength_check", a.checkPassword,
			errs.InvalidEmail),
		endpoint.POST("/v1/b2b/passwords/authenticate", "b2b.passwords.authenticate", a.authenticatePassword,
			organizationErrors(primaryErrors(guessErrors...)...)...),
		endpoint.DELETE("/v1/b2b/organizations/{organization_id}/members/passwords/{member_password_id}",
			"b2b.organizations.members.delete_password", a.deletePassword, memberErrors(errs.MemberPasswordNotFound)...),
	}
}

// guessErrors are the errors of every call that takes a password.
var guessErrors = []*errs.Error{
	errs.InvalidEmail, errs.OperationRestrictedByOrganizationAuthMethods, errs.UnauthorizedCredentials,
	errs.UserLockLimitReached, errs.MemberResetPassword, errs.TooManyRequests,
}

// CheckPasswordRequest asks how strong a password is.
type CheckPasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_StrengthCheckRequest"`

	Password secret.String `json:"password" api:"required"`
	// Whose it would be: parts of the address make it weaker, and a breach makes it invalid.
	EmailAddress string `json:"email_address"`
}

// CheckPasswordResponse says how strong it is.
type CheckPasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_StrengthCheckResponse"`
	endpoint.Reply

	// Whether the project's policy takes it.
	ValidPassword bool `json:"valid_password"`
	// The score of zxcvbn, 0 to 4.
	Score int32 `json:"score"`
	// Always false where nothing is looked up.
	BreachedPassword bool `json:"breached_password"`
	// zxcvbn or luds.
	StrengthPolicy string `json:"strength_policy"`
	// Whether new passwords are looked up in the server's list of breached ones.
	BreachDetectionOnCreate bool `json:"breach_detection_on_create"`
	// Null under zxcvbn.
	LUDSFeedback *LUDSFeedback `json:"luds_feedback"`
	// Null under luds.
	ZxcvbnFeedback *ZxcvbnFeedback `json:"zxcvbn_feedback"`
}

// LUDSFeedback says which characters a password has and what is missing.
type LUDSFeedback struct {
	_ struct{} `schema:"api_b2b_password_v1_LudsFeedback"`

	HasLowerCase      bool  `json:"has_lower_case"`
	HasUpperCase      bool  `json:"has_upper_case"`
	HasDigit          bool  `json:"has_digit"`
	HasSymbol         bool  `json:"has_symbol"`
	MissingComplexity int32 `json:"missing_complexity"`
	MissingCharacters int32 `json:"missing_characters"`
}

// ZxcvbnFeedback says what is weak about a password, for whoever chose it.
type ZxcvbnFeedback struct {
	_ struct{} `schema:"api_b2b_password_v1_ZxcvbnFeedback"`

	Warning     string   `json:"warning"`
	Suggestions []string `json:"suggestions"`
}

// Says how strong a password is by the project's policy.
func (a *API) checkPassword(ctx context.Context, c endpoint.Call, in *CheckPasswordRequest) (*CheckPasswordResponse, error) {
	s, err := a.Passwords.Check(ctx, c.Project, in.Password, in.EmailAddress)
	if err != nil {
		return nil, err
	}
	out := &CheckPasswordResponse{
		ValidPassword: s.Valid, Score: int32(s.Score), BreachedPassword: s.Breached, StrengthPolicy: s.Policy,
		BreachDetectionOnCreate: s.LookedUp,
	}
	if l := s.LUDS; l != nil {
		out.LUDSFeedback = &LUDSFeedback{
			HasLowerCase: l.Lower, HasUpperCase: l.Upper, HasDigit: l.Digit, HasSymbol: l.Symbol,
			MissingComplexity: l.MissingComplexity, MissingCharacters: l.MissingCharacters,
		}
	}
	if f := s.Zxcvbn; f != nil {
		out.ZxcvbnFeedback = &ZxcvbnFeedback{Warning: f.Warning, Suggestions: f.Suggestions}
	}
	return out, nil
}

// FinishFields are what calls that end in a session take beside their own.
type FinishFields struct {
	TermsFields

	// Of a session that gets the factor. At most one of the two; somebody else's is ignored.
	SessionToken secret.String `json:"session_token"`
	// Of a session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// The language of a text that the login may send.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

func (f *FinishFields) finish(c endpoint.Call, intermediate secret.String) password.Finish {
	return password.Finish{
		Tokens: session.Tokens{Session: f.SessionToken, JWT: f.SessionJWT, Intermediate: intermediate},
		Terms:  f.terms(), Locale: f.Locale, RequestID: c.RequestID,
	}
}

// AuthenticatePasswordRequest logs a member in.
type AuthenticatePasswordRequest struct {
	_ struct{} `schema:"api_b2b_password_v1_AuthenticateRequest"`
	FinishFields

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef    `json:"organization_id" api:"required"`
	EmailAddress   string        `json:"email_address" api:"required"`
	Password       secret.String `json:"password" api:"required"`
	// Of a login that is not complete: its factors count too.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
}

// AuthenticatePasswordResponse is a login, complete or not.
type AuthenticatePasswordResponse struct {
	_ struct{} `schema:"api_b2b_password_v1_AuthenticateResponse"`
	LoginReply

	OrganizationID string `json:"organization_id"`
}

// Logs a member in. A wrong password, a member without one and an address that nobody has get the same answer after the
// same time. Where a second factor is missing, the answer holds an intermediate session token instead of a session.
func (a *API) authenticatePassword(
	ctx context.Context, c endpoint.Call, in *AuthenticatePasswordRequest,
) (*AuthenticatePasswordResponse, error) {
	result, err := a.Passwords.Authenticate(ctx, c.Project, password.Authenticate{
		Finish: in.finish(c, in.IntermediateSessionToken), Organization: in.OrganizationID, Email: in.EmailAddress,
		Password: in.Password,
	})
	if err != nil {
		return nil, err
	}
	return &AuthenticatePasswordResponse{LoginReply: loginReply(c, result), OrganizationID: result.Organization.ID}, nil
}

// DeletePasswordRequest names a password.
type DeletePasswordRequest struct {
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member's member_password_id.
	MemberPasswordID string `path:"member_password_id"`
}

// DeletePasswordResponse holds the member without its password.
type DeletePasswordResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeletePasswordResponse"`
	MemberReply
}

// Takes a member's password away. Sessions stay.
func (a *API) deletePassword(
	ctx context.Context, c endpoint.Call, in *DeletePasswordRequest,
) (*DeletePasswordResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Passwords.Delete(ctx, c.Project, by, in.OrganizationID, in.MemberPasswordID)
	if err != nil {
		return nil, err
	}
	return &DeletePasswordResponse{MemberReply: memberReply(c, f)}, nil
}
