package vonage

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// refusal reads an answer that is not a message: a problem of RFC 7807 whose type ends in a code
// (https://developer.vonage.com/en/api-errors, read 2026-11-23). Its detail is dropped unread.
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Type  string `json:"type"`
		Title string `json:"title"`
	}
	// An answer of something in between, such as a proxy, is no problem of this form; its status must do.
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		body.Type, body.Title = "", ""
	}
	e := sms.ByHTTPStatus(res.StatusCode)
	code := codeOf(body.Type)
	if m, known := meaningOf(body.Title, code); known {
		e = &sms.Error{Class: m.class, Reason: m.reason}
	}
	e.Code = code
	if e.Class == sms.Later {
		e.RetryAfter = httpx.RetryAfter(res.Header)
	}
	return e
}

// codeOf gives what stands behind the # of a problem's type: a number, or words such as low-balance. What is neither is
// no code.
func codeOf(kind string) string {
	_, code, _ := strings.Cut(kind, "#")
	isWord := len(code) <= 32 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz-") == ""
	if isWord || isCode(code) {
		return code
	}
	return ""
}

// isCode reports whether a text is one of the Messages API's codes, which have four digits.
func isCode(text string) bool { return len(text) == 4 && strings.Trim(text, digits) == "" }
