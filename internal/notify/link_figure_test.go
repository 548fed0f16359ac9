package notify

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// smppTexts is how many texts TestSMPPDrops sends. docs/providers.md shows 10,000; the tests of every day are content
// with fewer, and a connection that breaks more often.
var smppTexts = flag.Int("smpp", 250, "how many texts TestSMPPDrops sends")

// Not statements of the product: reports that belong to no message, and texts whose answer was lost.
var (
	sqlStrays   = sqldb.SQL("stray_reports", `SELECT COUNT(*) FROM link_reports WHERE message_id = '' OR status <> ''`)
	sqlDoubtful = sqldb.SQL("doubtful_texts", `SELECT COUNT(*) FROM message_attempts WHERE code = 'unanswered'`)
)

// TestSMPPDrops sends texts over real sockets, with a window of 50, through an SMSC that breaks the connection again
// and again, with answers under way: every 500 texts when there are thousands. Each text arrives once at least and
// twice at most, and each message learns that it has arrived.
//
//	go test ./internal/notify -run TestSMPPDrops -smpp 10000 -v
func TestSMPPDrops(t *testing.T) {
	t.Parallel()
	texts, every := *smppTexts, 500
	if texts < 5000 {
		every = 100
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	fake := vendors.NewSMSC()
	fake.DropEvery, fake.Jitter = every, 20*time.Millisecond
	go fake.Serve(listener)

	w := &world{t: t, url: sqliteURL(t), twilio: vendors.NewTwilio()}
	n := w.node(func(o *Options) {
		o.PublicURL = ""
		o.SMS = []SMSRoute{{Sender: smpp.New(smpp.Config{
			Address: listener.Addr().String(), SystemID: vendors.SMSCSystem, Password: vendors.SMSCPassword, From: vendors.SMSCFrom,
		})}}
	})
	stop := n.run()
	began := time.Now()
	all := n.textMany(texts)
	n.awaitDelivered(all, 100*time.Second)
	took := time.Since(began)
	stop()
	n.drain(5 * time.Second)

	times := map[string]int{}
	for _, text := range fake.Texts() {
		if text.SID != "" {
			times[text.To]++
		}
	}
	twice, most, lost := 0, 0, 0
	for _, m := range all {
		count := times[m.Recipient]
		most = max(most, count)
		if count > 1 {
			twice++
		}
		if count == 0 {
			lost++
		}
	}
	var strays, doubtful int64
	w.check(n.o.DB.Read(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.QueryRow(t.Context(), sqlStrays, nil, &strays),
			tx.QueryRow(t.Context(), sqlDoubtful, nil, &doubtful))
	}))
	t.Logf("\n| texts | connections broken | answers lost | texts taken | not taken | taken twice | most of one | "+
		"receipts not answered | not matched | took |\n|"+strings.Repeat("---:|", 10)+
		"\n| %d | %d | %d | %d | %d | %d | %d | %d | %d | %.1f s |", texts, fake.Binds()-1, doubtful, fake.Taken(), lost,
		twice, most, fake.Undelivered(), strays, took.Seconds())
	if lost > 0 || most > 2 || strays > 0 || fake.Undelivered() > 0 || fake.Binds()-1 < texts/every {
		t.Error("not every text arrived once or twice, with a receipt that was matched")
	}
	if v := fake.Violations(); len(v) > 0 {
		t.Errorf("the server saw what is not allowed: %q", v[:min(5, len(v))])
	}
}

// textMany sends that many texts, each to a number of its own.
func (n *node) textMany(count int) []*store.Message {
	all := make([]*store.Message, count)
	next := make(chan int)
	var writers sync.WaitGroup
	for range 32 {
		writers.Go(func() {
			for i := range next {
				m, err := n.tryWrite(liveProject, fmt.Sprintf("member-live-%d", i), fmt.Sprintf("+1202%07d", i))
				if err != nil {
					n.w.t.Error(err)
					continue
				}
				n.Hand(n.w.t.Context(), m)
				all[i] = m
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	writers.Wait()
	return all
}

// awaitDelivered waits until all messages have arrived.
func (n *node) awaitDelivered(all []*store.Message, limit time.Duration) {
	n.w.t.Helper()
	again, over := time.NewTicker(200*time.Millisecond), time.After(limit)
	defer again.Stop()
	left := all
	for len(left) > 0 {
		var still []*store.Message
		for _, m := range left {
			var row *store.Message
			n.w.check(n.o.DB.Read(context.Background(), func(tx *store.Tx) (err error) {
				row, err = tx.Message(context.Background(), m.ID)
				return err
			}))
			if row.Status != store.MessageDelivered {
				still = append(still, row)
			}
			if len(still) > 20 {
				break // there is more to come
			}
		}
		if left = still; len(left) > 20 {
			left = all
		}
		select {
		case <-again.C:
		case <-over:
			for _, m := range still {
				n.w.t.Errorf("the message to %s is %s (%s)", m.Recipient, m.Status, m.Reason)
			}
			return
		}
	}
}
