package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

func (a *API) organizations() []endpoint.Endpoint {
	const one = "/v1/b2b/organizations/{organization_id}"
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/organizations", "b2b.organizations.create", a.createOrganization, settingErrors...),
		endpoint.GET(one, "b2b.organizations.get", a.getOrganization, organizationErrors()...),
		endpoint.PUT(one, "b2b.organizations.update", a.updateOrganization, organizationErrors(
			slices.Concat(settingErrors, actingErrors, []*errs.Error{errs.CannotUpdateTrustedMetadata})...)...),
		endpoint.DELETE(one, "b2b.organizations.delete", a.deleteOrganization, organizationErrors(actingErrors...)...),
		endpoint.DELETE(one+"/external_id", "b2b.organizations.delete_external_id", a.deleteOrganizationExternalID,
			organizationErrors(actingErrors...)...),
	}
}

// organizationErrors adds the errors of every call that names an organization.
func organizationErrors(others ...*errs.Error) []*errs.Error {
	return append([]*errs.Error{
		errs.OrganizationNotFound, errs.LiveIDUsedInTestEnvironment, errs.TestIDUsedInLiveEnvironment,
	}, others...)
}

// actingErrors are the errors of every call that can be made on behalf of a member.
var actingErrors = []*errs.Error{
	errs.TooManySessionArguments, errs.SessionNotFound, errs.InvalidSessionToken, errs.UnableToParseSessionJWT,
	errs.SessionAuthorizationError, errs.SessionAuthorizationTenancyError,
}

// settingErrors are the errors of the fields that creating and updating share.
var settingErrors = []*errs.Error{
	errs.OrganizationNameMissing, errs.InvalidOrganizationName, errs.InvalidOrganizationSlug,
	errs.OrganizationSlugAlreadyUsed, errs.OrganizationLogoURLTooLong, errs.InvalidOrganizationExternalID,
	errs.OrganizationExternalIDAlreadyUsed, errs.ExternalOrganizationIDSameAsOrganizationID,
	errs.InvalidSSODefaultConnectionID, errs.InvalidOrganizationAuthFactorSetting,
	errs.InvalidOrganizationAuthFactorSettingForEmailJITProvisioning,
	errs.InvalidOrganizationAuthFactorSettingForOAuthTenantJITProvisioning, errs.InvalidOrganizationAuthMethodSettings,
	errs.InvalidOrganizationAllowedAuthMethods, errs.AllowedAuthMethodsRequiredForRestricted,
	errs.InvalidOrganizationMFAPolicy, errs.InvalidOrganizationMFAFactorSetting,
	errs.InvalidOrganizationAllowedMFAMethods, errs.AllowedMFAMethodsRequiredForRestricted,
	errs.InvalidRestrictedEmailSetting, errs.InvalidRestrictedSSOSetting, errs.InvalidRestrictedOAuthTenantsSetting,
	errs.InvalidOAuthAllowedTenantsFormat, errs.OrganizationSettingsInvalidDomain,
	errs.OrganizationSettingsDomainTooCommon, errs.OrganizationSettingsDuplicateDomain, errs.TooManyDomains,
	errs.OrganizationSettingsInvalidClaimedDomain, errs.OrganizationSettingsClaimedDomainTooCommon,
	errs.OrganizationSettingsDuplicateClaimedDomain, errs.RBACInvalidDomain, errs.RBACDomainTooCommon,
	errs.InvalidRBACRoleAssignment, errs.TooManyConnectedApps, errs.MetadataInvalidFormat, errs.MetadataTooManyKeys,
	errs.MetadataTooLarge,
}

// Acting names the member on whose behalf the backend calls: by one of the two headers, or by none.
type Acting struct {
	// The session token of the member on whose behalf the call is made. Its roles must permit everything the call does.
	MemberSession secret.String `header:"X-Stytch-Member-Session"`
	// The same as a session JWT. At most one of the two may be sent.
	MemberSessionJWT secret.String `header:"X-Stytch-Member-SessionJWT"`
}

// caller finds out who stands behind the call.
func (a *API) caller(ctx context.Context, c endpoint.Call, in Acting) (rbac.Caller, error) {
	actor, err := a.Sessions.Actor(ctx, c.Project, in.MemberSession, in.MemberSessionJWT)
	return rbac.Caller{Actor: actor, RequestID: c.RequestID}, err
}

