package org

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

var backend = rbac.Caller{RequestID: "request-id-test-1"}

// world is a database with one project of each environment.
type world struct {
	*Service
	test, live *store.Project
}

func eachEngine(t *testing.T, test func(t *testing.T, w world)) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		test(t, world{
			&Service{DB: db}, storetest.Project(t, db, ids.Test), storetest.Project(t, db, ids.Live),
		})
	})
}

func (w world) create(t *testing.T, c Changes) *store.Organization {
	t.Helper()
	if c.Name == "" {
		c.Name = "Acme"
	}
	o, err := w.Create(t.Context(), w.test, backend, c)
	if err != nil {
		t.Fatalf("create {%s}: %v", given(c), err)
	}
	return o
}

// given lists the fields of the changes, for failures.
func given(c Changes) string {
	var fields []string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			fields = append(fields, fmt.Sprintf("%s: %s", v.Type().Field(i).Name, v.Field(i)))
		}
	}
	return strings.Join(fields, ", ")
}

func (w world) get(t *testing.T, id string) *store.Organization {
	t.Helper()
	o, err := w.Get(t.Context(), w.test, ids.OrgRef(id))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (w world) audit(t *testing.T) []string {
	t.Helper()
	var lines []string
	err := w.DB.Read(t.Context(), func(tx *store.Tx) error {
		events, err := tx.AuditEvents(t.Context(), "", 1000)
		for _, e := range events {
			lines = append(lines, e.Action+" "+e.OrganizationID+" "+e.RequestID+" "+e.Details)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestDefaults(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{Name: "Acme & Söhne GmbH"})
		want := &store.Organization{
			ID: o.ID, ProjectID: w.test.ID, Slug: "acme-s-hne-gmbh", Name: "Acme & Söhne GmbH",
			Settings: store.OrgSettings{
				SSOJITProvisioning: "ALL_ALLOWED", EmailJITProvisioning: "NOT_ALLOWED", EmailInvites: "ALL_ALLOWED",
				OAuthTenantJITProvisioning: "NOT_ALLOWED", AuthMethods: "ALL_ALLOWED", MFAPolicy: "OPTIONAL",
				MFAMethods: "ALL_ALLOWED", FirstPartyConnectedApps: "ALL_ALLOWED", ThirdPartyConnectedApps: "ALL_ALLOWED",
			},
			TrustedMetadata: json.RawMessage("{}"), CreatedAt: o.CreatedAt, UpdatedAt: o.CreatedAt,
		}
		if diff := cmp.Diff(want, o); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, w.get(t, o.ID)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"organization.create " + o.ID + " request-id-test-1 "}, w.audit(t)); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

// Which fields count as settings of authentication: presence decides, not the value.
func TestEmailInvitesDefault(t *testing.T) {
	t.Parallel()
	logo := "https://example.com/logo.png"
	for name, c := range map[string]struct {
		changes Changes
		want    string
	}{
		"nothing":                     {Changes{}, "ALL_ALLOWED"},
		"slug":                        {Changes{Slug: "acme"}, "ALL_ALLOWED"},
		"logo":                        {Changes{LogoURL: &logo}, "ALL_ALLOWED"},
		"external id":                 {Changes{ExternalID: optional.Set("a")}, "ALL_ALLOWED"},
		"metadata":                    {Changes{TrustedMetadata: json.RawMessage(`{"a":1}`)}, "ALL_ALLOWED"},
		"implicit roles":              {Changes{ImplicitRoles: []store.ImplicitRole{}}, "ALL_ALLOWED"},
		"claimed domains":             {Changes{ClaimedEmailDomains: []string{"acme.test"}}, "ALL_ALLOWED"},
		"first-party apps":            {Changes{FirstPartyConnectedApps: "ALL_ALLOWED"}, "ALL_ALLOWED"},
		"third-party list":            {Changes{AllowedThirdPartyConnectedApps: []string{}}, "ALL_ALLOWED"},
		"auth_methods as by default":  {Changes{AuthMethods: "ALL_ALLOWED"}, "NOT_ALLOWED"},
		"allowed_auth_methods, empty": {Changes{AllowedAuthMethods: []string{}}, "NOT_ALLOWED"},
		"mfa_policy":                  {Changes{MFAPolicy: "OPTIONAL"}, "NOT_ALLOWED"},
		"mfa_methods":                 {Changes{MFAMethods: "ALL_ALLOWED"}, "NOT_ALLOWED"},
		"allowed_mfa_methods, empty":  {Changes{AllowedMFAMethods: []string{}}, "NOT_ALLOWED"},
		"sso_jit":                     {Changes{SSOJITProvisioning: "ALL_ALLOWED"}, "NOT_ALLOWED"},
		"sso connections, empty":      {Changes{SSOJITAllowedConnections: []string{}}, "NOT_ALLOWED"},
		"default connection, null":    {Changes{SSODefaultConnectionID: optional.Set("")}, "NOT_ALLOWED"},
		"email_jit":                   {Changes{EmailJITProvisioning: "NOT_ALLOWED"}, "NOT_ALLOWED"},
		"domains, empty":              {Changes{EmailAllowedDomains: []string{}}, "NOT_ALLOWED"},
		"oauth_tenant_jit":            {Changes{OAuthTenantJITProvisioning: "NOT_ALLOWED"}, "NOT_ALLOWED"},
		"tenants, empty":              {Changes{AllowedOAuthTenants: json.RawMessage(`{}`)}, "NOT_ALLOWED"},
		"email_invites itself":        {Changes{EmailInvites: "ALL_ALLOWED", MFAPolicy: "OPTIONAL"}, "ALL_ALLOWED"},
		"email_invites alone, none":   {Changes{EmailInvites: "NOT_ALLOWED"}, "NOT_ALLOWED"},
	} {
		o := &store.Organization{ID: "organization-test-x", Settings: defaults(&c.changes)}
		if err := c.changes.apply(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := o.Settings.EmailInvites; got != c.want {
			t.Errorf("%s: email_invites = %s, want %s", name, got, c.want)
		}
	}
}

const connection = "saml-connection-test-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b10"

func many(n int, format string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return list
}

func TestRefusedFields(t *testing.T) {
	t.Parallel()
	long := "https://example.com/" + strings.Repeat("a", 2029)
	roles := func(domain, role string) []store.ImplicitRole {
		return []store.ImplicitRole{{Domain: domain, RoleID: role}}
	}
	for name, c := range map[string]struct {
		changes Changes
		want    *errs.Error
	}{
		"name of spaces":         {Changes{Name: " \u2003 "}, errs.OrganizationNameMissing},
		"name of 129":            {Changes{Name: strings.Repeat("é", 129)}, errs.InvalidOrganizationName},
		"name with a line break": {Changes{Name: "a\nb"}, errs.InvalidOrganizationName},
		"slug of one":            {Changes{Slug: "a"}, errs.InvalidOrganizationSlug},
		"slug of 129":            {Changes{Slug: strings.Repeat("a", 129)}, errs.InvalidOrganizationSlug},
		"slug with a slash":      {Changes{Slug: "a/b"}, errs.InvalidOrganizationSlug},
		"slug with a line break": {Changes{Slug: "ab\n"}, errs.InvalidOrganizationSlug},
		"slug like an id":        {Changes{Slug: "organization-test-mine"}, errs.InvalidOrganizationSlug},
		"slug like a member":     {Changes{Slug: "member-live-mine"}, errs.InvalidOrganizationSlug},
		"logo of 2049":           {Changes{LogoURL: &long}, errs.OrganizationLogoURLTooLong},
		"external id, form":      {Changes{ExternalID: optional.Set("a b")}, errs.InvalidOrganizationExternalID},
		"external id, tilde":     {Changes{ExternalID: optional.Set("a~b")}, errs.InvalidOrganizationExternalID},
		"external id of 129":     {Changes{ExternalID: optional.Set(strings.Repeat("a", 129))}, errs.InvalidOrganizationExternalID},
		"external id like an id": {Changes{ExternalID: optional.Set("organization-test-1")}, errs.ExternalOrganizationIDSameAsOrganizationID},
		"metadata, keys":         {Changes{TrustedMetadata: json.RawMessage("{" + strings.Join(many(21, `"k%d":1`), ",") + "}")}, errs.MetadataTooManyKeys},
		"metadata, size":         {Changes{TrustedMetadata: json.RawMessage(`{"a":"` + strings.Repeat("a", 4089) + `"}`)}, errs.MetadataTooLarge},
		"metadata, form":         {Changes{TrustedMetadata: json.RawMessage(`[1]`)}, errs.MetadataInvalidFormat},
		"default connection":     {Changes{SSODefaultConnectionID: optional.Set(connection)}, errs.InvalidSSODefaultConnectionID},
		"sso_jit":                {Changes{SSOJITProvisioning: "SOME"}, errs.InvalidOrganizationAuthFactorSetting},
		"email_invites":          {Changes{EmailInvites: "restricted"}, errs.InvalidOrganizationAuthFactorSetting},
		"email_jit for all":      {Changes{EmailJITProvisioning: "ALL_ALLOWED"}, errs.InvalidOrganizationAuthFactorSettingForEmailJITProvisioning},
		"oauth_tenant_jit":       {Changes{OAuthTenantJITProvisioning: "ALL_ALLOWED"}, errs.InvalidOrganizationAuthFactorSettingForOAuthTenantJITProvisioning},
		"auth_methods":           {Changes{AuthMethods: "NOT_ALLOWED"}, errs.InvalidOrganizationAuthMethodSettings},
		"allowed_auth_methods":   {Changes{AllowedAuthMethods: []string{"magic_link", "sms_otp"}}, errs.InvalidOrganizationAllowedAuthMethods},
		"mfa_policy":             {Changes{MFAPolicy: "REQUIRED"}, errs.InvalidOrganizationMFAPolicy},
		"mfa_methods":            {Changes{MFAMethods: "NOT_ALLOWED"}, errs.InvalidOrganizationMFAFactorSetting},
		"allowed_mfa_methods":    {Changes{AllowedMFAMethods: []string{"sso"}}, errs.InvalidOrganizationAllowedMFAMethods},
		"sso connection, form":   {Changes{SSOJITAllowedConnections: []string{"x"}}, errs.InvalidRestrictedSSOSetting},
		"sso connection, env":    {Changes{SSOJITAllowedConnections: []string{strings.Replace(connection, "test", "live", 1)}}, errs.InvalidRestrictedSSOSetting},
		"tenants, provider":      {Changes{AllowedOAuthTenants: json.RawMessage(`{"google":["a"]}`)}, errs.InvalidOAuthAllowedTenantsFormat},
		"tenants, text":          {Changes{AllowedOAuthTenants: json.RawMessage(`{"slack":"a"}`)}, errs.InvalidOAuthAllowedTenantsFormat},
		"tenants, number":        {Changes{AllowedOAuthTenants: json.RawMessage(`{"slack":[1]}`)}, errs.InvalidOAuthAllowedTenantsFormat},
		"tenants, null":          {Changes{AllowedOAuthTenants: json.RawMessage(`{"slack":null}`)}, errs.InvalidOAuthAllowedTenantsFormat},
		"domain, form":           {Changes{EmailAllowedDomains: []string{"*.acme.test"}}, errs.OrganizationSettingsInvalidDomain},
		"domain, common":         {Changes{EmailAllowedDomains: []string{"GMAIL.com"}}, errs.OrganizationSettingsDomainTooCommon},
		"domain, twice":          {Changes{EmailAllowedDomains: []string{"acme.com", "Acme.com"}}, errs.OrganizationSettingsDuplicateDomain},
		"domains, 101":           {Changes{EmailAllowedDomains: many(101, "acme%d.com")}, errs.TooManyDomains},
		"claimed domain, form":   {Changes{ClaimedEmailDomains: []string{"acme"}}, errs.OrganizationSettingsInvalidClaimedDomain},
		"claimed domain, common": {Changes{ClaimedEmailDomains: []string{"yahoo.co.uk"}}, errs.OrganizationSettingsClaimedDomainTooCommon},
		"claimed domain, twice":  {Changes{ClaimedEmailDomains: []string{"acme.com", "acme.com"}}, errs.OrganizationSettingsDuplicateClaimedDomain},
		"implicit role, domain":  {Changes{ImplicitRoles: roles("acme", rbac.AdminRole)}, errs.RBACInvalidDomain},
		"implicit role, common":  {Changes{ImplicitRoles: roles("gmail.com", rbac.AdminRole)}, errs.RBACDomainTooCommon},
		"implicit role, unknown": {Changes{ImplicitRoles: roles("acme.com", "king")}, errs.InvalidRBACRoleAssignment},
		"apps, 101":              {Changes{AllowedFirstPartyConnectedApps: many(101, "app%d")}, errs.TooManyConnectedApps},
		"apps, empty id":         {Changes{AllowedThirdPartyConnectedApps: []string{""}}, errs.InvalidArgument},
		"apps, word":             {Changes{FirstPartyConnectedApps: "SOME"}, errs.InvalidArgument},
		"nobody may join":        {Changes{SSOJITProvisioning: "NOT_ALLOWED", EmailInvites: "NOT_ALLOWED"}, errs.InvalidOrganizationAuthFactorSetting},
		"nobody, by default":     {Changes{SSOJITProvisioning: "NOT_ALLOWED"}, errs.InvalidOrganizationAuthFactorSetting},
		"restricted auth":        {Changes{AuthMethods: "RESTRICTED"}, errs.AllowedAuthMethodsRequiredForRestricted},
		"restricted auth, empty": {Changes{AuthMethods: "RESTRICTED", AllowedAuthMethods: []string{}}, errs.AllowedAuthMethodsRequiredForRestricted},
		"restricted mfa":         {Changes{MFAMethods: "RESTRICTED"}, errs.AllowedMFAMethodsRequiredForRestricted},
		"restricted invites":     {Changes{EmailInvites: "RESTRICTED"}, errs.InvalidRestrictedEmailSetting},
		"restricted email_jit":   {Changes{EmailJITProvisioning: "RESTRICTED"}, errs.InvalidRestrictedEmailSetting},
		"restricted sso":         {Changes{SSOJITProvisioning: "RESTRICTED"}, errs.InvalidRestrictedSSOSetting},
		"restricted tenants":     {Changes{OAuthTenantJITProvisioning: "RESTRICTED"}, errs.InvalidRestrictedOAuthTenantsSetting},
		"restricted tenants, []": {Changes{OAuthTenantJITProvisioning: "RESTRICTED", AllowedOAuthTenants: json.RawMessage(`{"slack":[]}`)}, errs.InvalidRestrictedOAuthTenantsSetting},
	} {
		o := &store.Organization{ID: ids.New(ids.Organization, ids.Test, testTime), Settings: defaults(&c.changes)}
		if err := c.changes.apply(o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestAcceptedFields(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		logo := "https://example.com/" + strings.Repeat("a", 2028)
		o := w.create(t, Changes{
			Name: strings.Repeat("é", 128), Slug: "A.b_c~D-9", LogoURL: &logo, ExternalID: optional.Set("a.B_c|d-1"),
			TrustedMetadata:    json.RawMessage(`{"plan":{"b":1,"a":"<&>"}}`),
			SSOJITProvisioning: "RESTRICTED", SSOJITAllowedConnections: []string{connection},
			EmailAllowedDomains: []string{"Acme.COM", "acme.co.uk"}, EmailJITProvisioning: "RESTRICTED",
			EmailInvites: "RESTRICTED", OAuthTenantJITProvisioning: "RESTRICTED",
			AllowedOAuthTenants: json.RawMessage(`{"slack":["T1"],"hubspot":[],"github":["1","2"]}`),
			AuthMethods:         "RESTRICTED", AllowedAuthMethods: []string{"sso", "magic_link", "sso"},
			MFAPolicy: "REQUIRED_FOR_ALL", MFAMethods: "RESTRICTED", AllowedMFAMethods: []string{"totp"},
			ImplicitRoles:           []store.ImplicitRole{{Domain: "ACME.com", RoleID: rbac.AdminRole}},
			ClaimedEmailDomains:     []string{"acme.com"},
			FirstPartyConnectedApps: "RESTRICTED", AllowedFirstPartyConnectedApps: []string{"app"},
			ThirdPartyConnectedApps: "NOT_ALLOWED", AllowedThirdPartyConnectedApps: []string{},
		})
		got := w.get(t, o.ID)
		want := *o
		want.Settings.AllowedThirdPartyConnectedApps = nil // an empty list is stored as none
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("stored (-created +stored):\n%s", diff)
		}
		s := got.Settings
		if !slices.Equal(s.EmailAllowedDomains, []string{"acme.com", "acme.co.uk"}) ||
			!slices.Equal(s.AllowedAuthMethods, []string{"sso", "magic_link"}) || s.ImplicitRoles[0].Domain != "acme.com" {
			t.Errorf("settings = %+v", s)
		}
		if string(got.TrustedMetadata) != `{"plan":{"b":1,"a":"<&>"}}` || got.Slug != "A.b_c~D-9" {
			t.Errorf("got %s, slug %s", got.TrustedMetadata, got.Slug)
		}
	})
}

func TestUpdateIsPartial(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		logo, none := "https://example.com/a", ""
		o := w.create(t, Changes{
			Slug: "acme", LogoURL: &logo, ExternalID: optional.Set("e-1"), MFAPolicy: "REQUIRED_FOR_ALL",
			EmailInvites: "RESTRICTED", EmailAllowedDomains: []string{"acme.com"},
			TrustedMetadata: json.RawMessage(`{"a":{"x":1},"b":2}`),
		})

		update := func(c Changes) *store.Organization {
			t.Helper()
			got, err := w.Update(t.Context(), w.test, backend, ids.OrgRef(o.Slug), c)
			if err != nil {
				t.Fatalf("update {%s}: %v", given(c), err)
			}
			return got
		}
		same := update(Changes{})
		same.UpdatedAt = o.UpdatedAt
		if diff := cmp.Diff(o, same); diff != "" {
			t.Errorf("an empty update changed (-before +after):\n%s", diff)
		}

		update(Changes{
			LogoURL: &none, ExternalID: optional.Set(""), EmailInvites: "ALL_ALLOWED", EmailAllowedDomains: []string{},
			TrustedMetadata: json.RawMessage(`{"a":{"y":2},"b":null,"c":[null]}`),
		})
		got := w.get(t, o.ID)
		want := *o
		want.LogoURL, want.ExternalID, want.TrustedMetadata = "", "", json.RawMessage(`{"a":{"y":2},"c":[null]}`)
		want.Settings.EmailInvites, want.Settings.EmailAllowedDomains = "ALL_ALLOWED", nil
		want.UpdatedAt = got.UpdatedAt
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("after the update (-want +got):\n%s", diff)
		}
		if !got.UpdatedAt.After(o.UpdatedAt) {
			t.Errorf("updated at %v, created at %v", got.UpdatedAt, o.UpdatedAt)
		}
	})
}

// The rules hold for the merged result: each half alone would be fine.
func TestUpdateChecksTheWhole(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{
			EmailInvites: "RESTRICTED", EmailAllowedDomains: []string{"acme.com"},
			MFAMethods: "RESTRICTED", AllowedMFAMethods: []string{"totp"},
			AuthMethods: "RESTRICTED", AllowedAuthMethods: []string{"sso"},
			SSOJITProvisioning: "RESTRICTED", SSOJITAllowedConnections: []string{connection},
			OAuthTenantJITProvisioning: "RESTRICTED", AllowedOAuthTenants: json.RawMessage(`{"slack":["T1"]}`),
		})
		before := w.get(t, o.ID)
		for _, c := range []struct {
			changes Changes
			want    *errs.Error
		}{
			{Changes{EmailAllowedDomains: []string{}}, errs.InvalidRestrictedEmailSetting},
			{Changes{AllowedMFAMethods: []string{}}, errs.AllowedMFAMethodsRequiredForRestricted},
			{Changes{AllowedAuthMethods: []string{}}, errs.AllowedAuthMethodsRequiredForRestricted},
			{Changes{SSOJITAllowedConnections: []string{}}, errs.InvalidRestrictedSSOSetting},
			{Changes{AllowedOAuthTenants: json.RawMessage(`{}`)}, errs.InvalidRestrictedOAuthTenantsSetting},
			{
				Changes{SSOJITProvisioning: "NOT_ALLOWED", EmailInvites: "NOT_ALLOWED"},
				errs.InvalidOrganizationAuthFactorSetting,
			},
			{Changes{Slug: "other", Name: "\x01"}, errs.InvalidOrganizationName},
		} {
			_, err := w.Update(t.Context(), w.test, backend, ids.OrgRef(o.ID), c.changes)
			if !errors.Is(err, c.want) {
				t.Errorf("update {%s}: got %v, want %v", given(c.changes), err, c.want)
			}
		}
		if diff := cmp.Diff(before, w.get(t, o.ID)); diff != "" {
			t.Errorf("refused updates changed (-before +after):\n%s", diff)
		}
		if got := w.audit(t); len(got) != 1 {
			t.Errorf("audit = %q, want the creation alone", got)
		}
	})
}

