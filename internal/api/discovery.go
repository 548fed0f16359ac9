package api

import (
	"context"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

func (a *API) discovery() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/discovery/organizations", "b2b.discovery.organizations.list", a.listDiscovered,
			errs.NoSessionArguments, errs.TooManySessionArguments, errs.IntermediateSessionNotFound, errs.SessionNotFound,
			errs.InvalidSessionToken, errs.UnableToParseSessionJWT),
		endpoint.POST("/v1/b2b/discovery/intermediate_sessions/exchange", "b2b.discovery.intermediate_sessions.exchange",
			a.exchangeIntermediate, organizationErrors(append(termsErrors(), errs.IntermediateSessionNotFound,
				errs.InvalidLocale, errs.EmailJITProvisioningNotAllowed, errs.InvalidEmailForJITProvisioning,
				errs.ActionNotAllowedEmailDomainIsClaimed, errs.DuplicateMemberEmail)...)...),
		endpoint.POST("/v1/b2b/discovery/organizations/create", "b2b.discovery.organizations.create",
			a.createDiscovered, slices.Concat(settingErrors, termsErrors(), []*errs.Error{
				errs.IntermediateSessionNotFound, errs.ActionNotAllowedEmailDomainIsClaimed,
			})...),
	}
}

// DiscoveredOrganization is an organization that is open to somebody.
type DiscoveredOrganization struct {
	_ struct{} `schema:"api_discovery_v1_DiscoveredOrganization"`

	Organization *Organization `json:"organization"`
	Membership   *Membership   `json:"membership"`
	// Whether the factors at hand are all that the organization asks for.
	MemberAuthenticated bool             `json:"member_authenticated"`
	PrimaryRequired     *PrimaryRequired `json:"primary_required"`
	MFARequired         *MFARequired     `json:"mfa_required"`
}

// Membership says what somebody is to an organization.
type Membership struct {
	_ struct{} `schema:"api_discovery_v1_Membership"`

	// active_member, pending_member, invited_member, eligible_to_join_by_email_domain.
	Type string `json:"type"`
	// Of somebody who may join: the domain that lets them.
	Details *map[string]any `json:"details"`
	// Null for somebody who may join.
	Member *Member `json:"member"`
}

// DiscoveredReply is the answer to every login without an organization.
type DiscoveredReply struct {
	endpoint.Reply

	// Leads into an organization within ten minutes.
	IntermediateSessionToken          revealed      `json:"intermediate_session_token"`
	IntermediateSessionTokenExpiresAt *store.Second `json:"intermediate_session_token_expires_at"`
	// The address that was proven.
	EmailAddress string `json:"email_address"`
	// Organizations of the address first, then those that it may join.
	DiscoveredOrganizations []DiscoveredOrganization `json:"discovered_organizations"`
}

func discoveredReply(c endpoint.Call, b *discovery.Begun) DiscoveredReply {
	return DiscoveredReply{
		IntermediateSessionToken: revealed(b.Token), IntermediateSessionTokenExpiresAt: secondOf(b.Expires),
		EmailAddress: b.Address.String(), DiscoveredOrganizations: wireDiscovered(c, b.Organizations, b.At),
	}
}

func wireDiscovered(c endpoint.Call, found []discovery.Discovered, at time.Time) []DiscoveredOrganization {
	all := make([]DiscoveredOrganization, len(found))
	for i, d := range found {
		w := DiscoveredOrganization{
			Organization: wireOrganization(d.Organization), Membership: &Membership{Type: d.Type},
			MemberAuthenticated: d.Authenticated,
		}
		if d.Member != nil {
			w.Membership.Member = wireMember(d.Organization, d.Member, c.Project, at)
		}
		if d.Domain != "" {
			w.Membership.Details = &map[string]any{"domain": d.Domain}
		}
		if d.Primary != nil {
			w.PrimaryRequired = &PrimaryRequired{AllowedAuthMethods: d.Primary}
		}
		if d.Second != nil {
			w.MFARequired = wireMFARequired(d.Second)
		}
		all[i] = w
	}
	return all
}

