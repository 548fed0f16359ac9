package vonage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

func voiceConfig(transport http.RoundTripper) vonage.Config {
	c := config(transport)
	c.From = vendors.VonageVoice
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
			return vonage.NewVoice(c)
		},
		Secrets:     secrets,
		Read:        readCall,
		NoValidity:  true, // what is told is how long it rings
		MinValidity: sms.MinRinging + sms.SpeakingTime,
		Taken: answer(http.StatusCreated, map[string]any{
			"uuid": messageID, "status": "started", "direction": "outbound", "conversation_uuid": "CON-1",
		}),
		Result: sms.Result{ProviderID: messageID},
		Refusals: map[string]smstest.Refusal{
			"no credit": {
				Answer: refused(402, "#low-balance", "Low balance"), Want: sms.Error{Class: sms.OtherRoute, Code: "low-balance"},
			},
			"bad request": {Answer: refused(400, "", "Bad Request"), Want: sms.Error{Class: sms.OtherRoute}},
			"too many": {
				Answer: refused(429, "", "Too many"), Want: sms.Error{Class: sms.Later, RetryAfter: 7 * time.Second},
			},
		},
		Lacks:    []sms.Class{sms.OptedOut, sms.Permanent},
		Broken:   func(client *httpx.Client) sms.Sender { return vonage.NewVoice(broken(client)) },
		Settings: append([]string{"vonage-voice-from"}, accountSettings...),
		Receipts: voiceReceipts(),
	})
}

// readCall takes a call for a new call apart.
func readCall(t *testing.T, _ *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		To       []struct{ Type, Number string }
		NCCO     []struct{ Text string }
		EventURL []string `json:"event_url"`
	}
	if err := json.Unmarshal(body, &sent); err != nil || len(sent.To) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	var lines []string
	for _, action := range sent.NCCO {
		lines = append(lines, action.Text)
	}
	return smstest.Sent{
		To: "+" + sent.To[0].Number, Body: strings.Join(lines, "\n"), CallbackURL: strings.Join(sent.EventURL, " "),
	}
}

func voiceReceipts() *smstest.Receipts {
	r := receipts()
	fake := vendors.NewVonage()
	report := func(status string, want sms.Receipt) smstest.Report {
		sent := vendors.Text{SID: messageID, To: smstest.To, From: vendors.VonageVoice[1:], Callback: callback}
		body, _ := io.ReadAll(fake.CallEvent(sent, status).Body)
		want.ProviderID = messageID
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) smstest.Report {
		return report(code, sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}})
	}
	r.Reports = map[string]smstest.Report{
		"started":  report("started", sms.Receipt{Status: sms.Pending}),
		"ringing":  report("ringing", sms.Receipt{Status: sms.Pending}),
		"answered": report("answered", sms.Receipt{Status: sms.Sent}),
		"human":    report("human", sms.Receipt{Status: sms.Delivered}),
		"completed": report("completed", sms.Receipt{
			Status: sms.Sent, Price: sms.Price{Micros: 2025, Currency: "EUR"},
		}),
		"machine":    failed(sms.OtherRoute, "machine"),
		"busy":       failed(sms.Later, "busy"),
		"unanswered": failed(sms.Later, "unanswered"),
		"timeout":    failed(sms.Later, "timeout"),
		"rejected":   failed(sms.OtherRoute, "rejected"),
		"failed":     failed(sms.OtherRoute, "failed"),
		"cancelled":  failed(sms.OtherRoute, "cancelled"),
	}
	r.Unreadable = map[string]string{
		"a form":         "status=completed",
		"no call":        `{"status":"completed"}`,
		"no status":      `{"uuid":"m-1"}`,
		"strange status": `{"uuid":"m-1","status":"lost"}`,
		"a text":         `{"message_uuid":"m-1","channel":"sms","status":"delivered"}`,
		"an error":       `{"reason":"Syntax error in NCCO","conversation_uuid":"CON-1"}`,
	}
	return r
}

// TestCall: digits are said one by one with pauses, no mailbox hears them, and the call does not ring past the text's
// life.
func TestCall(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	var sent map[string]any
	c := voiceConfig(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		return fake.RoundTripper().RoundTrip(r)
	}))
	got, err := vonage.NewVoice(c).Send(t.Context(), spoken())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()[0]
	want := vendors.Text{
		SID: got.ProviderID, Channel: "voice", To: to, From: vendors.VonageVoice[1:], Callback: callback, Validity: 30,
		Language: "en-US", At: seen.At, Status: http.StatusCreated,
		Body: "Hello. This is a call from Acme & Co. Your code is:\n4 9\nOnce more:\n4 9\nGoodbye.",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	digits := fmt.Sprint(sent["ncco"].([]any)[1].(map[string]any)["text"])
	if digits != `<speak>4<break time="800ms"/>9</speak>` || sent["machine_detection"] != "hangup" {
		t.Errorf("digits %q, machine_detection %v", digits, sent["machine_detection"])
	}
}

