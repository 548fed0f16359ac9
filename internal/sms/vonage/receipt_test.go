package vonage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

func receive(t *testing.T, c vonage.Config, r *http.Request) (sms.Receipt, error) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return vonage.New(c).Receipt(r, callback, raw)
}

// TestClaims: a token that the right secret signed is still not any token.
func TestClaims(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	body := []byte(`{"message_uuid":"m-1","channel":"sms","status":"delivered"}`)
	good := fake.SignedWebhook(callback, body, nil)
	claims := func(change func(map[string]any)) *http.Request { return fake.SignedWebhook(callback, body, change) }
	token := func(header map[string]any) *http.Request {
		r := claims(nil)
		r.Header.Set("Authorization", "Bearer "+fake.Token(header, map[string]any{"iss": "Vonage", "api_key": fake.APIKey}))
		return r
	}
	header := func(value string) *http.Request {
		r := claims(nil)
		r.Header.Set("Authorization", value)
		return r
	}
	sum := sha256.Sum256(body)
	stronger, err := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{
		"iss": "Vonage", "api_key": fake.APIKey, "payload_hash": hex.EncodeToString(sum[:]),
	}).SignedString([]byte(fake.SignatureSecret))
	if err != nil {
		t.Fatal(err)
	}
	put := claims(nil)
	put.Method = http.MethodPut
	for name, tt := range map[string]struct {
		request *http.Request
		ok      bool
	}{
		"good":                  {claims(nil), true},
		"without application":   {claims(func(c map[string]any) { delete(c, "application_id") }), true},
		"old":                   {claims(func(c map[string]any) { c["iat"] = 1587494962 }), true},
		"another application":   {claims(func(c map[string]any) { c["application_id"] = "b" }), false},
		"another account":       {claims(func(c map[string]any) { c["api_key"] = "b" }), false},
		"no account":            {claims(func(c map[string]any) { delete(c, "api_key") }), false},
		"another issuer":        {claims(func(c map[string]any) { c["iss"] = "Nobody" }), false},
		"no issuer":             {claims(func(c map[string]any) { delete(c, "iss") }), false},
		"no hash":               {claims(func(c map[string]any) { delete(c, "payload_hash") }), false},
		"empty hash":            {claims(func(c map[string]any) { c["payload_hash"] = "" }), false},
		"another hash":          {claims(func(c map[string]any) { c["payload_hash"] = strings.Repeat("0", 64) }), false},
		"past its end":          {claims(func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() }), false},
		"no algorithm":          {token(map[string]any{"alg": "none", "typ": "JWT"}), false},
		"another algorithm":     {header("Bearer " + stronger), false},
		"an asymmetric one":     {token(map[string]any{"alg": "RS256", "typ": "JWT"}), false},
		"no scheme":             {header(strings.TrimPrefix(good.Header.Get("Authorization"), "Bearer ")), false},
		"without its signature": {header(cutSignature(good.Header.Get("Authorization"))), false},
		"another method":        {put, false},
	} {
		_, err := receive(t, config(nil), tt.request)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, sms.ErrBadSignature) {
			t.Errorf("%s: Receipt = %v", name, err)
		}
	}
}

func cutSignature(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

// TestGoldenWebhooks reads the documentation's own webhooks, with its own claims.
func TestGoldenWebhooks(t *testing.T) {
	t.Parallel()
	var g struct {
		Source, Read string
		Claims       map[string]any
		Cases        []struct {
			Name string
			Body json.RawMessage
			Want struct {
				ProviderID                    string `json:"provider_id"`
				Status, Class, Code, Currency string
				Micros                        int64
			}
		}
	}
	readJSON(t, "webhooks.json", &g)
	if g.Source == "" || g.Read == "" || len(g.Cases) == 0 {
		t.Fatal("a golden file says where it is from and when it was read")
	}
	fake := vendors.NewVonage()
	c := config(nil)
	c.APIKey, _ = g.Claims["api_key"].(string)
	c.ApplicationID, _ = g.Claims["application_id"].(string)
	for _, tt := range g.Cases {
		var body bytes.Buffer
		if err := json.Compact(&body, tt.Body); err != nil {
			t.Fatal(err)
		}
		r := fake.SignedWebhook(callback, body.Bytes(), func(claims map[string]any) {
			for name, value := range g.Claims {
				if name != "payload_hash" {
					claims[name] = value
				}
			}
		})
		got, err := receive(t, c, r)
		if tt.Want.Status == "unreadable" {
			if !errors.Is(err, sms.ErrBadReceipt) {
				t.Errorf("%s: %+v, %v", tt.Name, got, err)
			}
			continue
		}
		class, code := "", ""
		if got.Error != nil {
			class, code = got.Error.Class.String(), got.Error.Code
		}
		price := sms.Price{Micros: tt.Want.Micros, Currency: tt.Want.Currency}
		if err != nil || got.ProviderID != tt.Want.ProviderID || got.Status.String() != tt.Want.Status ||
			class != tt.Want.Class || code != tt.Want.Code || got.Price != price {
			t.Errorf("%s: %+v, %v, want %+v", tt.Name, got, err, tt.Want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*vonage.Config)
		want   string // part of the problem; "" is none
	}{
		"good":               {func(*vonage.Config) {}, ""},
		"short code":         {func(c *vonage.Config) { c.From = "12345" }, ""},
		"name":               {func(c *vonage.Config) { c.From = "Acme" }, ""},
		"no conversions":     {func(c *vonage.Config) { c.APISecret = "" }, ""},
		"local":              {func(c *vonage.Config) { c.BaseURL = "http://127.0.0.1:8081" }, ""},
		"no application":     {func(c *vonage.Config) { c.ApplicationID = "" }, "vonage-application-id "},
		"no key":             {func(c *vonage.Config) { c.PrivateKey = "" }, "vonage-private-key "},
		"half a key":         {func(c *vonage.Config) { c.PrivateKey = c.PrivateKey[:200] }, "vonage-private-key "},
		"a path for a key":   {func(c *vonage.Config) { c.PrivateKey = secret.String("private.key") }, "vonage-private-key "},
		"no API key":         {func(c *vonage.Config) { c.APIKey = "" }, "vonage-api-key "},
		"no signature":       {func(c *vonage.Config) { c.SignatureSecret = "" }, "vonage-signature-secret "},
		"secret with spaces": {func(c *vonage.Config) { c.APISecret = "a b" }, "vonage-api-secret "},
		"no sender":          {func(c *vonage.Config) { c.From = "" }, "vonage-from "},
		"long name":          {func(c *vonage.Config) { c.From = "Acme Brothers" }, "vonage-from "},
		"number without +":   {func(c *vonage.Config) { c.From = "447700900001" }, "vonage-from "},
		"clear text":         {func(c *vonage.Config) { c.BaseURL = "http://api.nexmo.com" }, "vonage-base-url "},
		"no clock":           {func(c *vonage.Config) { c.Now = nil }, "clock"},
	} {
		fake := vendors.NewVonage()
		c := config(fake.RoundTripper())
		tt.change(&c)
		err := vonage.New(c).Check()
		if tt.want == "" && err != nil {
			t.Errorf("%s: Check = %v, want nil", name, err)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: Check = %v, want only one with %q", name, err, tt.want)
		}
	}
}
