package server

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestOwnSenders: settings become senders that work, and a private address is called only where that is allowed.
func TestOwnSenders(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	inside := httptest.NewServer(program)
	defer inside.Close()
	outside := httptest.NewTLSServer(program)
	defer outside.Close()

	for name, tt := range map[string]struct {
		url     string
		private bool
		want    sms.Class // 0: sent
	}{
		"inside, allowed": {inside.URL, true, 0},
		"inside, hidden":  {outside.URL, false, sms.OtherRoute},
	} {
		var c serveCommand
		c.SMSWebhook = config.SMSWebhook{
			URL: tt.url, Secret: vendors.WebhookSecret, AllowPrivate: config.Switch{On: tt.private}, Countries: []string{"US"},
		}
		c.SMSFile.Path = filepath.Join(t.TempDir(), "texts")
		var o Options
		var problems config.Problems
		carriers(&c.Serve, &o, &problems)
		if err := problems.Err(); err != nil || len(o.SMS) != 2 || len(o.SMS[0].Countries) != 1 {
			t.Fatalf("%s: %d routes, %v", name, len(o.SMS), err)
		}
		_, err := o.SMS[0].Sender.Send(t.Context(), smstest.Message())
		if e := sms.AsError(err); tt.want == 0 && e != nil || tt.want != 0 && (e == nil || e.Class != tt.want) {
			t.Errorf("%s: Send = %v", name, err)
		}
		if _, err := o.SMS[1].Sender.Send(t.Context(), smstest.Message()); err != nil {
			t.Errorf("%s: Send = %v", name, err)
		}
	}
	if n := len(program.Texts()); n != 1 {
		t.Errorf("the program got %d texts, want 1", n)
	}
}
