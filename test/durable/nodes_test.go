package durable

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/world"
)

// nodes are two servers on one PostgreSQL whose clocks are a minute apart.
type nodes struct {
	worlds  [2]*world.World
	clients [2]*world.Client
	// The member of all tests.
	organization, member string
}

const (
	ada    = "ada@example.com"
	number = "+12025550162"
)

func twoNodes(t *testing.T) *nodes {
	t.Helper()
	var n nodes
	url := world.Postgres(t)
	for i, skew := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		n.worlds[i] = world.Open(t, url, sqldb.Options{
			FollowDatabaseClock: true, Clock: func() time.Time { return time.Now().Add(skew) },
		})
	}
	n.clients[0] = n.worlds[0].NewProject(t, ids.Test)
	other := *n.clients[0]
	other.Transport = world.InProcess{Handler: n.worlds[1].App}
	n.clients[1] = &other
	n.organization = n.clients[0].NewOrganization(t, "Acme")
	n.member = n.clients[1].NewMember(t, n.organization, ada)
	return &n
}

// advance moves the time of both nodes.
func (n *nodes) advance(d time.Duration) {
	for _, w := range n.worlds {
		w.App.DB.AdvanceClock(d)
	}
}

// second is a call about the member's second factor.
func (n *nodes) second(token string, more ...string) world.J {
	body := world.J{
		"organization_id": n.organization, "member_id": n.member, "intermediate_session_token": token,
	}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	return body
}

// What one node begins the other one ends.
func TestTwoNodesShareALogin(t *testing.T) {
	t.Parallel()
	n := twoNodes(t)
	if apart := n.worlds[0].App.DB.Now().Sub(n.worlds[1].App.DB.Now()).Abs(); apart > 5*time.Second {
		t.Errorf("the nodes' clocks are %s apart", apart)
	}

	token := n.worlds[0].Login(t, n.clients[0], n.organization, ada)
	n.clients[1].Must(t, "POST", world.SendSMS, n.second(token, "mfa_phone_number", number))
	code := n.worlds[0].Code(t, n.clients[0], number)
	live := n.clients[0].Must(t, "POST", world.AuthenticateSMS, n.second(token, "code", code))

	for _, c := range n.clients {
		for _, name := range []string{"session_token", "session_jwt"} {
			a := c.Must(t, "POST", world.CheckSession, world.J{name: live.At(name)})
			if a.At("session_token") != live.At("session_token") ||
				a.At("member_session.member_session_id") != live.At("member_session.member_session_id") {
				t.Error("the nodes know different sessions")
			}
		}
	}
	n.clients[0].Want(t, "intermediate_session_not_found", "POST", world.SendSMS, n.second(token))
	n.clients[1].Want(t, "intermediate_session_not_found", "POST", world.SendSMS, n.second(token))

	n.clients[1].Must(t, "POST", world.RevokeSession, world.J{"session_token": live.At("session_token")})
	n.clients[0].Want(t, "session_not_found", "POST", world.CheckSession, world.J{"session_token": live.At("session_token")})
}

// Both nodes let a code live for two minutes, whichever made it. The bounds are far enough from that for a slow machine,
// and nearer than the clocks are to each other.
func TestTwoNodesAgreeOnExpiry(t *testing.T) {
	t.Parallel()
	n := twoNodes(t)
	for from := range n.clients {
		sender, other := n.clients[from], n.clients[1-from]
		token := n.worlds[from].Login(t, sender, n.organization, ada)
		send := n.second(token)
		if from == 0 {
			send = n.second(token, "mfa_phone_number", number)
		}
		sender.Must(t, "POST", world.SendSMS, send)
		code := n.worlds[from].Code(t, sender, number)
		n.advance(95 * time.Second)
		other.Must(t, "POST", world.AuthenticateSMS, n.second(token, "code", code))

		token = n.worlds[from].Login(t, sender, n.organization, ada)
		sender.Must(t, "POST", world.SendSMS, n.second(token))
		code = n.worlds[from].Code(t, sender, number)
		n.advance(121 * time.Second)
		for _, c := range n.clients {
			c.Want(t, "unable_to_auth_otp_code", "POST", world.AuthenticateSMS, n.second(token, "code", code))
		}
	}
}

// Guesses at either node count as one, and the lock they lead to is that of both, for as long.
func TestTwoNodesAgreeOnTheLock(t *testing.T) {
	t.Parallel()
	n := twoNodes(t)
	token := n.worlds[0].Login(t, n.clients[0], n.organization, ada)
	n.clients[0].Must(t, "POST", world.SendSMS, n.second(token, "mfa_phone_number", number))
	code := n.worlds[0].Code(t, n.clients[0], number)
	for i := range 10 {
		wrong := fmt.Sprintf("%06d", i)
		if wrong == code {
			wrong = "999999"
		}
		n.clients[i%2].Want(t, "otp_code_not_found", "POST", world.AuthenticateSMS, n.second(token, "code", wrong))
	}
	for _, c := range n.clients {
		c.Want(t, "user_lock_limit_reached", "POST", world.AuthenticateSMS, n.second(token, "code", code))
	}

	n.advance(59 * time.Minute)
	token = n.worlds[1].Login(t, n.clients[1], n.organization, ada)
	for _, c := range n.clients {
		c.Want(t, "user_lock_limit_reached", "POST", world.SendSMS, n.second(token))
	}
	n.advance(time.Minute)
	for _, c := range n.clients {
		c.Must(t, "POST", world.SendSMS, n.second(token))
	}
}

// A node whose clock jumps says that it cannot be trusted, until it has measured the same twice.
func TestReadinessWhenTheClockJumps(t *testing.T) {
	t.Parallel()
	url := world.Postgres(t)
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		// The node's clock moves only by the test's hand, which the database's, standing outside of the bubble, nearly
		// does as well.
		var jumped atomic.Int64
		w := world.Open(t, url, sqldb.Options{
			FollowDatabaseClock: true, Clock: func() time.Time { return began.Add(time.Duration(jumped.Load())) },
		})
		c := w.NewProject(t, ids.Test)
		const problem = "the clock cannot be trusted"
		ready := func(want int) {
			t.Helper()
			a := c.Call(t, "GET", "/readyz", nil)
			if a.Status != want || strings.Contains(string(a.Raw), problem) != (want == 503) {
				t.Errorf("readyz: %d %s, want %d", a.Status, a.Raw, want)
			}
		}
		after := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}

		after(31 * time.Second)
		ready(200)
		jumped.Store(int64(10 * time.Second))
		after(29*time.Second + 500*time.Millisecond) // measured half a second ago, and to be measured again in another half
		ready(503)
		after(2 * time.Second)
		ready(200)
	})
}
