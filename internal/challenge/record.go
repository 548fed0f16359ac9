package challenge

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Action is what the audit events of sends and of their refusals are called.
const Action = "sms.send"

// Others are the rules that refuse here, beside those of package guard: no policy has a say in them.
var Others = []string{"opted_out", "member_locked", "no_route", "outage"}

// MACNumber is the purpose of the keyed hash by which a refusal remembers a number, of what MACText gives.
const MACNumber = "refused number"

// MACText is the text whose keyed hash stands for a number in a project: another project's is another one.
func MACText(projectID, number string) string { return projectID + " " + number }

// Refusal is what the record of a refused send keeps: enough to decide again under another policy, and no number.
type Refusal struct {
	Rule    string
	Country string
	// Prefix is the number's first seven digits.
	Prefix string
	// Number is a keyed hash of the number, see MACNumber.
	Number string
	// Verified: the member had proven the number before.
	Verified bool
}

// The details that a Refusal is read from, beside rule and country.
const (
	detailPrefix   = "number_prefix"
	detailNumber   = "number_hash"
	detailVerified = "number_verified"
)

// remember adds to the details of a refusal what is needed to decide again.
func (s *Service) remember(r *Request, details map[string]string) {
	number := r.Number.String()
	details[detailPrefix] = r.Number.Prefix()
	details[detailNumber] = s.Keys.MAC(MACNumber, MACText(r.Project.ID, number))
	details[detailVerified] = strconv.FormatBool(r.verified())
}

// ReadRefusal reads the details of an audit event. It reports false for events from before this was recorded.
func ReadRefusal(details string) (Refusal, bool) {
	var d map[string]string
	if err := json.Unmarshal([]byte(details), &d); err != nil || d[detailPrefix] == "" || d[detailNumber] == "" {
		return Refusal{}, false
	}
	return Refusal{
		Rule: d["rule"], Country: d["country"], Prefix: d[detailPrefix], Number: d[detailNumber],
		Verified: d[detailVerified] == "true",
	}, true
}

// The first pair of a message's decision says whether its member had proven the number before.
const (
	markProven   = "verified=1"
	markUnproven = "verified=0"
)

// marked puts whether the number was verified before the counters of a decision.
func marked(record string, verified bool) string {
	mark := markUnproven
	if verified {
		mark = markProven
	}
	return strings.TrimSpace(mark + " " + record)
}

// ReadVerified tells from a message's decision whether its member had proven the number before. It reports false for
// messages from before this was recorded.
func ReadVerified(decision string) (verified, known bool) {
	mark, _, _ := strings.Cut(decision, " ")
	return mark == markProven, mark == markProven || mark == markUnproven
}
