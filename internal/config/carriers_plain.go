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
