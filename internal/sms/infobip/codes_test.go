package infobip

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings)
	smstest.CheckPermanent(
		t, meanings, "REJECTED_PREFIX_MISSING", "REJECTED_DESTINATION", "REJECTED_INVALID_DESTINATION", "REJECTED_MESSAGE_TOO_LONG",
		"MISSING_TO", "EC_UNKNOWN_SUBSCRIBER",
	)
	for class, codes := range meanings {
		for name := range codes {
			if !isName(name) {
				t.Errorf("%s (%s) is not read as a name", name, class)
			}
		}
	}
}

// TestHandset: what an error of the handset says of itself counts where its name is not known, and only where the message
// was undeliverable.
func TestHandset(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		group, errorGroup int
		name              string
		permanent         bool
		want              sms.Class
	}{
		{undeliverable, handsetErrors, "EC_NEW", true, sms.Permanent},
		{undeliverable, handsetErrors, "EC_NEW", false, sms.Later},
		{undeliverable, handsetErrors, "EC_UNKNOWN_SUBSCRIBER", false, sms.Permanent},
		{undeliverable, 2, "EC_NEW", true, sms.OtherRoute},
		{undeliverable, handsetErrors, "+12025550123", true, sms.OtherRoute},
		{rejected, handsetErrors, "EC_NEW", true, sms.OtherRoute},
		{expired, handsetErrors, "EC_NEW", false, sms.Permanent},
		{undeliverable, 0, "NO_ERROR", true, sms.OtherRoute},
	} {
		s := state{Group: tt.group, Name: "A_NEW_STATUS"}
		if e := s.failure(&state{Group: tt.errorGroup, Name: tt.name, Permanent: tt.permanent}); e.Class != tt.want {
			t.Errorf("%+v: %v", tt, e)
		}
	}
}
