package api

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
)

func (a *API) sessions() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/sessions/authenticate", "b2b.sessions.authenticate", a.authenticateSession,
			append(termsErrors(), errs.NoSessionArguments, errs.TooManySessionArguments, errs.SessionNotFound,
				errs.InvalidSessionToken, errs.UnableToParseSessionJWT, errs.SessionAuthorizationError,
				errs.SessionAuthorizationTenancyError)...),
		endpoint.GET("/v1/b2b/sessions", "b2b.sessions.get", a.getSessions, errs.OrganizationNotFound, errs.MemberNotFound,
			errs.LiveIDUsedInTestEnvironment, errs.TestIDUsedInLiveEnvironment),
		endpoint.POST("/v1/b2b/sessions/revoke", "b2b.sessions.revoke", a.revokeSession, append(slices.Clone(actingErrors),
			errs.NoSessionRevokeArguments, errs.TooManySessionRevokeArguments, errs.InvalidID, errs.MemberNotFound,
			errs.LiveIDUsedInTestEnvironment, errs.TestIDUsedInLiveEnvironment)...),
		endpoint.POST("/v1/b2b/sessions/exchange", "b2b.sessions.exchange", a.exchangeSession,
			organizationErrors(append(termsErrors(), errs.NoSessionArguments, errs.TooManySessionArguments,
				errs.SessionNotFound, errs.InvalidSessionToken, errs.UnableToParseSessionJWT, errs.InvalidLocale,
				errs.MemberNotFound, errs.InsufficientFactorsForSessionExchange)...)...),
		endpoint.POST("/v1/b2b/sessions/migrate", "b2b.sessions.migrate", a.migrateSession,
			organizationErrors(append(termsErrors(), errs.MigrateFromExternalMissingUserinfo,
				errs.MigrateFromExternalUnexpectedResponse, errs.MigrateFromExternalEmailDoesNotExist)...)...),
		endpoint.POST("/v1/b2b/sessions/attest", "b2b.sessions.attest", a.attestSession,
			organizationErrors(append(termsErrors(), errs.TooManySessionArguments, errs.SessionNotFound,
				errs.InvalidSessionToken, errs.UnableToParseSessionJWT, errs.TrustedTokenProfileNotFound,
				errs.InvalidTrustedAuthToken, errs.JWTInvalidAudience, errs.JWTInvalidIssuer, errs.JWTInvalidClaims,
				errs.TokenMissingOrganizationIDClaim, errs.InvalidTokenOrganizationIDClaim, errs.MemberNotFound,
				errs.ActionNotAllowedEmailDomainIsClaimed, errs.DuplicateMemberEmail, errs.DuplicateMemberExternalID,
				errs.InvalidRBACRoleID, errs.CannotAssignDefaultRBACRoleID, errs.TooManyRoles)...)...),
		endpoint.GET("/v1/b2b/sessions/jwks/{project_id}", "b2b.sessions.jwks", a.getJWKS, errs.ProjectNotFound).Public(),
	}
}

// AuthenticateSessionRequest checks a session.
type AuthenticateSessionRequest struct {
	_ struct{} `schema:"api_b2b_session_v1_AuthenticateRequest"`
	TermsFields

	// Exactly one of the two.
	SessionToken secret.String `json:"session_token"`
	// Its own life may be over while the session's is not.
	SessionJWT secret.String `json:"session_jwt"`
	// Asks whether the member may do something.
	AuthorizationCheck *AuthorizationCheck `json:"authorization_check"`
}

// AuthorizationCheck names an action on a resource of an organization.
type AuthorizationCheck struct {
	_ struct{} `schema:"api_b2b_session_v1_AuthorizationCheck"`

	OrganizationID string `json:"organization_id" api:"required"`
	ResourceID     string `json:"resource_id" api:"required"`
	Action         string `json:"action" api:"required"`
}

// AuthenticateSessionResponse holds the session with both its tokens.
type AuthenticateSessionResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_AuthenticateResponse"`
	endpoint.Reply

	MemberSession *MemberSession        `json:"member_session" api:"required"`
	SessionToken  revealed              `json:"session_token"`
	SessionJWT    revealed              `json:"session_jwt"`
	Member        *Member               `json:"member" api:"required"`
	Organization  *Organization         `json:"organization" api:"required"`
	Verdict       *AuthorizationVerdict `json:"verdict"`
}

