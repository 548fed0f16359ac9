package plivo

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings, "200")
	smstest.CheckPermanent(t, meanings, "50", "70", "110", "420")
}
