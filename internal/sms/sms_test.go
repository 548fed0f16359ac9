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
