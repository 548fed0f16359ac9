package magiclink

import (
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Documented values that integration tests send. They work in test projects alone, and leave nothing behind but the
// intermediate session of a discovery login.
const (
	sandboxEmail        email.Address = "sandbox@stytch.com"
	sandboxOrganization string        = "organization-test-007d9d4a-deac-4a87-ba0a-e6e8afba4d4b"

	sandboxGood    = "DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94="
	sandboxSpent   = "3pzjQpgksDlGKWEwUq2Up--hCHC_0oamfLHyfspKDFU="
	sandboxUnknown = "CprTtwhnRNiMBiUS2jSLcWYrfuO2POeBNdo5HhW6qTM="
)

// inSandbox reports whether a send is one of the documented ones, which answer and send nothing.
func inSandbox(p *store.Project, o ids.OrgRef, address string) bool {
	return !p.Live() && string(o) == sandboxOrganization && email.Address(address) == sandboxEmail
}

// sandboxPeople are the organization and the member of answers about the sandbox. There are no such rows.
func sandboxPeople(p *store.Project) (*store.Organization, *store.Member) {
	o := &store.Organization{ID: sandboxOrganization, Name: "Sandbox", Slug: "sandbox"}
	o.Settings = store.OrgSettings{
		SSOJITProvisioning: store.AllAllowed, EmailJITProvisioning: store.NotAllowed, EmailInvites: store.AllAllowed,
		OAuthTenantJITProvisioning: store.NotAllowed, AuthMethods: store.AllAllowed, MFAPolicy: store.MFAOptional,
		MFAMethods: store.AllAllowed, FirstPartyConnectedApps: store.AllAllowed, ThirdPartyConnectedApps: store.AllAllowed,
	}
	m := &store.Member{
		OrganizationID: o.ID, ID: "member-test-007d9d4a-deac-4a87-ba0a-e6e8afba4d4c", Status: store.StatusActive,
		Email: sandboxEmail.String(), EmailID: "email-test-007d9d4a-deac-4a87-ba0a-e6e8afba4d4d", EmailVerified: true,
	}
	if p != nil {
		o.ProjectID, m.ProjectID = p.ID, p.ID
	}
	return o, m
}

func (s *Service) sandboxSent() *mailbox.Sent {
	o, m := sandboxPeople(nil)
	return &mailbox.Sent{Organization: o, Member: m, At: s.DB.Now()}
}

// sandboxToken reports whether the token is the documented good one, and fails for the documented bad ones.
func (s *Service) sandboxToken(p *store.Project, token secret.String) (bool, error) {
	if p.Live() {
		return false, nil
	}
	switch token.Reveal() {
	case sandboxGood:
		return true, nil
	case sandboxSpent:
		return false, errs.UnableToAuthMagicLink
	case sandboxUnknown:
		return false, errs.MagicLinkNotFound
	}
	return false, nil
}

// sandboxLogin is the login of the documented good token: with tokens that open nothing.
func (s *Service) sandboxLogin(p *store.Project, in *Authenticate) (*login.Result, error) {
	o, m := sandboxPeople(p)
	now := s.DB.Now()
	found, err := s.Sessions.New(p, m, []store.Factor{linkFactor(m, now)}, in.Terms, now)
	if err != nil {
		return nil, err
	}
	r := &login.Result{Organization: o, Member: m, At: now, Session: found}
	return r, s.Login.Open(p, r)
}
