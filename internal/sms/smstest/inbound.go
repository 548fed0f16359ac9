package smstest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
)

// Listening is an adapter, and how texts to its number reach it.
type Listening struct {
	Sender sms.Listener
	// Address is where the provider passes texts on to.
	Address string
	// Pass makes the request with which the provider does, signed. verdict is what it makes of the text: STOP, START, HELP
	// or "".
	Pass func(id, from, body, verdict string) *http.Request
	// Verdicts says that requests carry the verdict.
	Verdicts bool
	// Inside says that the signature is in the body and not in a header.
	Inside bool
	// BodyNotSigned says that what authenticates a request holds for whatever body.
	BodyNotSigned bool
	// Forged are requests that nobody must believe, each made anew.
	Forged map[string]func() *http.Request
	// Ignored and Unreadable are requests that are signed rightly and are no texts to us: those that may come, and those that
	// nobody should send.
	Ignored, Unreadable map[string]*http.Request
}

// Listen puts an adapter through what every Listener must do.
func Listen(t *testing.T, l Listening) {
	t.Helper()
	for _, c := range []struct {
		name, body, verdict string
		want                sms.Word
	}{
		{"stop", "STOP", "", sms.Stop},
		{"stop in small letters", "stop.", "", sms.Stop},
		{"start", "START", "", sms.Start},
		{"french", "ARRÊT", "", sms.Stop},
		{"a sentence", "please stop & think + 100%", "", sms.NoWord},
		{"help", "HELP", "", sms.NoWord},
		{"nothing", "", "", sms.NoWord},
		{"the provider's stop", "genug davon", "STOP", sms.Stop},
		{"the provider's start", "STOP", "START", sms.Start},
		{"the provider's help", "STOP", "HELP", sms.NoWord},
	} {
		if c.verdict != "" && !l.Verdicts {
			continue
		}
		for range 2 { // what comes again is read again: to see that is not the adapter's part
			got, err := hear(t, l, l.Pass("in-1", "+12025550162", c.body, c.verdict))
			if err != nil || got.ID != "in-1" || got.From != "+12025550162" || got.Word != c.want {
				t.Errorf("%s: Heard = %+v, %v; want %s", c.name, got, err, c.want)
			}
		}
	}

	fresh := func() *http.Request { return l.Pass("in-1", "+12025550162", "STOP", "") }
	forged := map[string]func() *http.Request{
		"another method": func() *http.Request { r := fresh(); r.Method = http.MethodPut; return r },
	}
	if !l.BodyNotSigned {
		forged["without a body"] = func() *http.Request { r := fresh(); r.Body = http.NoBody; return r }
		forged["from another number"] = func() *http.Request {
			r := fresh()
			b := bytes.Replace(all(t, r), []byte("2025550162"), []byte("2025550163"), 1)
			r.Body = io.NopCloser(bytes.NewReader(b))
			return r
		}
	}
	if !l.Inside {
		forged["without its headers"] = func() *http.Request { r := fresh(); r.Header = http.Header{}; return r }
	}
	maps.Copy(forged, l.Forged)
	for name, request := range forged {
		if got, err := hear(t, l, request()); !errors.Is(err, sms.ErrBadSignature) || got != (sms.Heard{}) {
			t.Errorf("%s: Heard = %+v, %v; want %v", name, got, err, sms.ErrBadSignature)
		}
	}
	for name, r := range l.Ignored {
		if got, err := hear(t, l, r); err != nil || got.Word != sms.NoWord {
			t.Errorf("%s: Heard = %+v, %v; want nothing", name, got, err)
		}
	}
	for name, r := range l.Unreadable {
		if got, err := hear(t, l, r); !errors.Is(err, sms.ErrBadReceipt) || got != (sms.Heard{}) {
			t.Errorf("%s: Heard = %+v, %v; want %v", name, got, err, sms.ErrBadReceipt)
		}
	}
}

func hear(t *testing.T, l Listening, r *http.Request) (sms.Heard, error) {
	t.Helper()
	return l.Sender.Heard(r, l.Address, all(t, r))
}

func all(t *testing.T, r *http.Request) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
