package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/signature"
)

// Lookup asks a program of the operator's own what a number is, and with it any service that sells such answers. Calls are
// JSON, signed as those of a Sender are; docs/fraud.md says what the program has to do.
type Lookup struct {
	problems error
	url      *url.URL
	keys     signature.Keys
	http     *httpx.Client
	now      func() time.Time
}

// NewLookup makes one. Wrong settings are reported by Check and by every Kind.
func NewLookup(c Config) *Lookup {
	l := &Lookup{http: c.HTTP, now: c.Now}
	l.url, l.keys, l.problems = check(c)
	return l
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (l Lookup) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "lookup") }

// Check tells what is wrong with the settings.
func (l *Lookup) Check() error { return l.problems }

// Kind asks what the number is. No error says the number.
func (l *Lookup) Kind(ctx context.Context, n phone.Number) (phone.Kind, error) {
	if l.problems != nil {
		return "", errors.New("the settings of the look-up are wrong")
	}
	body, err := json.Marshal(map[string]string{"phone_number": n.String()})
	if err != nil {
		return "", errors.New("the number cannot be written as JSON")
	}
	res, err := post(ctx, l.http, l.url, l.keys, "lookup-"+rand.Text(), l.now(), body)
	if err != nil {
		return "", errors.New(httpx.Reason(err))
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the look-up answered %d", res.StatusCode)
	}
	var answer struct {
		Type phone.Kind `json:"type"`
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	understood := err == nil && len(text) <= maxAnswer && json.Unmarshal(text, &answer) == nil
	if !understood || !slices.Contains(phone.Kinds, answer.Type) {
		return "", errors.New("the answer of the look-up is not understood")
	}
	return answer.Type, nil
}
