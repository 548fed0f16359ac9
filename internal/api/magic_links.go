package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/magiclink"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

func (a *API) magicLinks() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.POST("/v1/b2b/magic_links/email/login_or_signup", "b2b.magic_links.email.login_or_signup",
			a.loginOrSignup, errs.OrganizationNotFound, errs.InvalidEmail, errs.InvalidLocale,
			errs.InvalidPKCECodeChallenge, errs.EmailTemplateNotFound, errs.EmailJITProvisioningNotAllowed,
			errs.InvalidEmailForJITProvisioning, errs.ActionNotAllowedEmailDomainIsClaimed,
			errs.OperationRestrictedByOrganizationAuthMethods, errs.NoMatchForProvidedMagicLinkURL,
			errs.InvalidLoginRedirectURL, errs.InvalidSignupRedirectURL, errs.NoLoginRedirectURLsSet,
			errs.NoSignupRedirectURLsSet, errs.NoDefaultLoginRedirectURLSet, errs.NoDefaultSignupRedirectURLSet,
			errs.LiveIDUsedInTestEnvironment, errs.TestIDUsedInLiveEnvironment, errs.TooManyRequests),
		endpoint.POST("/v1/b2b/magic_links/email/invite", "b2b.magic_links.email.invite", a.invite,
			organizationErrors(append(slices.Clone(actingErrors), errs.MemberNotFound, errs.InvalidEmail, errs.InvalidLocale,
				errs.EmailTemplateNotFound, errs.DuplicateMemberEmail, errs.InvalidEmailForInvites,
				errs.ActionNotAllowedEmailDomainIsClaimed, errs.CannotUpdateTrustedMetadata, errs.InvalidRBACRoleID,
				errs.CannotAssignDefaultRBACRoleID, errs.TooManyRoles, errs.MetadataInvalidFormat,
				errs.MetadataTooManyKeys, errs.MetadataTooLarge, errs.NoMatchForProvidedMagicLinkURL,
				errs.InvalidInviteRedirectURL, errs.NoInviteRedirectURLsSet, errs.NoDefaultInviteRedirectURLSet,
				errs.TooManyRequests)...)...),
		endpoint.POST("/v1/b2b/magic_links/email/discovery/send", "b2b.magic_links.email.discovery.send",
			a.sendDiscoveryLink, errs.InvalidEmail, errs.InvalidLocale, errs.InvalidPKCECodeChallenge,
			errs.EmailTemplateNotFound, errs.NoMatchForProvidedMagicLinkURL, errs.InvalidDiscoveryRedirectURL,
			errs.NoDiscoveryRedirectURLsSet, errs.NoDefaultDiscoveryRedirectURLSet, errs.TooManyRequests),
		endpoint.POST("/v1/b2b/magic_links/discovery/authenticate", "b2b.magic_links.discovery.authenticate",
			a.authenticateDiscoveryLink, linkErrors...),
		endpoint.POST("/v1/b2b/magic_links/authenticate", "b2b.magic_links.authenticate", a.authenticateMagicLink,
			primaryErrors(linkErrors...)...),
	}
}

// linkErrors are the errors of every call that redeems a link.
var linkErrors = []*errs.Error{
	errs.MagicLinkNotFound, errs.UnableToAuthMagicLink, errs.PKCEMismatch, errs.PKCEExpectedCodeVerifier,
	errs.PKCEDidNotExpectCodeVerifier, errs.InvalidPKCECodeVerifier,
}

// primaryErrors adds the errors of every call that redeems a primary factor.
func primaryErrors(others ...*errs.Error) []*errs.Error {
	return append(append(termsErrors(), errs.TooManySessionArguments, errs.SessionNotFound, errs.InvalidSessionToken,
		errs.UnableToParseSessionJWT, errs.IntermediateSessionNotFound,
		errs.InvalidIntermediateSessionTokenForOrganization, errs.InvalidLocale), others...)
}

// LoginOrSignupRequest asks for a link.
type LoginOrSignupRequest struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_LoginOrSignupRequest"`

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// Where the link goes. An address that the organization lets join becomes a pending member.
	EmailAddress string `json:"email_address" api:"required"`
	// Where the link leads for an active member: an address registered for login. The project's default when absent.
	LoginRedirectURL string `json:"login_redirect_url"`
	// Where the link leads for everybody else: an address registered for signup. The project's default when absent.
	SignupRedirectURL string `json:"signup_redirect_url"`
	// SHA-256 of a verifier in base64url (RFC 7636): the link works only together with it.
	PKCECodeChallenge string `json:"pkce_code_challenge"`
	// No template but the shipped one exists: leave it out.
	LoginTemplateID string `json:"login_template_id"`
	// No template but the shipped one exists: leave it out.
	SignupTemplateID string `json:"signup_template_id"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// How long a login link is good, 5 to 10080 minutes. 60 when absent.
	LoginExpirationMinutes int32 `json:"login_expiration_minutes"`
	// How long a signup link is good, 5 to 10080 minutes. 60 when absent.
	SignupExpirationMinutes int32 `json:"signup_expiration_minutes"`
}

// LoginOrSignupResponse says whom the link goes to.
type LoginOrSignupResponse struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_LoginOrSignupResponse"`
	MemberReply

	// Whether this call made the member.
	MemberCreated bool `json:"member_created"`
}

