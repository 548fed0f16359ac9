package vendors

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// authorized reports whether the application signed the token of a call, and not too long ago.
func (v *Vonage) authorized(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return false
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	var claims jwt.MapClaims
	_, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return &v.key.PublicKey, nil })
	id, _ := claims["jti"].(string)
	issued, _ := claims["iat"].(float64)
	return err == nil && claims["application_id"] == v.Application && id != "" && issued > 0
}

// read takes a request apart and gives the title and code it is refused with, or "".
func (v *Vonage) read(r *http.Request) (text Text, title, code string) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	// Unknown parameters are refused, so that a misspelt one is found.
	var in struct {
		Type           string          `json:"message_type"`
		Channel        string          `json:"channel"`
		Text           string          `json:"text"`
		To             string          `json:"to"`
		From           string          `json:"from"`
		TTL            *int            `json:"ttl"`
		ClientRef      string          `json:"client_ref"`
		Custom         json.RawMessage `json:"custom"`
		Webhook        string          `json:"webhook_url"`
		WebhookVersion string          `json:"webhook_version"`
		SMS            *struct {
			Encoding string `json:"encoding_type"`
		} `json:"sms"`
	}
	if err != nil || kind != "application/json" || r.URL.RawQuery != "" || exactly(raw, &in) != nil {
		return Text{}, "The request body did not contain valid JSON", "#invalid-json"
	}
	text = Text{
		To: "+" + in.To, From: in.From, Body: in.Text, Callback: in.Webhook, Ref: in.ClientRef,
	}
	if in.TTL != nil {
		text.Validity = *in.TTL
	}
	froms, kinds, badWords := v.Froms, "text", in.Custom != nil || in.Text == "" || utf8.RuneCountInString(in.Text) > 3200
	if in.Channel == "whatsapp" {
		var fine bool
		froms, kinds, text.Channel = v.WhatsApps, "custom", "whatsapp"
		text.Body, text.Language, fine = v.code(in.Custom)
		badWords = !fine || in.Text != "" || in.TTL != nil || in.SMS != nil
	}
	badVersion := in.WebhookVersion != "" && in.WebhookVersion != "v1" && in.WebhookVersion != "v0.1"
	switch {
	case in.Channel != "sms" && in.Channel != "whatsapp":
		title, code = "Unsupported channel", "/messages#1100"
	case in.Type != kinds:
		title, code = "Invalid message type", "/messages#1140"
	case strings.HasPrefix(in.To, "00") || !isE164("+"+in.To):
		title, code = "Invalid recipient", "/messages#110"
	case !slices.Contains(froms, in.From):
		title, code = "Invalid sender", "/messages#1120"
	case len(in.ClientRef) > 100:
		title, code = "Invalid client reference", "/messages#1060"
	case badWords, badVersion,
		in.TTL != nil && (*in.TTL < 20 || *in.TTL > 604800), in.Webhook != "" && !isCallback(in.Webhook):
		title, code = "Invalid params", "/messages#1150"
	}
	return text, title, code
}

// convert answers as the Conversion API.
func (v *Vonage) convert(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	_, timeErr := time.Parse(time.DateTime, query.Get("timestamp"))
	user, password, basic := r.BasicAuth()
	id, delivered := query.Get("message-id"), query.Get("delivered")
	known := slices.ContainsFunc(v.Texts(), func(t Text) bool { return t.SID != "" && t.SID == id })
	switch {
	case !basic || user != v.APIKey || password != v.APISecret:
		problem(w, http.StatusUnauthorized, "#unauthorized", "You did not provide correct credentials.")
	case v.NoConversions:
		problem(w, http.StatusPaymentRequired, "#forbidden", "Conversion has not been enabled for your account")
	case !known || timeErr != nil || len(query) != 3, !slices.Contains([]string{"true", "false", "0", "1"}, delivered):
		problem(w, 420, "#3", "Invalid parameters. The value of one or more parameters is invalid.")
	default:
		v.mu.Lock()
		defer v.mu.Unlock()
		v.redeemed = append(v.redeemed, id)
	}
}