func TestUniqueNames(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		w.create(t, Changes{Slug: "acme", ExternalID: optional.Set("e-1")})
		other := w.create(t, Changes{Slug: "other", ExternalID: optional.Set("e-2")})

		for _, c := range []struct {
			changes Changes
			want    *errs.Error
		}{
			{Changes{Name: "A", Slug: "acme"}, errs.OrganizationSlugAlreadyUsed},
			{Changes{Name: "A", ExternalID: optional.Set("e-1")}, errs.OrganizationExternalIDAlreadyUsed},
		} {
			if _, err := w.Create(t.Context(), w.test, backend, c.changes); !errors.Is(err, c.want) {
				t.Errorf("create {%s}: got %v, want %v", given(c.changes), err, c.want)
			}
			_, err := w.Update(t.Context(), w.test, backend, ids.OrgRef(other.ID), c.changes)
			if !errors.Is(err, c.want) {
				t.Errorf("update {%s}: got %v, want %v", given(c.changes), err, c.want)
			}
		}

		// Another project, a slug that differs in case, a name used again and a deleted organization take nothing away.
		if _, err := w.Create(t.Context(), w.live, backend, Changes{Name: "Acme", Slug: "acme"}); err != nil {
			t.Errorf("the same slug in another project: %v", err)
		}
		w.create(t, Changes{Slug: "ACME"})
		if got := w.create(t, Changes{Name: "Acme"}).Slug; !strings.HasPrefix(got, "acme-") || len(got) != len("acme-")+8 {
			t.Errorf("derived slug beside a taken one = %q", got)
		}
		if _, err := w.Delete(t.Context(), w.test, backend, "acme"); err != nil {
			t.Fatal(err)
		}
		w.create(t, Changes{Slug: "acme", ExternalID: optional.Set("e-1")})
	})
}

