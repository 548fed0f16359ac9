package server

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Who thimble dev puts into an empty database. example.com is nobody's (RFC 2606 §3), the number is one of those kept
// for fiction.
const (
	seedName   = "Development"
	seedSlug   = "acme"
	seedEmail  = "ada@example.com"
	seedPerson = "Ada Lovelace"
	seedPhone  = "+12025550162"
)

// seedRedirects is where links of the seeded project may lead: an application that somebody writes on this machine.
var seedRedirects = []store.RedirectURL{
	{URL: "http://localhost:3000/authenticate", Purposes: project.Purposes, Defaults: project.Purposes},
	{URL: "http://127.0.0.1:3000/authenticate", Purposes: project.Purposes},
}

// seed marks the database as one of development and fills in what is missing of the identity. What is there stays as it
// is, so that whatever somebody changed lasts over restarts.
func seed(ctx context.Context, db *store.DB, who identity) error {
	err := db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.MarkDevelopment(ctx); err != nil {
			return err
		}
		if who.ProjectID != fixed.ProjectID {
			// Others can reach this server now: what everybody knows must not open anything.
			if _, err := tx.DeleteProjectSecret(ctx, fixed.ProjectID, fixed.SecretID); err != nil {
				return err
			}
		}
		if err := seedProject(ctx, tx, who); err != nil {
			return err
		}
		return seedMember(ctx, tx, who)
	})
	if err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	return nil
}

func seedProject(ctx context.Context, tx *store.Tx, who identity) error {
	now := tx.Now()
	_, err := tx.InsertProject(ctx, &store.Project{
		ID: who.ProjectID, Env: ids.Test, Name: seedName, PublicToken: who.PublicToken, CreatedAt: now, UpdatedAt: now,
		Settings: store.ProjectSettings{RedirectURLs: seedRedirects},
	})
	if err != nil {
		return err
	}
	return tx.InsertProjectSecret(ctx, who.ProjectID, store.ProjectSecret{
		ID: who.SecretID, Hash: project.HashSecret(secret.String(who.Secret)), CreatedAt: now,
	})
}

// seedMember adds an organization that asks everybody for a second factor and lets colleagues join by their address,
// with one active member.
func seedMember(ctx context.Context, tx *store.Tx, who identity) error {
	now, none := tx.Now(), json.RawMessage("{}")
	added, err := tx.InsertOrganization(ctx, &store.Organization{
		ID: who.OrganizationID, ProjectID: who.ProjectID, Slug: seedSlug, Name: "Acme", TrustedMetadata: none,
		CreatedAt: now, UpdatedAt: now,
		Settings: store.OrgSettings{
			SSOJITProvisioning: store.AllAllowed, EmailJITProvisioning: store.Restricted,
			EmailAllowedDomains: []string{"example.com"}, EmailInvites: store.AllAllowed,
			OAuthTenantJITProvisioning: store.NotAllowed, AuthMethods: store.AllAllowed,
			MFAPolicy: store.MFARequired, MFAMethods: store.AllAllowed,
			FirstPartyConnectedApps: store.AllAllowed, ThirdPartyConnectedApps: store.AllAllowed,
		},
	})
	if err != nil || !added {
		return err // the organization is there, or somebody deleted it and took its name for another one
	}

	if _, _, err := tx.ClaimEmail(ctx, who.OrganizationID, who.MemberID, seedEmail, who.EmailID); err != nil {
		return err
	}
	_, err = tx.InsertMember(ctx, &store.Member{
		ID: who.MemberID, ProjectID: who.ProjectID, OrganizationID: who.OrganizationID, Status: store.StatusActive,
		Name: seedPerson, Email: seedEmail, EmailID: who.EmailID, EmailVerified: true,
		TrustedMetadata: none, UntrustedMetadata: none, CreatedAt: now, UpdatedAt: now,
	})
	return err
}
