package pretend

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service is the simulator. Make it with New, then Attach it and Load its rules; it is safe for concurrent use.
type Service struct {
	db       *store.DB
	log      *slog.Logger
	arrived  func(recipient string)
	cleared  func()
	carriers []*Carrier
	key      string
	on       atomic.Bool
	wake     chan struct{}
}

// New makes a simulator over a database.
func New(db *store.DB, log *slog.Logger) *Service {
	s := &Service{db: db, log: log, key: hex.EncodeToString(secret.Bytes(32)), wake: make(chan struct{}, 1)}
	for _, c := range carriers {
		c.s = s
		s.carriers = append(s.carriers, &c)
	}
	return s
}

// carriers are the simulated providers, the preferred one first.
var carriers = []Carrier{
	{name: "carrier_one", channel: sms.SMS, first: true},
	{name: "carrier_two", channel: sms.SMS},
	{name: "carrier_one_whatsapp", channel: sms.WhatsApp, first: true},
	{name: "carrier_one_voice", channel: sms.Voice, first: true},
}

// Names lists the names of the simulated providers.
func Names() []string {
	names := make([]string, len(carriers))
	for i, c := range carriers {
		names[i] = c.name
	}
	return names
}

// Attach says who is told of each text that is on the phone of a recipient (notify.Service.Arrived), and that there is no
// rule any more (notify.Service.ForgetRehearsal).
func (s *Service) Attach(arrived func(recipient string), cleared func()) {
	s.arrived, s.cleared = arrived, cleared
}

// Load reads whether there are rules: at the start, and where other processes may change them.
func (s *Service) Load(ctx context.Context) error {
	rules, err := s.Rules(ctx)
	if err == nil {
		s.turn(len(rules) > 0)
	}
	return err
}

// Carriers are the simulated providers, the preferred one first.
func (s *Service) Carriers() []sms.Sender {
	all := make([]sms.Sender, len(s.carriers))
	for i, c := range s.carriers {
		all[i] = c
	}
	return all
}

// On reports whether there are rules: then texts of test projects are to go to Carriers.
func (s *Service) On() bool { return s.on.Load() }

// Wake has the loop look for what is due: after the clock was moved, for one.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Rules gives the rules, the newest first, which is the order in which they are tried.
func (s *Service) Rules(ctx context.Context) (rules []store.PretendRule, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		rules, err = tx.PretendRules(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the simulator's rules: %w", err)
	}
	return rules, nil
}

// ErrTooMany says that there are MaxRules rules.
var ErrTooMany = fmt.Errorf("pretend: there are %d rules", MaxRules)

// Add adds a rule that Check finds nothing wrong with, and completes it. In this process it holds at once, in others of
// the same database within a second.
func (s *Service) Add(ctx context.Context, r *store.PretendRule) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		rules, err := tx.PretendRules(ctx)
		if err != nil {
			return err
		}
		if len(rules) >= MaxRules {
			return ErrTooMany
		}
		r.ID, r.CreatedAt = ids.NewUUID(tx.Now()).String(), tx.Now()
		tx.InsertPretendRule(r)
		return nil
	})
	if err != nil {
		return err
	}
	s.turn(true)
	return nil
}

// Remove removes a rule, if it is there; "" removes all. Texts that carriers have taken go on as they were to.
func (s *Service) Remove(ctx context.Context, id string) error {
	left := 0
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		rules, err := tx.PretendRules(ctx)
		if err != nil {
			return err
		}
		left = len(rules)
		for _, r := range rules {
			if id == "" || r.ID == id {
				tx.DeletePretendRule(r.ID)
				left--
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove rules of the simulator: %w", err)
	}
	s.turn(left > 0)
	return nil
}

func (s *Service) turn(on bool) {
	if was := s.on.Swap(on); was && !on {
		s.cleared()
	}
}

// batch bounds what is done between two looks.
const batch = 100

// sweep is how often a process looks for rules and work of others, where there may be others.
const sweep = time.Second

// Run does what carriers do after they have taken a text, until ctx ends. reports gets what they post to the addresses
// of texts: the server itself.
func (s *Service) Run(ctx context.Context, reports http.Handler) {
	shared := s.db.Engine() == sqldb.Postgres
	for {
		var unread error
		if shared {
			unread = s.Load(ctx)
		}
		pause, err := s.work(ctx, reports)
		err = errors.Join(unread, err)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the simulator of carriers", "error", err)
			pause = sweep
		}
		if shared {
			pause = min(pause, sweep)
		}
		if !s.wait(ctx, pause) {
			return
		}
	}
}