func TestSlugFor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Acme": "acme", "  Acme,  Inc. ": "acme-inc", "Ünïcode": "n-code", "organization test x": "the-organization-test-x",
	} {
		if got := slugFor(name); got != want {
			t.Errorf("slugFor(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"日本", "x", "!"} {
		if got := slugFor(name); !slugForm.MatchString(got) || len(got) < 8 {
			t.Errorf("slugFor(%q) = %q", name, got)
		}
	}
	if got := slugFor(strings.Repeat("a", 128)); !slugForm.MatchString(got) {
		t.Errorf("slugFor of 128 letters = %q", got)
	}
}

// Of 256 callers who want the same slug and external id one gets them, and the others are told which was taken.
func TestUniqueRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		var wg sync.WaitGroup
		failures := make([]error, 256)
		for i := range failures {
			wg.Go(func() {
				c := Changes{Name: "Acme", Slug: fmt.Sprintf("slug-%d", i), ExternalID: optional.Set("e-1")}
				if i%2 == 0 {
					c.Slug, c.ExternalID = "acme", optional.Text{}
				}
				_, failures[i] = w.Create(t.Context(), w.test, backend, c)
			})
		}
		wg.Wait()

		var won [2]int
		for i, err := range failures {
			want := []*errs.Error{errs.OrganizationSlugAlreadyUsed, errs.OrganizationExternalIDAlreadyUsed}[i%2]
			if err == nil {
				won[i%2]++
			} else if !errors.Is(err, want) {
				t.Errorf("caller %d: got %v, want %v", i, err, want)
			}
		}
		if won != [2]int{1, 1} {
			t.Errorf("winners of slug and external id = %v, want one each", won)
		}
	})
}

