package inbox

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/store"
)

//go:embed assets
var assets embed.FS

var pageTemplate = template.Must(template.ParseFS(assets, "assets/inbox.html"))

// pagePolicy lets only our own files run. Inline style is for the mails, which are shown in frames without scripts,
// forms or a say over this page.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"frame-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// entry is a message as the page shows it.
type entry struct {
	Message
	Mail  bool
	Code  string // the code in a text, "" for none
	Lines []line
	At    moment
	Story []event
	Badge string // what is unusual about it, "" for nothing
	Lost  bool   // it is not there to be read
}

// moment is a time for people and for programs.
type moment struct{ Text, ISO string }

const (
	dayForm   = "2 Jan 2006, "
	clockForm = "15:04:05 UTC"
)

func newMoment(at time.Time, form string) moment {
	at = at.UTC()
	return moment{at.Format(form), at.Format(time.RFC3339)}
}

// event is a step in words.
type event struct {
	At           moment
	What, Detail string
}

// happened are the steps in words. What is not in it is shown as it is called.
var happened = map[string]string{
	notify.StepDecided: "Let through", notify.StepQueued: "Queued", notify.StepNotTaken: "Not taken by",
	notify.StepHandedOver: "Taken by", notify.StepRedeemed: "Code used", store.MessageDelivered: "Delivered",
	notify.StepSimulated: "Simulated", notify.StepArrived: "Arrived",
	store.MessageUndelivered: "Not delivered by", store.MessageFailed: "Taken by nobody",
	store.MessageExpired: "Given up",
}

// newEvent puts a step of a message that was written at some time into words.
func newEvent(s Step, written time.Time) event {
	form := clockForm
	if s.At.Sub(written).Abs() > 12*time.Hour {
		form = dayForm + clockForm
	}
	e := event{At: newMoment(s.At, form), What: happened[s.What], Detail: s.Detail}
	if e.What == "" {
		e.What = s.What
	}
	switch {
	case s.Provider == notify.ProviderInbox:
		e.What += " into this inbox"
	case (s.What == store.MessageDelivered || s.What == notify.StepArrived) && s.Provider != "":
		e.What += " by " + s.Provider
	case s.Provider != "" && s.What != store.MessageFailed && s.What != store.MessageExpired:
		e.What += " " + s.Provider
	}
	return e
}

// line is a line of a body; a line that is an address is a link.
type line struct{ Text, Link string }

// page answers GET /dev/inbox?to=&project_id=&limit=. It works without its script, which only adds what is new.
func (i *Inbox) page(w http.ResponseWriter, r *http.Request) error {
	return i.show(w, r, http.StatusOK, "")
}

// show writes the page, with what is wrong with a rule that somebody wanted to add.
func (i *Inbox) show(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	found, err := i.find(r.Context(), q)
	if err != nil {
		return err
	}
	rules, err := i.Simulator.Rules(r.Context())
	if err != nil {
		return err
	}
	entries := make([]entry, len(found))
	for n, m := range found {
		entries[n] = newEntry(m)
	}
	var page bytes.Buffer
	err = pageTemplate.Execute(&page, map[string]any{
		"To": r.URL.Query().Get("to"), "Project": q.project, "Entries": entries, "Panel": newPanel(rules, wrong, r.PostForm),
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer") // Links carry tokens.
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(page.Bytes())
	return err
}

var codePattern = regexp.MustCompile(`\b\d{6}\b`)

func newEntry(m Message) entry {
	e := entry{Message: m, Mail: m.Channel == store.ChannelEmail, At: newMoment(m.CreatedAt, dayForm+clockForm)}
	for _, s := range m.Steps {
		e.Story = append(e.Story, newEvent(s, m.CreatedAt))
	}
	switch n := len(m.Arrived); {
	case n == 0 && m.Status == store.MessageQueued:
		e.Badge, e.Lost = "On its way", true
	case n == 0:
		e.Badge, e.Lost = "Not arrived", true
	case n > 1:
		e.Badge = "Arrived " + strconv.Itoa(n) + " times"
	case m.Status == store.MessageUndelivered:
		e.Badge = "Arrived, reported as lost"
	}
	if !e.Mail {
		e.Code = codePattern.FindString(m.Body)
	}
	for text := range strings.Lines(m.Body) {
		text = strings.TrimRight(text, "\r\n")
		l := line{Text: text}
		if u, err := url.Parse(text); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			l.Link = text
		}
		e.Lines = append(e.Lines, l)
	}
	return e
}

// asset answers GET /dev/assets/{name}.
func (i *Inbox) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	kind := mime.TypeByExtension(path.Ext(name))
	content, err := assets.ReadFile("assets/" + name)
	if err != nil || path.Ext(name) == ".html" {
		return errs.RouteNotFound
	}
	w.Header().Set("Content-Type", kind)
	_, err = w.Write(content)
	return err
}
