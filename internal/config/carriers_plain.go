package config

import "github.com/thimble-auth/thimble/internal/secret"

// Plivo is an account that sends our texts.
type Plivo struct {
	// Auth id of the account or a subaccount.
	AuthID string `name:"auth-id" var:"PLIVO_AUTH_ID" placeholder:"MA…"`
	// The auth token itself.
	AuthToken secret.String `name:"auth-token" var:"PLIVO_AUTH_TOKEN" hidden:""`
	// File that holds the auth token. The token itself may be in THIMBLE_PLIVO_AUTH_TOKEN.
	AuthTokenFile string `name:"auth-token-file" var:"PLIVO_AUTH_TOKEN_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name.
	From string `name:"from" var:"PLIVO_FROM" placeholder:"NUMBER"`
	// Powerpack that picks the sender, instead of one.
	PowerpackUUID string `name:"powerpack-uuid" var:"PLIVO_POWERPACK_UUID" placeholder:"UUID"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"PLIVO_COUNTRIES" placeholder:"CC"`
	// Where Plivo's API is, for tests. Without it, https://api.plivo.com.
	BaseURL string `name:"base-url" var:"PLIVO_BASE_URL" placeholder:"URL"`
}

// Given reports whether texts can be sent at all.
func (p *Plivo) Given() bool {
	return p.AuthID != "" || p.AuthToken != "" || p.From != "" || p.PowerpackUUID != ""
}

func (p *Plivo) check(problems *Problems) {
	p.AuthToken = fromFile(problems, "plivo-auth-token", p.AuthToken, p.AuthTokenFile)
	checkCountries(problems, "plivo-countries", p.Countries)
}

// Infobip is an account that sends our texts.
type Infobip struct {
	// The account's own address of the API, such as https://xyz.api.infobip.com.
	BaseURL string `name:"base-url" var:"INFOBIP_BASE_URL" placeholder:"URL"`
	// The API key itself.
	APIKey secret.String `name:"api-key" var:"INFOBIP_API_KEY" hidden:""`
	// File that holds the API key. The key itself may be in THIMBLE_INFOBIP_API_KEY.
	APIKeyFile string `name:"api-key-file" var:"INFOBIP_API_KEY_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name.
	From string `name:"from" var:"INFOBIP_FROM" placeholder:"NUMBER"`
	// User name that Infobip shows with reports: that of the subscription's security settings, of your own choice.
	WebhookUser string `name:"webhook-user" var:"INFOBIP_WEBHOOK_USER" placeholder:"NAME"`
	// The password itself that Infobip shows with reports.
	WebhookPassword secret.String `name:"webhook-password" var:"INFOBIP_WEBHOOK_PASSWORD" hidden:""`
	// File that holds the password that Infobip shows with reports, of 16 characters at least. The password itself may be in
	// THIMBLE_INFOBIP_WEBHOOK_PASSWORD.
	WebhookPasswordFile string `name:"webhook-password-file" var:"INFOBIP_WEBHOOK_PASSWORD_FILE" placeholder:"FILE"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"INFOBIP_COUNTRIES" placeholder:"CC"`
}

// Given reports whether texts can be sent at all.
func (i *Infobip) Given() bool {
	return i.BaseURL != "" || i.APIKey != "" || i.From != "" || i.WebhookUser != "" || i.WebhookPassword != ""
}

func (i *Infobip) check(p *Problems) {
	i.APIKey = fromFile(p, "infobip-api-key", i.APIKey, i.APIKeyFile)
	i.WebhookPassword = fromFile(p, "infobip-webhook-password", i.WebhookPassword, i.WebhookPasswordFile)
	checkCountries(p, "infobip-countries", i.Countries)
}

