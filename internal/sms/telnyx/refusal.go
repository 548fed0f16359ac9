package telnyx

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// problem is one entry of the errors in an answer or a webhook. Its title and detail are dropped unread, since they
// repeat numbers.
type problem struct {
	Code   string `json:"code"`
	Source struct {
		// Pointer is the JSON pointer of what was wrong (RFC 6901).
		Pointer string `json:"pointer"`
	} `json:"source"`
}

// refusal reads an answer that is not a message: {"errors": [{"code", "title", "detail", "source"}]}
// (https://developers.telnyx.com/development/api-fundamentals/api-errors, read 2026-11-23).
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Errors []problem `json:"errors"`
	}
	// An answer of something in between, such as a proxy, has no errors; its status must do.
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		body.Errors = nil
	}
	e := sms.ByHTTPStatus(res.StatusCode)
	if p, ok := first(body.Errors); ok {
		if m, known := p.meaning(); known {
			e = &sms.Error{Class: m.class, Reason: m.reason}
		}
		e.Code = p.Code
	}
	if e.Class == sms.Later {
		e.RetryAfter = pause(res.Header)
	}
	return e
}

// failure gives the error for a message that was taken and not delivered.
func failure(problems []problem) *sms.Error {
	e := &sms.Error{Class: sms.OtherRoute, Reason: "the message was not delivered"}
	if p, ok := first(problems); ok {
		if m, known := p.meaning(); known {
			e.Class, e.Reason = m.class, m.reason
		}
		e.Code = p.Code
	}
	return e
}

// first gives the first problem with a code that is one: five digits, which hold nothing of the message.
func first(problems []problem) (problem, bool) {
	for _, p := range problems {
		if len(p.Code) == 5 && strings.Trim(p.Code, "0123456789") == "" {
			return p, true
		}
	}
	return problem{}, false
}

func (p problem) meaning() (meaning, bool) {
	if m, ofNumbers := aboutNumbers[p.Code]; ofNumbers && strings.HasPrefix(p.Source.Pointer, "/to") {
		return m, true
	}
	m, known := meanings[p.Code]
	return m, known
}

// pause is what the answer asks for. Telnyx documents x-ratelimit-reset, in seconds
// (https://developers.telnyx.com/development/api-fundamentals/reliability/rate-limiting, read 2026-11-23); what is
// between us may send the standard header.
func pause(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		text = h.Get("X-Ratelimit-Reset")
	}
	return httpx.RetryAfter(http.Header{"Retry-After": {text}})
}