// OrganizationSettings are the fields that creating and updating an organization share. What is absent gets its default
// on create and stays as it is on update; a list that is given replaces the old one.
type OrganizationSettings struct {
	// The name in the address bar: 2 to 128 letters, digits, hyphens, dots, underscores and tildes, unique in the
	// project. When it is absent on create, it is derived from the name.
	Slug string `json:"organization_slug"`
	// Where the logo is.
	LogoURL *string `json:"organization_logo_url"`
	// Your own id of the organization, unique in the project: up to 128 letters, digits, dots, underscores, hyphens and
	// vertical bars. It can be used wherever the organization's id can.
	ExternalID optional.Text `json:"organization_external_id"`
	// Free JSON that only backends may write; merged at the top level, a null deletes its key.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Who may join by single sign-on: ALL_ALLOWED, RESTRICTED to the listed connections, NOT_ALLOWED.
	SSOJITProvisioning string `json:"sso_jit_provisioning"`
	// Domains that invitations and joining by email may be restricted to. Domains of public mail providers are refused.
	EmailAllowedDomains []string `json:"email_allowed_domains"`
	// Whether people with an address in the allowed domains may join by logging in: RESTRICTED or NOT_ALLOWED.
	EmailJITProvisioning string `json:"email_jit_provisioning"`
	// Who may be invited: ALL_ALLOWED, RESTRICTED to the allowed domains, NOT_ALLOWED.
	EmailInvites string `json:"email_invites"`
	// Whether people of the listed tenants may join by OAuth: RESTRICTED or NOT_ALLOWED.
	OAuthTenantJITProvisioning string `json:"oauth_tenant_jit_provisioning"`
	// Tenants by provider: lists of ids under slack, hubspot and github.
	AllowedOAuthTenants json.RawMessage `json:"allowed_oauth_tenants"`
	// ALL_ALLOWED, or RESTRICTED to the listed ways to log in.
	AuthMethods string `json:"auth_methods"`
	// Ways to log in: sso, magic_link, email_otp, password, google_oauth, microsoft_oauth, slack_oauth, github_oauth,
	// hubspot_oauth.
	AllowedAuthMethods []string `json:"allowed_auth_methods"`
	// Who needs a second factor: those who enrolled (OPTIONAL) or everybody (REQUIRED_FOR_ALL).
	MFAPolicy string `json:"mfa_policy"`
	// ALL_ALLOWED, or RESTRICTED to the listed second factors.
	MFAMethods string `json:"mfa_methods"`
	// Second factors: sms_otp, totp.
	AllowedMFAMethods []string `json:"allowed_mfa_methods"`
	// Roles that come with an address in a domain.
	ImplicitRoles []ImplicitRole `json:"rbac_email_implicit_role_assignments"`
	// Which of your own connected apps members may use.
	FirstPartyConnectedApps string `json:"first_party_connected_apps_allowed_type" enum:"ALL_ALLOWED,RESTRICTED,NOT_ALLOWED"`
	// The ones allowed when RESTRICTED.
	AllowedFirstPartyConnectedApps []string `json:"allowed_first_party_connected_apps"`
	// Which connected apps of others members may use.
	ThirdPartyConnectedApps string `json:"third_party_connected_apps_allowed_type" enum:"ALL_ALLOWED,RESTRICTED,NOT_ALLOWED"`
	// The ones allowed when RESTRICTED.
	AllowedThirdPartyConnectedApps []string `json:"allowed_third_party_connected_apps"`
}

func (s *OrganizationSettings) changes(name string) org.Changes {
	c := org.Changes{
		Name:                           name,
		Slug:                           s.Slug,
		LogoURL:                        s.LogoURL,
		ExternalID:                     s.ExternalID,
		TrustedMetadata:                s.TrustedMetadata,
		SSOJITProvisioning:             s.SSOJITProvisioning,
		EmailAllowedDomains:            s.EmailAllowedDomains,
		EmailJITProvisioning:           s.EmailJITProvisioning,
		EmailInvites:                   s.EmailInvites,
		OAuthTenantJITProvisioning:     s.OAuthTenantJITProvisioning,
		AllowedOAuthTenants:            s.AllowedOAuthTenants,
		AuthMethods:                    s.AuthMethods,
		AllowedAuthMethods:             s.AllowedAuthMethods,
		MFAPolicy:                      s.MFAPolicy,
		MFAMethods:                     s.MFAMethods,
		AllowedMFAMethods:              s.AllowedMFAMethods,
		FirstPartyConnectedApps:        s.FirstPartyConnectedApps,
		AllowedFirstPartyConnectedApps: s.AllowedFirstPartyConnectedApps,
		ThirdPartyConnectedApps:        s.ThirdPartyConnectedApps,
		AllowedThirdPartyConnectedApps: s.AllowedThirdPartyConnectedApps,
	}
	if s.ImplicitRoles != nil {
		c.ImplicitRoles = make([]store.ImplicitRole, len(s.ImplicitRoles))
	}
	for i, r := range s.ImplicitRoles {
		c.ImplicitRoles[i] = store.ImplicitRole{Domain: r.Domain, RoleID: r.RoleID}
	}
	return c
}

