package api

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store"
)

// Every factor has the one object of its kind, with nothing that clients do not know.
func TestWireFactor(t *testing.T) {
	t.Parallel()
	mailbox := store.EmailFactor{EmailID: "email-test-1", Email: "ada@example.com"}
	number, code := &store.PhoneFactor{PhoneID: "1", Phone: "2"}, &store.RecoveryFactor{CodeID: "1"}
	account := &store.OAuthFactor{
		ID: "oauth-user-test-1", Subject: "4711", EmailFactor: mailbox, HostedDomain: "example.com",
	}
	const (
		mail  = `{"email_id":"email-test-1","email_address":"ada@example.com"}`
		full  = `{"id":"oauth-user-test-1","provider_subject":"4711","email_id":"email-test-1"}`
		short = `{"email_id":"email-test-1"}`
	)
	for name, test := range map[string]struct {
		factor store.Factor
		want   string
	}{
		"email_factor":                  {store.Factor{Email: &mailbox}, mail},
		"phone_number_factor":           {store.Factor{Phone: number}, `{"phone_id":"1","phone_number":"2"}`},
		"authenticator_app_factor":      {store.Factor{TOTP: &store.TOTPFactor{TOTPID: "1"}}, `{"totp_id":"1"}`},
		"recovery_code_factor":          {store.Factor{Recovery: code}, `{"totp_recovery_code_id":"1"}`},
		"trusted_auth_token_factor":     {store.Factor{Trusted: &store.TrustedFactor{TokenID: "1"}}, `{"token_id":"1"}`},
		"google_oauth_factor":           {store.Factor{Type: store.FactorOAuth, Google: account}, full},
		"microsoft_oauth_factor":        {store.Factor{Type: store.FactorOAuth, Microsoft: account}, full},
		"hubspot_oauth_factor":          {store.Factor{Type: store.FactorOAuth, Hubspot: account}, full},
		"slack_oauth_factor":            {store.Factor{Type: store.FactorOAuth, Slack: account}, full},
		"github_oauth_factor":           {store.Factor{Type: store.FactorOAuth, GitHub: account}, full},
		"google_oauth_exchange_factor":  {store.Factor{Type: store.FactorOAuth, GoogleExchange: &mailbox}, short},
		"hubspot_oauth_exchange_factor": {store.Factor{Type: store.FactorOAuth, HubspotExchange: &mailbox}, short},
		"slack_oauth_exchange_factor":   {store.Factor{Type: store.FactorOAuth, SlackExchange: &mailbox}, short},
		"github_oauth_exchange_factor":  {store.Factor{Type: store.FactorOAuth, GitHubExchange: &mailbox}, short},
	} {
		text, err := json.Marshal(wireFactor(&test.factor))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		for _, common := range []string{
			"type", "delivery_method", "last_authenticated_at", "created_at", "updated_at", "sequence_order",
		} {
			delete(got, common)
		}
		want := map[string]json.RawMessage{name: json.RawMessage(test.want)}
		asText := cmp.Transformer("text", func(m json.RawMessage) string { return string(m) })
		if diff := cmp.Diff(want, got, asText); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
