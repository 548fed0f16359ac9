package sinch

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	smstest.CheckMeanings(t, meanings)
	smstest.CheckMeanings(t, refusals)
}
