package aws_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/test/vendors"
)

const address = "https://auth.example.com/callbacks/sms/aws"

func report(t *testing.T, s *aws.Sender, r *http.Request) (string, sms.Receipt, error) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := s.Report(r, raw)
	if len(reports) == 0 {
		return "", sms.Receipt{}, err
	}
	return reports[0].ID, reports[0].Receipt, err
}

// TestReport follows a text from its sending to each of its events.
func TestReport(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	sent, err := s.Send(t.Context(), text())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()[0]
	price := sms.Price{Micros: 95820, Currency: "USD"}
	for kind, want := range map[string]sms.Status{
		"TEXT_PENDING": sms.Pending, "TEXT_QUEUED": sms.Pending, "TEXT_SENT": sms.Sent, "TEXT_SUCCESSFUL": sms.Delivered,
		"TEXT_DELIVERED": sms.Delivered, "TEXT_BLOCKED": sms.Failed, "TEXT_TTL_EXPIRED": sms.Failed,
	} {
		id, got, err := report(t, s, fake.Publish(address, fake.Event(seen, kind, true)))
		if err != nil || id != "message-live-1" || got.ProviderID != sent.ProviderID || got.Status != want ||
			got.Price != price || (got.Error != nil) != (want == sms.Failed) {
			t.Errorf("%s: Report = %q, %+v, %v; want %s", kind, id, got, err, want)
		}
	}
	for kind, want := range map[string]sms.Status{
		"TEXT_SUCCESSFUL": sms.Sent, "TEXT_UNREACHABLE": sms.Pending, "TEXT_CARRIER_UNREACHABLE": sms.Pending,
	} {
		if _, got, err := report(t, s, fake.Publish(address, fake.Event(seen, kind, false))); err != nil ||
			got.Status != want || got.Error != nil {
			t.Errorf("%s, not the last: Report = %+v, %v; want %s", kind, got, err, want)
		}
	}

	// A text that another program sent has no id of ours.
	seen.Context = nil
	if id, got, err := report(t, s, fake.Publish(address, fake.Event(seen, "TEXT_DELIVERED", true))); err != nil ||
		id != "" || got.Status != sms.Delivered {
		t.Errorf("a text of others: Report = %q, %+v, %v", id, got, err)
	}
	if fetched, confirmed := fake.Fetched(); fetched != 1 || confirmed != 0 {
		t.Errorf("%d certificates fetched, %d subscriptions confirmed; want 1 and 0", fetched, confirmed)
	}
}

// TestDocumentedEvents reads the documentation's own examples.
func TestDocumentedEvents(t *testing.T) {
	t.Parallel()
	var golden []struct {
		Source string
		Event  json.RawMessage
		Want   struct {
			ProviderID string `json:"provider_id"`
			Status     string
			Micros     int64
		}
	}
	readJSON(t, "events.json", &golden)
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	for _, g := range golden {
		for _, version := range []string{"1", "2"} {
			r := fake.Post(address, fake.Sign(fake.Envelope("Notification", string(g.Event)), version))
			_, got, err := report(t, s, r)
			if err != nil || got.ProviderID != g.Want.ProviderID || got.Status.String() != g.Want.Status ||
				got.Price != (sms.Price{Micros: g.Want.Micros, Currency: "USD"}) {
				t.Errorf("%s, signature %s: %+v, %v", g.Source, version, got, err)
			}
		}
	}
}

