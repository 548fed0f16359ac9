package org

import (
	"encoding/json"
	"slices"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// The values that settings may have.
var (
	allOrSome       = []string{store.AllAllowed, store.Restricted}
	someOrNone      = []string{store.Restricted, store.NotAllowed}
	allSomeOrNone   = []string{store.AllAllowed, store.Restricted, store.NotAllowed}
	policies        = []string{store.MFAOptional, store.MFARequired}
	mfaMethods      = []string{store.MethodSMS, store.MethodTOTP}
	tenantProviders = []string{"slack", "hubspot", "github"}
	authMethods     = []string{
		store.MethodSSO, store.MethodMagic, store.MethodEmailOTP, store.MethodPassword,
		"google_oauth", "microsoft_oauth", "slack_oauth", "github_oauth", "hubspot_oauth",
	}
	connectionKinds = []string{"saml-connection", "oidc-connection", "external-connection"}
)

// defaults are the settings of an organization created with nothing but a name.
func defaults(c *Changes) store.OrgSettings {
	invites := store.AllAllowed
	// Presence counts, not value: who says anything about authentication says who may be invited, too.
	if c.hasAuthSettings() {
		invites = store.NotAllowed
	}
	return store.OrgSettings{
		SSOJITProvisioning:         store.AllAllowed,
		EmailJITProvisioning:       store.NotAllowed,
		EmailInvites:               invites,
		OAuthTenantJITProvisioning: store.NotAllowed,
		AuthMethods:                store.AllAllowed,
		MFAPolicy:                  store.MFAOptional,
		MFAMethods:                 store.AllAllowed,
		FirstPartyConnectedApps:    store.AllAllowed,
		ThirdPartyConnectedApps:    store.AllAllowed,
	}
}

func (c *Changes) applySettings(o *store.Organization) error {
	for _, step := range []func(*store.Organization) error{
		c.applyWords, c.applyMethods, c.applyConnections, c.applyTenants, c.applyDomains, c.applyImplicitRoles,
		c.applyApps,
	} {
		if err := step(o); err != nil {
			return err
		}
	}
	return nil
}

// applyWords sets the settings that are one word of a few.
func (c *Changes) applyWords(o *store.Organization) error {
	s := &o.Settings
	for _, w := range []struct {
		given   string
		setting *string
		values  []string
		wrong   *errs.Error
	}{
		{c.SSOJITProvisioning, &s.SSOJITProvisioning, allSomeOrNone, errs.InvalidOrganizationAuthFactorSetting},
		{
			c.EmailJITProvisioning, &s.EmailJITProvisioning, someOrNone,
			errs.InvalidOrganizationAuthFactorSettingForEmailJITProvisioning,
		},
		{c.EmailInvites, &s.EmailInvites, allSomeOrNone, errs.InvalidOrganizationAuthFactorSetting},
		{
			c.OAuthTenantJITProvisioning, &s.OAuthTenantJITProvisioning, someOrNone,
			errs.InvalidOrganizationAuthFactorSettingForOAuthTenantJITProvisioning,
		},
		{c.AuthMethods, &s.AuthMethods, allOrSome, errs.InvalidOrganizationAuthMethodSettings},
		{c.MFAPolicy, &s.MFAPolicy, policies, errs.InvalidOrganizationMFAPolicy},
		{c.MFAMethods, &s.MFAMethods, allOrSome, errs.InvalidOrganizationMFAFactorSetting},
		{c.FirstPartyConnectedApps, &s.FirstPartyConnectedApps, allSomeOrNone, wrongApps("first_party")},
		{c.ThirdPartyConnectedApps, &s.ThirdPartyConnectedApps, allSomeOrNone, wrongApps("third_party")},
	} {
		if w.given == "" {
			continue
		}
		if !slices.Contains(w.values, w.given) {
			return w.wrong
		}
		*w.setting = w.given
	}
	return nil
}

func wrongApps(party string) *errs.Error {
	return errs.InvalidArgument.Saying(
		party + "_connected_apps_allowed_type must be ALL_ALLOWED, RESTRICTED or NOT_ALLOWED.")
}

func (c *Changes) applyMethods(o *store.Organization) error {
	if !allIn(c.AllowedAuthMethods, authMethods) {
		return errs.InvalidOrganizationAllowedAuthMethods
	}
	if !allIn(c.AllowedMFAMethods, mfaMethods) {
		return errs.InvalidOrganizationAllowedMFAMethods
	}
	replace(&o.Settings.AllowedAuthMethods, c.AllowedAuthMethods)
	replace(&o.Settings.AllowedMFAMethods, c.AllowedMFAMethods)
	return nil
}

func (c *Changes) applyConnections(o *store.Organization) error {
	// There are no connections yet that could be the default one: only clearing is right.
	if c.SSODefaultConnectionID.Value != "" {
		return errs.InvalidSSODefaultConnectionID
	}
	o.Settings.SSODefaultConnectionID = c.SSODefaultConnectionID.Or(o.Settings.SSODefaultConnectionID)

	_, env, _, _ := ids.Parse(o.ID)
	if len(c.SSOJITAllowedConnections) > maxListed {
		return errs.InvalidRestrictedSSOSetting
	}
	for _, id := range c.SSOJITAllowedConnections {
		kind, its, _, ok := ids.Parse(id)
		if !ok || its != env || !slices.Contains(connectionKinds, kind) {
			return errs.InvalidRestrictedSSOSetting
		}
	}
	replace(&o.Settings.SSOJITAllowedConnections, c.SSOJITAllowedConnections)
	return nil
}

func (c *Changes) applyTenants(o *store.Organization) error {
	if c.AllowedOAuthTenants == nil {
		return nil
	}
	var tenants map[string][]string
	if err := json.Unmarshal(c.AllowedOAuthTenants, &tenants); err != nil {
		return errs.InvalidOAuthAllowedTenantsFormat.Because(err)
	}
	for provider, list := range tenants {
		known := slices.Contains(tenantProviders, provider)
		if !known || list == nil || len(list) > maxTenants || slices.ContainsFunc(list, badText) {
			return errs.InvalidOAuthAllowedTenantsFormat
		}
	}
	o.Settings.AllowedOAuthTenants = tenants
	return nil
}

func (c *Changes) applyDomains(o *store.Organization) error {
	allowed, err := domains(c.EmailAllowedDomains, domainErrors{
		errs.OrganizationSettingsInvalidDomain, errs.OrganizationSettingsDomainTooCommon,
		errs.OrganizationSettingsDuplicateDomain,
	})
	if err != nil {
		return err
	}
	claimed, err := domains(c.ClaimedEmailDomains, domainErrors{
		errs.OrganizationSettingsInvalidClaimedDomain, errs.OrganizationSettingsClaimedDomainTooCommon,
		errs.OrganizationSettingsDuplicateClaimedDomain,
	})
	if err != nil {
		return err
	}
	replace(&o.Settings.EmailAllowedDomains, allowed)
	replace(&o.Settings.ClaimedEmailDomains, claimed)
	return nil
}

type domainErrors struct{ invalid, common, duplicate *errs.Error }

// domains reads a list of domains into the form in which they are compared. nil stays nil.
func domains(texts []string, wrong domainErrors) ([]string, error) {
	if len(texts) > maxDomains {
		return nil, errs.TooManyDomains
	}
	if texts == nil {
		return nil, nil
	}

	list := make([]string, 0, len(texts))
	for _, text := range texts {
		domain, ok := email.ParseDomain(text)
		switch {
		case !ok:
			return nil, wrong.invalid
		case email.CommonProvider(domain):
			return nil, wrong.common
		case slices.Contains(list, domain):
			return nil, wrong.duplicate
		}
		list = append(list, domain)
	}
	return list, nil
}

func (c *Changes) applyImplicitRoles(o *store.Organization) error {
	if c.ImplicitRoles == nil {
		return nil
	}
	if len(c.ImplicitRoles) > maxDomains {
		return errs.TooManyDomains
	}

	list := make([]store.ImplicitRole, 0, len(c.ImplicitRoles))
	for _, r := range c.ImplicitRoles {
		domain, ok := email.ParseDomain(r.Domain)
		switch {
		case !ok:
			return errs.RBACInvalidDomain
		case email.CommonProvider(domain):
			return errs.RBACDomainTooCommon
		case !rbac.IsRole(r.RoleID):
			return errs.InvalidRBACRoleAssignment
		}
		if one := (store.ImplicitRole{Domain: domain, RoleID: r.RoleID}); !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	o.Settings.ImplicitRoles = list
	return nil
}

func (c *Changes) applyApps(o *store.Organization) error {
	for _, apps := range [][]string{c.AllowedFirstPartyConnectedApps, c.AllowedThirdPartyConnectedApps} {
		if len(apps) > maxListed {
			return errs.TooManyConnectedApps
		}
		if slices.ContainsFunc(apps, badText) {
			return errs.InvalidArgument.Saying("The lists of connected apps hold ids of connected apps.")
		}
	}
	replace(&o.Settings.AllowedFirstPartyConnectedApps, c.AllowedFirstPartyConnectedApps)
	replace(&o.Settings.AllowedThirdPartyConnectedApps, c.AllowedThirdPartyConnectedApps)
	return nil
}

// checkWhole holds the settings against each other, changed ones and others alike.
func checkWhole(s *store.OrgSettings) error {
	switch {
	case s.SSOJITProvisioning == store.NotAllowed && s.EmailJITProvisioning == store.NotAllowed &&
		s.EmailInvites == store.NotAllowed:
		return errs.InvalidOrganizationAuthFactorSetting // nobody could ever join
	case s.AuthMethods == store.Restricted && len(s.AllowedAuthMethods) == 0:
		return errs.AllowedAuthMethodsRequiredForRestricted
	case s.MFAMethods == store.Restricted && len(s.AllowedMFAMethods) == 0:
		return errs.AllowedMFAMethodsRequiredForRestricted
	case (s.EmailInvites == store.Restricted || s.EmailJITProvisioning == store.Restricted) &&
		len(s.EmailAllowedDomains) == 0:
		return errs.InvalidRestrictedEmailSetting
	case s.SSOJITProvisioning == store.Restricted && len(s.SSOJITAllowedConnections) == 0:
		return errs.InvalidRestrictedSSOSetting
	case s.OAuthTenantJITProvisioning == store.Restricted && !hasTenant(s.AllowedOAuthTenants):
		return errs.InvalidRestrictedOAuthTenantsSetting
	}
	return nil
}

func hasTenant(tenants map[string][]string) bool {
	for _, list := range tenants {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

func allIn(list, known []string) bool {
	return !slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(known, one) })
}

// badText refuses what cannot be an id of somebody else's system.
func badText(text string) bool { return text == "" || len(text) > 255 }

// replace puts a list that was given in place of the old one, without repetitions.
func replace(setting *[]string, given []string) {
	if given == nil {
		return
	}
	list := make([]string, 0, len(given))
	for _, one := range given {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	*setting = list
}
