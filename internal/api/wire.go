package api

import (
	"encoding/json"
	"time"

	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Organization is a customer of the project, with the settings that decide who may join it and how they log in.
type Organization struct {
	_ struct{} `schema:"api_organization_v1_Organization"`

	OrganizationID         string           `json:"organization_id"`
	OrganizationName       string           `json:"organization_name"`
	OrganizationSlug       string           `json:"organization_slug"`
	OrganizationLogoURL    string           `json:"organization_logo_url"`
	OrganizationExternalID *string          `json:"organization_external_id"`
	TrustedMetadata        *json.RawMessage `json:"trusted_metadata"`
	CreatedAt              *store.Second    `json:"created_at"`
	UpdatedAt              *store.Second    `json:"updated_at"`

	SSODefaultConnectionID   *string               `json:"sso_default_connection_id"`
	SSOJITProvisioning       string                `json:"sso_jit_provisioning"`
	SSOJITAllowedConnections []string              `json:"sso_jit_provisioning_allowed_connections"`
	SSOActiveConnections     []ActiveSSOConnection `json:"sso_active_connections"`

	SCIMActiveConnection  *ActiveSCIMConnection  `json:"scim_active_connection"`
	SCIMActiveConnections []ActiveSCIMConnection `json:"scim_active_connections"`

	EmailAllowedDomains        []string         `json:"email_allowed_domains"`
	EmailJITProvisioning       string           `json:"email_jit_provisioning"`
	EmailInvites               string           `json:"email_invites"`
	ClaimedEmailDomains        []string         `json:"claimed_email_domains"`
	OAuthTenantJITProvisioning string           `json:"oauth_tenant_jit_provisioning"`
	AllowedOAuthTenants        *json.RawMessage `json:"allowed_oauth_tenants"`

	AuthMethods        string   `json:"auth_methods"`
	AllowedAuthMethods []string `json:"allowed_auth_methods"`
	MFAPolicy          string   `json:"mfa_policy"`
	MFAMethods         string   `json:"mfa_methods"`
	AllowedMFAMethods  []string `json:"allowed_mfa_methods"`

	ImplicitRoles []ImplicitRole `json:"rbac_email_implicit_role_assignments"`
	CustomRoles   []CustomRole   `json:"custom_roles"`

	FirstPartyConnectedApps        string   `json:"first_party_connected_apps_allowed_type"`
	AllowedFirstPartyConnectedApps []string `json:"allowed_first_party_connected_apps"`
	ThirdPartyConnectedApps        string   `json:"third_party_connected_apps_allowed_type"`
	AllowedThirdPartyConnectedApps []string `json:"allowed_third_party_connected_apps"`
}

// ImplicitRole gives a role to every member whose address is in a domain.
type ImplicitRole struct {
	_ struct{} `schema:"api_organization_v1_EmailImplicitRoleAssignment"`

	// The mail domain, without a wildcard.
	Domain string `json:"domain" api:"required"`
	// The role that its addresses give.
	RoleID string `json:"role_id" api:"required"`
}

// CustomRole is a role that only this organization has.
type CustomRole struct {
	_ struct{} `schema:"api_organization_v1_CustomRole"`

	RoleID      string                 `json:"role_id"`
	Description string                 `json:"description"`
	Permissions []CustomRolePermission `json:"permissions"`
}

// CustomRolePermission allows actions on a resource.
type CustomRolePermission struct {
	_ struct{} `schema:"api_organization_v1_CustomRolePermission"`

	ResourceID string   `json:"resource_id"`
	Actions    []string `json:"actions"`
}

// ActiveSSOConnection is a single sign-on connection that members may use.
type ActiveSSOConnection struct {
	_ struct{} `schema:"api_organization_v1_ActiveSSOConnection"`

	ConnectionID     string `json:"connection_id"`
	DisplayName      string `json:"display_name"`
	IdentityProvider string `json:"identity_provider"`
}

// ActiveSCIMConnection is the directory that members come from.
type ActiveSCIMConnection struct {
	_ struct{} `schema:"api_organization_v1_ActiveSCIMConnection"`

	ConnectionID         string        `json:"connection_id"`
	DisplayName          string        `json:"display_name"`
	BearerTokenLastFour  string        `json:"bearer_token_last_four"`
	BearerTokenExpiresAt *store.Second `json:"bearer_token_expires_at"`
}

func wireOrganization(o *store.Organization) *Organization {
	s := &o.Settings
	return &Organization{
		OrganizationID:                 o.ID,
		OrganizationName:               o.Name,
		OrganizationSlug:               o.Slug,
		OrganizationLogoURL:            o.LogoURL,
		OrganizationExternalID:         orNull(o.ExternalID),
		TrustedMetadata:                objectOf(o.TrustedMetadata),
		CreatedAt:                      secondOf(o.CreatedAt),
		UpdatedAt:                      secondOf(o.UpdatedAt),
		SSODefaultConnectionID:         orNull(s.SSODefaultConnectionID),
		SSOJITProvisioning:             s.SSOJITProvisioning,
		SSOJITAllowedConnections:       s.SSOJITAllowedConnections,
		EmailAllowedDomains:            s.EmailAllowedDomains,
		EmailJITProvisioning:           s.EmailJITProvisioning,
		EmailInvites:                   s.EmailInvites,
		ClaimedEmailDomains:            s.ClaimedEmailDomains,
		OAuthTenantJITProvisioning:     s.OAuthTenantJITProvisioning,
		AllowedOAuthTenants:            tenantsOf(s.AllowedOAuthTenants),
		AuthMethods:                    s.AuthMethods,
		AllowedAuthMethods:             s.AllowedAuthMethods,
		MFAPolicy:                      s.MFAPolicy,
		MFAMethods:                     s.MFAMethods,
		AllowedMFAMethods:              s.AllowedMFAMethods,
		ImplicitRoles:                  implicitRolesOf(s.ImplicitRoles),
		FirstPartyConnectedApps:        s.FirstPartyConnectedApps,
		AllowedFirstPartyConnectedApps: s.AllowedFirstPartyConnectedApps,
		ThirdPartyConnectedApps:        s.ThirdPartyConnectedApps,
		AllowedThirdPartyConnectedApps: s.AllowedThirdPartyConnectedApps,
	}
}

func implicitRolesOf(stored []store.ImplicitRole) []ImplicitRole {
	list := make([]ImplicitRole, len(stored))
	for i, r := range stored {
		list[i] = ImplicitRole{Domain: r.Domain, RoleID: r.RoleID}
	}
	return list
}

// Member is a person in one organization.
type Member struct {
	_ struct{} `schema:"api_organization_v1_Member"`

	OrganizationID       string              `json:"organization_id"`
	MemberID             string              `json:"member_id"`
	ExternalID           *string             `json:"external_id"`
	Status               string              `json:"status"`
	Name                 string              `json:"name"`
	EmailAddress         string              `json:"email_address"`
	EmailAddressVerified bool                `json:"email_address_verified"`
	RetiredEmails        []RetiredEmail      `json:"retired_email_addresses"`
	IsBreakglass         bool                `json:"is_breakglass"`
	IsAdmin              bool                `json:"is_admin"`
	Roles                []MemberRole        `json:"roles"`
	MemberPasswordID     string              `json:"member_password_id"`
	OAuthRegistrations   []OAuthRegistration `json:"oauth_registrations"`
	SSORegistrations     []SSORegistration   `json:"sso_registrations"`
	SCIMRegistration     *SCIMRegistration   `json:"scim_registration"`
	MFAEnrolled          bool                `json:"mfa_enrolled"`
	MFAPhoneNumber       string              `json:"mfa_phone_number"`
	MFAPhoneVerified     bool                `json:"mfa_phone_number_verified"`
	DefaultMFAMethod     string              `json:"default_mfa_method"`
	TOTPRegistrationID   string              `json:"totp_registration_id"`
	IsLocked             bool                `json:"is_locked"`
	LockCreatedAt        *store.Second       `json:"lock_created_at"`
	LockExpiresAt        *store.Second       `json:"lock_expires_at"`
	TrustedMetadata      *json.RawMessage    `json:"trusted_metadata"`
	UntrustedMetadata    *json.RawMessage    `json:"untrusted_metadata"`
	CreatedAt            *store.Second       `json:"created_at"`
	UpdatedAt            *store.Second       `json:"updated_at"`
}

// RetiredEmail is an address that the member used to have and nobody else may take.
type RetiredEmail struct {
	_ struct{} `schema:"api_organization_v1_RetiredEmail"`

	EmailID      string `json:"email_id"`
	EmailAddress string `json:"email_address"`
}

// MemberRole is a role of a member and everything that gives it.
type MemberRole struct {
	_ struct{} `schema:"api_organization_v1_MemberRole"`

	RoleID  string             `json:"role_id"`
	Sources []MemberRoleSource `json:"sources"`
}

// MemberRoleSource is one thing that gives a role.
type MemberRoleSource struct {
	_ struct{} `schema:"api_organization_v1_MemberRoleSource"`

	Type    string         `json:"type"`
	Details map[string]any `json:"details"`
}

// wireMember gives the member as it is at the time given: locks end by themselves.
func wireMember(o *store.Organization, m *store.Member, p *store.Project, now time.Time) *Member {
	lock := limit.AnyLockOf(m, &p.Settings, now)
	roles, admin := rolesOf(o, m)
	return &Member{
		OrganizationID:       m.OrganizationID,
		MemberID:             m.ID,
		ExternalID:           orNull(m.ExternalID),
		Status:               m.Status,
		Name:                 m.Name,
		EmailAddress:         m.Email,
		EmailAddressVerified: m.EmailVerified,
		RetiredEmails:        retiredOf(m.RetiredEmails),
		MemberPasswordID:     m.PasswordID,
		IsBreakglass:         m.IsBreakglass,
		IsAdmin:              admin,
		Roles:                roles,
		MFAEnrolled:          m.MFAEnrolled,
		MFAPhoneNumber:       m.Phone,
		MFAPhoneVerified:     m.PhoneVerified,
		DefaultMFAMethod:     m.DefaultMFAMethod,
		TOTPRegistrationID:   m.TOTPID,
		IsLocked:             lock.Locked,
		LockCreatedAt:        secondOf(lock.From),
		LockExpiresAt:        secondOf(lock.Until),
		TrustedMetadata:      objectOf(m.TrustedMetadata),
		UntrustedMetadata:    objectOf(m.UntrustedMetadata),
		CreatedAt:            secondOf(m.CreatedAt),
		UpdatedAt:            secondOf(m.UpdatedAt),
	}
}

func rolesOf(o *store.Organization, m *store.Member) (list []MemberRole, admin bool) {
	for _, held := range rbac.MemberRoles(o, m) {
		role := MemberRole{RoleID: held.ID}
		for _, s := range held.Sources {
			details := make(map[string]any, len(s.Details))
			for key, value := range s.Details {
				details[key] = value
			}
			role.Sources = append(role.Sources, MemberRoleSource{Type: s.Type, Details: details})
		}
		list = append(list, role)
		admin = admin || held.ID == rbac.AdminRole
	}
	return list, admin
}

func retiredOf(stored []store.RetiredEmail) []RetiredEmail {
	list := make([]RetiredEmail, len(stored))
	for i, r := range stored {
		list[i] = RetiredEmail{EmailID: r.EmailID, EmailAddress: r.Email}
	}
	return list
}

// orNull gives null for a text that may be missing.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// secondOf gives null for a time that may be missing: clients cannot read an empty text as a time.
func secondOf(t time.Time) *store.Second {
	if t.IsZero() {
		return nil
	}
	at := store.At(t)
	return &at
}

// objectOf gives stored JSON, an empty object when there is none.
func objectOf(stored json.RawMessage) *json.RawMessage {
	if len(stored) == 0 {
		stored = json.RawMessage("{}")
	}
	return &stored
}

func tenantsOf(stored map[string][]string) *json.RawMessage {
	if len(stored) == 0 {
		return objectOf(nil)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		panic("api: a map of texts has a JSON form: " + err.Error())
	}
	return objectOf(text)
}
