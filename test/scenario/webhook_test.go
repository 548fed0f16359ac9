package scenario

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
)

// shares gives the program that is told events its secrets, oldest first: shares $secret $next.
func (w *world) shares(text string) error {
	text, err := w.expand(text)
	w.subscriber.Share(strings.Fields(text)...)
	return err
}

// subscribed sets how the program treats calls, or those to one host: ok, slow 2s, hang, refuse 500, busy 60, redirect.
func (w *world) subscribed(text string) error {
	text, host, one := strings.Cut(text, " to=")
	mode, argument, _ := strings.Cut(text, " ")
	var b vendors.Behaviour
	var n int
	var err error
	switch mode {
	case "ok":
	case "hang":
		b = vendors.Hang()
	case "redirect":
		b.Redirect = "https://elsewhere.example.com/"
	case "slow":
		b.Delay, err = time.ParseDuration(argument)
	case "refuse":
		_, err = fmt.Sscan(argument, &b.Status)
	case "busy":
		_, err = fmt.Sscan(argument, &n)
		b = vendors.TooMany(n)
	default:
		return fmt.Errorf("a subscriber cannot be %s", mode)
	}
	if one {
		w.subscriber.BehaveTo(host, b)
	} else {
		w.subscriber.Behave(b)
	}
	return err
}

// wasTold looks for a call that the program took and that no step has asked for: told member.created {"member_id":"$ada"}.
// "told nothing" says that there is no such call. signed= names which of the secrets fit: told ... signed=both.
func (w *world) wasTold(text string) error {
	w.settle()
	if faults := w.subscriber.Faults(); len(faults) > 0 {
		return fmt.Errorf("calls that nobody can trust: %q", faults)
	}
	kind, want, _ := strings.Cut(text, " ")
	want, fits, _ := strings.Cut(want, " signed=")
	var left []string
	for i, one := range w.subscriber.Calls() {
		if one.Status/100 != 2 || w.asked[i] {
			continue
		}
		about, err := json.Marshal(one.Data)
		if err != nil {
			return err
		}
		left = append(left, one.Type+" "+string(about)+" signed="+fitting(one.Fits))
		if one.Type != kind || fits != "" && fits != fitting(one.Fits) {
			continue
		}
		var got any
		if err := json.Unmarshal(about, &got); err != nil {
			return err
		}
		if want == "" || w.subset(want, got) == nil {
			w.asked[i] = true
			w.vars["event"] = one.ID
			return nil
		}
	}
	if kind == "nothing" && len(left) == 0 {
		return nil
	}
	return fmt.Errorf("what was told and not asked for:\n%s", strings.Join(left, "\n"))
}

func fitting(fits []bool) string {
	var all []string
	for i, fit := range fits {
		if fit {
			all = append(all, fmt.Sprint(i+1))
		}
	}
	return strings.Join(all, "+")
}
