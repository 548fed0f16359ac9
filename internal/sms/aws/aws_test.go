package aws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/test/vendors"
)

const (
	to   = "+12025550123"
	body = "Your code is 493817."
)

func config(transport http.RoundTripper) aws.Config {
	return aws.Config{
		Region: vendors.AWSRegion, AccessKeyID: vendors.AWSKey, SecretAccessKey: vendors.AWSSecret,
		From: vendors.AWSFrom, ConfigurationSet: vendors.AWSSet, TopicARN: vendors.AWSTopic,
		HTTP: httpx.New(httpx.Options{Transport: transport}),
	}
}

func text() sms.Message {
	return sms.Message{ID: "message-live-1", To: to, Body: body, ValidFor: 2 * time.Minute}
}

func TestSend(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))

	got, err := s.Send(t.Context(), text())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()
	if len(seen) != 1 {
		t.Fatalf("the fake saw %d texts, want 1", len(seen))
	}
	if diff := cmp.Diff(sms.Result{ProviderID: seen[0].ID}, got); diff != "" {
		t.Error(diff)
	}
	want := vendors.AWSText{
		ID: got.ProviderID, To: to, From: vendors.AWSFrom, Body: body, Type: "TRANSACTIONAL", Set: vendors.AWSSet,
		Context: map[string]string{"thimble_message": "message-live-1"}, Validity: 120, Feedback: true, At: seen[0].At,
	}
	if diff := cmp.Diff(want, seen[0]); diff != "" {
		t.Error(diff)
	}

	if err := s.Redeemed(t.Context(), got.ProviderID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{got.ProviderID}, fake.Redeemed()); diff != "" {
		t.Error(diff)
	}
	if e := sms.AsError(s.Redeemed(t.Context(), "unknown")); e == nil || e.Code != "ResourceNotFoundException" {
		t.Errorf("Redeemed of an unknown message = %v", e)
	}
}

// TestSendOptions: what is not set is not sent, and temporary credentials are.
func TestSendOptions(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	fake.Key, fake.Session = "ASIAIOSFODNN7EXAMPLE", "a-session-token"
	c := config(fake.RoundTripper())
	c.AccessKeyID, c.SessionToken, c.From, c.ConfigurationSet, c.TopicARN = fake.Key, "a-session-token", "", "", ""
	m := text()
	m.ID = ""
	if _, err := aws.New(c).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if seen := fake.Texts()[0]; seen.From != "" || seen.Set != "" || seen.Context != nil {
		t.Errorf("the fake saw %+v", seen)
	}
}

// TestSurroundings: no variable of the environment changes whom we call and as whom.
func TestSurroundings(t *testing.T) {
	for _, pair := range []string{
		"AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX", "AWS_SECRET_ACCESS_KEY=x", "AWS_SESSION_TOKEN=x", "AWS_REGION=us-east-1",
		"AWS_ENDPOINT_URL=http://evil.example", "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2=http://evil.example",
		"AWS_PROFILE=x", "AWS_MAX_ATTEMPTS=9", "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true",
		"AWS_LAMBDA_FUNCTION_NAME=x", "_X_AMZN_TRACE_ID=trace-of-somebody", "AWS_EXECUTION_ENV=somewhere",
		"HTTPS_PROXY=http://evil.example",
	} {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	fake := vendors.NewAWS()
	calls := 0
	s := aws.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
		calls++
		if r.URL.Host != "sms-voice.eu-west-1.amazonaws.com" || r.URL.Scheme != "https" {
			t.Errorf("called %s", r.URL)
		}
		if shown := fmt.Sprint(r.Header); strings.Contains(shown, "somebody") || strings.Contains(shown, "somewhere") {
			t.Errorf("the environment is in the headers: %s", shown)
		}
		return fake.RoundTripper().RoundTrip(r)
	})))
	if _, err := s.Send(t.Context(), text()); err != nil || calls != 1 {
		t.Errorf("Send = %v after %d calls", err, calls)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTimeToLive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		life time.Duration
		want int // 0: not sent
		why  sms.Class
	}{
		{-time.Second, 0, sms.Permanent},
		{999 * time.Millisecond, 0, sms.Permanent},
		{4*time.Second + 999*time.Millisecond, 0, sms.OtherRoute},
		{5 * time.Second, 5, 0},
		{119*time.Second + 999*time.Millisecond, 119, 0},
		{72 * time.Hour, 259200, 0},
		{1 << 62, 259200, 0},
	} {
		fake := vendors.NewAWS()
		m := text()
		m.ValidFor = tt.life
		_, err := aws.New(config(fake.RoundTripper())).Send(t.Context(), m)
		seen := fake.Texts()
		if tt.want == 0 {
			if e := sms.AsError(err); e == nil || e.Class != tt.why || len(seen) != 0 {
				t.Errorf("%s: Send = %v after %d calls, want %s and none", tt.life, err, len(seen), tt.why)
			}
			continue
		}
		if err != nil || seen[0].Validity != tt.want {
			t.Errorf("%s: Send = %v with %d, want %d", tt.life, err, seen[0].Validity, tt.want)
		}
	}
}

