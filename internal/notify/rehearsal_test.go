package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// rehearsal is a node whose test projects have the simulator's carriers, beside the provider of live ones.
type rehearsal struct {
	*node
	simulator *pretend.Service
	end       func()
}

func (w *world) rehearsal() *rehearsal {
	w.t.Helper()
	simulator := pretend.New(w.connect(), slog.New(slog.DiscardHandler))
	r := &rehearsal{simulator: simulator}
	r.node = w.node(func(o *Options) {
		o.DB = w.first
		if o.DB == nil {
			o.DB = w.connect()
		}
		o.Rehearsal = &Rehearsal{Carriers: simulator.Carriers(), On: simulator.On}
	})
	simulator.Attach(r.Arrived, r.ForgetRehearsal)
	w.check(simulator.Load(context.Background()))
	stop := r.run()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		simulator.Run(ctx, reports(r.node))
	}()
	r.end = func() {
		stop()
		r.drain(time.Second)
		cancel()
		<-ended
	}
	return r
}

// reports is the server's door for providers.
func reports(n *node) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(CallbackPattern, func(w http.ResponseWriter, r *http.Request) {
		if refusal, ok := errors.AsType[*errs.Error](n.TakeReport(w, r)); ok {
			w.WriteHeader(refusal.Status)
		}
	})
	return mux
}

func (r *rehearsal) rule(rule store.PretendRule) {
	r.w.t.Helper()
	if rule.Remaining == 0 {
		rule.Remaining = pretend.Forever
	}
	if wrong := pretend.Check(&rule); wrong != "" {
		r.w.t.Fatal(wrong)
	}
	r.w.check(r.simulator.Add(context.Background(), &rule))
}

// textTest sends a code to a new member of the test project.
func (r *rehearsal) textTest(phone string) *store.Message {
	r.w.t.Helper()
	r.w.sent++
	m := r.write(testProject, fmt.Sprintf("member-test-%d", r.w.sent), phone)
	r.Hand(r.w.t.Context(), m)
	synctest.Wait()
	return m
}

// letterOf is the message as the inbox shows it.
func (r *rehearsal) letterOf(m *store.Message) Letter {
	r.w.t.Helper()
	letters, err := r.Letters(context.Background(), "", "", 1000)
	r.w.check(err)
	for _, l := range letters {
		if l.ID == m.ID {
			return l
		}
	}
	r.w.t.Fatalf("the inbox lacks %s", m.ID)
	return Letter{}
}

// inShort is the story of a message in short.
func inShort(l Letter) string {
	var words []string
	for _, s := range l.Steps {
		if s.What != StepDecided && s.What != StepQueued {
			words = append(words, strings.TrimSuffix(s.What+" "+strings.TrimPrefix(s.Provider, "carrier_"), " "))
		}
	}
	return strings.Join(words, ", ")
}

