package twilio_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

func voiceConfig(transport http.RoundTripper) twilio.Config {
	c := config(transport)
	c.From = vendors.TwilioVoice
	return c
}

// spoken is a code as it is read aloud.
func spoken() sms.Message {
	m := code()
	m.Body = "Hello. This is a call from Acme & Co. Your code is:\n4, 9.\nOnce more:\n4, 9.\nGoodbye."
	return m
}

func TestVoiceContract(t *testing.T) {
	t.Parallel()
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := voiceConfig(nil)
			c.HTTP, c.BaseURL = client, base
			return twilio.NewVoice(c)
		},
		Secrets:     secrets,
		Read:        readCall,
		NoValidity:  true, // what is told is how long it rings
		MinValidity: sms.MinRinging + sms.SpeakingTime,
		Taken: smstest.Answer{Status: http.StatusCreated, Body: fmt.Sprintf(
			`{"sid":"CA1","to":%q,"status":"queued","queue_time":"0","price":null}`, smstest.To)},
		Result: sms.Result{ProviderID: "CA1"},
		Refusals: map[string]smstest.Refusal{
			"bad number": {Answer: refused(400, 21217), Want: sms.Error{Class: sms.Permanent, Code: "21217"}},
			"no region":  {Answer: refused(400, 21215), Want: sms.Error{Class: sms.OtherRoute, Code: "21215"}},
			"blocked":    {Answer: refused(400, 21216), Want: sms.Error{Class: sms.OtherRoute, Code: "21216"}},
			"long queue": {
				Answer: smstest.Answer{Status: http.StatusCreated, Body: `{"sid":"CA1","queue_time":"90000"}`},
				Want:   sms.Error{Class: sms.OtherRoute},
			},
			"too many": {
				Answer: refused(429, 20429), Want: sms.Error{Class: sms.Later, Code: "20429", RetryAfter: 7 * time.Second},
			},
		},
		Lacks:  []sms.Class{sms.OptedOut},
		Broken: func(client *httpx.Client) sms.Sender { return twilio.NewVoice(broken(client)) },
		Settings: []string{
			"twilio-account-sid", "twilio-auth-token", "twilio-voice-from", "twilio-base-url",
		},
		Receipts: voiceReceipts(),
	})
}

// readCall takes a call for a new call apart.
func readCall(t *testing.T, _ *http.Request, body []byte) smstest.Sent {
	t.Helper()
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	if events := form["StatusCallbackEvent"]; (len(events) == 2) != form.Has("StatusCallback") {
		t.Errorf("events %q to %q", events, form.Get("StatusCallback"))
	}
	var script struct {
		Say []string `xml:"Say"`
	}
	if err := xml.Unmarshal([]byte(form.Get("Twiml")), &script); err != nil {
		t.Fatal(err)
	}
	return smstest.Sent{
		To: form.Get("To"), Body: strings.Join(script.Say, "\n"), CallbackURL: form.Get("StatusCallback"),
	}
}

func voiceReceipts() *smstest.Receipts {
	r := receipts()
	fake := vendors.NewTwilio()
	report := func(status, by string, want sms.Receipt) smstest.Report {
		sent := vendors.Text{SID: "CA1", To: smstest.To, From: vendors.TwilioVoice, Callback: callback}
		body, _ := io.ReadAll(fake.CallStatus(sent, status, by).Body)
		want.ProviderID = "CA1"
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	r.Reports = map[string]smstest.Report{
		"initiated":            report("initiated", "", sms.Receipt{Status: sms.Pending}),
		"ringing":              report("ringing", "", sms.Receipt{Status: sms.Pending}),
		"answered":             report("in-progress", "", sms.Receipt{Status: sms.Sent}),
		"answered by machine":  report("in-progress", "machine_start", sms.Receipt{Status: sms.Sent}),
		"completed":            report("completed", "", sms.Receipt{Status: sms.Delivered}),
		"completed by a human": report("completed", "human", sms.Receipt{Status: sms.Delivered}),
		"not told by whom":     report("completed", "unknown", sms.Receipt{Status: sms.Delivered}),
		"taken by a machine":   report("completed", "machine_start", failed(sms.OtherRoute, "")),
		"taken by a fax":       report("completed", "fax", failed(sms.OtherRoute, "")),
		"busy":                 report("busy", "", failed(sms.Later, "busy")),
		"no answer":            report("no-answer", "", failed(sms.Later, "no-answer")),
		"not connected":        report("failed", "", failed(sms.OtherRoute, "failed")),
		"canceled":             report("canceled", "", failed(sms.OtherRoute, "canceled")),
	}
	r.Unreadable = map[string]string{
		"another account": "AccountSid=AC2&CallSid=CA1&CallStatus=completed",
		"no call":         "AccountSid=" + vendors.TwilioAccount + "&CallStatus=completed",
		"no status":       "CallSid=CA1",
		"strange status":  "CallSid=CA1&CallStatus=lost",
		"a text":          "MessageSid=SM1&MessageStatus=delivered",
	}
	return r
}

// TestCall: the digits are said one by one, with pauses, and the call does not ring past the text's life.
func TestCall(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	var script string
	c := voiceConfig(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		script = form.Get("Twiml")
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		return fake.RoundTripper().RoundTrip(r)
	}))
	got, err := twilio.NewVoice(c).Send(t.Context(), spoken())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()[0]
	want := vendors.Text{
		SID: got.ProviderID, Channel: "voice", To: to, From: vendors.TwilioVoice, Callback: text().CallbackURL, Validity: 25,
		Language: "en-US", At: seen.At, Status: http.StatusCreated,
		Body: "Hello. This is a call from Acme & Co. Your code is:\n4\n9\nOnce more:\n4\n9\nGoodbye.",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	const one = `<Pause length="1"></Pause><Say language="en-US">`
	digits := one + "4</Say>" + one + "9</Say>"
	if strings.Count(script, digits) != 2 || strings.Contains(script, "4, 9") {
		t.Errorf("the digits are not apart: %s", script)
	}
}