// TestStrictFake: what the service would refuse is refused, with what is wrong.
func TestStrictFake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config func(*aws.Config)
		text   func(*sms.Message)
		want   sms.Error
	}{
		"wrong key": {
			func(c *aws.Config) { c.AccessKeyID = "AKIAXXXXXXXXXXXXXXXX" }, nil,
			sms.Error{Class: sms.OtherRoute, Code: "UnrecognizedClientException"},
		},
		"wrong secret": {
			func(c *aws.Config) { c.SecretAccessKey = "nope" }, nil,
			sms.Error{Class: sms.OtherRoute, Code: "InvalidSignatureException"},
		},
		"wrong region": {
			func(c *aws.Config) { c.Region = "eu-central-1" }, nil,
			sms.Error{Class: sms.OtherRoute, Code: "InvalidSignatureException"},
		},
		"strange sender": {
			func(c *aws.Config) { c.From = "pool-1" }, nil,
			sms.Error{Class: sms.OtherRoute, Code: "ResourceNotFoundException"},
		},
		"strange set": {
			func(c *aws.Config) { c.ConfigurationSet = "other" }, nil,
			sms.Error{Class: sms.OtherRoute, Code: "ResourceNotFoundException"},
		},
		"no number": {
			nil, func(m *sms.Message) { m.To = "" },
			sms.Error{Class: sms.Permanent, Code: "INVALID_PARAMETER"},
		},
		"bad number": {
			nil, func(m *sms.Message) { m.To = "+0202" },
			sms.Error{Class: sms.Permanent, Code: "INVALID_PARAMETER"},
		},
		"no text": {
			nil, func(m *sms.Message) { m.Body = " \n" },
			sms.Error{Class: sms.Permanent, Code: "INVALID_PARAMETER"},
		},
		"long text": {
			nil, func(m *sms.Message) { m.Body = strings.Repeat("ä", 1601) },
			sms.Error{Class: sms.Permanent, Code: "INVALID_PARAMETER"},
		},
		"bad id": {
			nil, func(m *sms.Message) { m.ID = " x" },
			sms.Error{Class: sms.OtherRoute, Code: "INVALID_PARAMETER"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewAWS()
			c, m := config(fake.RoundTripper()), text()
			if tt.config != nil {
				tt.config(&c)
			}
			if tt.text != nil {
				tt.text(&m)
			}
			_, err := aws.New(c).Send(t.Context(), m)
			e, ok := errors.AsType[*sms.Error](err)
			if !ok {
				t.Fatalf("Send = %v, want an *sms.Error", err)
			}
			tt.want.Reason = e.Reason
			if diff := cmp.Diff(tt.want, *e); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOneCall: the library's own retries are off; a try costs what the caller counted.
func TestOneCall(t *testing.T) {
	t.Parallel()
	for _, b := range []vendors.AWSBehaviour{
		{Exception: "ThrottlingException"}, {Exception: "InternalServerException"}, {Behaviour: vendors.Broken()},
	} {
		fake := vendors.NewAWS()
		fake.Behave(b)
		_, err := aws.New(config(fake.RoundTripper())).Send(t.Context(), text())
		if e := sms.AsError(err); e == nil || e.Class != sms.Later || len(fake.Texts()) != 1 {
			t.Errorf("%+v: Send = %v after %d calls", b, err, len(fake.Texts()))
		}
	}
}

// TestStrangeCodes: a code is shown and kept only if it cannot be a number.
func TestStrangeCodes(t *testing.T) {
	t.Parallel()
	for _, b := range []vendors.AWSBehaviour{
		{Exception: "Bad" + to[1:]},
		{Exception: "ConflictException", Reason: to},
		{Exception: strings.Repeat("A", 81)},
		{Exception: "a b"},
	} {
		fake := vendors.NewAWS()
		fake.Behave(b)
		_, err := aws.New(config(fake.RoundTripper())).Send(t.Context(), text())
		if e := sms.AsError(err); e == nil || e.Class != sms.OtherRoute || e.Code != "" {
			t.Errorf("%+v: Send = %v, want no code", b, err)
		}
	}
}

// TestSlow runs over connections in memory, where time is the bubble's.
func TestSlow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   vendors.Behaviour
		took time.Duration
		ok   bool
	}{
		"slow":  {vendors.Slow(4 * time.Second), 4 * time.Second, true},
		"hangs": {vendors.Hang(), 5 * time.Second, false},
		"drops": {vendors.Behaviour{Drop: true}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake, listener := vendors.NewAWS(), vendors.NewListener()
				fake.Behave(vendors.AWSBehaviour{Behaviour: tt.do})
				defer fake.Serve(listener)()
				c := config(nil)
				c.BaseURL = "http://127.0.0.1:80"
				c.HTTP = httpx.New(httpx.Options{Dial: listener.Dial})
				defer c.HTTP.CloseIdle()

				start := time.Now()
				_, err := aws.New(c).Send(t.Context(), text())
				if took := time.Since(start); took != tt.took || (err == nil) != tt.ok {
					t.Errorf("Send = %v after %s, want %s", err, took, tt.took)
				}
			})
		})
	}
}

