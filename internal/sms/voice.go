package sms

import (
	"strings"
	"time"
)

// The shape of a call: how long it may ring, and how long reading the text aloud takes at most. The code must outlive
// both, and whoever heard it needs time to type it.
const (
	// MaxRinging is how long a call rings at most. Mailboxes take calls soon after that.
	MaxRinging = 30 * time.Second
	// MinRinging is how long it must be able to ring to be worth a call.
	MinRinging = 15 * time.Second
	// SpeakingTime is how long reading aloud takes, with all its pauses.
	SpeakingTime = 35 * time.Second
)

// Ringing is how long a call may ring for a text with that much life left: 0 when it is not worth a call any more.
func Ringing(left time.Duration) time.Duration {
	ringing := min(left-SpeakingTime, MaxRinging).Truncate(time.Second)
	if ringing < MinRinging {
		return 0
	}
	return ringing
}

// Utterance is what is said in one breath of a Body that is read aloud, before a pause.
type Utterance struct {
	// Text is what to say, as it stands.
	Text string
	// Digits are those of Text where it holds nothing else: they are to be said one by one, with pauses.
	Digits string
}

// Utterances takes a Body for Voice apart. Each of its lines is one; a line of digits that are set apart from each
// other is a code.
func Utterances(body string) []Utterance {
	var list []Utterance
	for line := range strings.SplitSeq(body, "\n") {
		if strings.TrimSpace(line) != "" {
			list = append(list, Utterance{Text: line, Digits: digits(line)})
		}
	}
	return list
}

// separators stand between digits, in the languages that we have words for.
const separators = " ,.،、，。"

// digits gives the digits of a line that holds nothing else but what separates them, else "".
func digits(line string) string {
	found := strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, line)
	if strings.Trim(found, "0123456789") != "" {
		return ""
	}
	return found
}
