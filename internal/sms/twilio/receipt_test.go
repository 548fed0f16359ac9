package twilio_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

const callback = "https://auth.example.com/callbacks/twilio/message-live-1?mac=abc"

func receive(t *testing.T, s *twilio.Sender, r *http.Request, address string) (sms.Receipt, error) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return s.Receipt(r, address, raw)
}

func TestReceiptRefused(t *testing.T) {
	t.Parallel()
	form := func() url.Values {
		return url.Values{
			"AccountSid": {vendors.TwilioAccount}, "MessageSid": {"SM1"}, "MessageStatus": {"delivered"}, "To": {to},
		}
	}
	with := func(name, value string) url.Values {
		f := form()
		f.Set(name, value)
		return f
	}
	fake := vendors.NewTwilio()

	for name, tt := range map[string]struct {
		request *http.Request
		address string
		want    error
	}{
		"good":            {fake.SignedCallback(callback, form()), callback, nil},
		"one more field":  {reusing(fake, form(), with("Extra", "1")), callback, sms.ErrBadSignature},
		"moved border":    {reusing(fake, with("ToA", "b"), with("To", to+"Ab")), callback, sms.ErrBadSignature},
		"another account": {fake.SignedCallback(callback, with("AccountSid", "AC2")), callback, sms.ErrBadReceipt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := receive(t, twilio.New(config(nil)), tt.request, tt.address); !errors.Is(err, tt.want) {
				t.Errorf("Receipt = %v, want %v", err, tt.want)
			}
		})
	}
}

func unsigned(r *http.Request, signature string) *http.Request {
	r.Header.Set("X-Twilio-Signature", signature)
	return r
}

// reusing sends one form with the signature of another.
func reusing(fake *vendors.Twilio, signed, sent url.Values) *http.Request {
	r := fake.SignedCallback(callback, sent)
	r.Header.Set("X-Twilio-Signature", fake.Sign(callback, signed))
	return r
}

// TestReceiptNeedsToken guards against an empty token, with which everybody could sign.
func TestReceiptNeedsToken(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	fake.Token = ""
	c := config(nil)
	c.AuthToken = ""
	r := fake.SignedCallback(callback, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}})
	if _, err := receive(t, twilio.New(c), r, callback); !errors.Is(err, sms.ErrBadSignature) {
		t.Errorf("Receipt = %v, want %v", err, sms.ErrBadSignature)
	}
}

// TestReceiptPorts: Twilio signs some addresses with the scheme's port and some without.
func TestReceiptPorts(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	for _, tt := range []struct{ signed, ours string }{
		{"https://a.example:443/x?mac=1", "https://a.example/x?mac=1"},
		{"https://a.example/x?mac=1", "https://a.example:443/x?mac=1"},
		{"http://a.example:80/x", "http://a.example/x"},
		{"https://a.example/x", "https://a.example:8443/x"},
		{"https://[2001:db8::1]:443/x", "https://[2001:db8::1]/x"},
		{"https://a.example/p/https://a.example/x", "https://a.example:443/p/https://a.example/x"},
	} {
		r := fake.SignedCallback(tt.signed, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"sent"}})
		if _, err := receive(t, twilio.New(config(nil)), r, tt.ours); err != nil {
			t.Errorf("signed %s, ours %s: %v", tt.signed, tt.ours, err)
		}
	}
}

// TestSignatures checks the published examples. They are no receipts, so a right signature ends in ErrBadReceipt.
func TestSignatures(t *testing.T) {
	t.Parallel()
	var g struct {
		Token string
		Cases []struct {
			Name, URL, Signature string
			Params               url.Values
		}
	}
	readJSON(t, "signatures.json", &g)
	if len(g.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, tt := range g.Cases {
		t.Run(tt.Name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			c.AuthToken = secret.String(g.Token)
			fake := vendors.NewTwilio()
			fake.Token = g.Token
			if got := fake.Sign(tt.URL, tt.Params); got != tt.Signature {
				t.Errorf("the fake signs %s, want %s", got, tt.Signature)
			}
			r := unsigned(fake.SignedCallback(tt.URL, tt.Params), tt.Signature)
			if _, err := receive(t, twilio.New(c), r, tt.URL); !errors.Is(err, sms.ErrBadReceipt) {
				t.Errorf("Receipt = %v, want %v", err, sms.ErrBadReceipt)
			}
		})
	}
}

func FuzzReceipt(f *testing.F) {
	fake := vendors.NewTwilio()
	good := "AccountSid=" + vendors.TwilioAccount + "&MessageSid=SM1&MessageStatus=delivered"
	f.Add(callback, good, fake.Sign(callback, url.Values{}))
	f.Add("http://[::1", "a=b&a=c;", "=")
	s := twilio.New(config(nil))
	f.Fuzz(func(t *testing.T, address, body, signature string) {
		r := unsigned(httptest.NewRequest(http.MethodPost, "/", nil), signature)
		got, err := s.Receipt(r, address, []byte(body))
		if err == nil {
			form, _ := url.ParseQuery(body)
			if fake.Sign(address, form) != signature {
				t.Errorf("a receipt without a right signature: %+v", got)
			}
		}
	})
}
