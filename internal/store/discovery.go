package store

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// discoverLimit bounds how many organizations one person is told about.
const discoverLimit = 500

var (
	sqlDropAllowedDomains = sqldb.SQL("drop_allowed_domains", `DELETE FROM allowed_domains WHERE organization_id = $1`)

	sqlInsertAllowedDomain = sqldb.SQL("insert_allowed_domain", `
		INSERT INTO allowed_domains (project_id, domain, organization_id) VALUES ($1, $2, $3)`)

	sqlMemberships = sqldb.SQL("memberships", `
		SELECT `+orgColumns+`, `+memberColumns+`
		FROM member_emails e
		JOIN members m ON m.id = e.member_id
		JOIN organizations o ON o.id = m.organization_id
		WHERE e.email = $2 AND e.retired = FALSE AND m.project_id = $1 AND m.deleted_at = 0 AND o.deleted_at = 0
		ORDER BY o.name, o.id LIMIT $3`)

	// Somebody who is or was there already does not join by domain, and an address that the organization keeps retired is
	// nobody else's. A colleague with a proven address must vouch for the domain.
	sqlJoinable = sqldb.SQL("joinable", `
		SELECT `+orgColumns+`
		FROM allowed_domains d
		JOIN organizations o ON o.id = d.organization_id
		WHERE d.project_id = $1 AND d.domain = $2 AND o.deleted_at = 0
			AND NOT EXISTS (SELECT 1 FROM member_emails e WHERE e.organization_id = o.id AND e.email = $3)
			AND EXISTS (SELECT 1 FROM member_emails c JOIN members m ON m.id = c.member_id
				WHERE c.organization_id = o.id AND `+isColleague+`)
		ORDER BY o.name, o.id LIMIT $4`)

	sqlHasColleague = sqldb.SQL("has_colleague", `
		SELECT EXISTS (SELECT 1 FROM member_emails c JOIN members m ON m.id = c.member_id
			WHERE c.organization_id = $1 AND `+isColleague+`)`)
)

// isColleague: another active member c, m whose present address in the domain $2 is proven, and is not $3.
const isColleague = `c.domain = $2 AND c.email <> $3 AND c.retired = FALSE AND m.email = c.email
	AND m.email_verified = TRUE AND m.status = 'active' AND m.deleted_at = 0`

// SetAllowedDomains replaces the domains whose people the organization lets join. They are different from each other.
func (tx *Tx) SetAllowedDomains(projectID, orgID string, domains []string) {
	tx.Later(sqlDropAllowedDomains, -1, orgID)
	for _, domain := range domains {
		tx.Later(sqlInsertAllowedDomain, 1, projectID, domain, orgID)
	}
}

// Membership is a member with its organization.
type Membership struct {
	Organization *Organization
	Member       *Member
}

// Memberships gives the living members of the project whose present address this is, by the names of their
// organizations.
func (tx *Tx) Memberships(ctx context.Context, projectID, email string) ([]Membership, error) {
	var all []Membership
	args := []any{projectID, email, discoverLimit}
	err := tx.Query(ctx, sqlMemberships, args, func(scan func(...any) error) error {
		var (
			o orgScan
			m memberScan
		)
		if err := scan(append(o.dest(), m.dest()...)...); err != nil {
			return err
		}
		organization, err := o.row(tx.db)
		if err != nil {
			return err
		}
		member, err := m.row()
		all = append(all, Membership{organization, member})
		return err
	})
	return all, err
}

// Joinable gives the living organizations of the project that list the address's domain, have an active member with a
// proven address in it, and do not know the address yet; by name.
func (tx *Tx) Joinable(ctx context.Context, projectID, domain, email string) ([]*Organization, error) {
	var all []*Organization
	args := []any{projectID, domain, email, discoverLimit}
	err := tx.Query(ctx, sqlJoinable, args, func(scan func(...any) error) error {
		var s orgScan
		if err := scan(s.dest()...); err != nil {
			return err
		}
		o, err := s.row(tx.db)
		all = append(all, o)
		return err
	})
	return all, err
}

// HasColleague reports whether the organization has another active member with a proven address in the domain.
func (tx *Tx) HasColleague(ctx context.Context, orgID, domain, email string) (bool, error) {
	var has bool
	err := tx.QueryRow(ctx, sqlHasColleague, []any{orgID, domain, email}, &has)
	return has, err
}
