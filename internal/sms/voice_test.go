package sms_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
)

func TestUtterances(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]sms.Utterance{
		"":                     nil,
		"\n \n":                nil,
		"Hello.\n4, 9, 3.\nOK": {{Text: "Hello."}, {Text: "4, 9, 3.", Digits: "493"}, {Text: "OK"}},
		"4、9。":                 {{Text: "4、9。", Digits: "49"}},
		"4，9。":                 {{Text: "4，9。", Digits: "49"}},
		"4، 9.":                {{Text: "4، 9.", Digits: "49"}},
		"in 2 minutes":         {{Text: "in 2 minutes"}},
		"493817 is your code":  {{Text: "493817 is your code"}},
		"...":                  {{Text: "..."}},
	} {
		if diff := cmp.Diff(want, sms.Utterances(body)); diff != "" {
			t.Errorf("%q: %s", body, diff)
		}
	}
}

// TestRinging: a code outlives the call that says it.
func TestRinging(t *testing.T) {
	t.Parallel()
	for left := time.Duration(0); left < 5*time.Minute; left += 333 * time.Millisecond {
		ringing := sms.Ringing(left)
		worth := left >= sms.MinRinging+sms.SpeakingTime
		if (ringing > 0) != worth || ringing+sms.SpeakingTime > left && ringing > 0 || ringing > sms.MaxRinging {
			t.Errorf("Ringing(%v) = %v", left, ringing)
		}
	}
}
