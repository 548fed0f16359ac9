package sms_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
)

func TestAsError(t *testing.T) {
	t.Parallel()
	out := &sms.Error{Class: sms.OptedOut, Code: "21610", Reason: "no more"}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "<nil>"},
		{out, "sms: opted_out 21610: no more"},
		{fmt.Errorf("send: %w", out), "sms: opted_out 21610: no more"},
		{errors.New("+12025550123"), "sms: later: the message could not be handed over"},
	} {
		got := "<nil>"
		if e := sms.AsError(tt.err); e != nil {
			got = e.Error()
		}
		if got != tt.want {
			t.Errorf("AsError(%v) = %s, want %s", tt.err, got, tt.want)
		}
	}
}

// TestStatusOrder: whoever stores a status may take the greater one.
func TestStatusOrder(t *testing.T) {
	t.Parallel()
	var names []string
	for s := sms.Pending; s <= sms.Failed; s++ {
		names = append(names, s.String())
	}
	if diff := cmp.Diff([]string{"pending", "sent", "delivered", "failed"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestParsePrice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, currency string
		want             sms.Price
	}{
		{"0.0051", "USD", sms.Price{Micros: 5100, Currency: "USD"}},
		{"0.00305", "USD", sms.Price{Micros: 3050, Currency: "USD"}},
		{"0.0333", "EUR", sms.Price{Micros: 33300, Currency: "EUR"}},
		{"12", "JPY", sms.Price{Micros: 12_000_000, Currency: "JPY"}},
		{"0.0000004", "USD", sms.Price{Currency: "USD"}},
		{"0", "USD", sms.Price{Currency: "USD"}},
		{"-0.01", "USD", sms.Price{}},
		{"", "USD", sms.Price{}},
		{"null", "USD", sms.Price{}},
		{"NaN", "USD", sms.Price{}},
		{"Inf", "USD", sms.Price{}},
		{"1e300", "USD", sms.Price{}},
		{"0.01", "", sms.Price{}},
		{"0.01", "usd", sms.Price{}},
		{"0.01", "EURO", sms.Price{}},
	} {
		if got := sms.ParsePrice(tt.amount, tt.currency); got != tt.want {
			t.Errorf("ParsePrice(%q, %q) = %+v, want %+v", tt.amount, tt.currency, got, tt.want)
		}
	}
}

// TestByHTTPStatus: a status alone never ends a message or a number.
func TestByHTTPStatus(t *testing.T) {
	t.Parallel()
	for status := range 600 {
		e := sms.ByHTTPStatus(status)
		later := status < 400 || status == 408 || status == 429 || status >= 500
		if want := map[bool]sms.Class{true: sms.Later, false: sms.OtherRoute}[later]; e.Class != want || e.Reason == "" {
			t.Errorf("%d is %v, want %s", status, e, want)
		}
	}
}