// What each fault does to a text, and what the machine that serves real carriers makes of it.
func TestFaults(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		r := w.rehearsal()
		ctx := context.Background()
		for _, test := range []struct {
			rule    store.PretendRule
			arrives []time.Duration // after it was sent, within half a second
			status  string
			told    string
		}{
			{
				store.PretendRule{Fault: pretend.Delay, Delay: 20 * time.Second},
				[]time.Duration{20 * time.Second},
				store.MessageDelivered, "simulated, handed_over one, arrived one, delivered one",
			},
			{ // the second carrier is asked when nobody has said anything for 30 s, and loses it as well
				store.PretendRule{Fault: pretend.Drop},
				nil, store.MessageSent, "simulated, not_taken one, handed_over two",
			},
			{
				store.PretendRule{Fault: pretend.Drop, Carriers: pretend.FirstCarrier},
				[]time.Duration{30 * time.Second},
				store.MessageDelivered,
				"simulated, not_taken one, handed_over two, arrived two, delivered two",
			},
			{
				store.PretendRule{Fault: pretend.Duplicate},
				[]time.Duration{0, 0},
				store.MessageDelivered, "simulated, arrived one, arrived one, handed_over one, delivered one",
			},
			{
				store.PretendRule{Fault: pretend.Reorder},
				[]time.Duration{20 * time.Second},
				store.MessageDelivered, "",
			},
			{
				store.PretendRule{Fault: pretend.Down, Carriers: pretend.FirstCarrier},
				[]time.Duration{0},
				store.MessageDelivered, "",
			},
			{
				store.PretendRule{Fault: pretend.Hang, Carriers: pretend.FirstCarrier},
				[]time.Duration{1500 * time.Millisecond},
				store.MessageDelivered, "",
			},
			{store.PretendRule{Fault: pretend.Down}, nil, store.MessageExpired, ""},
			{store.PretendRule{Fault: pretend.Hang}, nil, store.MessageExpired, ""},
			{
				store.PretendRule{Fault: pretend.ReportedFailed, Carriers: pretend.FirstCarrier},
				[]time.Duration{0, 0},
				store.MessageDelivered, "",
			},
			{
				store.PretendRule{Fault: pretend.ReportedFailed}, []time.Duration{0, 0}, store.MessageUndelivered, "",
			},
			{store.PretendRule{Fault: pretend.ReportedDelivered}, nil, store.MessageDelivered, ""},
			{ // the second text is the price of not knowing
				store.PretendRule{Fault: pretend.NoReport},
				[]time.Duration{0, 30 * time.Second},
				store.MessageSent, "",
			},
		} {
			w.in(test.rule.Fault+" "+test.rule.Carriers, func() {
				r.rule(test.rule)
				m := r.textTest(fmt.Sprintf("+1303555%04d", w.sent))
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				w.check(r.simulator.Remove(ctx, ""))

				l := r.letterOf(m)
				if l.Status != test.status {
					w.t.Errorf("it is %s, want %s", l.Status, test.status)
				}
				if l.Body == "" {
					w.t.Error("the inbox does not know what it said")
				}
				if got := inShort(l); test.told != "" && !sameSteps(got, test.told) {
					w.t.Errorf("the story is\n%s, want\n%s", got, test.told)
				}
				var late []time.Duration
				for i, at := range l.Arrived {
					late = append(late, at.Sub(l.CreatedAt))
					if i < len(test.arrives) {
						if d := late[i] - test.arrives[i]; d < -500*time.Millisecond || d > 2*time.Second {
							w.t.Errorf("it arrived after %v, want %v", late[i], test.arrives[i])
						}
					}
				}
				if len(late) != len(test.arrives) {
					w.t.Errorf("it arrived after %v, want %v", late, test.arrives)
				}
				if l.Reserved > 0 || l.PriceMicros > 0 {
					w.t.Errorf("it cost %d", l.Reserved)
				}
			})
		}
		r.end()
	})
}

// sameSteps compares stories whose steps may have the same time.
func sameSteps(got, want string) bool {
	a, b := strings.Split(got, ", "), strings.Split(want, ", ")
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// A text that is to arrive after the next one to its number does, and texts to others do not release it.
func TestReorder(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		r := w.rehearsal()
		r.rule(store.PretendRule{Fault: pretend.Reorder, Remaining: 1})
		one := r.textTest("+13035550101")
		other := r.textTest("+13035550102")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if l := r.letterOf(one); len(l.Arrived) > 0 {
			w.t.Errorf("the first text arrived at %v, before the second", l.Arrived)
		}
		two := r.textTest("+13035550101")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		a, b := r.letterOf(one), r.letterOf(two)
		if len(a.Arrived) != 1 || len(b.Arrived) != 1 || len(r.letterOf(other).Arrived) != 1 ||
			b.Arrived[0].After(a.Arrived[0]) {
			w.t.Errorf("the first text arrived at %v, the second at %v", a.Arrived, b.Arrived)
		}

		letters, _, err := r.Arrivals(context.Background(), "", "+13035550101", Start, 10)
		w.check(err)
		var order []string
		for _, l := range letters {
			order = append(order, l.ID)
		}
		if diff := cmp.Diff([]string{two.ID, one.ID}, order); diff != "" {
			w.t.Errorf("order of arrival (-want +got):\n%s", diff)
		}
		r.end()
	})
}

// The newest rule that fits holds, for as many texts as it says, for its numbers and project alone; and what fits no rule
// arrives at once.
func TestWhichRule(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		r := w.rehearsal()
		arrives := func(what, phone string, want bool) {
			w.t.Helper()
			m := r.textTest(phone)
			time.Sleep(1100 * time.Millisecond)
			synctest.Wait()
			if l := r.letterOf(m); (len(l.Arrived) > 0) != want {
				w.t.Errorf("%s: arrived at %v", what, l.Arrived)
			}
		}
		m := r.textTest("+13035550100")
		if l := r.letterOf(m); l.Provider != ProviderInbox || inShort(l) != "delivered inbox" {
			w.t.Errorf("without rules: %s by %s", inShort(l), l.Provider)
		}
		r.rule(store.PretendRule{Fault: pretend.Drop, Prefix: "+1202"})
		r.rule(store.PretendRule{Fault: pretend.NoReport, Prefix: "+1202555", Remaining: 2})
		r.rule(store.PretendRule{Fault: pretend.Drop, ProjectID: strings.Replace(testProject.ID, "1", "2", 1)})
		arrives("another number", "+13035550101", true)
		arrives("the newer rule", "+12025550101", true)
		arrives("the newer rule again", "+12025550102", true)
		arrives("the newer rule is used up", "+12025550103", false)
		w.check(r.simulator.Remove(context.Background(), ""))
		arrives("no rule", "+12025550104", true)
		r.end()
	})
}