// AuthorizationVerdict says which roles grant the action that was asked about.
type AuthorizationVerdict struct {
	_ struct{} `schema:"api_b2b_session_v1_AuthorizationVerdict"`

	Authorized    bool     `json:"authorized"`
	GrantingRoles []string `json:"granting_roles"`
}

// Checks a session and gives a fresh JWT. A refused authorization check changes nothing.
func (a *API) authenticateSession(
	ctx context.Context, c endpoint.Call, in *AuthenticateSessionRequest,
) (*AuthenticateSessionResponse, error) {
	var check *session.AuthorizationCheck
	if in.AuthorizationCheck != nil {
		check = &session.AuthorizationCheck{
			OrganizationID: in.AuthorizationCheck.OrganizationID, Resource: in.AuthorizationCheck.ResourceID,
			Action: in.AuthorizationCheck.Action,
		}
	}
	tokens := session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT}
	live, err := a.Sessions.Authenticate(ctx, c.Project, tokens, in.terms(), check)
	if err != nil {
		return nil, err
	}

	out := &AuthenticateSessionResponse{
		MemberSession: wireSession(live.Live), SessionToken: revealed(live.Token), SessionJWT: revealed(live.JWT),
		Member:       wireMember(live.Organization, live.Member, c.Project, live.Session.LastAccessedAt),
		Organization: wireOrganization(live.Organization),
	}
	if check != nil {
		out.Verdict = &AuthorizationVerdict{Authorized: true, GrantingRoles: live.GrantingRoles}
	}
	return out, nil
}

// GetSessionsRequest names a member.
type GetSessionsRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `query:"organization_id" api:"required"`
	// The member, by id or external id.
	MemberID ids.MemberRef `query:"member_id" api:"required"`
}

// GetSessionsResponse lists a member's sessions, without tokens.
type GetSessionsResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_GetResponse"`
	endpoint.Reply

	MemberSessions []*MemberSession `json:"member_sessions"`
}

// Lists the member's sessions that are neither over nor revoked.
func (a *API) getSessions(ctx context.Context, c endpoint.Call, in *GetSessionsRequest) (*GetSessionsResponse, error) {
	found, err := a.Members.Get(ctx, c.Project, in.OrganizationID, in.MemberID, "")
	if err != nil {
		return nil, err
	}
	all, err := a.Sessions.List(ctx, found.Organization, found.Member)
	if err != nil {
		return nil, err
	}

	out := &GetSessionsResponse{MemberSessions: []*MemberSession{}}
	for _, live := range all {
		out.MemberSessions = append(out.MemberSessions, wireSession(live))
	}
	return out, nil
}

// RevokeSessionRequest names one session, or a member whose sessions all end. Exactly one field is set.
type RevokeSessionRequest struct {
	_ struct{} `schema:"api_b2b_session_v1_RevokeRequest"`
	Acting

	MemberSessionID string        `json:"member_session_id"`
	SessionToken    secret.String `json:"session_token"`
	SessionJWT      secret.String `json:"session_jwt"`
	// The member's id; an external id means nothing without an organization.
	MemberID string `json:"member_id"`
}

// RevokeSessionResponse says that it is done.
type RevokeSessionResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_RevokeResponse"`
	endpoint.Reply
}

// Ends sessions. JWTs that were issued pass local checks until they expire, five minutes at most. Revoking what is over
// already is no error.
func (a *API) revokeSession(
	ctx context.Context, c endpoint.Call, in *RevokeSessionRequest,
) (*RevokeSessionResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	err = a.Sessions.Revoke(ctx, c.Project, by, session.Revocation{
		SessionID: in.MemberSessionID, MemberID: in.MemberID,
		Tokens: session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT},
	})
	if err != nil {
		return nil, err
	}
	return &RevokeSessionResponse{}, nil
}

// GetJWKSRequest names a project.
type GetJWKSRequest struct {
	ProjectID string `path:"project_id"`
}

// GetJWKSResponse holds the keys that verify session JWTs.
type GetJWKSResponse struct {
	_ struct{} `schema:"api_b2b_session_v1_GetJWKSResponse"`
	endpoint.Reply

	Keys []keys.JWK `json:"keys"`
}

// Lists the public keys that verify the project's session JWTs (RFC 7517). No credentials are needed.
func (a *API) getJWKS(ctx context.Context, _ endpoint.Call, in *GetJWKSRequest) (*GetJWKSResponse, error) {
	p, err := a.Projects.Public(ctx, in.ProjectID)
	if err != nil {
		return nil, err
	}
	return &GetJWKSResponse{Keys: a.Keys.JWKS(p.Env)}, nil
}
