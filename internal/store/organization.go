package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Organization is a customer of the project: members belong to exactly one.
type Organization struct {
	ID              string
	ProjectID       string
	Slug            string
	ExternalID      string
	Name            string
	LogoURL         string
	Settings        OrgSettings
	TrustedMetadata json.RawMessage
	CreatedAt       time.Time
	UpdatedAt       time.Time
	DeletedAt       time.Time
}

// OrgSettings are kept as JSON, in the words of the wire. What its texts say is no part of the wire.
type OrgSettings struct {
	SSODefaultConnectionID         string              `json:"sso_default_connection_id,omitempty"`
	SSOJITProvisioning             string              `json:"sso_jit_provisioning"`
	SSOJITAllowedConnections       []string            `json:"sso_jit_provisioning_allowed_connections,omitempty"`
	EmailAllowedDomains            []string            `json:"email_allowed_domains,omitempty"`
	EmailJITProvisioning           string              `json:"email_jit_provisioning"`
	EmailInvites                   string              `json:"email_invites"`
	OAuthTenantJITProvisioning     string              `json:"oauth_tenant_jit_provisioning"`
	AllowedOAuthTenants            map[string][]string `json:"allowed_oauth_tenants,omitempty"`
	AuthMethods                    string              `json:"auth_methods"`
	AllowedAuthMethods             []string            `json:"allowed_auth_methods,omitempty"`
	MFAPolicy                      string              `json:"mfa_policy"`
	MFAMethods                     string              `json:"mfa_methods"`
	AllowedMFAMethods              []string            `json:"allowed_mfa_methods,omitempty"`
	ImplicitRoles                  []ImplicitRole      `json:"rbac_email_implicit_role_assignments,omitempty"`
	ClaimedEmailDomains            []string            `json:"claimed_email_domains,omitempty"`
	FirstPartyConnectedApps        string              `json:"first_party_connected_apps_allowed_type"`
	AllowedFirstPartyConnectedApps []string            `json:"allowed_first_party_connected_apps,omitempty"`
	ThirdPartyConnectedApps        string              `json:"third_party_connected_apps_allowed_type"`
	AllowedThirdPartyConnectedApps []string            `json:"allowed_third_party_connected_apps,omitempty"`
	Texts                          TextSettings        `json:"texts,omitzero"`
	// CountryPolicy narrows where the project's texts may go: allow, monitor or block by country, "*" for all that are not
	// named. It is this server's own and not part of the wire's settings.
	CountryPolicy map[string]string `json:"country_policy,omitempty"`
}

// The words of the settings.
const (
	AllAllowed     = "ALL_ALLOWED"
	Restricted     = "RESTRICTED"
	NotAllowed     = "NOT_ALLOWED"
	MFAOptional    = "OPTIONAL"
	MFARequired    = "REQUIRED_FOR_ALL"
	MethodSMS      = "sms_otp"
	MethodTOTP     = "totp"
	MethodMagic    = "magic_link"
	MethodEmailOTP = "email_otp"
	MethodPassword = "password"
	MethodSSO      = "sso"
)

// ImplicitRole gives a role to every member whose address is in the domain.
type ImplicitRole struct {
	Domain string `json:"domain"`
	RoleID string `json:"role_id"`
}

const orgColumns = `o.id, o.project_id, o.slug, o.external_id, o.name, o.logo_url, o.settings, o.trusted_metadata,
	o.created_at, o.updated_at, o.deleted_at`

// orgScan holds what a row of orgColumns is read into before it is an Organization.
type orgScan struct {
	o                         Organization
	settings, trusted         string
	created, updated, deleted int64
}

func (s *orgScan) dest() []any {
	return []any{
		&s.o.ID, &s.o.ProjectID, &s.o.Slug, &s.o.ExternalID, &s.o.Name, &s.o.LogoURL, &s.settings, &s.trusted,
		&s.created, &s.updated, &s.deleted,
	}
}

// row gives the organization, whose settings are shared with others: see orgSettings.
func (s *orgScan) row(db *DB) (_ *Organization, err error) {
	o := &s.o
	o.CreatedAt, o.UpdatedAt, o.DeletedAt = fromMicros(s.created), fromMicros(s.updated), fromMicros(s.deleted)
	o.TrustedMetadata = json.RawMessage(s.trusted)
	o.Settings, err = db.settings.decode(s.settings)
	return o, err
}

