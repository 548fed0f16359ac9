// Package pretend is the simulator of carriers for test projects. While it has rules, texts of test projects take the way
// of real ones, through the same queue, routes, breakers and reports, to carriers of ours that lose, delay and repeat
// them as the rules say. It knows nothing of providers, and refuses whatever is not a test project's.
package pretend

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// The faults.
const (
	Delay             = "delay"              // the text arrives later
	Drop              = "drop"               // the text is taken and lost, and nobody says so
	Duplicate         = "duplicate"          // the text arrives twice
	Reorder           = "reorder"            // the text arrives after the next one to the same number
	Down              = "down"               // the carrier refuses texts
	Hang              = "hang"               // the carrier does not answer
	NoReport          = "no_report"          // the text arrives, and nobody says so
	ReportedFailed    = "reported_failed"    // the text arrives, and is reported as lost
	ReportedDelivered = "reported_delivered" // the text is lost, and is reported as delivered
)

// Fault is a fault in words.
type Fault struct{ Name, Text string }

// Faults are all faults, in the order in which people are shown them.
var Faults = []Fault{
	{Delay, "The text arrives late"},
	{Drop, "The text is lost, and nobody says so"},
	{Duplicate, "The text arrives twice"},
	{Reorder, "The text arrives after the next one to its number"},
	{Down, "The carrier is down and refuses texts"},
	{Hang, "The carrier does not answer"},
	{NoReport, "The text arrives, and nobody says so"},
	{ReportedFailed, "The text arrives, but is reported as lost"},
	{ReportedDelivered, "The text is lost, but is reported as delivered"},
}

// Which carriers a rule holds for.
const (
	AllCarriers  = "all"
	FirstCarrier = "first"
)

// The bounds of rules.
const (
	MaxRules = 50
	maxDelay = time.Hour
	maxNext  = 1_000_000
	// heldFor is how long a text waits for the next one to its number, unless the rule says: less than a report is waited
	// for, after which another carrier would be asked.
	heldFor = 20 * time.Second
	// Late is how late a text arrives when the rule only says that it does.
	Late = 5 * time.Second
)

// Forever is a Remaining without an end.
const Forever = -1

// Check tells in a sentence what is wrong with a rule, "" for nothing, and fills in what was left out.
func Check(r *store.PretendRule) string {
	if r.Carriers == "" {
		r.Carriers = AllCarriers
	}
	switch {
	case r.Fault == Delay && r.Delay == 0:
		r.Delay = Late
	case (r.Fault == Drop || r.Fault == Down || r.Fault == Hang) && r.Delay > 0:
		r.Delay = 0 // there is nothing to be late
	}
	_, env, _, ok := ids.Parse(r.ProjectID)
	digits := strings.TrimPrefix(r.Prefix, "+")
	switch {
	case words(r.Fault) == "":
		return "fault must be one of " + names() + "."
	case r.Carriers != AllCarriers && r.Carriers != FirstCarrier:
		return "carriers must be all or first."
	case r.ProjectID != "" && (!ok || env != ids.Test || !strings.HasPrefix(r.ProjectID, ids.Project+"-")):
		return "project_id must be that of a test project; texts of live projects are never simulated."
	case r.Prefix != "" && (digits == r.Prefix || digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != ""):
		return "prefix must be the beginning of a number, such as +1202."
	case r.Delay < 0 || r.Delay > maxDelay:
		return "delay_seconds must be from 0 to 3600."
	case r.Remaining != Forever && (r.Remaining < 1 || r.Remaining > maxNext):
		return "next must be a whole number from 1 to 1000000, or left out."
	}
	return ""
}

func words(fault string) string {
	for _, f := range Faults {
		if f.Name == fault {
			return f.Text
		}
	}
	return ""
}

func names() string {
	var all []string
	for _, f := range Faults {
		all = append(all, f.Name)
	}
	return strings.Join(all, ", ")
}

// applies tells whether a rule holds for a text of the project to the number.
func applies(r *store.PretendRule, projectID, number string) bool {
	return (r.ProjectID == "" || r.ProjectID == projectID) && strings.HasPrefix(number, r.Prefix)
}

// fate is what becomes of one text. It is decided when the first carrier is asked, and kept with the text: the second one,
// or another process after a crash, goes by the same.
type fate struct {
	Fault    string        `json:"fault"`
	Carriers string        `json:"carriers"`
	Delay    time.Duration `json:"delay"`
}

// at is the fate as a carrier acts by it: the second one does well where the rule is for the first alone.
func (f fate) at(c *Carrier) fate {
	if f.Carriers == FirstCarrier && !c.first {
		return fate{}
	}
	return f
}

func (f fate) encode() string {
	b, err := json.Marshal(f)
	if err != nil {
		panic("pretend: a struct of texts has a JSON form: " + err.Error())
	}
	return string(b)
}

// describe is the fate in words for people.
func (f fate) describe() string {
	text := words(f.Fault)
	if f.Delay > 0 {
		text += fmt.Sprintf(", after %s", f.Delay)
	}
	if f.Carriers == FirstCarrier {
		text += ", by the first carrier alone"
	}
	return f.Fault + ": " + text
}
