package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/notify"
)

// Message is a message of a test project as scripts see it.
type Message struct {
	MessageID string    `json:"message_id"`
	ProjectID string    `json:"project_id"`
	Channel   string    `json:"channel"` // sms or email
	To        string    `json:"to"`
	Subject   string    `json:"subject"` // "" for texts
	Body      string    `json:"body"`
	HTML      string    `json:"html"` // "" for texts
	Locale    string    `json:"locale"`
	Segments  int64     `json:"segments"` // parts that a carrier would bill; 0 for mails
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	// Arrived are the times at which it came to be read: one, unless the simulator of carriers had its way.
	Arrived []time.Time `json:"arrived"`
	Steps   []Step      `json:"steps"` // what became of it, in the order of time
}

// Step is one thing that happened to a message.
type Step struct {
	At       time.Time `json:"at"`
	What     string    `json:"what"` // as in /v1/thimble/stories
	Provider string    `json:"provider"`
	Detail   string    `json:"detail"`
}

// Messages gives letters the form that scripts see.
func Messages(letters []notify.Letter) []Message {
	all := make([]Message, len(letters))
	for i, l := range letters {
		all[i] = Message{
			MessageID: l.ID, ProjectID: l.ProjectID, Channel: l.Channel, To: l.Recipient, Subject: l.Subject, Body: l.Body,
			HTML: l.HTML, Locale: l.Locale, Segments: l.Segments, Status: l.Status, CreatedAt: l.CreatedAt,
			Arrived: append([]time.Time{}, l.Arrived...), Steps: make([]Step, len(l.Steps)),
		}
		for j, s := range l.Steps {
			all[i].Steps[j] = Step{At: s.At, What: s.What, Provider: s.Provider, Detail: s.Detail}
		}
	}
	return all
}

// The number of messages that are shown when the caller does not say, and at most.
const (
	defaultLimit = 50
	maxLimit     = 1000
)

// query is what the pages and calls that show messages are asked for.
type query struct {
	project, to string
	limit       int
}

func readQuery(r *http.Request) (query, error) {
	in := r.URL.Query()
	q := query{project: in.Get("project_id"), to: recipient(in.Get("to")), limit: defaultLimit}
	if text := in.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return q, errs.InvalidArgument.Saying("limit must be a whole number from 1 to 1000.")
		}
		q.limit = n
	}
	return q, nil
}

// messages answers GET /dev/messages?to=&project_id=&limit=, newest first, and with after or wait what arrives from there
// on, oldest first.
func (i *Inbox) messages(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("after") || r.URL.Query().Has("wait") {
		return i.arrivals(w, r, q)
	}
	// The end is found first: what arrives in between is in the list, and comes again after the cursor.
	end, err := i.Notify.Newest(r.Context(), q.project, q.to)
	if err != nil {
		return err
	}
	found, err := i.find(r.Context(), q)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"messages": found, "cursor": end.String()})
}

func (i *Inbox) find(ctx context.Context, q query) ([]Message, error) {
	letters, err := i.Notify.Letters(ctx, q.project, q.to, q.limit)
	return Messages(letters), err
}

// recipient takes a plus that was not escaped, and so became a space, for the plus that it was meant to be.
func recipient(to string) string {
	if number, ok := strings.CutPrefix(to, " "); ok {
		return "+" + strings.TrimSpace(number)
	}
	return strings.ToLower(strings.TrimSpace(to))
}

// maxAdvance bounds one move of the clock: time never goes back, so a slip of the finger stays.
const maxAdvance = 10 * 366 * 24 * time.Hour

// clock answers POST /dev/clock {"advance_seconds": n}.
func (i *Inbox) clock(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Seconds *int64 `json:"advance_seconds"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if _, end := decoder.Token(); err == nil && !errors.Is(end, io.EOF) {
		err = errors.New("more than one value")
	}
	if err != nil || in.Seconds == nil || *in.Seconds < 0 || *in.Seconds > int64(maxAdvance/time.Second) {
		return errs.InvalidArgument.Saying("advance_seconds must be a whole number of seconds from 0 to 316224000.")
	}

	now, err := i.MoveClock(r.Context(), time.Duration(*in.Seconds)*time.Second)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"now": now.UTC().Format(time.RFC3339)})
}

func answer(w http.ResponseWriter, body any) error {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // Links in bodies are to be copied as they are.
	return encoder.Encode(body)
}
