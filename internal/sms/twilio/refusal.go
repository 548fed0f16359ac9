package twilio

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/thimble-auth/thimble/internal/httpx"
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

	e := sms.ByHTTPStatus(res.StatusCode)
	if m, known := meanings[body.Code]; known {
		e = &sms.Error{Class: m.class, Reason: m.reason}
	}
	// A code may be as high as 99999; a status repeated as the code says nothing of its own.
	if body.Code > 999 {
		e.Code = strconv.Itoa(body.Code)
	}
	if e.Class == sms.Later {
		e.RetryAfter = httpx.RetryAfter(res.Header)
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
