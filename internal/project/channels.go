package project

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of the time that a report on one channel is waited for, in seconds. A code lives for 120; the last channel needs
// some of it.
const (
	MinChannelSeconds = 10
	MaxChannelSeconds = 90
	maxAllSeconds     = 100
	// A call rings and is read aloud, for which package sms wants 50 seconds; and it does not begin to the second.
	maxBeforeCall = 60
)

// DefaultChannelSeconds is how long a report is waited for where the project says nothing.
const DefaultChannelSeconds = 30

// Channels are the ways of a code to a number.
var Channels = []string{"sms", "whatsapp", "voice"}

func checkChannels(s *store.ProjectSettings) error {
	var problems []error
	seen := map[string]bool{}
	all := int64(0)
	for i, c := range s.Channels {
		if !slices.Contains(Channels, c.Channel) {
			problems = append(problems, fmt.Errorf("%q is no channel: they are %s", c.Channel, strings.Join(Channels, ", ")))
		}
		if seen[c.Channel] {
			problems = append(problems, fmt.Errorf("the channel %s is named twice", c.Channel))
		}
		seen[c.Channel] = true
		if c.Seconds != 0 && (c.Seconds < MinChannelSeconds || c.Seconds > MaxChannelSeconds) {
			problems = append(problems, fmt.Errorf("the wait for a report on %s must be from %d to %d seconds", c.Channel,
				MinChannelSeconds, MaxChannelSeconds))
		}
		if c.Channel == "voice" && all > maxBeforeCall {
			problems = append(problems, fmt.Errorf("a call would begin after %d seconds: it takes a while to ring and to be read aloud, "+
				"so that all waits before it may be %d together", all, maxBeforeCall))
		}
		if i+1 < len(s.Channels) {
			if c.Seconds == 0 {
				c.Seconds = DefaultChannelSeconds
			}
			all += c.Seconds
		}
	}
	if all > maxAllSeconds {
		problems = append(problems, fmt.Errorf("the last channel would begin after %d seconds: the code lives for 120, so that "+
			"all waits before it may be %d together", all, maxAllSeconds))
	}
	return errors.Join(problems...)
}
