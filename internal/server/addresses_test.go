package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/internal/sms/file"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
)

// The addresses that have to be set at providers by hand are in the log: for reports where one is for all messages, and for
// what people text wherever it can be passed on.
func TestLogAddresses(t *testing.T) {
	t.Parallel()
	master, _ := keys.NewMaster()
	var log bytes.Buffer
	routes := []notify.SMSRoute{
		{Sender: twilio.New(twilio.Config{})}, {Sender: aws.New(aws.Config{})}, {Sender: file.New("texts", nil)},
	}
	app, err := Open(t.Context(), Options{
		DatabaseURL: "sqlite:" + t.TempDir() + "/x.db", Master: master, PublicURL: "https://auth.example.com", SMS: routes,
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	log.Reset()
	app.logAddresses(routes)
	if err := app.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	var got []string
	for line := range strings.Lines(log.String()) {
		var one struct{ Provider, Address string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		if one.Address != "" {
			at := strings.TrimPrefix(one.Address, "https://auth.example.com/callbacks/sms/")
			got = append(got, one.Provider+" "+at[:strings.LastIndex(at, "/")])
		}
	}
	if want := "twilio twilio/inbound, aws aws/all, aws aws/inbound"; strings.Join(got, ", ") != want {
		t.Errorf("the log has %s, want %s", strings.Join(got, ", "), want)
	}
}
