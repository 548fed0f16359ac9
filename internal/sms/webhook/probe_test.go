package webhook_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestProbe connects to real sockets: the program is not asked anything.
func TestProbe(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	program.Behave(vendors.Behaviour{Status: 500})
	plain, encrypted := httptest.NewServer(program), httptest.NewTLSServer(program)
	t.Cleanup(plain.Close)
	t.Cleanup(encrypted.Close)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	roots := x509.NewCertPool()
	roots.AddCert(encrypted.Certificate())

	for name, tt := range map[string]struct {
		url     string
		private bool
		tls     *tls.Config
		want    []string
	}{
		"http":                 {url: plain.URL, private: true},
		"https":                {url: encrypted.URL, private: true, tls: &tls.Config{RootCAs: roots}},
		"an unknown authority": {url: encrypted.URL, private: true, want: []string{"sms-webhook-url"}},
		"inside, not allowed":  {url: encrypted.URL, tls: &tls.Config{RootCAs: roots}, want: []string{"sms-webhook-url"}},
		"nobody":               {url: "http://" + gone.Addr().String(), private: true, want: []string{"sms-webhook-url"}},
		"https where http is": {
			url: "https://" + plain.Listener.Addr().String(), private: true,
			want: []string{"sms-webhook-url"},
		},
		"settings of all sorts": {url: "ftp://example.com", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			c.URL, c.Private = tt.url, tt.private
			c.HTTP = httpx.New(httpx.Options{AllowPrivate: tt.private, TLS: tt.tls})
			s := webhook.New(c)
			err := s.Probe(t.Context())
			smstest.WantFindings(t, err, tt.want...)
			if (err == nil) != (s.Check() == nil && tt.want == nil) {
				t.Errorf("Probe = %v", err)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(program.Texts()); n != 0 {
			t.Errorf("the program got %d calls", n)
		}
	})
}
