package smstest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

func testReceipts(t *testing.T, s Setup) {
	sender, _ := s.answering(s.Taken)
	r := s.Receipts
	if len(r.Reports) < 2 || len(r.Unreadable) == 0 {
		t.Fatal("the setup needs two reports and one that cannot be read")
	}
	for name, report := range r.Reports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.checkReport(t, sender, report)
		})
		t.Run(name+", not by the provider", func(t *testing.T) {
			t.Parallel()
			s.checkForgeries(t, sender, report)
		})
		t.Run(name+", changed", func(t *testing.T) {
			t.Parallel()
			s.checkChanges(t, sender, report)
		})
	}
	for name, body := range r.Unreadable {
		if _, err := receive(t, sender, r.Sign(Callback, []byte(body)), Callback); !errors.Is(err, sms.ErrBadReceipt) {
			t.Errorf("%s: Receipt = %v, want %v", name, err, sms.ErrBadReceipt)
		}
	}
	for name, body := range map[string]string{"nothing": "", "bytes": "\xff\x00", "deep": strings.Repeat("[", 20_000)} {
		if got, err := receive(t, sender, r.Sign(Callback, []byte(body)), Callback); err == nil {
			t.Errorf("%s: Receipt = %+v, want an error", name, got)
		}
	}
}

// receive hands a request over as the server does: read whole, with the address that the provider was given.
func receive(t *testing.T, sender sms.Sender, r *http.Request, address string) (sms.Receipt, error) {
	t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sender.Receipt(r, address, body)
	if err != nil {
		if !errors.Is(err, sms.ErrBadSignature) && !errors.Is(err, sms.ErrBadReceipt) {
			t.Errorf("Receipt = %v, want ErrBadSignature or ErrBadReceipt", err)
		}
		if diff := cmp.Diff(sms.Receipt{}, got); diff != "" {
			t.Errorf("a receipt with an error: %s", diff)
		}
	}
	return got, err
}

func (s Setup) checkReport(t *testing.T, sender sms.Sender, report Report) {
	for range 2 { // A report that comes again is as good; what it changes is not the adapter's matter.
		got, err := receive(t, sender, s.Receipts.Sign(Callback, []byte(report.Body)), Callback)
		if err != nil {
			t.Fatal(err)
		}
		want := report.Want
		if got.Error != nil {
			s.failure(t, got.Error)
		}
		if got.Error != nil && want.Error != nil {
			e := *want.Error
			e.Reason = got.Error.Reason
			want.Error = &e
		}
		if (got.Status == sms.Failed) != (got.Error != nil) {
			t.Errorf("%s with error %v", got.Status, got.Error)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// checkForgeries: whoever did not sign exactly this changes nothing.
func (s Setup) checkForgeries(t *testing.T, sender sms.Sender, report Report) {
	r, body := s.Receipts, []byte(report.Body)
	refuse := func(name string, sender sms.Sender, request *http.Request, address string) {
		t.Helper()
		if got, err := receive(t, sender, request, address); !errors.Is(err, sms.ErrBadSignature) {
			t.Errorf("%s: Receipt = %+v, %v, want %v", name, got, err, sms.ErrBadSignature)
		}
	}
	unsigned := httptest.NewRequest(http.MethodPost, Callback, bytes.NewReader(body))
	if kind := r.Sign(Callback, body).Header.Get("Content-Type"); kind != "" {
		unsigned.Header.Set("Content-Type", kind)
	}
	refuse("unsigned", sender, unsigned, Callback)
	refuse("another key", sender, r.Forge(Callback, body), Callback)
	if r.Stale != nil {
		refuse("too old", sender, r.Stale(Callback, body), Callback)
	}
	broken := s.Broken(httpx.New(httpx.Options{Transport: &provider{answer: s.Taken.response}}))
	refuse("a sender without its secret", broken, r.Sign(Callback, body), Callback)

	if !r.AddressNotSigned {
		for _, address := range []string{
			Callback + "d", Callback + "?a=b", "", strings.Replace(Callback, "https:", "http:", 1),
			strings.Replace(Callback, ID, "message-live-2", 1), strings.Replace(Callback, "auth.", "evil.", 1),
		} {
			refuse("at "+address, sender, r.Sign(Callback, body), address)
		}
	}
	if r.SignatureInBody || r.BodyNotSigned {
		return
	}
	for name, other := range r.Reports {
		if other.Body == report.Body {
			continue
		}
		swapped := r.Sign(Callback, []byte(other.Body))
		swapped.Body = io.NopCloser(bytes.NewReader(body))
		refuse("signed for "+name, sender, swapped, Callback)
	}
}

// garbled are values of headers that nobody signed.
var garbled = []string{
	"", " ", "=", "AAAA", "!", ",", "v1,", "v1=", "a.b.c", "..", "Bearer ", "Bearer a.b.c", "0", "-1",
	"99999999999999999999", "\xff\x00", strings.Repeat("A", 10_000), strings.Repeat("v1,AAAA ", 1000),
}

// checkChanges alters a signed report byte by byte, and its headers one by one. What is still believed says the same:
// some parts of some reports are not signed and mean nothing.
func (s Setup) checkChanges(t *testing.T, sender sms.Sender, report Report) {
	sign := func() *http.Request { return s.Receipts.Sign(Callback, []byte(report.Body)) }
	good, err := receive(t, sender, sign(), Callback)
	if err != nil {
		t.Fatal(err)
	}
	same := func(name string, r *http.Request) {
		t.Helper()
		if got, err := receive(t, sender, r, Callback); err == nil && !cmp.Equal(got, good) {
			t.Errorf("%s: a changed report is believed: %+v", name, got)
		}
	}
	whole, err := io.ReadAll(sign().Body)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole) && !s.Receipts.BodyNotSigned; at += 1 + len(whole)/500 {
		changed := slices.Clone(whole)
		changed[at] ^= 1
		r := sign()
		r.Body = io.NopCloser(bytes.NewReader(changed))
		same("a changed byte", r)
	}
	for name := range maps.Keys(sign().Header) {
		for _, value := range garbled {
			r := sign()
			r.Header[name] = []string{value}
			same(name, r)
			r = sign()
			r.Header[name] = append([]string{value}, r.Header[name]...)
			same(name, r)
		}
		r := sign()
		r.Header[name] = nil
		same(name, r)
	}
}