// TestDocumentedRequest: what the documentation sends has the members that we send.
func TestDocumentedRequest(t *testing.T) {
	t.Parallel()
	var golden struct{ Request map[string]any }
	readJSON(t, "request.json", &golden)
	var sent map[string]any
	s := aws.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		return nil, http.ErrServerClosed
	})))
	_, _ = s.Send(t.Context(), text())
	for name, value := range sent {
		documented, there := golden.Request[name]
		if name == "MessageFeedbackEnabled" {
			continue // Newer than the example; it is in the API reference.
		}
		if !there || fmt.Sprintf("%T", documented) != fmt.Sprintf("%T", value) {
			t.Errorf("%s: %v, documented as %v", name, value, documented)
		}
	}
	if len(sent) != 8 {
		t.Errorf("sent %v", sent)
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

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*aws.Config)
		want   string // begins the one problem; "" is none
	}{
		"good":             {func(*aws.Config) {}, ""},
		"short":            {func(c *aws.Config) { c.From, c.ConfigurationSet, c.TopicARN = "", "", "" }, ""},
		"government":       {func(c *aws.Config) { c.Region = "us-gov-west-1" }, ""},
		"sender by ARN":    {func(c *aws.Config) { c.From = "arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-1" }, ""},
		"loopback":         {func(c *aws.Config) { c.BaseURL = "http://[::1]:8080" }, ""},
		"no region":        {func(c *aws.Config) { c.Region = "" }, "aws-region must"},
		"a host as region": {func(c *aws.Config) { c.Region = "evil.example/-x-1" }, "aws-region must"},
		"no key":           {func(c *aws.Config) { c.AccessKeyID = "" }, "aws-access-key-id must"},
		"no secret":        {func(c *aws.Config) { c.SecretAccessKey = "" }, "aws-secret-access-key is missing"},
		"half temporary":   {func(c *aws.Config) { c.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" }, "aws-session-token is missing"},
		"sender":           {func(c *aws.Config) { c.From = "Acme & Sons" }, "aws-from must"},
		"set":              {func(c *aws.Config) { c.ConfigurationSet = "a b" }, "aws-configuration-set must"},
		"topic":            {func(c *aws.Config) { c.TopicARN = "arn:aws:sns:eu-west-1:1:x" }, "aws-topic-arn must"},
		"queue": {
			func(c *aws.Config) { c.TopicARN = "arn:aws:sqs:eu-west-1:123456789012:x" }, "aws-topic-arn must",
		},
		"topic in another world": {
			func(c *aws.Config) { c.TopicARN = "arn:aws-iso:sns:eu-west-1:123456789012:x" }, "aws-topic-arn must",
		},
		"topic alone": {func(c *aws.Config) { c.ConfigurationSet = "" }, "aws-configuration-set is missing"},
		"base":        {func(c *aws.Config) { c.BaseURL = "http://sms.example.com" }, "aws-base-url is wrong"},
		"no client":   {func(c *aws.Config) { c.HTTP = nil }, "aws: no HTTP client"},
	} {
		c := config(nil)
		tt.change(&c)
		err := aws.New(c).Check()
		if tt.want == "" && err == nil {
			continue
		}
		if tt.want == "" || err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Check = %v, want %q", name, err, tt.want)
		}
	}
}