// Sinch is a service plan that sends our texts.
type Sinch struct {
	// Id of the service plan.
	ServicePlanID string `name:"service-plan-id" var:"SINCH_SERVICE_PLAN_ID" placeholder:"ID"`
	// The API token itself.
	APIToken secret.String `name:"api-token" var:"SINCH_API_TOKEN" hidden:""`
	// File that holds the API token. The token itself may be in THIMBLE_SINCH_API_TOKEN.
	APITokenFile string `name:"api-token-file" var:"SINCH_API_TOKEN_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name. Without it, the service plan's default.
	From string `name:"from" var:"SINCH_FROM" placeholder:"NUMBER"`
	// User name that Sinch shows with callbacks: ask its account manager to set one of your choice.
	WebhookUser string `name:"webhook-user" var:"SINCH_WEBHOOK_USER" placeholder:"NAME"`
	// The password itself that Sinch shows with callbacks.
	WebhookPassword secret.String `name:"webhook-password" var:"SINCH_WEBHOOK_PASSWORD" hidden:""`
	// File that holds the password that Sinch shows with callbacks, of 16 characters at least. The password itself may be in
	// THIMBLE_SINCH_WEBHOOK_PASSWORD.
	WebhookPasswordFile string `name:"webhook-password-file" var:"SINCH_WEBHOOK_PASSWORD_FILE" placeholder:"FILE"`
	// Countries whose numbers this service plan serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"SINCH_COUNTRIES" placeholder:"CC"`
	// Where the API of the service plan's region is. Without it, https://us.sms.api.sinch.com.
	BaseURL string `name:"base-url" var:"SINCH_BASE_URL" placeholder:"URL"`
}

// Given reports whether texts can be sent at all.
func (s *Sinch) Given() bool {
	return s.ServicePlanID != "" || s.APIToken != "" || s.From != "" || s.WebhookUser != "" || s.WebhookPassword != ""
}

func (s *Sinch) check(p *Problems) {
	s.APIToken = fromFile(p, "sinch-api-token", s.APIToken, s.APITokenFile)
	s.WebhookPassword = fromFile(p, "sinch-webhook-password", s.WebhookPassword, s.WebhookPasswordFile)
	checkCountries(p, "sinch-countries", s.Countries)
}

// Bird is a workspace that sends our texts.
type Bird struct {
	// The API key itself.
	APIKey secret.String `name:"api-key" var:"BIRD_API_KEY" hidden:""`
	// File that holds the API key. The key itself may be in THIMBLE_BIRD_API_KEY.
	APIKeyFile string `name:"api-key-file" var:"BIRD_API_KEY_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name, which the workspace holds.
	From string `name:"from" var:"BIRD_FROM" placeholder:"NUMBER"`
	// The secret itself of the webhook endpoint.
	WebhookSecret secret.String `name:"webhook-secret" var:"BIRD_WEBHOOK_SECRET" hidden:""`
	// File that holds the secret of the webhook endpoint, which begins with whsec_; two of them, while it is rotated. The
	// secret itself may be in THIMBLE_BIRD_WEBHOOK_SECRET.
	WebhookSecretFile string `name:"webhook-secret-file" var:"BIRD_WEBHOOK_SECRET_FILE" placeholder:"FILE"`
	// Countries whose numbers this workspace serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"BIRD_COUNTRIES" placeholder:"CC"`
	// Where the API is. Without it, the key's beginning tells it: bk_us1_ or bk_eu1_.
	BaseURL string `name:"base-url" var:"BIRD_BASE_URL" placeholder:"URL"`
}

// Given reports whether texts can be sent at all.
func (b *Bird) Given() bool { return b.APIKey != "" || b.From != "" || b.WebhookSecret != "" }

func (b *Bird) check(p *Problems) {
	b.APIKey = fromFile(p, "bird-api-key", b.APIKey, b.APIKeyFile)
	b.WebhookSecret = fromFile(p, "bird-webhook-secret", b.WebhookSecret, b.WebhookSecretFile)
	checkCountries(p, "bird-countries", b.Countries)
}
