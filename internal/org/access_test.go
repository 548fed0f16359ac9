package org

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestResolve(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		first := w.create(t, Changes{Slug: "acme", ExternalID: optional.Set("e-1")})
		// The slug of one is the external id of another: the external id goes first.
		second := w.create(t, Changes{Slug: "e-1", ExternalID: optional.Set("beta")})
		gone := w.create(t, Changes{Slug: "gone"})
		if _, err := w.Delete(t.Context(), w.test, backend, ids.OrgRef(gone.ID)); err != nil {
			t.Fatal(err)
		}
		foreign, err := w.Create(t.Context(), w.live, backend, Changes{Name: "Foreign", Slug: "foreign"})
		if err != nil {
			t.Fatal(err)
		}

		for ref, want := range map[string]any{
			first.ID: first.ID, "acme": first.ID, "e-1": first.ID, second.ID: second.ID, "beta": second.ID,
			gone.ID:                   errs.OrganizationNotFound,
			"gone":                    errs.OrganizationNotFound,
			"ACME":                    errs.OrganizationNotFound,
			"":                        errs.OrganizationNotFound,
			"a\x00b":                  errs.OrganizationNotFound,
			"\xff":                    errs.OrganizationNotFound,
			"organization-test-\x00":  errs.OrganizationNotFound,
			strings.ToUpper(first.ID): errs.OrganizationNotFound,
			ids.New("organization", ids.Test, testTime): errs.OrganizationNotFound,
			ids.New("member", ids.Test, testTime):       errs.OrganizationNotFound,
			foreign.ID:                                  errs.LiveIDUsedInTestEnvironment,
			"foreign":                                   errs.OrganizationNotFound,
		} {
			o, err := w.Get(t.Context(), w.test, ids.OrgRef(ref))
			switch want := want.(type) {
			case string:
				if err != nil || o.ID != want {
					t.Errorf("%q: got %v, %v, want %s", ref, o, err, want)
				}
			case *errs.Error:
				if !errors.Is(err, want) {
					t.Errorf("%q: got %v, want %v", ref, err, want)
				}
			}
		}
		_, err = w.Get(t.Context(), w.live, ids.OrgRef(first.ID))
		if !errors.Is(err, errs.TestIDUsedInLiveEnvironment) {
			t.Errorf("test id in a live project: %v", err)
		}
	})
}

// Every call that takes an organization refuses those of other projects, and changes nothing there.
func TestTenancy(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		mine := w.create(t, Changes{Slug: "acme", ExternalID: optional.Set("e-1")})
		stranger := *w.test
		stranger.ID = ids.New(ids.Project, ids.Test, testTime)
		before := w.get(t, mine.ID)

		for _, ref := range []ids.OrgRef{ids.OrgRef(mine.ID), "acme", "e-1"} {
			_, get := w.Get(t.Context(), &stranger, ref)
			_, update := w.Update(t.Context(), &stranger, backend, ref, Changes{Name: "Stolen"})
			_, del := w.Delete(t.Context(), &stranger, backend, ref)
			_, external := w.DeleteExternalID(t.Context(), &stranger, backend, ref)
			for i, err := range []error{get, update, del, external} {
				if !errors.Is(err, errs.OrganizationNotFound) {
					t.Errorf("%s, call %d: got %v, want %v", ref, i, err, errs.OrganizationNotFound)
				}
			}
		}
		if diff := cmp.Diff(before, w.get(t, mine.ID)); diff != "" {
			t.Errorf("a stranger changed (-before +after):\n%s", diff)
		}
	})
}

func TestDelete(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{Slug: "acme", ClaimedEmailDomains: []string{"acme.com"}})
		other := w.create(t, Changes{Slug: "other"})
		claim := func(o *store.Organization) error {
			return w.DB.Read(t.Context(), func(tx *store.Tx) error {
				return CheckClaim(t.Context(), tx, o, email.Address("a@acme.com"))
			})
		}
		if err := claim(o); err != nil {
			t.Errorf("the claiming organization: %v", err)
		}
		if err := claim(other); !errors.Is(err, errs.ActionNotAllowedEmailDomainIsClaimed) {
			t.Errorf("another organization: %v", err)
		}

		id, err := w.Delete(t.Context(), w.test, backend, "acme")
		if err != nil || id != o.ID {
			t.Fatalf("delete = %q, %v, want %s", id, err, o.ID)
		}
		if err := claim(other); err != nil {
			t.Errorf("after the claiming organization is gone: %v", err)
		}
		if _, err := w.Delete(t.Context(), w.test, backend, ids.OrgRef(o.ID)); !errors.Is(err, errs.OrganizationNotFound) {
			t.Errorf("delete again: %v", err)
		}
		_, err = w.Update(t.Context(), w.test, backend, ids.OrgRef(o.ID), Changes{Name: "New"})
		if !errors.Is(err, errs.OrganizationNotFound) {
			t.Errorf("update after the end: %v", err)
		}
	})
}

