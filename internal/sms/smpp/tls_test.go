package smpp_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestTLS: from the first byte on, and only to a server whose certificate is trusted and named as the address is.
func TestTLS(t *testing.T) {
	t.Parallel()
	authority := httptest.NewTLSServer(nil) // for its certificate
	defer authority.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: authority.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	smsc := vendors.NewSMSC()
	go smsc.Serve(listener)
	_, port, _ := net.SplitHostPort(listener.Addr().String())

	for name, test := range map[string]struct {
		address, ca string
		taken       bool
	}{
		"good":                  {"127.0.0.1:" + port, file, true},
		"nobody vouches for it": {"127.0.0.1:" + port, "", false},
		"another name":          {"localhost:" + port, file, false},
	} {
		c := config()
		c.Address, c.TLS, c.CAFile = test.address, true, test.ca
		sender := smpp.New(c)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); sender.Link(ctx, newDesk()) }()
		_, err := sender.Send(ctx, text())
		if e := sms.AsError(err); (e == nil) != test.taken || e != nil && e.Unanswered {
			t.Errorf("%s: Send = %v", name, err)
		}
		cancel()
		<-ended
		if found := sms.Findings(sender.Probe(t.Context())); (len(found) == 0) != test.taken {
			t.Errorf("%s: found %v", name, found)
		}
	}
}