// Carriers that were down are well again for whoever rehearses next.
func TestRehearsalBeginsAnew(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		r := w.rehearsal()
		r.rule(store.PretendRule{Fault: pretend.Down, Carriers: pretend.FirstCarrier})
		for i := range 2 * breakAfter {
			r.textTest(fmt.Sprintf("+1303555%04d", i))
		}
		if broken, _ := r.health["carrier_one"].wait(r.o.DB.Now()); broken == 0 {
			w.t.Error("the breaker of a carrier that is down is closed")
		}
		w.check(r.simulator.Remove(context.Background(), ""))
		r.rule(store.PretendRule{Fault: pretend.Duplicate})
		if got := inShort(r.letterOf(r.textTest("+13035550199"))); !strings.Contains(got, "handed_over one") {
			w.t.Errorf("the next rehearsal: %s", got)
		}
		r.end()
	})
}

// Whatever the rules are, texts of live projects reach the provider and nobody else, and those of test projects never
// reach it: not by rules, not by reports, not after a restart without a simulator.
func TestRehearsalIsForTestProjectsAlone(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		r := w.rehearsal()
		for _, fault := range []string{pretend.Drop, pretend.Down, pretend.Duplicate} {
			r.rule(store.PretendRule{Fault: fault, Remaining: 5})
		}
		var live, test []*store.Message
		for i := range 30 {
			live = append(live, r.text())
			test = append(test, r.textTest(fmt.Sprintf("+1303555%04d", i)))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, m := range live {
			w.takes(m, 1)
			if row := r.row(m.ID); row.Provider != "twilio" {
				w.t.Errorf("a live text went to %s", row.Provider)
			}
		}
		if n := len(w.twilio.Texts()); n != len(live) {
			w.t.Errorf("the provider saw %d texts, want %d", n, len(live))
		}
		var steps map[string][]store.PretendStep
		w.check(r.o.DB.Read(context.Background(), func(tx *store.Tx) (err error) {
			steps, err = tx.PretendStepsBetween(context.Background(), "", "z")
			return err
		}))
		for id := range steps {
			if !isTest(id) {
				w.t.Errorf("the simulator had to do with %s", id)
			}
		}
		if len(steps) == 0 {
			w.t.Error("the simulator did nothing at all")
		}

		r.refusesLive(live[0])
		r.refusesReports(live[0], test[0])
		r.end()
		w.leavesAlone()
	})
}

// refusesLive hands a live text to each carrier itself.
func (r *rehearsal) refusesLive(m *store.Message) {
	r.w.t.Helper()
	for _, c := range r.simulator.Carriers() {
		_, err := c.Send(context.Background(), sms.Message{ID: m.ID, To: m.Recipient, Body: "123456", ValidFor: time.Minute})
		if f := sms.AsError(err); f == nil || f.Class != sms.Permanent {
			r.w.t.Errorf("%s takes a live text: %v", c.Name(), err)
		}
	}
}

// refusesReports tries rightly addressed reports across the border between live and test projects.
func (r *rehearsal) refusesReports(live, test *store.Message) {
	r.w.t.Helper()
	for provider, m := range map[string]*store.Message{"carrier_one": live, "twilio": test} {
		before := r.row(m.ID)
		path := strings.TrimPrefix(r.callbackURL(provider, m.ID), publicURL)
		answer := httptest.NewRecorder()
		reports(r.node).ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{}`)))
		if answer.Code != http.StatusForbidden {
			r.w.t.Errorf("a report of %s on %s: %d", provider, m.ID, answer.Code)
		}
		if diff := cmp.Diff(before, r.row(m.ID)); diff != "" {
			r.w.t.Errorf("it changed the message:\n%s", diff)
		}
	}
}

// leavesAlone starts a server without a simulator where a text of a test project waits for a carrier of it.
func (w *world) leavesAlone() {
	w.t.Helper()
	n := w.node()
	m := n.write(testProject, "member-test-left", "+13035559999", func(tx *store.Tx, m *store.Message) {
		m.Status, m.Provider, m.LeaseOwner = store.MessageQueued, "carrier_one", ""
		m.ID = ids.New(ids.Message, ids.Test, tx.Now())
		c := Content{Code: "123456"}
		m.Sealed, _ = n.o.Keys.Seal("messages", "sealed", m.ID, c.encode())
	})
	stop := n.run()
	time.Sleep(3 * time.Minute)
	synctest.Wait()
	stop()
	n.drain(time.Second)
	if row := n.row(m.ID); row.Status != store.MessageExpired || takenBy(w.twilio, m.Recipient) != 0 {
		w.t.Errorf("it is %s by %s", row.Status, row.Provider)
	}
}
