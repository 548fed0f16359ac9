package vendors_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/vendors"
)

const create = "https://api.twilio.com/2010-04-01/Accounts/" + vendors.TwilioAccount + "/Messages.json"

func post(t *testing.T, fake *vendors.Twilio, address string, form url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(vendors.TwilioAccount, vendors.TwilioToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := fake.RoundTripper().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

// TestDocumentedRequests: the fake takes the documentation's own requests, and answers with the fields of its own
// answers.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"callback", "service"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "internal", "sms", "twilio", "testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var golden struct {
			Request map[string]string
			Answer  map[string]any
		}
		if err := json.Unmarshal(b, &golden); err != nil {
			t.Fatal(err)
		}
		form := url.Values{}
		for name, value := range golden.Request {
			form.Set(name, value)
		}
		fake := vendors.NewTwilio()
		fake.Froms, fake.Services = []string{form.Get("From")}, []string{form.Get("MessagingServiceSid")}

		status, answer := post(t, fake, create, form)
		if status != http.StatusCreated {
			t.Errorf("%s: status %d, %v", name, status, answer)
		}
		for field, documented := range golden.Answer {
			got, there := answer[field]
			if !there || got != nil && documented != nil && !sameKind(got, documented) {
				t.Errorf("%s: field %s = %v, documented as %v", name, field, got, documented)
			}
		}
		for _, field := range []string{"status", "num_segments", "direction", "api_version", "price_unit"} {
			if answer[field] != golden.Answer[field] {
				t.Errorf("%s: field %s = %v, want %v", name, field, answer[field], golden.Answer[field])
			}
		}
	}
}

func sameKind(a, b any) bool {
	_, oneText := a.(string)
	_, otherText := b.(string)
	return oneText == otherText
}

func TestStrictness(t *testing.T) {
	t.Parallel()
	good := url.Values{"To": {"+12025550123"}, "From": {vendors.TwilioFrom}, "Body": {"Hello"}}
	for name, tt := range map[string]struct {
		address     string
		name, value string
		status      int
		code        float64
	}{
		"good":                  {create, "ValidityPeriod", "36000", 201, 0},
		"no time":               {create, "ValidityPeriod", "0", 400, 90007},
		"too much time":         {create, "ValidityPeriod", "36001", 400, 90007},
		"half a second":         {create, "ValidityPeriod", "1.5", 400, 90007},
		"misspelt parameter":    {create, "StatusCallbackUrl", "https://x.example", 400, 20422},
		"lower-case parameter":  {create, "to", "+12025550123", 400, 20422},
		"wrong sender format":   {create, "From", "+1501712266x", 400, 21212},
		"wrong number format":   {create, "To", "+1 202 555 0123", 400, 21211},
		"callback without host": {create, "StatusCallback", "/relative", 400, 21609},
		"another account":       {strings.Replace(create, "AC0", "AC1", 1), "To", "+12025550123", 404, 20404},
		"query":                 {create + "?x=1", "To", "+12025550123", 400, 20422},
	} {
		fake := vendors.NewTwilio()
		form := url.Values{}
		for k, v := range good {
			form[k] = slices.Clone(v)
		}
		form.Set(tt.name, tt.value)
		status, answer := post(t, fake, tt.address, form)
		code, _ := answer["code"].(float64)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: status %d code %v, want %d %v", name, status, code, tt.status, tt.code)
		}
	}
}

func TestTwiceTheSameParameter(t *testing.T) {
	t.Parallel()
	form := url.Values{"To": {"+12025550123", "+12025550124"}, "From": {vendors.TwilioFrom}, "Body": {"Hello"}}
	if status, _ := post(t, vendors.NewTwilio(), create, form); status != http.StatusBadRequest {
		t.Errorf("status %d, want 400", status)
	}
}

// TestChanged: whoever waits for a text is woken by it.
func TestChanged(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	changed := fake.Changed()
	select {
	case <-changed:
		t.Fatal("woken by nothing")
	default:
	}
	post(t, fake, create, url.Values{"To": {"+12025550123"}, "From": {vendors.TwilioFrom}, "Body": {"Hello"}})
	<-changed
	if n := len(fake.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}