// TestRinging: a call rings while that is worth it.
func TestRinging(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{
		50 * time.Second: 15, 51500 * time.Millisecond: 16, time.Minute: 25, 65 * time.Second: 30, time.Hour: 30,
	} {
		fake := vendors.NewVonage()
		m := spoken()
		m.ValidFor = left
		if _, err := vonage.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := fake.Texts()[0].Validity; got != want {
			t.Errorf("with %v left it rings %d s, want %d", left, got, want)
		}
	}
}

// TestSpokenLanguages: each language of ours is one that Vonage has a voice for, or is for another route.
func TestSpokenLanguages(t *testing.T) {
	t.Parallel()
	for _, tag := range append(locale.SMS(), "xx", "") {
		fake := vendors.NewVonage()
		m := spoken()
		m.Locale = string(tag)
		_, err := vonage.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m)
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
		if digits := strings.Split(fake.Texts()[0].Body, "\n")[1]; digits != "4 9" && (short != "ca" || digits != "4, 9.") {
			t.Errorf("%q: the digits are %q", tag, digits)
		}
	}
}

func TestStrictCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*vonage.Config, *sms.Message)
		want   sms.Class
		calls  int
	}{
		"strange sender": {func(c *vonage.Config, _ *sms.Message) { c.From = "+447700900009" }, sms.OtherRoute, 1},
		"bad number":     {func(_ *vonage.Config, m *sms.Message) { m.To = "+0012025550123" }, sms.OtherRoute, 1},
		"bad callback":   {func(_ *vonage.Config, m *sms.Message) { m.CallbackURL = "/x" }, sms.OtherRoute, 1},
		"nothing to say": {func(_ *vonage.Config, m *sms.Message) { m.Body = " \n" }, sms.Permanent, 0},
		"much to say":    {func(_ *vonage.Config, m *sms.Message) { m.Body = strings.Repeat("x", 1501) }, sms.Permanent, 0},
	} {
		fake := vendors.NewVonage()
		c, m := voiceConfig(fake.RoundTripper()), spoken()
		tt.change(&c, &m)
		_, err := vonage.NewVoice(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class != tt.want || fake.Refused() != tt.calls || fake.Taken() != 0 {
			t.Errorf("%s: Send = %v after %d calls", name, err, fake.Refused())
		}
	}
}

// TestChannels: each sender says what it is, and posts to its own API; calls do not go to the hosts of messages.
func TestChannels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sender           func(vonage.Config) sms.Sender
		name             string
		channel          sms.Channel
		base, want, path string
	}{
		{
			func(c vonage.Config) sms.Sender { return vonage.NewWhatsApp(c) }, "vonage_whatsapp", sms.WhatsApp,
			"https://api-eu.nexmo.com", "https://api-eu.nexmo.com", "/v1/messages",
		},
		{
			func(c vonage.Config) sms.Sender { return vonage.NewVoice(c) }, "vonage_voice", sms.Voice,
			"https://api-eu.nexmo.com", "https://api.nexmo.com", "/v1/calls",
		},
		{
			func(c vonage.Config) sms.Sender { return vonage.NewVoice(c) }, "vonage_voice", sms.Voice,
			"https://calls.example/p", "https://calls.example/p", "/v1/calls",
		},
	} {
		var at string
		c := whatsAppConfig(roundTrip(func(r *http.Request) (*http.Response, error) {
			at = r.URL.String()
			return nil, errors.New("enough")
		}))
		c.BaseURL = tt.base
		s := tt.sender(c)
		_, _ = s.Send(t.Context(), code())
		if s.Name() != tt.name || s.Channel() != tt.channel || at != tt.want+tt.path || fmt.Sprint(s) != tt.name {
			t.Errorf("%s by %s to %s, want %s by %s to %s", s.Name(), s.Channel(), at, tt.name, tt.channel, tt.want+tt.path)
		}
	}
}

// FuzzTalk: whatever is to be said, the script is one that Vonage can play, or there is no call.
func FuzzTalk(f *testing.F) {
	f.Add(spoken().Body)
	f.Add("<speak>a</speak>\n<speak/>\x00\xff\n1، 2、3，")
	f.Fuzz(func(t *testing.T, body string) {
		fake := vendors.NewVonage()
		m := spoken()
		m.Body = body
		_, err := vonage.NewVoice(voiceConfig(fake.RoundTripper())).Send(t.Context(), m)
		if e := sms.AsError(err); e != nil && (e.Class != sms.Permanent || fake.Refused() != 0) {
			t.Errorf("%q: %v", body, err)
		}
	})
}

func FuzzCallReceipt(f *testing.F) {
	fake := vendors.NewVonage()
	body := `{"uuid":"m-1","status":"completed","price":"0.1"}`
	f.Add(body, fake.SignedWebhook(callback, []byte(body), nil).Header.Get("Authorization"))
	f.Add(`{"call_uuid":"m-1","status":"human"}`, "Bearer a.b.c")
	v := vonage.NewVoice(voiceConfig(nil))
	f.Fuzz(func(t *testing.T, body, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", authorization)
		unsigned := !strings.HasPrefix(authorization, "Bearer ")
		if got, err := v.Receipt(r, callback, []byte(body)); err == nil && (unsigned || got.ProviderID == "") {
			t.Errorf("a receipt out of nothing: %+v", got)
		}
	})
}
