// Package notify gets messages to people: which words in which language, which provider carries them, and what became
// of them. A message is a row that is written together with the code or link it carries, already leased to this node;
// package outbox brings it here right after the commit, and again after a crash.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/outbox"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/trace"
)

// The providers that are not a company's: the inbox keeps what test projects send, SMTP is whatever server takes our
// mails.
const (
	ProviderInbox = "inbox"
	ProviderSMTP  = "smtp"
)

// lease is how long a node has a message to itself. Providers answer within less.
const lease = 15 * time.Second

// The longest that a provider is waited for. Where another one can take the text, a code is worth more than the last of
// the seconds in which the first might still answer.
const (
	smsTimeout           = 5 * time.Second
	smsTimeoutWithOthers = 1500 * time.Millisecond
	mailTimeout          = 10 * time.Second
)

// How long a report that a text arrived is waited for, where another provider could take it, and how much of a code's life
// must be left for that.
const (
	receiptWait    = 30 * time.Second // where the project sets none
	worthRerouting = 15 * time.Second
)

// ErrNoRoute says that nobody carries messages of that channel to that country. Route tells it in advance.
var ErrNoRoute = errors.New("no route for the message")

// Options are what a Service is made of.
type Options struct {
	DB   *store.DB
	Keys *keys.Ring
	// PublicURL is where providers reach this server, without a slash at the end. "" asks for no receipts.
	PublicURL string
	// SMS are the providers of texts, in the order of preference where Routes has no other.
	SMS []SMSRoute
	// Routes say which of them carry texts to which numbers, in which order; nil leaves that to their countries.
	Routes Routes
	// Rehearsal are the carriers of test projects, whose texts go to the inbox without; nil outside of development.
	Rehearsal *Rehearsal
	// Learned puts the better providers of texts first; nil leaves them as they are.
	Learned Preference
	// Prices is what texts cost; nil has cautious figures of our own.
	Prices *price.Table
	// Mail takes mails; nil means none can be sent.
	Mail mail.Sender
	// MailFrom is the sender of mails: an address, or a name and an address.
	MailFrom string
	// Project gives the project of a message, whose webhooks may want to hear of its end; nil tells nobody. Answers may be
	// some seconds old.
	Project func(ctx context.Context, tx *store.Tx, id string) (*store.Project, error)
	// Workers is how many messages are handed over at once. 0 is outbox.DefaultWorkers.
	Workers int
	// Logger gets messages that could not be handed over. nil is slog.Default.
	Logger *slog.Logger
	// Metrics counts what becomes of messages, Tracer records how they are handed over. Both may be nil.
	Metrics *metric.Set
	Tracer  *trace.Tracer
}

// Service sends the messages of this node. It is safe for concurrent use.
type Service struct {
	o      Options
	node   string // owns leases; new for each start, so that a node does not inherit those of its last life
	texts  *outbox.Pool[*job]
	mails  *outbox.Pool[*job] // their own: a mail server that hangs must not keep texts waiting
	ledger outbox.Batch[entry]
	pace   pace // of texts that nobody took at first
	// health is what this node knows of the providers of texts, by name.
	health map[string]*health
	linked bool // a provider reports over a connection
	bell   bell
}

// New makes a service. Call Start before the first message is written.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	s := &Service{o: o, node: "node-" + ids.NewUUID(o.DB.Now()).String()}
	settings := outbox.Options{Now: o.DB.Now, Workers: o.Workers, Logger: o.Logger}
	s.texts = outbox.New[*job](work{s, false}, settings)
	s.mails = outbox.New[*job](work{s, true}, settings)
	s.ledger = outbox.Batch[entry]{Run: s.write, Max: ledgerMax}
	s.health = map[string]*health{}
	for _, r := range o.SMS {
		s.health[r.Sender.Name()] = newHealth()
		if _, ok := r.Sender.(sms.Linked); ok {
			s.linked = true
		}
	}
	if o.Rehearsal != nil {
		for _, sender := range o.Rehearsal.Carriers {
			s.health[sender.Name()] = newHealth()
		}
	}
	if o.DB.Engine() == sqldb.Postgres {
		s.ledger.Parallel = 2 // one waits for the disk while the other collects
	}
	return s
}

