package bird

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings, "recipient_opted_out")
	smstest.CheckPermanent(t, meanings, "invalid_destination", "landline_unreachable")
	smstest.CheckMeanings(t, refusals)
}