var (
	sqlOrganization = sqldb.SQL("organization", `
		SELECT `+orgColumns+` FROM organizations o WHERE o.id = $2 AND o.project_id = $1 AND o.deleted_at = 0`)

	// An external id goes before a slug; an id cannot be either, see ids.LooksLikeID.
	sqlOrganizationIDByName = sqldb.SQL("organization_id_by_name", `
		SELECT found.id FROM (
			SELECT id, 1 AS place FROM organizations
			WHERE project_id = $1 AND external_id = $2 AND external_id <> '' AND deleted_at = 0
			UNION ALL
			SELECT id, 2 AS place FROM organizations WHERE project_id = $1 AND slug = $2 AND deleted_at = 0
		) AS found ORDER BY found.place LIMIT 1`)

	sqlOrganizationTaken = sqldb.SQL("organization_taken", `
		SELECT
			EXISTS (SELECT 1 FROM organizations
				WHERE project_id = $1 AND slug = $3 AND id <> $2 AND deleted_at = 0),
			EXISTS (SELECT 1 FROM organizations
				WHERE project_id = $1 AND external_id = $4 AND external_id <> '' AND id <> $2 AND deleted_at = 0)`)

	sqlInsertOrganization = sqldb.SQL("insert_organization", `
		INSERT INTO organizations (id, project_id, slug, external_id, name, logo_url, settings, trusted_metadata,
			created_at, updated_at, deleted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0) ON CONFLICT DO NOTHING`)

	// Writing the time before reading the row holds the row until the commit, on both engines: what is read is what the
	// update after it replaces, and two partial updates at once both last.
	sqlLockOrganization = sqldb.SQL("lock_organization", `
		UPDATE organizations SET updated_at = $3 WHERE id = $2 AND project_id = $1 AND deleted_at = 0`)

	sqlUpdateOrganization = sqldb.SQL("update_organization", `
		UPDATE organizations SET slug = $2, external_id = $3, name = $4, logo_url = $5, settings = $6,
			trusted_metadata = $7
		WHERE id = $1 AND deleted_at = 0`)

	sqlDeleteOrganization = sqldb.SQL("delete_organization", `
		UPDATE organizations SET deleted_at = $3, updated_at = $3 WHERE id = $2 AND project_id = $1 AND deleted_at = 0`)
)

// Organization gives a living organization of the project by its id, or ErrNotFound.
func (tx *Tx) Organization(ctx context.Context, projectID, id string) (*Organization, error) {
	var s orgScan
	if err := tx.QueryRow(ctx, sqlOrganization, []any{projectID, id}, s.dest()...); err != nil {
		return nil, err
	}
	return s.row(tx.db)
}

// OrganizationIDByName gives the id of the organization with the external id or, after that, the slug; or ErrNotFound.
func (tx *Tx) OrganizationIDByName(ctx context.Context, projectID, name string) (string, error) {
	var id string
	err := tx.QueryRow(ctx, sqlOrganizationIDByName, []any{projectID, name}, &id)
	return id, err
}

// OrganizationTaken reports whether another living organization of the project has the slug, and whether one has the
// external id.
func (tx *Tx) OrganizationTaken(ctx context.Context, o *Organization) (slug, externalID bool, err error) {
	err = tx.QueryRow(ctx, sqlOrganizationTaken, []any{o.ProjectID, o.ID, o.Slug, o.ExternalID}, &slug, &externalID)
	return slug, externalID, err
}

// InsertOrganization adds an organization and reports false when its slug or external id is taken.
func (tx *Tx) InsertOrganization(ctx context.Context, o *Organization) (bool, error) {
	n, err := tx.Exec(ctx, sqlInsertOrganization, o.ID, o.ProjectID, o.Slug, o.ExternalID, o.Name, o.LogoURL,
		asJSON(o.Settings), string(o.TrustedMetadata), micros(o.CreatedAt))
	return n == 1, err
}

// LockOrganization gives a living organization of the project for a change, or ErrNotFound. Until the transaction ends
// nobody else changes the row; its time of update is already now.
func (tx *Tx) LockOrganization(ctx context.Context, projectID, id string) (*Organization, error) {
	tx.Later(sqlLockOrganization, -1, projectID, id, micros(tx.Now()))
	var s orgScan
	if err := tx.QueryRow(ctx, sqlOrganization, []any{projectID, id}, s.dest()...); err != nil {
		return nil, err
	}
	o, err := s.row(tx.db)
	if err != nil {
		return nil, err
	}
	o.Settings = OrgSettings{} // those of row are shared; these are the caller's to write into
	return o, fromJSON(s.settings, &o.Settings)
}

// UpdateOrganization writes everything that can change of an organization that LockOrganization gave in this
// transaction. It goes out with the statements after it; Write fails with sqldb.ErrUnique when somebody else took the
// slug or external id meanwhile.
func (tx *Tx) UpdateOrganization(o *Organization) {
	tx.Later(sqlUpdateOrganization, 1, o.ID, o.Slug, o.ExternalID, o.Name, o.LogoURL, asJSON(o.Settings),
		string(o.TrustedMetadata))
}

// DeleteOrganization marks a living organization of the project as deleted and reports whether there was one.
// Everything below it is reached through living organizations only.
func (tx *Tx) DeleteOrganization(ctx context.Context, projectID, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeleteOrganization, projectID, id, micros(tx.Now()))
	return n == 1, err
}