// Renaming many organizations to one slug at once: the index is the last guard, and the losers still get the right
// error.
func TestRenameRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		var refs []ids.OrgRef
		for i := range 32 {
			refs = append(refs, ids.OrgRef(w.create(t, Changes{Slug: fmt.Sprintf("org-%d", i)}).ID))
		}
		var wg sync.WaitGroup
		failures := make([]error, 256)
		for i := range failures {
			wg.Go(func() {
				_, failures[i] = w.Update(t.Context(), w.test, backend, refs[i%len(refs)], Changes{Slug: "acme"})
			})
		}
		wg.Wait()

		winner := w.get(t, "acme").ID
		for i, err := range failures {
			won := string(refs[i%len(refs)]) == winner
			if won && err != nil || !won && !errors.Is(err, errs.OrganizationSlugAlreadyUsed) {
				t.Errorf("caller %d of %s: %v (winner %s)", i, refs[i%len(refs)], err, winner)
			}
		}
	})
}

// Partial updates at once all last: none overwrites what another one merged.
func TestMetadataRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		o := w.create(t, Changes{})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				c := Changes{TrustedMetadata: json.RawMessage(fmt.Sprintf(`{"k%d":%d}`, i, i))}
				if _, err := w.Update(t.Context(), w.test, backend, ids.OrgRef(o.ID), c); err != nil {
					t.Errorf("update %d: %v", i, err)
				}
			})
		}
		wg.Wait()

		var keys map[string]int
		if err := json.Unmarshal(w.get(t, o.ID).TrustedMetadata, &keys); err != nil || len(keys) != 20 {
			t.Errorf("metadata = %v, %v, want 20 keys", keys, err)
		}
	})
}
