package api

import (
	"encoding/json"

	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// MemberSession is a login that is complete.
type MemberSession struct {
	_ struct{} `schema:"api_b2b_session_v1_MemberSession"`

	MemberSessionID  string                 `json:"member_session_id"`
	MemberID         string                 `json:"member_id"`
	OrganizationID   string                 `json:"organization_id"`
	OrganizationSlug string                 `json:"organization_slug"`
	StartedAt        store.Second           `json:"started_at"`
	LastAccessedAt   store.Second           `json:"last_accessed_at"`
	ExpiresAt        store.Second           `json:"expires_at"`
	Factors          []AuthenticationFactor `json:"authentication_factors"`
	// Ids of the roles that count for this session.
	Roles        []string         `json:"roles"`
	CustomClaims *json.RawMessage `json:"custom_claims"`
}

// AuthenticationFactor is one proof that a session holds. Exactly one of the objects behind the order is there: the one
// of the method.
type AuthenticationFactor struct {
	_ struct{} `schema:"api_session_v1_AuthenticationFactor"`

	Type                string       `json:"type"`
	DeliveryMethod      string       `json:"delivery_method"`
	LastAuthenticatedAt store.Second `json:"last_authenticated_at"`
	CreatedAt           store.Second `json:"created_at"`
	UpdatedAt           store.Second `json:"updated_at"`
	// PRIMARY or SECONDARY.
	SequenceOrder string `json:"sequence_order"`

	Email            *EmailFactor            `json:"email_factor,omitempty"`
	PhoneNumber      *PhoneNumberFactor      `json:"phone_number_factor,omitempty"`
	AuthenticatorApp *AuthenticatorAppFactor `json:"authenticator_app_factor,omitempty"`
	RecoveryCode     *RecoveryCodeFactor     `json:"recovery_code_factor,omitempty"`
	SAMLSSO          *SSOFactor              `json:"saml_sso_factor,omitempty"`
	OIDCSSO          *SSOFactor              `json:"oidc_sso_factor,omitempty"`
	TrustedAuthToken *TrustedAuthTokenFactor `json:"trusted_auth_token_factor,omitempty"`
	Impersonated     *ImpersonatedFactor     `json:"impersonated_factor,omitempty"`

	GitHubOAuthExchange      *OAuthExchangeFactor            `json:"github_oauth_exchange_factor,omitempty"`
	GoogleOAuthExchange      *OAuthExchangeFactor            `json:"google_oauth_exchange_factor,omitempty"`
	HubspotOAuthExchange     *OAuthExchangeFactor            `json:"hubspot_oauth_exchange_factor,omitempty"`
	SlackOAuthExchange       *OAuthExchangeFactor            `json:"slack_oauth_exchange_factor,omitempty"`
	OAuthAccessTokenExchange *OAuthAccessTokenExchangeFactor `json:"oauth_access_token_exchange_factor,omitempty"`

	AmazonOAuth     *OAuthFactor `json:"amazon_oauth_factor,omitempty"`
	AppleOAuth      *OAuthFactor `json:"apple_oauth_factor,omitempty"`
	BitbucketOAuth  *OAuthFactor `json:"bitbucket_oauth_factor,omitempty"`
	CoinbaseOAuth   *OAuthFactor `json:"coinbase_oauth_factor,omitempty"`
	DiscordOAuth    *OAuthFactor `json:"discord_oauth_factor,omitempty"`
	FacebookOAuth   *OAuthFactor `json:"facebook_oauth_factor,omitempty"`
	FigmaOAuth      *OAuthFactor `json:"figma_oauth_factor,omitempty"`
	GitLabOAuth     *OAuthFactor `json:"git_lab_oauth_factor,omitempty"`
	GitHubOAuth     *OAuthFactor `json:"github_oauth_factor,omitempty"`
	GoogleOAuth     *OAuthFactor `json:"google_oauth_factor,omitempty"`
	HubspotOAuth    *OAuthFactor `json:"hubspot_oauth_factor,omitempty"`
	InstagramOAuth  *OAuthFactor `json:"instagram_oauth_factor,omitempty"`
	LinkedInOAuth   *OAuthFactor `json:"linked_in_oauth_factor,omitempty"`
	MicrosoftOAuth  *OAuthFactor `json:"microsoft_oauth_factor,omitempty"`
	SalesforceOAuth *OAuthFactor `json:"salesforce_oauth_factor,omitempty"`
	ShopifyOAuth    *OAuthFactor `json:"shopify_oauth_factor,omitempty"`
	SlackOAuth      *OAuthFactor `json:"slack_oauth_factor,omitempty"`
	SnapchatOAuth   *OAuthFactor `json:"snapchat_oauth_factor,omitempty"`
	SpotifyOAuth    *OAuthFactor `json:"spotify_oauth_factor,omitempty"`
	SteamOAuth      *OAuthFactor `json:"steam_oauth_factor,omitempty"`
	TikTokOAuth     *OAuthFactor `json:"tik_tok_oauth_factor,omitempty"`
	TwitchOAuth     *OAuthFactor `json:"twitch_oauth_factor,omitempty"`
	TwitterOAuth    *OAuthFactor `json:"twitter_oauth_factor,omitempty"`
	YahooOAuth      *OAuthFactor `json:"yahoo_oauth_factor,omitempty"`

	WebAuthn            *WebAuthnFactor            `json:"webauthn_factor,omitempty"`
	Biometric           *BiometricFactor           `json:"biometric_factor,omitempty"`
	CryptoWallet        *CryptoWalletFactor        `json:"crypto_wallet_factor,omitempty"`
	EmbeddableMagicLink *EmbeddableMagicLinkFactor `json:"embeddable_magic_link_factor,omitempty"`
}

// EmailFactor names the proven mailbox.
type EmailFactor struct {
	_ struct{} `schema:"api_session_v1_EmailFactor"`

	EmailID      string `json:"email_id"`
	EmailAddress string `json:"email_address"`
}

// PhoneNumberFactor names the proven number.
type PhoneNumberFactor struct {
	_ struct{} `schema:"api_session_v1_PhoneNumberFactor"`

	PhoneID     string `json:"phone_id"`
	PhoneNumber string `json:"phone_number"`
}

// AuthenticatorAppFactor names the registration of an authenticator app.
type AuthenticatorAppFactor struct {
	_ struct{} `schema:"api_session_v1_AuthenticatorAppFactor"`

	TOTPID string `json:"totp_id"`
}

// RecoveryCodeFactor names the recovery code that stood in for an authenticator app.
type RecoveryCodeFactor struct {
	_ struct{} `schema:"api_session_v1_RecoveryCodeFactor"`

	TOTPRecoveryCodeID string `json:"totp_recovery_code_id"`
}

// SSOFactor names an identity of a single sign-on connection.
type SSOFactor struct {
	// The member's registration.
	ID string `json:"id"`
	// The connection.
	ProviderID string `json:"provider_id"`
	// The id at the identity provider.
	ExternalID string `json:"external_id"`
}

// OAuthFactor names an account at an identity provider.
type OAuthFactor struct {
	// The member's registration.
	ID string `json:"id"`
	// The id at the identity provider.
	ProviderSubject string  `json:"provider_subject"`
	EmailID         *string `json:"email_id"`
}

// OAuthExchangeFactor names the mailbox for which a provider's word was carried over from another organization.
type OAuthExchangeFactor struct {
	EmailID string `json:"email_id"`
}

// OAuthAccessTokenExchangeFactor names the connected app whose access token became a session.
type OAuthAccessTokenExchangeFactor struct {
	_ struct{} `schema:"api_session_v1_OAuthAccessTokenExchangeFactor"`

	ClientID string `json:"client_id"`
}

// TrustedAuthTokenFactor names the token of a trusted issuer.
type TrustedAuthTokenFactor struct {
	_ struct{} `schema:"api_session_v1_TrustedAuthTokenFactor"`

	TokenID string `json:"token_id"`
}

// ImpersonatedFactor names who acts in the member's place.
type ImpersonatedFactor struct {
	_ struct{} `schema:"api_session_v1_ImpersonatedFactor"`

	ImpersonatorID           string `json:"impersonator_id"`
	ImpersonatorEmailAddress string `json:"impersonator_email_address"`
}

// WebAuthnFactor names a passkey.
type WebAuthnFactor struct {
	_ struct{} `schema:"api_session_v1_WebAuthnFactor"`

	RegistrationID string  `json:"webauthn_registration_id"`
	Domain         string  `json:"domain"`
	UserAgent      *string `json:"user_agent"`
}

// BiometricFactor names a key behind a device's own biometric check.
type BiometricFactor struct {
	_ struct{} `schema:"api_session_v1_BiometricFactor"`

	RegistrationID string `json:"biometric_registration_id"`
}

// CryptoWalletFactor names a wallet that signed a challenge.
type CryptoWalletFactor struct {
	_ struct{} `schema:"api_session_v1_CryptoWalletFactor"`

	CryptoWalletID      string `json:"crypto_wallet_id"`
	CryptoWalletAddress string `json:"crypto_wallet_address"`
	CryptoWalletType    string `json:"crypto_wallet_type"`
}

// EmbeddableMagicLinkFactor names a link that the project delivered itself.
type EmbeddableMagicLinkFactor struct {
	_ struct{} `schema:"api_session_v1_EmbeddableMagicLinkFactor"`

	EmbeddedID string `json:"embedded_id"`
}

func wireSession(live *session.Live) *MemberSession {
	s := live.Session
	w := &MemberSession{
		MemberSessionID:  s.ID,
		MemberID:         s.MemberID,
		OrganizationID:   s.OrganizationID,
		OrganizationSlug: live.Organization.Slug,
		StartedAt:        store.At(s.StartedAt),
		LastAccessedAt:   store.At(s.LastAccessedAt),
		ExpiresAt:        store.At(s.ExpiresAt),
		Factors:          make([]AuthenticationFactor, len(s.Factors)),
		Roles:            live.Roles,
	}
	for i := range s.Factors {
		w.Factors[i] = wireFactor(&s.Factors[i])
	}
	if len(s.CustomClaims) > 0 && string(s.CustomClaims) != "{}" {
		w.CustomClaims = &s.CustomClaims
	}
	return w
}

func wireFactor(f *store.Factor) AuthenticationFactor {
	w := AuthenticationFactor{
		Type: f.Type, DeliveryMethod: f.DeliveryMethod, SequenceOrder: f.SequenceOrder,
		LastAuthenticatedAt: f.LastAuthenticatedAt, CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
	switch {
	case f.Email != nil:
		w.Email = &EmailFactor{EmailID: f.Email.EmailID, EmailAddress: f.Email.Email}
	case f.Phone != nil:
		w.PhoneNumber = &PhoneNumberFactor{PhoneID: f.Phone.PhoneID, PhoneNumber: f.Phone.Phone}
	case f.Trusted != nil:
		w.TrustedAuthToken = &TrustedAuthTokenFactor{TokenID: f.Trusted.TokenID}
	case f.TOTP != nil:
		w.AuthenticatorApp = &AuthenticatorAppFactor{TOTPID: f.TOTP.TOTPID}
	case f.Recovery != nil:
		w.RecoveryCode = &RecoveryCodeFactor{TOTPRecoveryCodeID: f.Recovery.CodeID}
	case f.Type == store.FactorOAuth:
		w.GoogleOAuth, w.MicrosoftOAuth, w.HubspotOAuth = wireOAuth(f.Google), wireOAuth(f.Microsoft), wireOAuth(f.Hubspot)
		w.SlackOAuth, w.GitHubOAuth = wireOAuth(f.Slack), wireOAuth(f.GitHub)
		w.GoogleOAuthExchange, w.HubspotOAuthExchange = wireExchange(f.GoogleExchange), wireExchange(f.HubspotExchange)
		w.SlackOAuthExchange, w.GitHubOAuthExchange = wireExchange(f.SlackExchange), wireExchange(f.GitHubExchange)
	}
	return w
}

func wireOAuth(f *store.OAuthFactor) *OAuthFactor {
	if f == nil {
		return nil
	}
	return &OAuthFactor{ID: f.ID, ProviderSubject: f.Subject, EmailID: &f.EmailID}
}

func wireExchange(f *store.EmailFactor) *OAuthExchangeFactor {
	if f == nil {
		return nil
	}
	return &OAuthExchangeFactor{EmailID: f.EmailID}
}
