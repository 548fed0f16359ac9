package store

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlDomainClaimedByOthers = sqldb.SQL("domain_claimed_by_others", `
		SELECT EXISTS (SELECT 1 FROM claimed_domains WHERE project_id = $1 AND domain = $2)
			AND NOT EXISTS (SELECT 1 FROM claimed_domains
				WHERE project_id = $1 AND domain = $2 AND organization_id = $3)`)

	sqlDropClaimedDomains = sqldb.SQL("drop_claimed_domains", `DELETE FROM claimed_domains WHERE organization_id = $1`)

	sqlInsertClaimedDomain = sqldb.SQL("insert_claimed_domain", `
		INSERT INTO claimed_domains (project_id, domain, organization_id) VALUES ($1, $2, $3)`)
)

// DomainClaimedByOthers reports whether other organizations of the project claim the domain and this one does not.
func (tx *Tx) DomainClaimedByOthers(ctx context.Context, projectID, orgID, domain string) (bool, error) {
	var claimed bool
	err := tx.QueryRow(ctx, sqlDomainClaimedByOthers, []any{projectID, domain, orgID}, &claimed)
	return claimed, err
}

// SetClaimedDomains replaces the domains that the organization claims. They are different from each other.
func (tx *Tx) SetClaimedDomains(projectID, orgID string, domains []string) {
	tx.Later(sqlDropClaimedDomains, -1, orgID)
	for _, domain := range domains {
		tx.Later(sqlInsertClaimedDomain, 1, projectID, domain, orgID)
	}
}
