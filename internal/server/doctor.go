package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/sms"
)

// askTimeout bounds each question of the doctor.
const askTimeout = 10 * time.Second

// doctor examines the settings of a server.
type doctor struct {
	c              *config.Serve
	o              Options
	offline, fetch bool
	// lookup resolves a name.
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// timeout bounds each question.
	timeout time.Duration
}

func newDoctor(c *config.Serve) *doctor {
	return &doctor{c: c, lookup: net.DefaultResolver.LookupNetIP, timeout: askTimeout}
}

// examine makes the checks of thimble serve, then asks about all that they left standing, and gives the whole report.
func (d *doctor) examine(r *runner) []line {
	var wrong []line
	d.o = examine(d.c, r, func(name string, found config.Problems) {
		for _, problem := range found {
			setting := settingIn(problem, name)
			wrong = append(wrong, line{stateWrong, setting, strings.TrimPrefix(problem, setting+" ")})
		}
	})
	checks := d.checks()
	reports := make([][]line, len(checks)+1) // the last of settings that no check is about
	for _, w := range wrong {
		at := owner(w.Setting, checks)
		reports[at] = append(reports[at], w)
	}
	var all sync.WaitGroup
	for i, check := range checks {
		if len(reports[i]) == 0 {
			all.Go(func() { reports[i] = d.ask(r.ctx, check) })
		}
	}
	all.Wait()

	var report []line
	for _, lines := range reports {
		for _, l := range lines {
			if !slices.Contains(report, l) { // what the channels of one account share is told once
				report = append(report, l)
			}
		}
	}
	return report
}

// owner gives the index of the check whose name the setting has or begins with, the longest such name, or the number of
// checks.
func owner(setting string, checks []check) int {
	best, length := len(checks), 0
	for i, check := range checks {
		fits := setting == check.name || strings.HasPrefix(setting, check.name+"-")
		if fits && len(check.name) > length {
			best, length = i, len(check.name)
		}
	}
	return best
}

// settingIn gives the name of the setting that a problem begins with, else the one given.
func settingIn(problem, name string) string {
	first, _, _ := strings.Cut(problem, " ")
	first = strings.TrimSuffix(first, ":")
	if strings.Contains(first, "-") && strings.Trim(first, "abcdefghijklmnopqrstuvwxyz-") == "" {
		return first
	}
	return name
}

// checks is the table of everything that is looked at, in the order of the report.
func (d *doctor) checks() []check {
	all := []check{
		{name: "config"},
		{name: "files", ask: d.askFiles},
		{name: "master-key"},
		{name: "database", ask: d.askDatabase},
		{name: "listen", ask: d.askListen},
		{name: "public-url", ask: d.askPublicURL},
		{name: "log-level"},
		{name: "shutdown-seconds"},
		{name: "keep"},
		{name: "password-breach-file"},
		{name: "sms-routes"},
		{name: "sms-learning"},
	}
	if len(d.o.SMS) == 0 {
		all = append(all, check{name: "sms", ask: func(context.Context) []line {
			return warning("sms", "no provider of texts is set up: live projects cannot send any")
		}})
	}
	for _, route := range d.o.SMS {
		name := settingsOf(route.Sender.Name())
		prober, ok := route.Sender.(sms.Prober)
		if !ok {
			all = append(all, check{name: name})
			continue
		}
		all = append(all, check{name: name, online: true, ask: func(ctx context.Context) []line {
			return found(name, prober.Probe(ctx), "the provider knows the account, and nothing speaks against the settings")
		}})
	}
	return append(all, d.mailCheck())
}

// settingsOf gives what the names of a sender's settings begin with.
func settingsOf(sender string) string {
	switch sender {
	case "webhook", "file":
		return "sms-" + sender
	}
	return strings.ReplaceAll(sender, "_", "-")
}

func (d *doctor) mailCheck() check {
	prober, ok := d.o.Mail.(mail.Prober)
	if !ok {
		return check{name: "smtp", ask: func(context.Context) []line {
			return warning("smtp", "no mail server is set up: live projects cannot send any mail")
		}}
	}
	return check{name: "smtp", online: true, ask: func(ctx context.Context) []line {
		return found("smtp", prober.Probe(ctx), "the mail server lets us in")
	}}
}

// ask runs one check within its time.
func (d *doctor) ask(ctx context.Context, c check) []line {
	switch {
	case c.ask == nil:
		return fine(c.name, "")
	case c.online && d.offline:
		return fine(c.name, "not asked")
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	answer := make(chan []line, 1)
	go func() { answer <- c.ask(ctx) }()
	select {
	case lines := <-answer:
		return lines
	case <-ctx.Done():
	}
	// Whoever heeds the time says better what took so long.
	select {
	case lines := <-answer:
		return lines
	case <-time.After(time.Second):
		return []line{{stateWrong, c.name, fmt.Sprintf("no answer within %s", d.timeout)}}
	}
}

func fine(setting, text string) []line { return []line{{stateOK, setting, text}} }

func warning(setting, text string) []line { return []line{{stateWarning, setting, text}} }

// found gives the lines of a probe. It asks nobody when its settings are wrong.
func found(name string, err error, otherwise string) []line {
	if err == nil {
		return fine(name, otherwise)
	}
	var lines []line
	add := func(setting string, doubt bool, text string) {
		l := line{stateWrong, setting, text}
		if doubt {
			l.State = stateWarning
		}
		lines = append(lines, l)
	}
	for _, f := range sms.Findings(err) {
		add(f.Setting, f.Doubt, f.Text)
	}
	if f, ok := errors.AsType[*mail.Finding](err); ok {
		add(f.Setting, f.Doubt, f.Text)
	}
	return lines // none for settings that were told of before
}
