package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/config"
)

type doctorCommand struct {
	config.Serve

	Offline bool `name:"offline" help:"Look at the settings and files alone, and ask nobody."`
	Fetch   bool `name:"fetch" help:"Fetch /healthz from the public URL, where the server has to run already."`
	JSON    bool `name:"json" help:"Answer in JSON."`
}

// Help is shown below the summary.
func (doctorCommand) Help() string {
	return `Give it the settings of thimble serve, the same flags, variables and file, before a first start or after a
change; it may run beside the server. Each line says whether a setting is ok, a warning or wrong, and what to
do about it:

    ok       database           SQLite; the schema is the one of this version
    warning  master-key-file    others on this machine can read it: chmod 600 /etc/thimble/master.key
    wrong    twilio-auth-token  Twilio does not know twilio-account-sid with this token: ...

Nothing is sent. Twilio, Vonage, Telnyx and AWS are asked about the account, the sender and what belongs to it, with
the credentials that texts are sent with; a program of your own gets a connection and no request; the mail server and
an SMSC a login. Nothing is changed either: the database stays as it is, and one that is not there is not made. Each question
takes ten seconds at most, and all are asked at once. No secret is shown.

The exit status is 0 if nothing is wrong, and 1 if something is. Warnings do not count.

Examples:

    thimble doctor
    thimble doctor --config /etc/thimble/thimble.yaml --offline
    thimble doctor --json | jq '.checks[] | select(.state != "ok")'`
}

// Run examines everything and reports.
func (c *doctorCommand) Run(r *runner) error {
	d := newDoctor(&c.Serve)
	d.offline, d.fetch = c.Offline, c.Fetch
	lines := d.examine(r)
	count := map[state]int{}
	for _, l := range lines {
		count[l.State]++
	}
	if c.JSON {
		err := r.json(map[string]any{"checks": lines, "wrong": count[stateWrong], "warnings": count[stateWarning]})
		if err != nil {
			return err
		}
	} else {
		width := 0
		for _, l := range lines {
			width = max(width, len(l.Setting))
		}
		for _, l := range lines {
			r.printf("%s\n", strings.TrimRight(fmt.Sprintf("%-7s  %-*s  %s", l.State, width, l.Setting, l.Text), " "))
		}
	}
	if n := count[stateWrong]; n > 0 {
		return fmt.Errorf("wrong: %d", n)
	}
	return nil
}

// state is what a check came to.
type state string

const (
	stateOK      state = "ok"
	stateWarning state = "warning"
	stateWrong   state = "wrong"
)

// line is one line of the report.
type line struct {
	State state `json:"state"`
	// Setting is the setting's name, or what the names of several begin with.
	Setting string `json:"setting"`
	Text    string `json:"text"`
}

// check is one entry of the report: what is looked at once the settings of that name are right.
type check struct {
	name string
	// ask gives the lines of what was found out; none is ok. nil: there is nothing to look at but the settings.
	ask func(ctx context.Context) []line
	// online says that ask asks somebody.
	online bool
}
