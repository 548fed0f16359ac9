package inbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/store"
)

// Rule is a rule of the simulator of carriers as scripts see it.
type Rule struct {
	RuleID       string    `json:"rule_id"`
	ProjectID    string    `json:"project_id"` // "" for every test project
	Prefix       string    `json:"prefix"`     // "" for every number
	Fault        string    `json:"fault"`
	Carriers     string    `json:"carriers"` // all or first
	DelaySeconds float64   `json:"delay_seconds"`
	Next         *int64    `json:"next"` // texts that it still holds for; null has no end
	CreatedAt    time.Time `json:"created_at"`
}

func wireRule(r *store.PretendRule) Rule {
	out := Rule{
		RuleID: r.ID, ProjectID: r.ProjectID, Prefix: r.Prefix, Fault: r.Fault, Carriers: r.Carriers,
		DelaySeconds: r.Delay.Seconds(), CreatedAt: r.CreatedAt,
	}
	if r.Remaining >= 0 {
		out.Next = &r.Remaining
	}
	return out
}

// rules answers GET /dev/simulator: the rules in the order in which they are tried, and the faults that there are.
func (i *Inbox) rules(w http.ResponseWriter, r *http.Request) error {
	found, err := i.Simulator.Rules(r.Context())
	if err != nil {
		return err
	}
	rules, faults := make([]Rule, len(found)), make([]string, len(pretend.Faults))
	for n := range found {
		rules[n] = wireRule(&found[n])
	}
	for n, f := range pretend.Faults {
		faults[n] = f.Name
	}
	return answer(w, map[string]any{"rules": rules, "faults": faults})
}

// addRule answers POST /dev/simulator: with the rule to programs, with the page to people.
func (i *Inbox) addRule(w http.ResponseWriter, r *http.Request) error {
	if byForm(r) {
		return i.addByForm(w, r)
	}
	var in struct {
		ProjectID    string  `json:"project_id"`
		Prefix       string  `json:"prefix"`
		Fault        string  `json:"fault"`
		Carriers     string  `json:"carriers"`
		DelaySeconds float64 `json:"delay_seconds"`
		Next         *int64  `json:"next"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) {
		return errs.InvalidArgument.Saying("The body must be an object with fault, and where wanted prefix, next, " +
			"carriers, delay_seconds and project_id.")
	}
	rule := &store.PretendRule{
		ProjectID: in.ProjectID, Prefix: in.Prefix, Fault: in.Fault, Carriers: in.Carriers, Remaining: pretend.Forever,
		Delay: seconds(in.DelaySeconds),
	}
	if in.Next != nil {
		rule.Remaining = max(*in.Next, 0)
	}
	wrong, err := i.add(r, rule)
	switch {
	case err != nil:
		return err
	case wrong != "":
		return errs.InvalidArgument.Saying(wrong)
	}
	return answer(w, map[string]any{"rule": wireRule(rule)})
}

// seconds gives a time that pretend.Check refuses for what is none.
func seconds(n float64) time.Duration {
	if !(n >= 0 && n <= 1e6) {
		return -1
	}
	return time.Duration(n * float64(time.Second))
}

// add adds a rule, or tells in a sentence what is wrong with it.
func (i *Inbox) add(r *http.Request, rule *store.PretendRule) (wrong string, err error) {
	if wrong = pretend.Check(rule); wrong != "" {
		return wrong, nil
	}
	if err = i.Simulator.Add(r.Context(), rule); errors.Is(err, pretend.ErrTooMany) {
		return "There are 50 rules already: remove some of them.", nil
	}
	return "", err
}

// byForm tells whether the page's form sent the request.
func byForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded" && r.Header.Get("Accept") != "" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

// panelPath is where forms lead back to.
const panelPath = "/dev/inbox#simulator"

func (i *Inbox) addByForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		return errs.BadRequest.Because(err)
	}
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	rule := &store.PretendRule{
		ProjectID: field("project_id"), Prefix: field("prefix"), Fault: field("fault"), Carriers: field("carriers"),
		Remaining: pretend.Forever,
	}
	if text := field("delay_seconds"); text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if rule.Delay = seconds(n); err != nil {
			rule.Delay = -1
		}
	}
	if text := field("next"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if rule.Remaining = max(n, 0); err != nil {
			rule.Remaining = 0
		}
	}
	wrong, err := i.add(r, rule)
	if err != nil {
		return err
	}
	if wrong != "" {
		return i.show(w, r, http.StatusBadRequest, wrong)
	}
	http.Redirect(w, r, panelPath, http.StatusSeeOther)
	return nil
}

// removeByForm answers POST /dev/simulator/remove, whose field rule is that of DELETE.
func (i *Inbox) removeByForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		return errs.BadRequest.Because(err)
	}
	if err := i.Simulator.Remove(r.Context(), r.PostForm.Get("rule")); err != nil {
		return err
	}
	http.Redirect(w, r, panelPath, http.StatusSeeOther)
	return nil
}

// removeRule answers DELETE /dev/simulator/{rule}, and DELETE /dev/simulator for all of them. A rule that is not there is
// as good as removed.
func (i *Inbox) removeRule(w http.ResponseWriter, r *http.Request) error {
	if err := i.Simulator.Remove(r.Context(), r.PathValue("rule")); err != nil {
		return err
	}
	return i.rules(w, r)
}
