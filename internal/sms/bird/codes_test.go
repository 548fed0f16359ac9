package bird

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings, "recipient_opted_out")
	smstest.CheckMeanings(t, refusals)
}