// ListDiscoveredRequest shows whom to look for: exactly one of the tokens.
type ListDiscoveredRequest struct {
	_ struct{} `schema:"api_discovery_v1_discovery_ListRequest"`

	// Of a login that is not complete. It is not used up.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// Of a session: memberships alone are listed.
	SessionToken secret.String `json:"session_token"`
	// Of a session.
	SessionJWT secret.String `json:"session_jwt"`
}

// ListDiscoveredResponse lists the organizations that are open to the holder of the token.
type ListDiscoveredResponse struct {
	_ struct{} `schema:"api_discovery_v1_discovery_ListResponse"`
	endpoint.Reply

	EmailAddress            string                   `json:"email_address"`
	DiscoveredOrganizations []DiscoveredOrganization `json:"discovered_organizations"`
	// The organization that the login began in, if it began in one.
	OrganizationIDHint *string `json:"organization_id_hint"`
}

// Lists the organizations that are open to somebody, and what each would still ask for. It uses nothing up and sends
// nothing.
func (a *API) listDiscovered(
	ctx context.Context, c endpoint.Call, in *ListDiscoveredRequest,
) (*ListDiscoveredResponse, error) {
	l, err := a.Discovery.List(ctx, c.Project, session.Tokens{
		Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken,
	})
	if err != nil {
		return nil, err
	}
	return &ListDiscoveredResponse{
		EmailAddress: l.Address.String(), DiscoveredOrganizations: wireDiscovered(c, l.Organizations, l.At),
		OrganizationIDHint: orNull(l.Hint),
	}, nil
}

// ExchangeIntermediateRequest takes a login into an organization.
type ExchangeIntermediateRequest struct {
	_ struct{} `schema:"api_discovery_v1_discovery_intermediate_sessions_ExchangeRequest"`
	TermsFields

	// Of the login. It comes back unchanged while something is missing.
	IntermediateSessionToken secret.String `json:"intermediate_session_token" api:"required"`
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// The language of a text that the login may send. Beside those listed: ja, ru, nl, pl, tr, fa, vi, cs.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr,it,de-DE,zh-Hans,ca-ES"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// ExchangeIntermediateResponse is a login, complete or not.
type ExchangeIntermediateResponse struct {
	_ struct{} `schema:"api_discovery_v1_discovery_intermediate_sessions_ExchangeResponse"`
	LoginReply
}

// Takes a login into an organization: as its member, whose invitation is accepted by that, or as a new member where the
// organization lets the address join.
func (a *API) exchangeIntermediate(
	ctx context.Context, c endpoint.Call, in *ExchangeIntermediateRequest,
) (*ExchangeIntermediateResponse, error) {
	result, err := a.Discovery.Exchange(ctx, c.Project, discovery.Exchange{
		Tokens: session.Tokens{Intermediate: in.IntermediateSessionToken}, Organization: in.OrganizationID,
		Terms: in.terms(), Locale: in.Locale, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &ExchangeIntermediateResponse{LoginReply: loginReply(c, result)}, nil
}

// CreateDiscoveredRequest founds an organization.
type CreateDiscoveredRequest struct {
	_ struct{} `schema:"api_discovery_v1_discovery_organizations_CreateRequest"`
	TermsFields

	// Of the founder's login. It comes back unchanged while something is missing.
	IntermediateSessionToken secret.String `json:"intermediate_session_token" api:"required"`
	// What people call it: 1 to 128 characters. The founder's domain when absent, or the part before it where strangers
	// share the domain.
	Name string `json:"organization_name"`
	OrganizationSettings
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// CreateDiscoveredResponse is the founder's login, complete or not.
type CreateDiscoveredResponse struct {
	_ struct{} `schema:"api_discovery_v1_discovery_organizations_CreateResponse"`
	LoginReply
}

// Founds an organization whose first member and administrator is the holder of the token. Both are there even when
// something is missing for the login.
func (a *API) createDiscovered(
	ctx context.Context, c endpoint.Call, in *CreateDiscoveredRequest,
) (*CreateDiscoveredResponse, error) {
	result, err := a.Discovery.Create(ctx, c.Project, discovery.Create{
		Tokens: session.Tokens{Intermediate: in.IntermediateSessionToken}, Organization: in.changes(in.Name),
		Terms: in.terms(), RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &CreateDiscoveredResponse{LoginReply: loginReply(c, result)}, nil
}
