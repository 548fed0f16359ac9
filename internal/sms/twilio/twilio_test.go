package twilio_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

const (
	to   = "+12025550123"
	body = "Your code is 493817."
)

func config(transport http.RoundTripper) twilio.Config {
	return twilio.Config{
		AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken, From: vendors.TwilioFrom,
		HTTP: httpx.New(httpx.Options{Transport: transport}),
	}
}

func text() sms.Message {
	return sms.Message{
		ID: "message-live-1", To: to, Body: body, ValidFor: 2 * time.Minute,
		CallbackURL: "https://auth.example.com/callbacks/twilio/message-live-1?mac=abc",
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSend(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	s := twilio.New(config(fake.RoundTripper()))

	got, err := s.Send(t.Context(), text())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()
	if len(seen) != 1 {
		t.Fatalf("the fake saw %d texts, want 1", len(seen))
	}
	if diff := cmp.Diff(sms.Result{ProviderID: seen[0].SID, Segments: 1}, got); diff != "" {
		t.Error(diff)
	}
	want := vendors.Text{
		SID: seen[0].SID, To: to, From: vendors.TwilioFrom, Body: body, Callback: text().CallbackURL,
		Validity: 120, At: seen[0].At, Status: http.StatusCreated,
	}
	if diff := cmp.Diff(want, seen[0]); diff != "" {
		t.Error(diff)
	}
}

func TestSendThroughService(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	c := config(fake.RoundTripper())
	c.From, c.MessagingServiceSID = "", vendors.TwilioService

	got, err := twilio.New(c).Send(t.Context(), text())
	if err != nil || got.Segments != 0 || got.ProviderID == "" {
		t.Errorf("Send = %+v, %v; want an id and no segments yet", got, err)
	}
	if seen := fake.Texts()[0]; seen.Service != vendors.TwilioService || seen.From != "" {
		t.Errorf("the fake saw From %q and service %q", seen.From, seen.Service)
	}
}

func TestValidityPeriod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		life time.Duration
		want int
	}{
		{10 * time.Hour, 36000},
		{11 * time.Hour, 36000},
	} {
		t.Run(tt.life.String(), func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			m := text()
			m.ValidFor = tt.life
			_, err := twilio.New(config(fake.RoundTripper())).Send(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if got := fake.Texts()[0].Validity; got != tt.want {
				t.Errorf("ValidityPeriod = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   vendors.Behaviour
		want sms.Error
	}{
		"a long pause":      {vendors.TooMany(1 << 30), sms.Error{Class: sms.Later, Code: "20429", RetryAfter: time.Hour}},
		"a new code":        {vendors.Refuse(29999), sms.Error{Class: sms.OtherRoute, Code: "29999"}},
		"a page of a proxy": {vendors.Behaviour{Status: 403}, sms.Error{Class: sms.OtherRoute}},
		"a new code at 503": {vendors.Behaviour{Status: 503, Code: 29998}, sms.Error{Class: sms.Later, Code: "29998"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			fake.BehaveTo(to, tt.do)
			_, err := twilio.New(config(fake.RoundTripper())).Send(t.Context(), text())

			e, ok := errors.AsType[*sms.Error](err)
			if !ok {
				t.Fatalf("Send = %v, want an *sms.Error", err)
			}
			if e.Reason == "" {
				t.Error("no reason")
			}
			tt.want.Reason = e.Reason
			if diff := cmp.Diff(tt.want, *e); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStrictFake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config func(*twilio.Config)
		text   func(*sms.Message)
		code   string
	}{
		"wrong token":     {func(c *twilio.Config) { c.AuthToken = "nope" }, nil, "20003"},
		"strange sender":  {func(c *twilio.Config) { c.From = "+15005550001" }, nil, "21606"},
		"strange service": {func(c *twilio.Config) { c.MessagingServiceSID = "MG" + strings.Repeat("a", 32) }, nil, "21701"},
		"no number":       {nil, func(m *sms.Message) { m.To = "" }, "21604"},
		"bad number":      {nil, func(m *sms.Message) { m.To = "2025550123" }, "21211"},
		"no text":         {nil, func(m *sms.Message) { m.Body = "" }, "21602"},
		"long text":       {nil, func(m *sms.Message) { m.Body = strings.Repeat("x", 1601) }, "21617"},
		"bad callback":    {nil, func(m *sms.Message) { m.CallbackURL = "https://a_b.example/" }, "21609"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			c, m := config(fake.RoundTripper()), text()
			if tt.config != nil {
				tt.config(&c)
			}
			if tt.text != nil {
				tt.text(&m)
			}
			_, err := twilio.New(c).Send(t.Context(), m)
			if e := sms.AsError(err); e == nil || e.Code != tt.code {
				t.Errorf("Send = %v, want code %s", err, tt.code)
			}
			if fake.Taken() != 0 || fake.Refused() != 1 {
				t.Errorf("taken %d, refused %d; want 0 and 1", fake.Taken(), fake.Refused())
			}
		})
	}
}

type golden struct {
	Source, Read string
	Request      map[string]string
	Status       int
	Answer       json.RawMessage
	Want         struct {
		ProviderID string `json:"provider_id"`
		Segments   int
		Class      string
		Code       string
	}
}

// TestGolden sends the documentation's own requests and reads its own answers.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"callback", "service", "refused"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g golden
			readJSON(t, name+".json", &g)
			if g.Source == "" || g.Read == "" {
				t.Fatal("a golden file says where it is from and when it was read")
			}

			var form url.Values
			c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
				sent, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				form, err = url.ParseQuery(string(sent))
				return &http.Response{
					StatusCode: g.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(g.Answer))),
				}, err
			}))
			c.From, c.MessagingServiceSID = g.Request["From"], g.Request["MessagingServiceSid"]
			m := sms.Message{
				To: g.Request["To"], Body: g.Request["Body"], CallbackURL: g.Request["StatusCallback"], ValidFor: time.Minute,
			}
			got, err := twilio.New(c).Send(t.Context(), m)

			want := url.Values{"ValidityPeriod": {"60"}}
			for name, value := range g.Request {
				want.Set(name, value)
			}
			if diff := cmp.Diff(want, form); diff != "" {
				t.Errorf("request: %s", diff)
			}
			if g.Want.Class != "" {
				if e := sms.AsError(err); e == nil || e.Class.String() != g.Want.Class || e.Code != g.Want.Code {
					t.Errorf("Send = %v, want %s %s", err, g.Want.Class, g.Want.Code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sms.Result{ProviderID: g.Want.ProviderID, Segments: g.Want.Segments}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRequest pins where and how a request is sent.
func TestRequest(t *testing.T) {
	for _, variable := range []string{"TWILIO_EDGE", "TWILIO_REGION", "HTTPS_PROXY", "HTTP_PROXY"} {
		t.Setenv(variable, "sydney")
	}
	const path = "/2010-04-01/Accounts/" + vendors.TwilioAccount + "/Messages.json"
	for base, want := range map[string]string{
		"":                            "https://api.twilio.com" + path,
		"https://sms.example/prefix/": "https://sms.example/prefix" + path,
	} {
		var got *http.Request
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r
			return nil, errors.New("enough")
		}))
		c.BaseURL = base
		if _, err := twilio.New(c).Send(t.Context(), text()); err == nil {
			t.Fatal("no error")
		}
		if got.URL.String() != want || got.Method != http.MethodPost {
			t.Errorf("%s %s, want POST %s", got.Method, got.URL, want)
		}
		if got.Host != "" && got.Host != got.URL.Host {
			t.Errorf("Host = %s", got.Host)
		}
		user, password, _ := got.BasicAuth()
		if user != vendors.TwilioAccount || password != vendors.TwilioToken {
			t.Error("wrong credentials")
		}
		if agent := got.Header["User-Agent"]; len(agent) != 1 || agent[0] != "Thimble" {
			t.Errorf("User-Agent = %q", agent)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*twilio.Config)
		want   string // part of the problem; "" is none
	}{
		"good":               {func(*twilio.Config) {}, ""},
		"short code":         {func(c *twilio.Config) { c.From = "12345" }, ""},
		"name":               {func(c *twilio.Config) { c.From = "Acme & Co" }, ""},
		"service":            {func(c *twilio.Config) { c.From, c.MessagingServiceSID = "", vendors.TwilioService }, ""},
		"local":              {func(c *twilio.Config) { c.BaseURL = "http://127.0.0.1:8081" }, ""},
		"no account":         {func(c *twilio.Config) { c.AccountSID = "" }, "twilio-account-sid"},
		"path":               {func(c *twilio.Config) { c.AccountSID = "AC/../" + strings.Repeat("0", 28) }, "account-sid"},
		"no token":           {func(c *twilio.Config) { c.AuthToken = "" }, "twilio-auth-token"},
		"no sender":          {func(c *twilio.Config) { c.From = "" }, "twilio-from is missing"},
		"bad service":        {func(c *twilio.Config) { c.MessagingServiceSID = "MG1" }, "twilio-messaging-service-sid"},
		"long name":          {func(c *twilio.Config) { c.From = "Acme Brothers" }, "twilio-from must"},
		"number without +":   {func(c *twilio.Config) { c.From = "15017122661" }, "twilio-from must"},
		"clear text abroad":  {func(c *twilio.Config) { c.BaseURL = "http://api.twilio.com" }, "twilio-base-url"},
		"credentials in URL": {func(c *twilio.Config) { c.BaseURL = "https://a:b@api.twilio.com" }, "twilio-base-url"},
		"no client":          {func(c *twilio.Config) { c.HTTP = nil }, "HTTP client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			c := config(fake.RoundTripper())
			tt.change(&c)
			s := twilio.New(c)
			err := s.Check()
			if tt.want == "" {
				if err != nil {
					t.Errorf("Check = %v, want nil", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check = %v, want one with %q", err, tt.want)
			}
			if _, err := s.Send(t.Context(), text()); sms.AsError(err).Class != sms.OtherRoute || fake.Refused() != 0 {
				t.Errorf("Send = %v, want an other_route error and no call", err)
			}
		})
	}
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}
