package event

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/store"
)

// silent are the audit records that no webhook hears of, with the reason.
var silent = map[telling]string{
	{"sms.send", audit.Done}:                 "its end is told: message.delivered, message.failed",
	{"magic_link.send", audit.Done}:          "likewise",
	{"email_otp.send", audit.Done}:           "likewise",
	{"password.reset.start", audit.Done}:     "likewise",
	{"password.reset.discovery", audit.Done}: "it concerns an address, not a member",
	{"login", audit.Done}:                    "session.created is told when it is complete",
	{"discovery.login", audit.Done}:          "likewise",
	{"sms.authenticate", audit.Done}:         "likewise",
	{"totp.authenticate", audit.Done}:        "likewise",
	{"totp.create", audit.Done}:              "mfa.enrolled is told with the first code",
	{"sms.stop", audit.Done}:                 "it concerns a number, and all projects",
	{"sms.start", audit.Done}:                "likewise",
	{"sms.opt_out", audit.Done}:              "it concerns a number, and the project did it itself",
	{"sms.opt_in", audit.Done}:               "likewise",
	{"guard.counters_failed", audit.Done}:    "it is about the server",
	{"guard.safe_list.add", audit.Done}:      "the project's own settings",
	{"guard.safe_list.remove", audit.Done}:   "likewise",
	{"template.set", audit.Done}:             "likewise",
	{"template.remove", audit.Done}:          "likewise",
	{"display_name.set", audit.Done}:         "likewise",
	{"display_name.remove", audit.Done}:      "likewise",
	{"project.update", audit.Done}:           "likewise",
	{"webhook.create", audit.Done}:           "likewise",
	{"webhook.update", audit.Done}:           "likewise",
	{"webhook.remove", audit.Done}:           "likewise",
	{"webhook.replay", audit.Done}:           "likewise",
	{"webhook.secret.rotate", audit.Done}:    "likewise",
}

// Every audit record that a scenario makes either has a kind of its own or a reason for having none.
func TestEveryRecord(t *testing.T) {
	t.Parallel()
	stories, err := filepath.Glob("../../test/scenario/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no scenarios", err)
	}
	seen := map[telling]bool{}
	for _, path := range stories {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(text).Files {
			if f.Name != "audit" {
				continue
			}
			for line := range strings.Lines(string(f.Data)) {
				if fields := strings.Fields(line); len(fields) >= 2 {
					seen[telling{fields[0], fields[1]}] = true
				}
			}
		}
	}
	for one := range seen {
		_, told := tellings[one]
		if reason := silent[one]; told == (reason != "") {
			t.Errorf("%s %s: told %v, and the reason for silence is %q", one.action, one.outcome, told, reason)
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d records were found", len(seen))
	}
	for one, as := range tellings {
		if _, known := kinds[as.kind]; !known {
			t.Errorf("%s is told as %s, which is no kind", one.action, as.kind)
		}
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listens string
		kind    string
		want    bool
	}{
		{"", "member.created", false},
		{"member.created", "member.created", true},
		{"member.created", "member.updated", false},
		{"member.*", "member.updated", true},
		{"member.* session.created", "session.created", true},
		{"member", "member.updated", false},
		{"mem*", "member.updated", false},
		{"*", "budget.alert", true},
	} {
		p := &store.Project{Listens: strings.Fields(c.listens)}
		if got := Wanted(p, c.kind); got != c.want {
			t.Errorf("%q and %s: %v", c.listens, c.kind, got)
		}
	}
	for pattern, want := range map[string]bool{
		"*": true, "member.*": true, "member.created": true, "": false, "member": false, "coffee.*": false, ".*": false,
		"member.created ": false, "*.created": false,
	} {
		if got := Known(pattern); got != want {
			t.Errorf("%q is known: %v", pattern, got)
		}
	}
}