// TestSigned: whatever of an envelope is changed after it was signed, it is not believed; and what is not of SNS is
// not asked for.
func TestSigned(t *testing.T) {
	t.Parallel()
	sns := "https://sns.eu-west-1.amazonaws.com/"
	set := func(name, value string) func(map[string]string) { return func(e map[string]string) { e[name] = value } }
	for name, change := range map[string]func(map[string]string){
		"message":      set("Message", `{"eventType":"TEXT_DELIVERED","messageId":"1"}`),
		"id":           set("MessageId", "1"),
		"subject":      set("Subject", "x"),
		"time":         set("Timestamp", "2026-11-23T00:00:00.000Z"),
		"type":         set("Type", "SubscriptionConfirmation"),
		"strange type": set("Type", "Other"),
		"topic":        set("TopicArn", vendors.AWSTopic+"2"),
		"version":      set("SignatureVersion", "2"),
		"version 3":    set("SignatureVersion", "3"),
		"no version":   set("SignatureVersion", ""),
		"signature":    set("Signature", "AAAA"),
		"no signature": set("Signature", ""),
		"not base64":   set("Signature", "!"),

		"no certificate":  set("SigningCertURL", ""),
		"plain http":      set("SigningCertURL", "http://sns.eu-west-1.amazonaws.com/a.pem"),
		"another region":  set("SigningCertURL", "https://sns.us-east-1.amazonaws.com/a.pem"),
		"another host":    set("SigningCertURL", "https://evil.example/a.pem"),
		"longer host":     set("SigningCertURL", "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"),
		"host in front":   set("SigningCertURL", "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem"),
		"a bucket":        set("SigningCertURL", "https://sns.eu-west-1.amazonaws.com.s3.amazonaws.com/a.pem"),
		"user":            set("SigningCertURL", "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem"),
		"port":            set("SigningCertURL", "https://sns.eu-west-1.amazonaws.com:8443/a.pem"),
		"upper case":      set("SigningCertURL", "https://SNS.eu-west-1.amazonaws.com/a.pem"),
		"metadata":        set("SigningCertURL", "https://169.254.169.254/a.pem"),
		"deeper path":     set("SigningCertURL", sns+"a/b.pem"),
		"way up":          set("SigningCertURL", sns+"../a.pem"),
		"escaped":         set("SigningCertURL", sns+"%2e%2e%2fa.pem"),
		"query":           set("SigningCertURL", sns+"?Action=ConfirmSubscription&x=.pem"),
		"fragment":        set("SigningCertURL", sns+"a#.pem"),
		"backslash":       set("SigningCertURL", `https://sns.eu-west-1.amazonaws.com\@evil.example/a.pem`),
		"new line":        set("SigningCertURL", sns+"a\n.pem"),
		"not a pem":       set("SigningCertURL", sns+"a.txt"),
		"no name":         set("SigningCertURL", sns+".pem"),
		"one that is not": set("SigningCertURL", sns+"SimpleNotificationService-0.pem"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewAWS()
			asked := 0
			s := aws.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
				asked++
				if r.URL.Host != "sns.eu-west-1.amazonaws.com" || !strings.HasPrefix(r.URL.Path, "/SimpleNotificationService-") {
					t.Errorf("asked for %s", r.URL)
				}
				return fake.RoundTripper().RoundTrip(r)
			})))
			e := fake.Sign(fake.Envelope("Notification", `{"eventType":"TEXT_DELIVERED","messageId":"2","isFinal":true}`), "1")
			change(e)
			if _, got, err := report(t, s, fake.Post(address, e)); !errors.Is(err, sms.ErrBadSignature) {
				t.Errorf("Report = %+v, %v; want %v", got, err, sms.ErrBadSignature)
			}
			if asked > 1 {
				t.Errorf("SNS was asked %d times", asked)
			}
		})
	}
}

// TestCertificateLife: what was signed outside the life of the certificate is not believed.
func TestCertificateLife(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	for at, want := range map[string]error{
		"2026-11-23T00:00:00.000Z": nil, "1998-12-31T23:59:59.000Z": sms.ErrBadSignature,
		"2099-01-01T00:00:01.000Z": sms.ErrBadSignature, "yesterday": sms.ErrBadSignature,
	} {
		e := fake.Envelope("Notification", `{"eventType":"TEXT_DELIVERED","messageId":"2","isFinal":true}`)
		e["Timestamp"] = at
		if _, _, err := report(t, s, fake.Post(address, fake.Sign(e, "2"))); !errors.Is(err, want) {
			t.Errorf("%s: Report = %v, want %v", at, err, want)
		}
	}
}

// TestUnreadable: signed, and about no text.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	for _, message := range []string{
		"", "{", "[]", `{"eventType":"TEXT_DELIVERED"}`, `{"messageId":"1"}`, `{"messageId":"1","eventType":"TEXT_LOST"}`,
		`{"messageId":"1","eventType":"VOICE_COMPLETED"}`, `{"messageId":"1","eventType":"TEXT_DELIVERED","context":[]}`,
	} {
		r := fake.Post(address, fake.Sign(fake.Envelope("Notification", message), "1"))
		if _, got, err := report(t, s, r); !errors.Is(err, sms.ErrBadReceipt) {
			t.Errorf("%s: Report = %+v, %v; want %v", message, got, err, sms.ErrBadReceipt)
		}
	}
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	sns := "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + vendors.AWSTopic + "&Token=t"
	for name, tt := range map[string]struct {
		kind, url string
		confirmed int
		want      error
	}{
		"right":         {"SubscriptionConfirmation", sns, 1, nil},
		"the end":       {"UnsubscribeConfirmation", sns, 0, nil},
		"another host":  {"SubscriptionConfirmation", strings.Replace(sns, "sns.", "evil.", 1), 0, sms.ErrBadReceipt},
		"plain http":    {"SubscriptionConfirmation", strings.Replace(sns, "https", "http", 1), 0, sms.ErrBadReceipt},
		"another topic": {"SubscriptionConfirmation", strings.Replace(sns, "receipts", "x", 1), 0, sms.ErrBadReceipt},
		"another token": {"SubscriptionConfirmation", sns + "2", 0, sms.ErrBadReceipt},
		"another call":  {"SubscriptionConfirmation", strings.Replace(sns, "Confirm", "Delete", 1), 0, sms.ErrBadReceipt},
		"no address":    {"SubscriptionConfirmation", "", 0, sms.ErrBadReceipt},
	} {
		fake := vendors.NewAWS()
		s := aws.New(config(fake.RoundTripper()))
		e := fake.Envelope(tt.kind, "You have chosen.")
		e["Token"], e["SubscribeURL"] = "t", tt.url
		id, got, err := report(t, s, fake.Post(address, fake.Sign(e, "2")))
		if !errors.Is(err, tt.want) || id != "" || got != (sms.Receipt{}) {
			t.Errorf("%s: Report = %q, %+v, %v; want %v", name, id, got, err, tt.want)
		}
		if _, confirmed := fake.Fetched(); confirmed != tt.confirmed {
			t.Errorf("%s: %d subscriptions confirmed, want %d", name, confirmed, tt.confirmed)
		}
	}
}