// Mails a link that logs a member in, or makes somebody a member whom the organization lets join.
func (a *API) loginOrSignup(ctx context.Context, c endpoint.Call, in *LoginOrSignupRequest) (*LoginOrSignupResponse, error) {
	sent, err := a.MagicLinks.LoginOrSignup(ctx, c.Project, magiclink.Send{
		Organization: in.OrganizationID, Email: in.EmailAddress, PKCEChallenge: in.PKCECodeChallenge, Locale: in.Locale,
		Login:     magiclink.Mail{RedirectURL: in.LoginRedirectURL, Minutes: in.LoginExpirationMinutes, Template: in.LoginTemplateID},
		Signup:    magiclink.Mail{RedirectURL: in.SignupRedirectURL, Minutes: in.SignupExpirationMinutes, Template: in.SignupTemplateID},
		RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &LoginOrSignupResponse{
		MemberReply: sentReply(c, sent), MemberCreated: sent.MemberCreated,
	}, nil
}

// InviteRequest invites somebody.
type InviteRequest struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_InviteRequest"`
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `json:"organization_id" api:"required"`
	// Who is invited. Somebody who has not joined yet is invited again; an active member is not.
	EmailAddress string `json:"email_address" api:"required"`
	// Where the link leads: an address registered for invite. The project's default when absent.
	InviteRedirectURL string `json:"invite_redirect_url"`
	// The member who invites, by id or external id.
	InvitedByMemberID ids.MemberRef `json:"invited_by_member_id"`
	// What people call the new member.
	Name string `json:"name"`
	// Free JSON that only backends may write.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Free JSON.
	UntrustedMetadata json.RawMessage `json:"untrusted_metadata"`
	// No template but the shipped one exists: leave it out.
	InviteTemplateID string `json:"invite_template_id"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Roles that the new member gets.
	Roles []string `json:"roles"`
	// How long the link is good, 5 to 10080 minutes. 10080 when absent.
	InviteExpirationMinutes int32 `json:"invite_expiration_minutes"`
}

// InviteResponse holds the invited member.
type InviteResponse struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_InviteResponse"`
	MemberReply
}

// Makes an invited member of somebody and mails a link that accepts the invitation.
func (a *API) invite(ctx context.Context, c endpoint.Call, in *InviteRequest) (*InviteResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	sent, err := a.MagicLinks.Invite(ctx, c.Project, magiclink.Invite{
		Organization: in.OrganizationID, InvitedBy: in.InvitedByMemberID, Locale: in.Locale, By: by,
		Person: member.New{
			Email: in.EmailAddress, Name: in.Name, Roles: in.Roles, TrustedMetadata: in.TrustedMetadata,
			UntrustedMetadata: in.UntrustedMetadata,
		},
		Mail: magiclink.Mail{
			RedirectURL: in.InviteRedirectURL, Minutes: in.InviteExpirationMinutes, Template: in.InviteTemplateID,
		},
	})
	if err != nil {
		return nil, err
	}
	return &InviteResponse{MemberReply: sentReply(c, sent)}, nil
}

func sentReply(c endpoint.Call, sent *mailbox.Sent) MemberReply {
	return replyAbout(c, sent.Organization, sent.Member, sent.At)
}

// SendDiscoveryLinkRequest asks for a link that leads to no organization yet.
type SendDiscoveryLinkRequest struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_discovery_SendRequest"`

	// Where the link goes, known or not.
	EmailAddress string `json:"email_address" api:"required"`
	// Where the link leads: an address registered for discovery. The project's default when absent.
	DiscoveryRedirectURL string `json:"discovery_redirect_url"`
	// SHA-256 of a verifier in base64url (RFC 7636): the link works only together with it.
	PKCECodeChallenge string `json:"pkce_code_challenge"`
	// No template but the shipped one exists: leave it out.
	LoginTemplateID string `json:"login_template_id"`
	// The language of the mail, English when absent.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// How long the link is good, 5 to 10080 minutes. 60 when absent.
	DiscoveryExpirationMinutes int32 `json:"discovery_expiration_minutes"`
}

