package server

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
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

// Lists that name what is not there are refused at start, by the setting's name.
func TestRoutesAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		routes []string
		want   string
	}{
		{[]string{"US=file", "*=file"}, ""},
		{[]string{"US=twilio"}, "sms-routes: US names the provider \"twilio\", which is not set up; set up: file"},
	} {
		var c serveCommand
		c.SMSFile.Path = filepath.Join(t.TempDir(), "texts")
		c.SMSRoutes = tt.routes
		var o Options
		var problems config.Problems
		carriers(&c.Serve, &o, &problems)
		err := problems.Err()
		if tt.want == "" && (err != nil || len(o.Routes) != len(tt.routes)) {
			t.Errorf("%q: %v, %v", tt.routes, o.Routes, err)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.routes, err, tt.want)
		}
	}
}