// CreateOrganizationRequest makes an organization.
type CreateOrganizationRequest struct {
	_ struct{} `schema:"api_organization_v1_CreateRequest"`

	// What people call it: 1 to 128 characters.
	Name string `json:"organization_name" api:"required"`
	OrganizationSettings
	// Domains whose addresses may belong only to members of organizations that claim them.
	ClaimedEmailDomains []string `json:"claimed_email_domains"`
}

// CreateOrganizationResponse holds the new organization.
type CreateOrganizationResponse struct {
	_ struct{} `schema:"api_organization_v1_CreateResponse"`
	endpoint.Reply

	Organization *Organization `json:"organization" api:"required"`
}

func (a *API) createOrganization(
	ctx context.Context, c endpoint.Call, in *CreateOrganizationRequest,
) (*CreateOrganizationResponse, error) {
	changes := in.changes(in.Name)
	changes.ClaimedEmailDomains = in.ClaimedEmailDomains
	o, err := a.Organizations.Create(ctx, c.Project, rbac.Caller{RequestID: c.RequestID}, changes)
	if err != nil {
		return nil, err
	}
	return &CreateOrganizationResponse{Organization: wireOrganization(o)}, nil
}

// GetOrganizationRequest names an organization.
type GetOrganizationRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
}

// GetOrganizationResponse holds the organization.
type GetOrganizationResponse struct {
	_ struct{} `schema:"api_organization_v1_GetResponse"`
	endpoint.Reply

	Organization *Organization `json:"organization" api:"required"`
}

func (a *API) getOrganization(
	ctx context.Context, c endpoint.Call, in *GetOrganizationRequest,
) (*GetOrganizationResponse, error) {
	o, err := a.Organizations.Get(ctx, c.Project, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	return &GetOrganizationResponse{Organization: wireOrganization(o)}, nil
}

// UpdateOrganizationRequest changes the fields that it holds.
type UpdateOrganizationRequest struct {
	_ struct{} `schema:"api_organization_v1_UpdateRequest"`
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// What people call it: 1 to 128 characters.
	Name string `json:"organization_name"`
	OrganizationSettings
	// Domains whose addresses may belong only to members of organizations that claim them.
	ClaimedEmailDomains []string `json:"claimed_email_domains"`
	// The connection that logins begin with when a member could use several. Null clears it.
	SSODefaultConnectionID optional.Text `json:"sso_default_connection_id"`
	// The connections through which people may join when sso_jit_provisioning is RESTRICTED.
	SSOJITAllowedConnections []string `json:"sso_jit_provisioning_allowed_connections"`
}

// UpdateOrganizationResponse holds the organization after the change.
type UpdateOrganizationResponse struct {
	_ struct{} `schema:"api_organization_v1_UpdateResponse"`
	endpoint.Reply

	Organization *Organization `json:"organization" api:"required"`
}

func (a *API) updateOrganization(
	ctx context.Context, c endpoint.Call, in *UpdateOrganizationRequest,
) (*UpdateOrganizationResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	changes := in.changes(in.Name)
	changes.SSODefaultConnectionID = in.SSODefaultConnectionID
	changes.SSOJITAllowedConnections = in.SSOJITAllowedConnections
	changes.ClaimedEmailDomains = in.ClaimedEmailDomains

	o, err := a.Organizations.Update(ctx, c.Project, by, in.OrganizationID, changes)
	if err != nil {
		return nil, err
	}
	return &UpdateOrganizationResponse{Organization: wireOrganization(o)}, nil
}

// DeleteOrganizationRequest names an organization.
type DeleteOrganizationRequest struct {
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
}

// DeleteOrganizationResponse names the organization that is gone.
type DeleteOrganizationResponse struct {
	_ struct{} `schema:"api_organization_v1_DeleteResponse"`
	endpoint.Reply

	OrganizationID string `json:"organization_id"`
}

// deleteOrganization deletes an organization with its members and their sessions.
func (a *API) deleteOrganization(
	ctx context.Context, c endpoint.Call, in *DeleteOrganizationRequest,
) (*DeleteOrganizationResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	id, err := a.Organizations.Delete(ctx, c.Project, by, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	return &DeleteOrganizationResponse{OrganizationID: id}, nil
}

// DeleteOrganizationExternalIDResponse holds the organization without its external id.
type DeleteOrganizationExternalIDResponse struct {
	_ struct{} `schema:"api_organization_v1_DeleteExternalIdResponse"`
	endpoint.Reply

	Organization *Organization `json:"organization" api:"required"`
}

func (a *API) deleteOrganizationExternalID(
	ctx context.Context, c endpoint.Call, in *DeleteOrganizationRequest,
) (*DeleteOrganizationExternalIDResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	o, err := a.Organizations.DeleteExternalID(ctx, c.Project, by, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	return &DeleteOrganizationExternalIDResponse{Organization: wireOrganization(o)}, nil
}