// SendDiscoveryLinkResponse says nothing: known and unknown addresses cannot be told apart.
type SendDiscoveryLinkResponse struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_email_discovery_SendResponse"`
	endpoint.Reply
}

// Mails a link to somebody who has not chosen an organization. The answer is the same whoever has the address.
func (a *API) sendDiscoveryLink(
	ctx context.Context, c endpoint.Call, in *SendDiscoveryLinkRequest,
) (*SendDiscoveryLinkResponse, error) {
	err := a.MagicLinks.SendDiscovery(ctx, c.Project, magiclink.SendDiscovery{
		Email: in.EmailAddress, PKCEChallenge: in.PKCECodeChallenge, Locale: in.Locale, RequestID: c.RequestID,
		Mail: magiclink.Mail{
			RedirectURL: in.DiscoveryRedirectURL, Minutes: in.DiscoveryExpirationMinutes, Template: in.LoginTemplateID,
		},
	})
	if err != nil {
		return nil, err
	}
	return &SendDiscoveryLinkResponse{}, nil
}

// AuthenticateDiscoveryLinkRequest redeems a link that leads to no organization yet.
type AuthenticateDiscoveryLinkRequest struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_discovery_AuthenticateRequest"`

	// The token of the link.
	DiscoveryMagicLinksToken secret.String `json:"discovery_magic_links_token" api:"required"`
	// The verifier whose challenge the link was asked for with.
	PKCECodeVerifier string `json:"pkce_code_verifier"`
}

// AuthenticateDiscoveryLinkResponse lists the organizations that are open to the address.
type AuthenticateDiscoveryLinkResponse struct {
	_ struct{} `schema:"api_b2b_magic_v1_b2b_magic_links_discovery_AuthenticateResponse"`
	DiscoveredReply
}

// Redeems a link, once, for an intermediate session and the organizations that it can be exchanged into.
func (a *API) authenticateDiscoveryLink(
	ctx context.Context, c endpoint.Call, in *AuthenticateDiscoveryLinkRequest,
) (*AuthenticateDiscoveryLinkResponse, error) {
	begun, err := a.MagicLinks.AuthenticateDiscovery(
		ctx, c.Project, in.DiscoveryMagicLinksToken, in.PKCECodeVerifier, c.RequestID)
	if err != nil {
		return nil, err
	}
	return &AuthenticateDiscoveryLinkResponse{DiscoveredReply: discoveredReply(c, begun)}, nil
}

// AuthenticateMagicLinkRequest redeems a link.
type AuthenticateMagicLinkRequest struct {
	_ struct{} `schema:"api_b2b_magic_v1_AuthenticateRequest"`
	TermsFields

	// The token of the link.
	MagicLinksToken secret.String `json:"magic_links_token" api:"required"`
	// The verifier whose challenge the link was asked for with.
	PKCECodeVerifier string `json:"pkce_code_verifier"`
	// Of a session that gets the factor. At most one of the two; somebody else's is ignored.
	SessionToken secret.String `json:"session_token"`
	// Of a session that gets the factor.
	SessionJWT secret.String `json:"session_jwt"`
	// Of a login that is not complete: its factors count too.
	IntermediateSessionToken secret.String `json:"intermediate_session_token"`
	// The language of a text that the login may send.
	Locale locale.Input `json:"locale" enum:"en,es,pt-br,fr"`
	// Accepted and not used: this server takes no fingerprints of devices.
	TelemetryID string `json:"telemetry_id"`
}

// AuthenticateMagicLinkResponse is a login, complete or not.
type AuthenticateMagicLinkResponse struct {
	_ struct{} `schema:"api_b2b_magic_v1_AuthenticateResponse"`
	LoginReply

	// The id of the address that the link proved.
	MethodID       string `json:"method_id"`
	OrganizationID string `json:"organization_id"`
	// Always false.
	ResetSessions bool `json:"reset_sessions"`
}