func (s *Service) wait(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.wake:
	case <-t.C:
	}
	return true
}

// idle is how long the loop sleeps when nothing is due.
const idle = time.Hour

// work does all that is due, and tells how long nothing will be. What fails is tried again.
func (s *Service) work(ctx context.Context, reports http.Handler) (pause time.Duration, err error) {
	for {
		var due []store.PretendDue
		var next time.Time
		err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
			if due, err = tx.PretendDue(ctx, batch); err == nil && len(due) == 0 {
				next, err = tx.NextPretendDue(ctx)
			}
			return err
		})
		for i := range due {
			err = errors.Join(err, s.do(ctx, &due[i], reports))
		}
		switch {
		case err != nil:
			return 0, err
		case len(due) > 0:
		case next.IsZero():
			return idle, nil
		default:
			return max(time.Millisecond, min(idle, next.Sub(s.db.Now()))), nil
		}
	}
}

// do does one thing. A report is posted before it is taken off the list: posted twice, it says nothing new.
func (s *Service) do(ctx context.Context, d *store.PretendDue, reports http.Handler) error {
	if d.What != arrive && d.Callback != "" {
		if early, err := s.early(ctx, d); err != nil || early {
			return err
		}
		if err := s.post(ctx, d, reports); err != nil {
			return err
		}
	}
	done := false
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if done, err = tx.DonePretendDue(ctx, d.ID); err != nil || !done || d.What != arrive {
			return err
		}
		m := &store.Message{ID: d.MessageID, ProjectID: d.ProjectID, Recipient: d.Recipient}
		step(tx, m, store.PretendArrived, d.Carrier, "", "")
		if !d.Held {
			tx.ReleasePretendDue(d.Recipient, d.MessageID, tx.Now().Add(behind))
		}
		return nil
	})
	if err == nil && done && d.What == arrive {
		s.arrived(d.Recipient)
	}
	return err
}

// reportPause is how long a report waits for its text to be written down as taken.
const reportPause = 50 * time.Millisecond

// early postpones a report as long as the answer to the call that brought the text is not written down: nobody reports on
// what is still being handed over.
func (s *Service) early(ctx context.Context, d *store.PretendDue) (early bool, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		early = false
		m, err := tx.Message(ctx, d.MessageID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		early = err == nil && m.Status == store.MessageQueued && m.Provider == d.Carrier && tx.Now().Before(m.Deadline)
		if early {
			tx.PostponePretendDue(d.ID, tx.Now().Add(reportPause))
		}
		return err
	})
	return early, err
}

// behind is how much later than the newer text the older one arrives that was to come after it.
const behind = 20 * time.Millisecond

// callbacks is where the path of notify.CallbackPattern begins.
const callbacks = "/callbacks/"

// post reports on a text as a provider does, to the address that came with it.
func (s *Service) post(ctx context.Context, d *store.PretendDue, reports http.Handler) error {
	body, err := json.Marshal(report{ID: d.ProviderID, Status: d.What})
	if err != nil {
		return err
	}
	_, path, _ := strings.Cut(d.Callback, callbacks) // a proxy may serve us below a path of its own
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, callbacks+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(keyHeader, s.key)
	w := &status{header: http.Header{}}
	reports.ServeHTTP(w, r)
	if w.code >= http.StatusInternalServerError {
		return fmt.Errorf("a report was answered with %d", w.code)
	}
	return nil
}

// status is what is kept of the answer to a report.
type status struct {
	header http.Header
	code   int
}

// Header gives the header that nobody reads.
func (s *status) Header() http.Header { return s.header }

// WriteHeader keeps the status.
func (s *status) WriteHeader(code int) { s.code = code }

// Write keeps nothing.
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
