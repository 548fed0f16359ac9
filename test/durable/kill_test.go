package durable

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

// person is a member in the middle of a login.
type person struct {
	organization, member, number, token string
}

// crowd prepares a live project with members who need a code, and closes the database again.
func crowd(t *testing.T, url string, n int) (c *world.Client, people []person) {
	t.Helper()
	t.Run("prepare", func(t *testing.T) { // the server ends with its test
		w := world.Open(t, url, sqldb.Options{})
		c = w.NewProject(t, ids.Live)
		organization := c.NewOrganization(t, "Acme")
		people = make([]person, n)
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				email := fmt.Sprintf("member%d@example.com", i)
				people[i] = person{
					organization: organization, member: c.NewMember(t, organization, email),
					// Ten thousand numbers of Washington that libphonenumber takes for valid.
					number: fmt.Sprintf("+1202555%04d", i), token: w.Login(t, c, organization, email),
				}
			})
		}
		all.Wait()
	})
	if t.Failed() {
		t.FailNow()
	}
	return c, people
}

// send asks for a code and tells whether that was answered with 200.
func (p *person) send(ctx context.Context, c *world.Client) (bool, error) {
	a, err := c.Try(ctx, "POST", world.SendSMS, world.J{
		"organization_id": p.organization, "member_id": p.member, "mfa_phone_number": p.number,
		"intermediate_session_token": p.token,
	})
	if err != nil {
		return false, err
	}
	if a.Status != 200 {
		return false, fmt.Errorf("%d %s", a.Status, a.Raw)
	}
	return true, nil
}

const (
	inFlight = 100
	senders  = 160
)

// A hundred texts are at a provider that does not answer when the server is killed. After its start each text that was
// promised is delivered at least once, and none oftener than once more than before; their codes still open sessions.
func TestKilledWithTextsInFlight(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		project, people := crowd(t, url, senders)
		fake := vendors.NewTwilio()
		// Some are through already when the end comes, and their outcomes perhaps half written.
		for i := range people[:20] {
			fake.BehaveTo(people[i].number, vendors.Behaviour{})
		}
		fake.Behave(vendors.Hang())
		twilio := listen(t, fake)

		first := serve(t, url, twilio)
		acknowledged := sendAll(t, first, first.client(t, project), people, fake)
		before := calls(fake)
		if len(before) < inFlight {
			t.Fatalf("only %d texts had left", len(before))
		}

		fake.Behave(vendors.Behaviour{})
		second := serve(t, url, twilio)
		settled(t, url, fake)

		after := calls(fake)
		client := second.client(t, project)
		opened := 0
		for i, p := range people {
			was, is := len(before[p.number]), len(after[p.number])
			if is > was+1 {
				t.Errorf("%d calls for one text after the start, %d before", is-was, was)
			}
			if !acknowledged[i] {
				continue
			}
			if is == 0 {
				t.Errorf("text %d was promised and never left", i)
				continue
			}
			a := client.Call(t, "POST", world.AuthenticateSMS, world.J{
				"organization_id": p.organization, "member_id": p.member, "intermediate_session_token": p.token,
				"code": world.CodeIn(after[p.number][is-1].Body),
			})
			if a.Status != 200 {
				t.Errorf("the code of text %d: %d %s", i, a.Status, a.Raw)
				continue
			}
			opened++
		}
		if opened < inFlight {
			t.Errorf("%d codes opened a session, want at least %d", opened, inFlight)
		}
	})
}

// sendAll has everybody ask for a code at once, kills the server when enough texts hang, and tells who got a 200.
func sendAll(
	t *testing.T, server *process, c *world.Client, people []person, fake *vendors.Twilio,
) (acknowledged []bool) {
	t.Helper()
	acknowledged = make([]bool, len(people))
	var senders sync.WaitGroup
	for i := range people {
		senders.Go(func() { acknowledged[i], _ = people[i].send(t.Context(), c) })
	}
	timeout := time.After(30 * time.Second)
	for {
		changed := fake.Changed()
		if fake.Taken() >= inFlight+20 {
			break
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("only %d texts left in time:\n%s", fake.Taken(), server.log.String())
		}
	}
	server.kill()
	senders.Wait()
	return acknowledged
}

// calls are those that the provider took, by number.
func calls(fake *vendors.Twilio) map[string][]vendors.Text {
	all := map[string][]vendors.Text{}
	for _, text := range fake.Texts() {
		if text.SID != "" {
			all[text.To] = append(all[text.To], text)
		}
	}
	return all
}

// settled waits until no message waits any more. On PostgreSQL that takes as long as the leases of the node that died.
func settled(t *testing.T, url string, fake *vendors.Twilio) {
	t.Helper()
	db := storetest.Open(t, url)
	timeout := time.After(30 * time.Second)
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		waiting := 0
		for _, m := range storetest.Read(t, db).Messages {
			if m.Status == "queued" && m.Channel == "sms" {
				waiting++
			}
		}
		if waiting == 0 {
			return
		}
		select {
		case <-again.C:
		case <-timeout:
			t.Fatalf("%d messages still wait, %d calls came", waiting, fake.Taken())
		}
	}
}
