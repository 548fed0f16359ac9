package durable

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

const (
	kills       = 3
	writers     = 8
	perKill     = 60 // answers before the end comes
	maxPerRound = 400
)

// receipts are what was answered with 200.
type receipts struct {
	mu            sync.Mutex
	organizations []string
	members       [][2]string // organization and member
	numbers       []string    // that a text was promised to
	n             atomic.Int64
}

// The server is killed right after an answer, again and again, while others still write. Whatever was answered is there
// after the start.
func TestAnsweredWritesAreOnDisk(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		project, people := crowd(t, url, kills*writers*4)
		twilio := listen(t, vendors.NewTwilio())
		var got receipts
		for round := range kills {
			p := serve(t, url, twilio)
			each := len(people) / kills
			writeUntilKilled(t, p, p.client(t, project), people[round*each:(round+1)*each], &got, round)
		}
		if len(got.organizations) < kills || len(got.members) < kills || len(got.numbers) < kills {
			t.Fatalf("only %d organizations, %d members and %d texts were answered",
				len(got.organizations), len(got.members), len(got.numbers))
		}
		present(t, url, serve(t, url, twilio).client(t, project), &got)
	})
}

// writeUntilKilled has several callers write, and kills the server at the moment of one of the answers.
func writeUntilKilled(t *testing.T, p *process, c *world.Client, people []person, got *receipts, round int) {
	t.Helper()
	enough := make(chan struct{})
	target := got.n.Load() + perKill
	answered := func() {
		if got.n.Add(1) == target {
			close(enough)
		}
	}
	var all sync.WaitGroup
	for w := range writers {
		mine := people[w*len(people)/writers : (w+1)*len(people)/writers]
		all.Go(func() { write(t, c, mine, got, fmt.Sprintf("%d-%d", round, w), answered) })
	}
	select {
	case <-enough:
	case <-time.After(30 * time.Second):
		t.Errorf("only %d answers in time", got.n.Load())
	}
	p.kill()
	all.Wait()
}

// write makes organizations, members and texts in turn until the server does not answer any more.
func write(t *testing.T, c *world.Client, people []person, got *receipts, name string, answered func()) {
	ctx := t.Context()
	for i := range maxPerRound {
		o, err := c.Try(ctx, "POST", world.Organizations, world.J{"organization_name": fmt.Sprintf("Acme %s %d", name, i)})
		if err != nil {
			return
		}
		id := o.At("organization.organization_id")
		got.keep(t, o, func() { got.organizations = append(got.organizations, id) })
		answered()

		m, err := c.Try(ctx, "POST", world.Organizations+"/"+id+"/members", world.J{"email_address": "ada@example.com"})
		if err != nil {
			return
		}
		got.keep(t, m, func() { got.members = append(got.members, [2]string{id, m.At("member_id")}) })
		answered()

		if i >= len(people) {
			continue
		}
		if sent, _ := people[i].send(ctx, c); !sent {
			return
		}
		got.mu.Lock()
		got.numbers = append(got.numbers, people[i].number)
		got.mu.Unlock()
		answered()
	}
}

func (r *receipts) keep(t *testing.T, a *world.Answer, add func()) {
	if a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Raw)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	add()
}

// present looks for everything that was answered.
func present(t *testing.T, url string, c *world.Client, got *receipts) {
	t.Helper()
	for _, id := range got.organizations {
		if a := c.Call(t, "GET", world.Organizations+"/"+id, nil); a.Status != 200 {
			t.Errorf("an organization that was answered: %d %s", a.Status, a.Raw)
		}
	}
	for _, m := range got.members {
		if a := c.Call(t, "GET", world.Organizations+"/"+m[0]+"/member?member_id="+m[1], nil); a.Status != 200 {
			t.Errorf("a member that was answered: %d %s", a.Status, a.Raw)
		}
	}
	kept := map[string]bool{}
	for _, m := range storetest.Read(t, storetest.Open(t, url)).Messages {
		kept[m.Recipient] = true
	}
	for _, number := range got.numbers {
		if !kept[number] {
			t.Errorf("a text that was answered is not kept")
		}
	}
}