func TestRinging(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{
		50 * time.Second: 10, 51500 * time.Millisecond: 11, time.Minute: 20, 65 * time.Second: 25, time.Hour: 25,
	} {
		fake := vendors.NewTwilio()
		m := spoken()
		m.ValidFor = left
		if _, err := twilio.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := fake.Texts()[0].Validity; got != want {
			t.Errorf("with %v left it rings %d s, want %d", left, got, want)
		}
	}
}

// TestQueue: a call that would wait too long is for another route.
func TestQueue(t *testing.T) {
	t.Parallel()
	for wait, ok := range map[time.Duration]bool{
		0: true, 20 * time.Second: true, 55 * time.Second: true, 56 * time.Second: false, time.Hour: false,
	} {
		fake := vendors.NewTwilio()
		fake.QueueTime = wait
		_, err := twilio.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), spoken())
		if e := sms.AsError(err); (e == nil) != ok || e != nil && e.Class != sms.OtherRoute {
			t.Errorf("in %v: Send = %v", wait, err)
		}
	}
}

// TestSpokenLanguages: each language of ours is one that Twilio has a voice for, or is for another route.
func TestSpokenLanguages(t *testing.T) {
	t.Parallel()
	for _, tag := range append(locale.SMS(), "xx", "") {
		fake := vendors.NewTwilio()
		m := spoken()
		m.Locale = string(tag)
		_, err := twilio.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m)
		if tag == locale.Persian || tag == "xx" || tag == "" {
			if e := sms.AsError(err); e == nil || e.Class != sms.OtherRoute || fake.Refused() != 0 {
				t.Errorf("%q: Send = %v, want other_route without a call", tag, err)
			}
			continue
		}
		short := string(tag)[:2]
		if short == "zh" {
			short = "cmn"
		}
		if err != nil || !strings.HasPrefix(fake.Texts()[0].Language, short) {
			t.Errorf("%q: Send = %v, in %+v", tag, err, fake.Texts())
		}
	}
}

func TestStrictCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*twilio.Config, *sms.Message)
		want   string
		calls  int
	}{
		"strange sender": {func(c *twilio.Config, _ *sms.Message) { c.From = "+15005550001" }, "other_route 21210", 1},
		"no number":      {func(_ *twilio.Config, m *sms.Message) { m.To = "" }, "permanent 21201", 1},
		"bad number":     {func(_ *twilio.Config, m *sms.Message) { m.To = "2025550123" }, "permanent 21211", 1},
		"bad callback":   {func(_ *twilio.Config, m *sms.Message) { m.CallbackURL = "/x" }, "other_route 21205", 1},
		"nothing to say": {func(_ *twilio.Config, m *sms.Message) { m.Body = " \n" }, "permanent ", 0},
		"much to say":    {func(_ *twilio.Config, m *sms.Message) { m.Body = strings.Repeat("x", 4000) }, "permanent ", 0},
	} {
		fake := vendors.NewTwilio()
		c, m := voiceConfig(fake.RoundTripper()), spoken()
		tt.change(&c, &m)
		_, err := twilio.NewVoice(c).Send(t.Context(), m)
		e := sms.AsError(err)
		if e == nil || e.Class.String()+" "+e.Code != tt.want || fake.Refused() != tt.calls || fake.Taken() != 0 {
			t.Errorf("%s: Send = %v after %s calls, want %s", name, err, strconv.Itoa(fake.Refused()), tt.want)
		}
	}
}

// FuzzSay: whatever is to be said, the script is one that Twilio can play, or there is no call.
func FuzzSay(f *testing.F) {
	f.Add(spoken().Body)
	f.Add("<Say>\x00\xff]]>&\u2028\n1، 2、3，")
	f.Fuzz(func(t *testing.T, body string) {
		fake := vendors.NewTwilio()
		m := spoken()
		m.Body = body
		_, err := twilio.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m)
		if e := sms.AsError(err); e != nil && (e.Class != sms.Permanent || fake.Refused() != 0) {
			t.Errorf("%q: %v", body, err)
		}
	})
}

func FuzzCallReceipt(f *testing.F) {
	fake := vendors.NewTwilio()
	good := "AccountSid=" + vendors.TwilioAccount + "&CallSid=CA1&CallStatus=completed"
	f.Add(callback, good, fake.Sign(callback, url.Values{}))
	f.Add("http://[::1", "a=b&a=c;", "=")
	s := twilio.NewVoice(voiceConfig(nil))
	f.Fuzz(func(t *testing.T, address, body, signature string) {
		r := unsigned(httptest.NewRequest(http.MethodPost, "/", nil), signature)
		if got, err := s.Receipt(r, address, []byte(body)); err == nil {
			form, _ := url.ParseQuery(body)
			if fake.Sign(address, form) != signature {
				t.Errorf("a receipt without a right signature: %+v", got)
			}
		}
	})
}