// TestSNSDown: what cannot be proven now may come again; it is neither believed nor refused for good.
func TestSNSDown(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	event := map[string]any{"eventType": "TEXT_DELIVERED", "messageId": "1"}
	fake.BreakSNS(http.StatusServiceUnavailable)
	_, got, err := report(t, s, fake.Publish(address, event))
	if err == nil || errors.Is(err, sms.ErrBadSignature) || errors.Is(err, sms.ErrBadReceipt) || got != (sms.Receipt{}) {
		t.Errorf("while SNS is down: Report = %+v, %v", got, err)
	}
	fake.BreakSNS(0)
	if _, _, err := report(t, s, fake.Publish(address, event)); err != nil {
		t.Errorf("after it came back: %v", err)
	}
	fake.BreakSNS(http.StatusServiceUnavailable)
	if _, _, err := report(t, s, fake.Publish(address, event)); err != nil {
		t.Errorf("with the certificate kept: %v", err)
	}
	if _, _, err := report(t, s, fake.Subscribe(address)); err == nil || errors.Is(err, sms.ErrBadReceipt) {
		t.Errorf("a confirmation while SNS is down: %v", err)
	}
}

// TestOneFetch: a burst of reports asks for the certificate once.
func TestOneFetch(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if _, _, err := report(t, s, fake.Publish(address, map[string]any{
				"eventType": "TEXT_DELIVERED", "messageId": "1",
			})); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if fetched, _ := fake.Fetched(); fetched != 1 {
		t.Errorf("fetched %d times, want once", fetched)
	}
}

// TestAnotherTopic: everybody can have SNS sign messages of a topic of their own.
func TestAnotherTopic(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	fake.Topic = "arn:aws:sns:eu-west-1:666666666666:thimble-receipts"
	for _, r := range []*http.Request{
		fake.Publish(address, map[string]any{"eventType": "TEXT_DELIVERED", "messageId": "1"}), fake.Subscribe(address),
	} {
		if _, got, err := report(t, s, r); !errors.Is(err, sms.ErrBadSignature) {
			t.Errorf("Report = %+v, %v; want %v", got, err, sms.ErrBadSignature)
		}
	}
	if fetched, confirmed := fake.Fetched(); fetched != 0 || confirmed != 0 {
		t.Errorf("%d certificates fetched, %d subscriptions confirmed; want none", fetched, confirmed)
	}
}

// TestWrongSettings: a sender that may not send believes nothing.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	c := config(fake.RoundTripper())
	c.SecretAccessKey = ""
	r := fake.Publish(address, map[string]any{"eventType": "TEXT_DELIVERED", "messageId": "1"})
	if _, got, err := report(t, aws.New(c), r); !errors.Is(err, sms.ErrBadSignature) {
		t.Errorf("Report = %+v, %v; want %v", got, err, sms.ErrBadSignature)
	}
}

// TestNoTopic: without a topic nothing is believed, and nothing asked for.
func TestNoTopic(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	c := config(fake.RoundTripper())
	c.TopicARN = ""
	fake.Topic = ""
	_, _, err := report(t, aws.New(c), fake.Publish(address, map[string]any{"eventType": "TEXT_SENT", "messageId": "1"}))
	if fetched, _ := fake.Fetched(); !errors.Is(err, sms.ErrBadSignature) || fetched != 0 {
		t.Errorf("Report = %v after %d fetches", err, fetched)
	}
}

func FuzzReport(f *testing.F) {
	fake := vendors.NewAWS()
	good, _ := json.Marshal(fake.Sign(fake.Envelope("Notification", `{"eventType":"TEXT_SENT","messageId":"1"}`), "1"))
	f.Add(good)
	f.Add([]byte(`{"TopicArn":"` + vendors.AWSTopic + `","Signature":"AA=="}`))
	s := aws.New(config(fake.RoundTripper()))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		seed := sms.Receipt{ProviderID: "1", Status: sms.Sent}
		if got, err := s.Receipt(r, "", body); err == nil && got != seed {
			t.Errorf("a receipt that nobody signed: %+v", got)
		}
	})
}
