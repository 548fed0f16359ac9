package twilio

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// refusal reads an answer that is not a message: {"code", "message", "more_info", "status"}
// (https://www.twilio.com/docs/usage/twilios-response, read 2026-11-22). The message is dropped unread, since it
// repeats the recipient's number.
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Code int `json:"code"`
	}
	// An answer of something in between, such as a proxy, has no code; its status must do.
	_ = json.NewDecoder(res.Body).Decode(&body)

	e := byStatus(res.StatusCode)
	if m, known := meanings[body.Code]; known {
		e = &sms.Error{Class: m.class, Reason: m.reason}
	}
	// A code may be as high as 99999; a status repeated as the code says nothing of its own.
	if body.Code > 999 {
		e.Code = strconv.Itoa(body.Code)
	}
	if e.Class == sms.Later {
		e.RetryAfter = retryAfter(res.Header.Get("Retry-After"))
	}
	return e
}

// byCode gives the error for a code in an accepted message or a delivery report.
func byCode(code int) *sms.Error {
	e := &sms.Error{Class: sms.OtherRoute, Code: strconv.Itoa(code), Reason: "the message was not delivered"}
	if m, known := meanings[code]; known {
		e.Class, e.Reason = m.class, m.reason
	}
	return e
}

// byStatus gives the error for a refusal without a known code.
func byStatus(status int) *sms.Error {
	switch {
	case status == http.StatusTooManyRequests:
		return &sms.Error{Class: sms.Later, Reason: "too many requests at once"}
	case status >= 500, status == http.StatusRequestTimeout:
		return &sms.Error{Class: sms.Later, Reason: "an error inside the provider"}
	case status == http.StatusUnauthorized:
		return &sms.Error{Class: sms.OtherRoute, Reason: "the account id or the auth token is wrong"}
	case status >= 400:
		return &sms.Error{Class: sms.OtherRoute, Reason: "the provider refused the message"}
	}
	return notUnderstood()
}

// retryAfter reads the header in its form of whole seconds (RFC 9110 §10.2.3); a date is not worth a clock here.
func retryAfter(text string) time.Duration {
	const most = 3600
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, most)) * time.Second
}