// Redeems a link, once. Where a second factor is missing, the answer holds an intermediate session token instead of a
// session, and a code may be on its way.
func (a *API) authenticateMagicLink(
	ctx context.Context, c endpoint.Call, in *AuthenticateMagicLinkRequest,
) (*AuthenticateMagicLinkResponse, error) {
	result, err := a.MagicLinks.Authenticate(ctx, c.Project, magiclink.Authenticate{
		Token: in.MagicLinksToken, PKCEVerifier: in.PKCECodeVerifier, Terms: in.terms(), Locale: in.Locale,
		Tokens:    session.Tokens{Session: in.SessionToken, JWT: in.SessionJWT, Intermediate: in.IntermediateSessionToken},
		RequestID: c.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &AuthenticateMagicLinkResponse{
		LoginReply: loginReply(c, result), MethodID: result.Member.EmailID, OrganizationID: result.Organization.ID,
	}, nil
}

// LoginReply is the part of the answer that all primary factors share.
type LoginReply struct {
	MemberReply

	// Whether the login is complete.
	MemberAuthenticated bool           `json:"member_authenticated"`
	SessionToken        revealed       `json:"session_token"`
	SessionJWT          revealed       `json:"session_jwt"`
	MemberSession       *MemberSession `json:"member_session"`
	// Completes the login with what is missing, within ten minutes of the first factor. Empty when nothing is missing.
	IntermediateSessionToken          revealed         `json:"intermediate_session_token"`
	IntermediateSessionTokenExpiresAt *store.Second    `json:"intermediate_session_token_expires_at"`
	MFARequired                       *MFARequired     `json:"mfa_required"`
	PrimaryRequired                   *PrimaryRequired `json:"primary_required"`
	MemberDevice                      *DeviceInfo      `json:"member_device"`
}

// MFARequired says which second factor can come next.
type MFARequired struct {
	_ struct{} `schema:"api_b2b_mfa_v1_MfaRequired"`

	// Null while the member has no second factor and must enrol one.
	MemberOptions *MemberOptions `json:"member_options"`
	// sms_otp when this very call sent a code.
	SecondaryAuthInitiated *string `json:"secondary_auth_initiated"`
}

// MemberOptions are the member's second factors.
type MemberOptions struct {
	_ struct{} `schema:"api_b2b_mfa_v1_MemberOptions"`

	// The number, all but its last four digits hidden.
	MFAPhoneNumber     string `json:"mfa_phone_number"`
	TOTPRegistrationID string `json:"totp_registration_id"`
}

// PrimaryRequired lists the primary methods that would do.
type PrimaryRequired struct {
	_ struct{} `schema:"api_b2b_session_v1_PrimaryRequired"`

	AllowedAuthMethods []string `json:"allowed_auth_methods"`
}

func loginReply(c endpoint.Call, r *login.Result) LoginReply {
	out := LoginReply{
		MemberReply: replyAbout(c, r.Organization, r.Member, r.At),
	}
	if r.Live != nil {
		out.MemberAuthenticated, out.MemberSession = true, wireSession(r.Live)
		out.SessionToken, out.SessionJWT = revealed(r.Live.Token), revealed(r.Live.JWT)
		return out
	}

	out.IntermediateSessionToken, out.IntermediateSessionTokenExpiresAt = revealed(r.Intermediate), secondOf(r.IntermediateExpires)
	if r.Primary != nil {
		out.PrimaryRequired = &PrimaryRequired{AllowedAuthMethods: r.Primary}
	}
	if r.Second != nil {
		out.MFARequired = wireMFARequired(r.Second)
	}
	return out
}

func wireMFARequired(missing *login.SecondMissing) *MFARequired {
	w := &MFARequired{}
	if o := missing.Options; o != nil {
		w.MemberOptions = &MemberOptions{MFAPhoneNumber: o.Phone, TOTPRegistrationID: o.TOTPID}
	}
	if missing.Texted {
		method := store.MethodSMS
		w.SecondaryAuthInitiated = &method
	}
	return w
}

// revealed is a secret that is part of an answer: the one place where it is shown.
type revealed string

// DeviceInfo is what a fingerprint of the caller's device would say. This server takes none: it is always null.
type DeviceInfo struct {
	_ struct{} `schema:"api_device_history_v1_DeviceInfo"`

	VisitorID           string        `json:"visitor_id"`
	VisitorIDDetails    *DeviceDetail `json:"visitor_id_details"`
	IPAddress           *string       `json:"ip_address"`
	IPAddressDetails    *DeviceDetail `json:"ip_address_details"`
	IPGeoCity           *string       `json:"ip_geo_city"`
	IPGeoRegion         *string       `json:"ip_geo_region"`
	IPGeoCountry        *string       `json:"ip_geo_country"`
	IPGeoCountryDetails *DeviceDetail `json:"ip_geo_country_details"`
}

// DeviceDetail says since when something is known.
type DeviceDetail struct {
	_ struct{} `schema:"api_device_history_v1_DeviceAttributeDetails"`

	IsNew       bool          `json:"is_new"`
	FirstSeenAt *store.Second `json:"first_seen_at"`
	LastSeenAt  *store.Second `json:"last_seen_at"`
}
