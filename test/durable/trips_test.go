package durable

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/world"
)

// cost is what a call asked of the database, BEGIN and COMMIT included.
type cost struct {
	Name       string `json:"name"`
	RoundTrips int    `json:"db_round_trips"`
	Statements int    `json:"db_statements"`
}

// What calls cost, exactly, so that every change of it is seen. The promise on PostgreSQL is at most 2 round trips for a
// session check, 8 for a text to a member whose number is known, and 10 for redeeming its code.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	want := []cost{
		{"b2b.otps.sms.send", 3, 8},
		{"b2b.otps.sms.authenticate", 6, 10},
		{"b2b.sessions.authenticate", 1, 1}, // by token
		{"b2b.sessions.authenticate", 1, 1}, // by JWT
		{"b2b.organizations.members.get", 1, 1},
	}
	most := map[string]int{"b2b.otps.sms.send": 8, "b2b.otps.sms.authenticate": 10, "b2b.sessions.authenticate": 2}

	world.Engines(t, func(t *testing.T, url string) {
		// The clock stands still: what is kept in memory for seconds stays there, however busy the machine is. With one
		// connection every statement is prepared by the time it counts.
		now := time.Now()
		w := world.Open(t, url, sqldb.Options{MaxConns: 1, Clock: func() time.Time { return now }})
		c := w.NewProject(t, ids.Live)
		organization := c.NewOrganization(t, "Acme")
		member := c.NewMember(t, organization, "ada@example.com")
		w.Story(t, c, organization, member, "ada@example.com", "+12025550162")
		round := func() []cost { return costs(t, w, c, organization, member) }

		round() // prepares what is left
		got, want := round(), slices.Clone(want)
		for i, one := range got {
			if limit, promised := most[one.Name]; promised && one.RoundTrips > limit {
				t.Errorf("%s takes %d round trips, the promise is %d", one.Name, one.RoundTrips, limit)
			}
			if w.App.DB.Engine() == sqldb.SQLite && i < len(want) {
				want[i].RoundTrips = 0 // there is nobody to wait for
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round trips and statements (-want +got):\n%s", diff)
		}

		// Somebody who listens costs the calls that make an event one statement more, which travels with others.
		subscribe(t, c)
		want[1].Statements++ // a session is created
		if diff := cmp.Diff(want, round()); diff != "" {
			t.Errorf("round trips and statements with a webhook (-want +got):\n%s", diff)
		}
	})
}

// webhookURL leads nowhere: what is counted is what calls write.
const webhookURL = "https://webhooks.invalid/"

// subscribe gives the project a webhook for everything.
func subscribe(t *testing.T, c *world.Client) {
	t.Helper()
	c.Must(t, "POST", "/v1/thimble/webhooks", world.J{"url": webhookURL, "events": []string{"*"}})
}

// costs makes the calls and reads what they cost from the log, where operators see it, too.
func costs(t *testing.T, w *world.World, c *world.Client, organization, member string) []cost {
	t.Helper()
	texts := len(w.Twilio.Texts())
	token := w.Login(t, c, organization, "ada@example.com")
	w.TextAfter(t, texts) // the login sent it by itself
	before := len(w.Log.String())
	second := world.J{"organization_id": organization, "member_id": member, "intermediate_session_token": token}
	c.Must(t, "POST", world.SendSMS, second)
	second["code"] = world.CodeIn(w.TextAfter(t, texts+1).Body)
	live := c.Must(t, "POST", world.AuthenticateSMS, second)
	c.Must(t, "POST", world.CheckSession, world.J{"session_token": live.At("session_token")})
	c.Must(t, "POST", world.CheckSession, world.J{"session_jwt": live.At("session_jwt")})
	c.Must(t, "GET", world.Organizations+"/"+organization+"/member?member_id="+member, nil)

	var all []cost
	for line := range strings.Lines(w.Log.String()[before:]) {
		var one struct {
			Msg string `json:"msg"`
			cost
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		if one.Msg == "request" {
			all = append(all, one.cost)
		}
	}
	return all
}