// Start makes the service ready. A SQLite database has one server at a time, so that whoever held leases there is gone;
// on PostgreSQL they run out by themselves.
func (s *Service) Start(ctx context.Context) error {
	if s.o.DB.Engine() != sqldb.SQLite {
		return nil
	}
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ClearLeases(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear the leases of the last run: %w", err)
	}
	return nil
}

// Run picks up messages that a node left behind, and keeps the connections of providers that have one, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	ctx = sqldb.InFront(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.texts.Run(ctx) })
	wg.Go(func() { s.mails.Run(ctx) })
	for _, r := range s.o.SMS {
		if linked, ok := r.Sender.(sms.Linked); ok {
			wg.Go(func() { linked.Link(ctx, desk{s, r.Sender.Name()}) })
		}
	}
	wg.Wait()
}

// Drain stops sending: calls under way may end until ctx does, the leases of all else are given back. Call it after the
// last request has been answered and before the database is closed.
func (s *Service) Drain(ctx context.Context) error {
	var wg sync.WaitGroup
	var texts error
	wg.Go(func() { texts = s.texts.Drain(ctx) })
	mails := s.mails.Drain(ctx)
	wg.Wait()
	return errors.Join(texts, mails)
}

// Busy estimates how long a message of the channel written now would wait for its turn, and tells whether that is too
// long to take on more: a code would be old before it left.
func (s *Service) Busy(channel string) (wait time.Duration, full bool) { return s.pool(channel).Busy() }

func (s *Service) pool(channel string) *outbox.Pool[*job] {
	if channel == store.ChannelEmail {
		return s.mails
	}
	return s.texts
}

// Hand gives a message to this node's workers once it is committed, and tells those who wait for one in the inbox. It
// never blocks. ctx is that of the request which the message goes back to.
func (s *Service) Hand(ctx context.Context, m *store.Message) {
	if m.Provider == ProviderInbox {
		s.Arrived(m.Recipient)
	}
	if m.Status == store.MessageQueued {
		s.pool(m.Channel).Hand(&job{m: m, handed: true, origin: s.o.Tracer.OriginOf(ctx)})
	}
}

// Compose completes a message for the project: it seals the content into it and decides on the provider. The message of
// a test project is delivered at once, to the inbox, unless there is a rehearsal; every other one is queued and leased to
// this node. The caller
// has set recipient, country, locale, kind, channel and deadline, and the time of creation; an empty id is filled in.
// Post writes it. The error is ErrNoRoute, or one of the key
// ring.
func (s *Service) Compose(p *store.Project, m *store.Message, c Content) error {
	provider, ok := s.Route(p, m.Channel, m.Country, m.Recipient)
	if !ok {
		return ErrNoRoute
	}
	if m.Channel == store.ChannelSMS {
		c.Channels = p.Settings.Channels
	}
	if m.ID == "" {
		m.ID = ids.New(ids.Message, p.Env, m.CreatedAt)
	}
	m.ProjectID, m.Provider, m.UpdatedAt = p.ID, provider, m.CreatedAt
	if !p.Live() {
		c.ProjectName = "" // Texts of test projects name nobody, so that they cannot be mistaken for real ones.
	}

	sealed, err := s.o.Keys.Seal("messages", "sealed", m.ID, c.encode())
	if err != nil {
		return fmt.Errorf("seal a message: %w", err)
	}
	m.Sealed = sealed
	if provider != ProviderInbox {
		m.Status, m.LeaseOwner, m.LeasedUntil = store.MessageQueued, s.node, m.CreatedAt.Add(lease)
		return nil
	}

	words, err := render(m, c, sms.SMS)
	m.Status, m.Segments = store.MessageDelivered, words.segments
	return err
}

// Check tells what is wrong with the settings of the providers, without sending anything.
func (s *Service) Check() error {
	var problems []error
	for _, r := range s.o.SMS {
		problems = append(problems, r.Sender.Check())
	}
	if s.o.Mail != nil {
		problems = append(problems, s.o.Mail.Check())
	}
	return errors.Join(problems...)
}