func TestClaimedDomains(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		first := w.create(t, Changes{Slug: "first", ClaimedEmailDomains: []string{"acme.com", "acme.org"}})
		second := w.create(t, Changes{Slug: "second", ClaimedEmailDomains: []string{"acme.com"}})
		claims := func(o *store.Organization, domain string) error {
			return w.DB.Read(t.Context(), func(tx *store.Tx) error {
				return CheckClaim(t.Context(), tx, o, email.Address("a@"+domain))
			})
		}
		check := func(o *store.Organization, domain string, refused bool) {
			t.Helper()
			if err := claims(o, domain); errors.Is(err, errs.ActionNotAllowedEmailDomainIsClaimed) != refused {
				t.Errorf("%s in %s: got %v, want refused %v", domain, o.Slug, err, refused)
			}
		}
		check(first, "acme.com", false)
		check(second, "acme.com", false)
		check(second, "acme.org", true)
		check(second, "mail.acme.org", false) // no match below the domain

		if _, err := w.Update(t.Context(), w.test, backend, "first", Changes{ClaimedEmailDomains: []string{}}); err != nil {
			t.Fatal(err)
		}
		check(first, "acme.com", true)
		check(second, "acme.org", false)
	})
}

func TestDeleteExternalID(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{ExternalID: optional.Set("e-1")})
		got, err := w.DeleteExternalID(t.Context(), w.test, backend, "e-1")
		if err != nil || got.ExternalID != "" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if w.get(t, o.ID).ExternalID != "" {
			t.Error("the external id is still stored")
		}
	})
}

// Acting for a member needs a permission for each touched field, and none helps with the backend's own fields.
func TestActing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{Slug: "acme"})
		actor := func(orgID string, roles ...string) rbac.Caller {
			return rbac.Caller{
				RequestID: "request-id-test-2",
				Actor:     &rbac.Actor{MemberID: "member-test-1", OrganizationID: orgID, Roles: roles},
			}
		}
		admin := actor(o.ID, rbac.MemberRole, rbac.AdminRole)
		member := actor(o.ID, rbac.MemberRole)
		foreign := actor("organization-test-other", rbac.MemberRole, rbac.AdminRole)
		logo := ""

		own := []Changes{
			{},
			{Name: "A"},
			{Slug: "ab"},
			{LogoURL: &logo},
			{SSODefaultConnectionID: optional.Set("")},
			{SSOJITProvisioning: "ALL_ALLOWED"},
			{SSOJITAllowedConnections: []string{}},
			{EmailAllowedDomains: []string{}},
			{EmailJITProvisioning: "NOT_ALLOWED"},
			{EmailInvites: "ALL_ALLOWED"},
			{OAuthTenantJITProvisioning: "NOT_ALLOWED"},
			{AllowedOAuthTenants: json.RawMessage(`{}`)},
			{AuthMethods: "ALL_ALLOWED"},
			{AllowedAuthMethods: []string{}},
			{MFAPolicy: "OPTIONAL"},
			{MFAMethods: "ALL_ALLOWED"},
			{AllowedMFAMethods: []string{}},
			{ImplicitRoles: []store.ImplicitRole{}},
		}
		backends := []Changes{
			{ExternalID: optional.Set("")},
			{ClaimedEmailDomains: []string{}},
			{FirstPartyConnectedApps: "ALL_ALLOWED"},
			{AllowedFirstPartyConnectedApps: []string{}},
			{ThirdPartyConnectedApps: "ALL_ALLOWED"},
			{AllowedThirdPartyConnectedApps: []string{}},
		}
		update := func(by rbac.Caller, c Changes, want *errs.Error) {
			t.Helper()
			_, err := w.Update(t.Context(), w.test, by, ids.OrgRef(o.ID), c)
			if want == nil && err != nil || want != nil && !errors.Is(err, want) {
				t.Errorf("update {%s} as %v: got %v, want %v", given(c), by.Actor.Roles, err, want)
			}
		}
		for _, c := range own {
			update(member, c, errs.SessionAuthorizationError)
			update(foreign, c, errs.SessionAuthorizationTenancyError)
			update(admin, c, nil)
		}
		for _, c := range backends {
			update(admin, c, errs.SessionAuthorizationError)
		}
		update(admin, Changes{TrustedMetadata: json.RawMessage(`{}`)}, errs.CannotUpdateTrustedMetadata)
		update(member, Changes{Name: "B", TrustedMetadata: json.RawMessage(`{}`)}, errs.SessionAuthorizationError)

		for _, c := range []struct {
			by   rbac.Caller
			want *errs.Error
		}{{member, errs.SessionAuthorizationError}, {foreign, errs.SessionAuthorizationTenancyError}} {
			if _, err := w.Delete(t.Context(), w.test, c.by, ids.OrgRef(o.ID)); !errors.Is(err, c.want) {
				t.Errorf("delete: got %v, want %v", err, c.want)
			}
			if _, err := w.DeleteExternalID(t.Context(), w.test, c.by, ids.OrgRef(o.ID)); !errors.Is(err, c.want) {
				t.Errorf("delete external id: got %v, want %v", err, c.want)
			}
		}
		if _, err := w.Delete(t.Context(), w.test, admin, ids.OrgRef(o.ID)); err != nil {
			t.Error(err)
		}
		lines := w.audit(t)
		want := "organization.delete " + o.ID + ` request-id-test-2 {"actor_member_id":"member-test-1"}`
		if last := lines[len(lines)-1]; last != want {
			t.Errorf("last audit event = %q, want %q", last, want)
		}
	})
}
