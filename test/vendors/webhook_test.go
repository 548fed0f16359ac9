package vendors_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
)

// TestWebhookIsStrict: the program takes what docs/providers.md promises it, and nothing else.
func TestWebhookIsStrict(t *testing.T) {
	t.Parallel()
	const good = `{"id":"m1","to":"+12025550123","body":"code 493817","valid_for_seconds":60,` +
		`"callback_url":"https://a.example"}`
	for name, tt := range map[string]struct {
		body   string
		change func(*http.Request)
		want   int
	}{
		"good":            {good, nil, http.StatusAccepted},
		"no callback":     {`{"id":"m1","to":"+12025550123","body":"a","valid_for_seconds":1}`, nil, http.StatusAccepted},
		"another id":      {strings.Replace(good, "m1", "m2", 1), nil, http.StatusBadRequest},
		"no number":       {strings.Replace(good, "+1202", "1202", 1), nil, http.StatusBadRequest},
		"no text":         {strings.Replace(good, "code 493817", "", 1), nil, http.StatusBadRequest},
		"no validity":     {strings.Replace(good, "60", "0", 1), nil, http.StatusBadRequest},
		"an odd callback": {strings.Replace(good, "https:", "gopher:", 1), nil, http.StatusBadRequest},
		"one more field":  {strings.Replace(good, "{", `{"type":"sms",`, 1), nil, http.StatusBadRequest},
		"one more value":  {good + "{}", nil, http.StatusBadRequest},
		"a form":          {good, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"unsigned":        {good, func(r *http.Request) { r.Header.Del("Webhook-Signature") }, http.StatusUnauthorized},
		"another time":    {good, func(r *http.Request) { r.Header.Set("Webhook-Timestamp", "1") }, http.StatusUnauthorized},
		"no time":         {good, func(r *http.Request) { r.Header.Del("Webhook-Timestamp") }, http.StatusUnauthorized},
		"two ids":         {good, func(r *http.Request) { r.Header.Add("Webhook-Id", "m2") }, http.StatusUnauthorized},
		"fetched":         {good, func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed},
		"an old one": {good, func(r *http.Request) {
			at := time.Now().Add(-6 * time.Minute).Unix()
			r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at, 10))
			r.Header.Set("Webhook-Signature", vendors.SignWebhook(vendors.WebhookSecret, "m1", at, []byte(good)))
		}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := vendors.NewWebhook()
			now := time.Now().Unix()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Webhook-Id", "m1")
			r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now, 10))
			r.Header.Set("Webhook-Signature", "v1,x "+vendors.SignWebhook(program.Secret, "m1", now, []byte(tt.body)))
			if tt.change != nil {
				tt.change(r)
			}
			w := httptest.NewRecorder()
			program.ServeHTTP(w, r)
			if w.Code != tt.want || (len(program.Texts()) == 1) != (tt.want == http.StatusAccepted) {
				t.Errorf("%d with %s and %d texts, want %d", w.Code, w.Body, len(program.Texts()), tt.want)
			}
		})
	}
}
