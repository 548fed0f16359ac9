package durable

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

const (
	membersTold = 60
	toldAtOnce  = 16 // calls to one webhook
)

// A program has been told events, and has not answered yet, when the server is killed. After its start every event of what
// was answered with 200 is told: those that were under way a second time, under the same id and in the same words.
func TestKilledWhileTelling(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		var project *world.Client
		t.Run("prepare", func(t *testing.T) {
			project = world.Open(t, url, sqldb.Options{}).NewProject(t, ids.Test)
		})
		program := vendors.NewSubscriber()
		program.Behave(vendors.Hang())
		address := listenTo(t, program)
		const private = "THIMBLE_WEBHOOKS_ALLOW_PRIVATE=true"

		first := serve(t, url, "http://127.0.0.1:9", private)
		client := first.client(t, project)
		hook := client.Must(t, "POST", "/v1/thimble/webhooks", world.J{"url": address, "events": []string{"member.created"}})
		program.Share(hook.At("secret"))
		members := createUntilKilled(t, first, client, program)
		before := program.Calls()

		program.Behave(vendors.Behaviour{})
		serve(t, url, "http://127.0.0.1:9", private)
		after := allTold(t, program, before, members)

		times := map[string]int{}
		for _, one := range after {
			times[one.ID]++
		}
		for _, one := range before {
			if times[one.ID] != 2 {
				t.Errorf("%s was under way when the server was killed, and told %d times", one.ID, times[one.ID])
			}
		}
		for id, n := range times {
			if n > 2 {
				t.Errorf("%s was told %d times", id, n)
			}
		}
		if faults := program.Faults(); len(faults) > 0 {
			t.Errorf("calls that nobody can trust: %q", faults)
		}
	})
}

// createUntilKilled creates members, kills the server while as many calls hang as there can be, and gives the members
// whose creation was answered.
func createUntilKilled(
	t *testing.T, server *process, c *world.Client, program *vendors.Subscriber,
) map[string]bool {
	t.Helper()
	organization := c.NewOrganization(t, "Acme")
	var mu sync.Mutex
	answered := map[string]bool{}
	var all sync.WaitGroup
	for i := range membersTold {
		all.Go(func() {
			a, err := c.Try(t.Context(), "POST", world.Organizations+"/"+organization+"/members",
				world.J{"email_address": fmt.Sprintf("member%d@example.com", i)})
			if err == nil && a.Status == 200 {
				mu.Lock()
				defer mu.Unlock()
				answered[a.At("member_id")] = true
			}
		})
	}
	await(t, program, func() bool { return len(program.Calls()) >= toldAtOnce })
	server.kill()
	all.Wait()
	if len(answered) == 0 {
		t.Fatal("nothing was answered")
	}
	return answered
}

// allTold waits until the program took the creation of all members and what it was told before, and gives all calls.
func allTold(
	t *testing.T, program *vendors.Subscriber, before []vendors.Told, members map[string]bool,
) []vendors.Told {
	t.Helper()
	await(t, program, func() bool {
		took := map[string]bool{}
		for _, one := range program.Calls() {
			if one.Status/100 == 2 {
				took[one.Data["member_id"]], took[one.ID] = true, true
			}
		}
		for _, one := range before {
			if !took[one.ID] {
				return false
			}
		}
		for member := range members {
			if !took[member] {
				return false
			}
		}
		return true
	})
	return program.Calls()
}

// await waits for calls until they are enough.
func await(t *testing.T, program *vendors.Subscriber, enough func() bool) {
	t.Helper()
	timeout := time.After(90 * time.Second) // on PostgreSQL, the leases of the node that died
	for {
		changed := program.Changed()
		if enough() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%d calls came in time; %q", len(program.Calls()), program.Faults())
		}
	}
}

// listenTo serves a program on a real socket.
func listenTo(t *testing.T, program *vendors.Subscriber) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Serve(ln))
	return "http://" + ln.Addr().String() + "/webhooks"
}
