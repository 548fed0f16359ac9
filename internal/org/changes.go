package org

import (
	"encoding/json"
	"regexp"
	"unicode"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/metadata"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	maxName    = 128  // characters
	maxLogoURL = 2048 // bytes
	maxDomains = 100
	maxListed  = 100 // connections, connected apps
	maxTenants = 100 // of one provider
)

// Changes are the fields of a create or update that were given. A field with its zero value (nil for lists, pointers
// and raw JSON) stays as it is; Go's SDK cannot send zero values, so for plain strings "" and absent are the same.
type Changes struct {
	Name                           string
	Slug                           string
	LogoURL                        *string
	ExternalID                     optional.Text
	TrustedMetadata                json.RawMessage
	SSODefaultConnectionID         optional.Text
	SSOJITProvisioning             string
	SSOJITAllowedConnections       []string
	EmailAllowedDomains            []string
	EmailJITProvisioning           string
	EmailInvites                   string
	OAuthTenantJITProvisioning     string
	AllowedOAuthTenants            json.RawMessage
	AuthMethods                    string
	AllowedAuthMethods             []string
	MFAPolicy                      string
	MFAMethods                     string
	AllowedMFAMethods              []string
	ImplicitRoles                  []store.ImplicitRole
	ClaimedEmailDomains            []string
	FirstPartyConnectedApps        string
	AllowedFirstPartyConnectedApps []string
	ThirdPartyConnectedApps        string
	AllowedThirdPartyConnectedApps []string
}

// hasAuthSettings reports whether any setting of authentication was given, whatever its value: that decides the default
// of email_invites.
func (c *Changes) hasAuthSettings() bool {
	texts := c.SSOJITProvisioning + c.EmailJITProvisioning + c.EmailInvites + c.OAuthTenantJITProvisioning +
		c.AuthMethods + c.MFAPolicy + c.MFAMethods
	return texts != "" || c.SSODefaultConnectionID.Given || c.SSOJITAllowedConnections != nil ||
		c.EmailAllowedDomains != nil || c.AllowedOAuthTenants != nil || c.AllowedAuthMethods != nil ||
		c.AllowedMFAMethods != nil
}

// authorize checks that the caller may change each field that was given.
func (c *Changes) authorize(by rbac.Caller, orgID string) error {
	if by.Backend() {
		return nil
	}
	actions := c.actions()
	if err := by.OnOrganization(orgID, actions...); err != nil {
		return err
	}
	if c.ExternalID.Given || c.ClaimedEmailDomains != nil || c.FirstPartyConnectedApps != "" ||
		c.AllowedFirstPartyConnectedApps != nil || c.ThirdPartyConnectedApps != "" ||
		c.AllowedThirdPartyConnectedApps != nil {
		return errs.SessionAuthorizationError // no action covers them: they are the backend's own
	}
	if c.TrustedMetadata != nil {
		return errs.CannotUpdateTrustedMetadata
	}
	if len(actions) == 0 { // which leaves its time and a record all the same
		return by.OnOrganization(orgID, rbac.UpdateName)
	}
	return nil
}

func (c *Changes) actions() []string {
	var actions []string
	for _, touched := range []struct {
		given  bool
		action string
	}{
		{c.Name != "", rbac.UpdateName},
		{c.Slug != "", rbac.UpdateSlug},
		{c.LogoURL != nil, rbac.UpdateLogoURL},
		{c.SSODefaultConnectionID.Given, rbac.UpdateDefaultSSO},
		{c.SSOJITProvisioning != "" || c.SSOJITAllowedConnections != nil, rbac.UpdateSSOJIT},
		{c.EmailAllowedDomains != nil, rbac.UpdateDomains},
		{c.EmailJITProvisioning != "", rbac.UpdateEmailJIT},
		{c.EmailInvites != "", rbac.UpdateEmailInvites},
		{c.OAuthTenantJITProvisioning != "", rbac.UpdateOAuthTenantJIT},
		{c.AllowedOAuthTenants != nil, rbac.UpdateOAuthTenants},
		{c.AuthMethods != "" || c.AllowedAuthMethods != nil, rbac.UpdateAuthMethods},
		{c.MFAPolicy != "", rbac.UpdateMFAPolicy},
		{c.MFAMethods != "" || c.AllowedMFAMethods != nil, rbac.UpdateMFAMethods},
		{c.ImplicitRoles != nil, rbac.UpdateImplicitRoles},
	} {
		if touched.given {
			actions = append(actions, touched.action)
		}
	}
	return actions
}

// apply checks the fields that were given, one by one, puts them into the organization and checks the whole.
func (c *Changes) apply(o *store.Organization) error {
	for _, step := range []func(*store.Organization) error{
		c.applyName, c.applySlug, c.applyLogoURL, c.applyExternalID, c.applyMetadata, c.applySettings,
	} {
		if err := step(o); err != nil {
			return err
		}
	}
	return checkWhole(&o.Settings)
}

func (c *Changes) applyName(o *store.Organization) error {
	if c.Name == "" {
		return nil
	}
	if err := checkName(c.Name); err != nil {
		return err
	}
	o.Name = c.Name
	return nil
}

func checkName(name string) error {
	printable := false
	for _, r := range name {
		if unicode.IsControl(r) {
			return errs.InvalidOrganizationName
		}
		printable = printable || !unicode.IsSpace(r)
	}
	if !printable {
		return errs.OrganizationNameMissing
	}
	if utf8.RuneCountInString(name) > maxName {
		return errs.InvalidOrganizationName
	}
	return nil
}

var slugForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{2,128}$`)

func (c *Changes) applySlug(o *store.Organization) error {
	if c.Slug == "" {
		return nil
	}
	if !slugForm.MatchString(c.Slug) || ids.LooksLikeID(c.Slug) {
		return errs.InvalidOrganizationSlug
	}
	o.Slug = c.Slug
	return nil
}

func (c *Changes) applyLogoURL(o *store.Organization) error {
	if c.LogoURL == nil {
		return nil
	}
	if len(*c.LogoURL) > maxLogoURL {
		return errs.OrganizationLogoURLTooLong
	}
	o.LogoURL = *c.LogoURL
	return nil
}

var externalIDForm = regexp.MustCompile(`^[A-Za-z0-9._|-]{1,128}$`)

// IsExternalID reports whether the text may be the external id of an organization or a member.
func IsExternalID(text string) bool {
	return externalIDForm.MatchString(text) && !ids.LooksLikeID(text)
}

func (c *Changes) applyExternalID(o *store.Organization) error {
	id := c.ExternalID.Or(o.ExternalID)
	switch {
	case ids.LooksLikeID(id):
		return errs.ExternalOrganizationIDSameAsOrganizationID
	case id != "" && !IsExternalID(id):
		return errs.InvalidOrganizationExternalID
	}
	o.ExternalID = id
	return nil
}

func (c *Changes) applyMetadata(o *store.Organization) (err error) {
	o.TrustedMetadata, err = metadata.Merge(o.TrustedMetadata, c.TrustedMetadata)
	return err
}
