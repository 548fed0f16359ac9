package telnyx_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/test/vendors"
)

func receive(t *testing.T, r *http.Request) (sms.Receipt, error) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return telnyx.New(config(nil)).Receipt(r, callback, raw)
}

// TestWebhookAge: a webhook is believed for five minutes, in both directions, and to the second.
func TestWebhookAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := vendors.NewTelnyx()
		body := []byte(webhook("message.sent", "m-1", "outbound", `{"status":"sent"}`))
		for age, want := range map[time.Duration]error{
			0: nil, 5 * time.Minute: nil, -5 * time.Minute: nil,
			5*time.Minute + time.Second: sms.ErrBadSignature, -5*time.Minute - time.Second: sms.ErrBadSignature,
			1000 * time.Hour: sms.ErrBadSignature,
		} {
			if _, err := receive(t, fake.SignedWebhook(callback, body, time.Now().Add(-age))); !errors.Is(err, want) {
				t.Errorf("%v old: %v, want %v", age, err, want)
			}
		}
	})
}

// TestMethod: Telnyx posts.
func TestMethod(t *testing.T) {
	t.Parallel()
	r := vendors.NewTelnyx().Webhook(vendors.Text{SID: "m-1", Callback: callback}, "sent", 0)
	r.Method = http.MethodPut
	if _, err := receive(t, r); !errors.Is(err, sms.ErrBadSignature) {
		t.Errorf("Receipt = %v, want %v", err, sms.ErrBadSignature)
	}
}

// TestGoldenWebhooks reads the documentation's own webhooks.
func TestGoldenWebhooks(t *testing.T) {
	t.Parallel()
	var g struct {
		Source, Read string
		Cases        []struct {
			Name string
			Body json.RawMessage
			Want struct {
				ProviderID       string `json:"provider_id"`
				Status, Currency string
				Micros           int64
			}
		}
	}
	readJSON(t, "webhooks.json", &g)
	if g.Source == "" || g.Read == "" || len(g.Cases) == 0 {
		t.Fatal("a golden file says where it is from and when it was read")
	}
	fake := vendors.NewTelnyx()
	for _, c := range g.Cases {
		got, err := receive(t, fake.SignedWebhook(callback, c.Body, time.Now()))
		if c.Want.Status == "unreadable" {
			if !errors.Is(err, sms.ErrBadReceipt) {
				t.Errorf("%s: %+v, %v", c.Name, got, err)
			}
			continue
		}
		price := sms.Price{Micros: c.Want.Micros, Currency: c.Want.Currency}
		if err != nil || got.ProviderID != c.Want.ProviderID || got.Status.String() != c.Want.Status || got.Price != price {
			t.Errorf("%s: %+v, %v, want %+v", c.Name, got, err, c.Want)
		}
	}
}
