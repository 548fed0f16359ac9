package sinch

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings)
	smstest.CheckPermanent(t, meanings, "9", "10", "12", "100", "108", "150", "152", "204", "406")
	smstest.CheckMeanings(t, refusals)
}
