package store

import "time"

// Factor is one proof that a session or intermediate session holds. Its JSON is that of the wire, because sessions, their
// JWTs and the rows all carry the same list.
type Factor struct {
	Type                string `json:"type"`
	DeliveryMethod      string `json:"delivery_method"`
	LastAuthenticatedAt Second `json:"last_authenticated_at"`
	CreatedAt           Second `json:"created_at"`
	UpdatedAt           Second `json:"updated_at"`
	SequenceOrder       string `json:"sequence_order"`

	Email    *EmailFactor    `json:"email_factor,omitempty"`
	Phone    *PhoneFactor    `json:"phone_number_factor,omitempty"`
	TOTP     *TOTPFactor     `json:"authenticator_app_factor,omitempty"`
	Recovery *RecoveryFactor `json:"recovery_code_factor,omitempty"`
	Trusted  *TrustedFactor  `json:"trusted_auth_token_factor,omitempty"`

	Google    *OAuthFactor `json:"google_oauth_factor,omitempty"`
	Microsoft *OAuthFactor `json:"microsoft_oauth_factor,omitempty"`
	Hubspot   *OAuthFactor `json:"hubspot_oauth_factor,omitempty"`
	Slack     *OAuthFactor `json:"slack_oauth_factor,omitempty"`
	GitHub    *OAuthFactor `json:"github_oauth_factor,omitempty"`

	GoogleExchange  *EmailFactor `json:"google_oauth_exchange_factor,omitempty"`
	HubspotExchange *EmailFactor `json:"hubspot_oauth_exchange_factor,omitempty"`
	SlackExchange   *EmailFactor `json:"slack_oauth_exchange_factor,omitempty"`
	GitHubExchange  *EmailFactor `json:"github_oauth_exchange_factor,omitempty"`
}

// EmailFactor names the proven mailbox.
type EmailFactor struct {
	EmailID string `json:"email_id"`
	Email   string `json:"email_address"`
}

// PhoneFactor names the proven number.
type PhoneFactor struct {
	PhoneID string `json:"phone_id"`
	Phone   string `json:"phone_number"`
}

// TOTPFactor names the proven registration.
type TOTPFactor struct {
	TOTPID string `json:"totp_id"`
}

// RecoveryFactor names the recovery code that stood in for the authenticator app. Its id lies beside the registration's,
// see ids.Beside.
type RecoveryFactor struct {
	CodeID string `json:"totp_recovery_code_id"`
}

// TrustedFactor names the token of another issuer.
type TrustedFactor struct {
	TokenID string `json:"token_id"`
}

// The kinds of factors, as the wire spells them.
const (
	FactorMagicLink = "magic_link"
	FactorEmailOTP  = "email_otp"
	FactorPassword  = "password"
	FactorOTP       = "otp"
	FactorTOTP      = "totp"
	FactorRecovery  = "recovery_codes"
	FactorImported  = "imported"
	FactorTrusted   = "trusted_auth_token"
	FactorOAuth     = "oauth"

	DeliverEmail     = "email"
	DeliverSMS       = "sms"
	DeliverApp       = "authenticator_app"
	DeliverKnowledge = "knowledge"
	DeliverRecovery  = "recovery_code"
	DeliverImported  = "imported_auth0" // the one value that clients know
	DeliverTrusted   = "trusted_token_exchange"

	Primary   = "PRIMARY"
	Secondary = "SECONDARY"
)

// ID names what the factor proves. Two factors with the same type, delivery method and ID are the same factor.
func (f *Factor) ID() string {
	switch {
	case f.Email != nil:
		return f.Email.EmailID
	case f.Phone != nil:
		return f.Phone.PhoneID
	case f.TOTP != nil:
		return f.TOTP.TOTPID
	case f.Recovery != nil:
		return f.Recovery.CodeID
	case f.Trusted != nil:
		return f.Trusted.TokenID
	}
	return f.oauthID()
}

// Method is the name under which organizations allow or forbid the factor. Recovery codes stand and fall with the app.
func (f *Factor) Method() string {
	switch f.Type {
	case FactorOTP:
		return MethodSMS
	case FactorRecovery:
		return MethodTOTP
	case FactorOAuth:
		return oauthMethod(f.DeliveryMethod)
	}
	return f.Type
}

// Second is a time that is written as RFC 3339 in UTC with whole seconds.
type Second struct{ time.Time }

// At cuts a time to whole seconds, never up: a token must not seem to come from the future.
func At(t time.Time) Second { return Second{t.UTC().Truncate(time.Second)} }
