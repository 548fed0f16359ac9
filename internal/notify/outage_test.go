package notify

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// Nobody takes a text for a minute: afterwards the provider sees at most twice the normal rate, nothing leaves after its
// time, and codes are refused as long as nobody would carry them. go test ./internal/notify -run TestOutage -v prints the
// figures.
func TestOutage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		how       vendors.Behaviour
		providers int
	}{
		{"answer 500", vendors.Broken(), 1},
		{"hang", vendors.Hang(), 1},
		{"hang", vendors.Hang(), 2},
		{"drop connections", vendors.Behaviour{Drop: true}, 2},
		{"answer 429 with Retry-After", vendors.TooMany(10), 2},
	}
	const rate, normal, dead, after = 8, 30, 60, 75 // texts a second, and seconds
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				second := vendors.NewTwilio()
				n := w.node(func(o *Options) {
					o.PublicURL = ""
					if test.providers == 2 {
						o.SMS = append(o.SMS, SMSRoute{Sender: by{w.sender(second), "second", sms.SMS}})
					}
				})
				stop := n.run()
				begin := time.Now()
				refused := 0
				deadlines := map[string]time.Time{}
				for i := range (normal + dead + after) * rate {
					switch i {
					case normal * rate:
						w.twilio.Behave(test.how)
						second.Behave(test.how)
					case (normal + dead) * rate:
						w.twilio.Behave(vendors.Behaviour{})
						second.Behave(vendors.Behaviour{})
					}
					_, full := n.Busy(store.ChannelSMS)
					if wait, out := n.Outage(liveProject, "US", "+12025550000"); full || out {
						refused++
						if out && (wait <= 0 || wait > breakMost) {
							w.t.Errorf("asked to come again in %v", wait)
						}
					} else {
						m := n.text()
						deadlines[m.Recipient] = m.Deadline
					}
					time.Sleep(time.Second / rate)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				stop()
				n.drain(time.Second)
				if refused == 0 {
					w.t.Error("codes were accepted all the time, although nobody took them")
				}
				most, late := 0, 0
				for _, fake := range []*vendors.Twilio{w.twilio, second} {
					m, l := outageOf(fake.Texts(), begin.Add((normal+dead)*time.Second), deadlines)
					most, late = max(most, m), late+l
				}
				w.t.Logf("%-30s %d providers: %4d refused; at most %d calls in a second afterwards (normal %d), %d too late",
					test.name, test.providers, refused, most, rate, late)
				if most > 2*rate+1 {
					w.t.Errorf("%d calls in a second after the outage, normal are %d", most, rate)
				}
				if late > 0 {
					w.t.Errorf("%d texts left after their time", late)
				}
			})
		}
	})
}

// outageOf gives the most calls of a second from a time on, and how many texts left after their deadline.
func outageOf(texts []vendors.Text, from time.Time, deadlines map[string]time.Time) (most, late int) {
	perSecond := map[time.Duration]int{}
	for _, text := range texts {
		if at := text.At.Sub(from); at >= 0 {
			perSecond[at/time.Second]++
			most = max(most, perSecond[at/time.Second])
		}
		if text.At.After(deadlines[text.To]) {
			late++
		}
	}
	return most, late
}
