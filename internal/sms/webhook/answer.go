package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// maxAnswer bounds an answer in bytes.
const maxAnswer = 64 << 10

// maxID bounds the program's id of a message in bytes.
const maxID = 200

// taken is the answer to a text that was taken. Only the id must be right: a miswritten price is no reason to send the
// text a second time.
type taken struct {
	ProviderID string          `json:"provider_id"`
	Segments   json.RawMessage `json:"segments"`
	Price      json.RawMessage `json:"price"`
}

// why is a refusal, in an answer or in a report.
type why struct {
	Class  string `json:"class"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func read(res *http.Response) (sms.Result, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode/100 != 2 {
		// What came of a refusal must do, and may be nothing.
		return sms.Result{}, refusal(res, body)
	}
	if err != nil {
		return sms.Result{}, unreachable(err)
	}
	var answer taken
	if len(body) > maxAnswer || json.Unmarshal(body, &answer) != nil || !isID(answer.ProviderID) {
		return sms.Result{}, sms.NotUnderstood()
	}
	return sms.Result{
		ProviderID: answer.ProviderID, Segments: segments(answer.Segments), Price: price(answer.Price),
	}, nil
}

func isID(text string) bool {
	return text != "" && len(text) <= maxID && strings.IndexFunc(text, unicode.IsControl) < 0
}

func segments(raw json.RawMessage) int {
	const most = 255 // The header that joins the parts of a text counts to it.
	var n int
	if json.Unmarshal(raw, &n) != nil || n < 0 || n > most {
		return 0
	}
	return n
}

func price(raw json.RawMessage) sms.Price {
	var p struct{ Amount, Currency string }
	if json.Unmarshal(raw, &p) != nil {
		return sms.Price{}
	}
	return sms.ParsePrice(p.Amount, p.Currency)
}

// refusal reads an answer that took no text. The status decides where it says something definite; below that the body
// does.
func refusal(res *http.Response, body []byte) *sms.Error {
	var given why
	_ = json.Unmarshal(body, &given)
	e := sms.ByHTTPStatus(res.StatusCode)
	switch {
	case res.StatusCode/100 == 3:
		e = &sms.Error{Class: sms.OtherRoute, Reason: "the webhook's URL redirects; set the one that it leads to"}
	case e.Class == sms.Later:
		e.Code, e.Reason = code(given.Code), words(given.Reason, e.Reason)
	default:
		e = given.error(e)
	}
	if e.Class == sms.Later {
		e.RetryAfter = httpx.RetryAfter(res.Header)
	}
	return e
}

var classes = map[string]sms.Class{
	"permanent": sms.Permanent, "other_route": sms.OtherRoute, "later": sms.Later, "opted_out": sms.OptedOut,
}

// error puts what was given in place of what it would be otherwise.
func (w why) error(otherwise *sms.Error) *sms.Error {
	e := &sms.Error{Class: otherwise.Class, Code: code(w.Code), Reason: words(w.Reason, otherwise.Reason)}
	if class, known := classes[w.Class]; known {
		e.Class = class
	}
	return e
}

// code gives the provider's code as long as it can be nothing else: six digits in a row may be a passcode, more of them
// a number.
func code(text string) string {
	const (
		longest = 40
		run     = 6
		allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-"
	)
	if len(text) > longest || strings.Trim(text, allowed) != "" {
		return ""
	}
	digits := 0
	for _, r := range text {
		if digits++; r < '0' || r > '9' {
			digits = 0
		}
		if digits == run {
			return ""
		}
	}
	return text
}

// words makes a stranger's reason fit for logs and pages: digits, which may be a number or a passcode, become #, long
// words, which may be addresses or keys, become an ellipsis, and the rest is cut to a sentence.
func words(text, otherwise string) string {
	const longestWord, longest = 24, 160
	var kept []string
	length := 0
	for _, word := range strings.Fields(text) {
		if len(word) > longestWord {
			word = "…"
		}
		word = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsDigit(r):
				return '#'
			case !unicode.IsPrint(r):
				return -1
			}
			return r
		}, word)
		if length += len(word) + 1; length > longest {
			break
		}
		kept = append(kept, word)
	}
	if len(kept) == 0 {
		return otherwise
	}
	return strings.Join(kept, " ")
}
