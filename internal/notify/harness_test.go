package notify

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

const publicURL = "https://auth.example.com"

var (
	liveProject = &store.Project{ID: "project-live-11111111-1111-4111-8111-111111111111", Env: ids.Live, Name: "Acme"}
	testProject = &store.Project{ID: "project-test-11111111-1111-4111-8111-111111111111", Env: ids.Test, Name: "Acme"}
)

// ring is a first key ring, made once: RSA keys are dear.
var ring = sync.OnceValues(func() (keys.Master, []store.RingKey) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "ring")
	must(err)
	defer func() { must(os.RemoveAll(folder)) }()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(folder, "ring.db"), sqldb.Options{})
	must(err)
	master, _ := keys.NewMaster()
	_, err = keys.Open(ctx, db, master)
	must(err)
	var rows []store.RingKey
	must(db.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.RingKeys(ctx)
		return err
	}))
	must(db.Close())
	return master, rows
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// world is a database, the nodes over it, and the provider outside.
type world struct {
	t      testing.TB
	url    string
	twilio *vendors.Twilio
	first  *store.DB // the one handle of a SQLite file
	sent   int       // members that were sent something
}

// inWorlds runs a test on both engines, each in a bubble with its own time.
func inWorlds(t *testing.T, test func(w *world)) {
	t.Helper()
	run := func(name string, url func(t testing.TB) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := url(t)
			ring()
			synctest.Test(t, func(t *testing.T) {
				test(&world{t: t, url: u, twilio: vendors.NewTwilio()})
			})
		})
	}
	run("sqlite", sqliteURL)
	run("postgres", pgtest.URL)
}

func sqliteURL(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }

// node is one server.
type node struct {
	*Service
	w    *world
	dead atomic.Bool // it can write nothing any more
}

// node starts a server that sends through the world's provider, unless the options name others.
func (w *world) node(change ...func(o *Options)) *node {
	w.t.Helper()
	ctx := context.Background()
	db := w.connect()
	master, _ := ring()
	r, err := keys.Open(ctx, db, master)
	w.check(err)
	o := Options{
		DB: db, Keys: r, PublicURL: publicURL, MailFrom: "login@example.com",
		SMS:    []SMSRoute{{Sender: w.sender(w.twilio)}},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	n := &node{Service: New(o), w: w}
	write := n.ledger.Run
	n.ledger.Run = func(entries []*entry) {
		if !n.dead.Load() {
			write(entries)
			return
		}
		for _, e := range entries {
			e.ok, e.err = false, sqldb.ErrClosed
		}
	}
	w.check(n.Start(ctx))
	return n
}

func (w *world) sender(fake *vendors.Twilio) *twilio.Sender {
	return twilio.New(twilio.Config{
		AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken, From: vendors.TwilioFrom,
		HTTP: httpx.New(httpx.Options{Transport: fake.RoundTripper()}),
	})
}

// connect opens the database once more; a SQLite file has one server, whose nodes share it.
func (w *world) connect() *store.DB {
	w.t.Helper()
	if w.first != nil {
		return w.first
	}
	db, err := store.Open(context.Background(), w.url, sqldb.Options{})
	w.check(err)
	w.t.Cleanup(func() { _ = db.Close() })
	if db.Engine() == sqldb.SQLite {
		w.first = db
	}
	_, rows := ring()
	w.check(db.Write(context.Background(), func(tx *store.Tx) error {
		for i := range rows {
			tx.OfferRingKey(&rows[i])
		}
		return nil
	}))
	return db
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// in runs one case of a table, with a provider of its own.
func (w *world) in(name string, f func()) {
	w.t.Helper()
	w.twilio = vendors.NewTwilio()
	before := w.t.Failed()
	f()
	if w.t.Failed() && !before {
		w.t.Errorf("the above in the case %q", name)
	}
}

// run has the node look for messages that were left behind, until the returned function is called.
func (n *node) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// drain stops the node within the time given.
func (n *node) drain(d time.Duration) {
	n.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	n.w.check(n.Drain(ctx))
}

// text sends a code to a new member of the live project, by this node.
func (n *node) text() *store.Message {
	n.w.t.Helper()
	n.w.sent++
	return n.textTo(fmt.Sprintf("member-live-%d", n.w.sent), fmt.Sprintf("+1202555%04d", n.w.sent))
}

func (n *node) textTo(member, phone string) *store.Message {
	n.w.t.Helper()
	m := n.write(liveProject, member, phone)
	n.Hand(n.w.t.Context(), m)
	return m
}

// write does what the rule does before the message is handed over.
func (n *node) write(
	p *store.Project, member, phone string, also ...func(tx *store.Tx, m *store.Message),
) *store.Message {
	n.w.t.Helper()
	m, err := n.tryWrite(p, member, phone, also...)
	n.w.check(err)
	return m
}

func (n *node) tryWrite(
	p *store.Project, member, phone string, also ...func(tx *store.Tx, m *store.Message),
) (*store.Message, error) {
	ctx := context.Background()
	var m *store.Message
	err := n.o.DB.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		m = &store.Message{
			OrganizationID: "organization-live-1", MemberID: member, RequestID: "request-id-live-1",
			Channel: store.ChannelSMS, Kind: store.KindSMSOTP, Recipient: phone, Country: "US", Locale: "en",
			Decision: "allowed", Deadline: now.Add(2 * time.Minute), CreatedAt: now,
		}
		if err := n.Compose(p, m, Content{Code: "123456", ProjectName: p.Name}); err != nil {
			return err
		}
		for _, f := range also {
			f(tx, m)
		}
		tx.InsertMessage(m)
		tx.IssueCode(&store.Code{
			Owner: member, Purpose: store.PurposeSMS, ProjectID: p.ID, Recipient: phone, Hash: strings.Repeat("a", 64),
			KeyVersion: 1, MessageID: m.ID, IssuedAt: now, ExpiresAt: m.Deadline,
		})
		return nil
	})
	return m, err
}

// row reads a message back.
func (n *node) row(id string) *store.Message {
	n.w.t.Helper()
	var m *store.Message
	n.w.check(n.o.DB.Read(context.Background(), func(tx *store.Tx) (err error) {
		m, err = tx.Message(context.Background(), id)
		return err
	}))
	return m
}

// wants compares what became of a message.
func (n *node) wants(m *store.Message, status, reason string) *store.Message {
	n.w.t.Helper()
	row := n.row(m.ID)
	if row.Status != status || !strings.Contains(row.Reason, reason) || reason == "" && row.Reason != "" {
		n.w.t.Errorf("message to %s is %s (%q), want %s (%q)", row.Recipient, row.Status, row.Reason, status, reason)
	}
	if row.Status != store.MessageQueued && (len(row.Sealed) > 0 || row.LeaseOwner != "") {
		n.w.t.Errorf("message to %s is %s and still sealed (%d bytes) or leased (%q)", row.Recipient, row.Status,
			len(row.Sealed), row.LeaseOwner)
	}
	return row
}

// takenBy counts how often a provider took a text for the number.
func takenBy(fake *vendors.Twilio, phone string) int {
	n := 0
	for _, text := range fake.Texts() {
		if text.To == phone && text.SID != "" {
			n++
		}
	}
	return n
}

// takes checks how often the provider took the message.
func (w *world) takes(m *store.Message, want int) {
	w.t.Helper()
	if got := takenBy(w.twilio, m.Recipient); got != want {
		w.t.Errorf("the provider took the text for %s %d times, want %d", m.Recipient, got, want)
	}
}
