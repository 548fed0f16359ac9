package smstest

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
)

func testRefusals(t *testing.T, s Setup) {
	covered := slices.Clone(s.Lacks)
	for name, refusal := range s.Refusals {
		covered = append(covered, refusal.Want.Class)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender, p := s.answering(refusal.Answer)
			_, got := s.send(t, sender)
			oneCall(t, p)
			if got == nil {
				t.Fatalf("Send took it, want %s", &refusal.Want)
			}
			want := refusal.Want
			want.Reason = got.Reason
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for class := sms.Permanent; class <= sms.OptedOut; class++ {
		if !slices.Contains(covered, class) {
			t.Errorf("no refusal in the setup is %s", class)
		}
	}
}

// pages are bodies of answers that something between us and the provider made.
var pages = map[string]string{
	"nothing": "", "page": "<html><body>error</body></html>", "object": "{}", "null": "null", "list": "[]",
}

// testStatuses: a status without words of the provider's says little. Above all it condemns no number.
func testStatuses(t *testing.T, s Setup) {
	for status := range map[int]bool{
		400: true, 401: true, 403: true, 404: true, 405: true, 408: true, 410: true, 413: true, 422: true, 429: true,
		500: true, 501: true, 502: true, 503: true, 504: true, 599: true,
	} {
		for name, page := range pages {
			sender, p := s.answering(Answer{Status: status, Body: page, Header: map[string]string{"Content-Type": "text/html"}})
			_, e := s.send(t, sender)
			oneCall(t, p)
			later := status >= 500 || status == http.StatusTooManyRequests
			switch {
			case e == nil:
				t.Errorf("%d with %s is taken", status, name)
			case later && e.Class != sms.Later:
				t.Errorf("%d with %s is %v, want later", status, name, e)
			case e.Class == sms.Permanent || e.Class == sms.OptedOut:
				t.Errorf("%d with %s is %v: the number is condemned unheard", status, name, e)
			}
		}
	}
}

func testRetryAfter(t *testing.T, s Setup) {
	const most = 24 * time.Hour
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for text, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "120": 2 * time.Minute, "0": 0, "-5": 0, "soon": 0, "1e3": 0, "7.5": -1,
			"99999999999": -1, "99999999999999999999999": -1, "Fri, 31 Dec 1999 23:59:59 GMT": 0,
		} {
			sender, _ := s.answering(Answer{Status: status, Header: map[string]string{"Retry-After": text}})
			_, e := s.send(t, sender)
			if e == nil || e.Class != sms.Later {
				t.Fatalf("%d with Retry-After %q is %v, want later", status, text, e)
			}
			if want >= 0 && e.RetryAfter != want || e.RetryAfter < 0 || e.RetryAfter > most {
				t.Errorf("%d with Retry-After %q: a pause of %v, want %v", status, text, e.RetryAfter, want)
			}
		}
	}
}

// testRedirects: the call carries credentials, a number and a code, none of which belong elsewhere.
func testRedirects(t *testing.T, s Setup) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"https://elsewhere.example/steal", BaseURL + "/again", "/again", ""} {
			sender, p := s.answering(Answer{Status: status, Header: map[string]string{"Location": to}})
			if _, e := s.send(t, sender); e == nil {
				t.Errorf("%d to %q is taken", status, to)
			} else if e.Class == sms.Permanent || e.Class == sms.OptedOut {
				t.Errorf("%d to %q is %v: the number is condemned unheard", status, to, e)
			}
			oneCall(t, p)
		}
	}
}

// testGarbage: an answer that takes the message and cannot be read.
func testGarbage(t *testing.T, s Setup) {
	garbage := map[string]string{
		"zero": "\x00", "bytes": "\xff\xfe\xfd", "number": "1e999", "text": `"ok"`, "true": "true", "half": `{"`,
		"nulls": `{"id":null,"sid":null,"message_uuid":null,"MessageId":null,"provider_id":null,"data":null,"messages":null}`,
		"empty": `{"id":"","sid":"","message_uuid":"","MessageId":"","provider_id":"","data":{},"messages":[]}`,
		"kinds": `{"id":[],"sid":7,"message_uuid":{},"MessageId":true,"provider_id":[[]],"data":"","messages":7}`,
		"deep":  strings.Repeat("[", 20_000),
		"pile":  strings.Repeat(`{"data":`, 20_000),
	}
	for name, page := range pages {
		garbage[name] = page
	}
	for name, body := range garbage {
		a := s.Taken
		a.Body = body
		sender, p := s.answering(a)
		_, e := s.send(t, sender)
		oneCall(t, p)
		if e == nil || e.Class == sms.Permanent || e.Class == sms.OptedOut {
			t.Errorf("%s: Send = %v, want an error that condemns no number", name, e)
		}
	}
}

// testCut ends the provider's answer at every byte: a connection that broke, or a proxy that gave up.
func testCut(t *testing.T, s Setup) {
	whole := strings.TrimSpace(s.Taken.Body)
	for n := range len(whole) {
		for name, end := range map[string]error{"ended": io.EOF, "broken": io.ErrUnexpectedEOF} {
			a := s.Taken
			sender, _ := s.serving(func(r *http.Request) *http.Response {
				res := a.response(r)
				res.ContentLength = -1
				res.Body = io.NopCloser(io.MultiReader(strings.NewReader(whole[:n]), failing{end}))
				return res
			})
			if _, e := s.send(t, sender); e == nil {
				t.Fatalf("%s after %d of %d bytes is taken: %s", name, n, len(whole), whole[:n])
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// testBent changes the provider's answers at random. Whatever comes, an outcome is whole.
func testBent(t *testing.T, s Setup) {
	answers := []Answer{s.Taken}
	for _, refusal := range s.Refusals {
		answers = append(answers, refusal.Answer)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		a := answers[i%len(answers)]
		body := []byte(a.Body)
		for range 1 + random.IntN(3) {
			if len(body) == 0 {
				break
			}
			at := random.IntN(len(body))
			switch random.IntN(3) {
			case 0:
				body[at] = byte(random.IntN(256))
			case 1:
				body = slices.Delete(body, at, min(len(body), at+1+random.IntN(8)))
			case 2:
				body = slices.Insert(body, at, []byte(`"{}[]:,0-e\u`)[random.IntN(12)])
			}
		}
		a.Body = string(body)
		sender, _ := s.answering(a)
		result, err := sender.Send(t.Context(), Message())
		if s.whole(t, result, err); t.Failed() {
			t.Fatalf("status %d, body %q", a.Status, body)
		}
	}
}

// whole is outcome without a look at what shows: a bent answer may hold anything where a code was.
func (s Setup) whole(t *testing.T, result sms.Result, err error) {
	t.Helper()
	if err == nil {
		s.outcome(t, result, nil)
		return
	}
	if e := sms.AsError(err); e != err || e.Reason == "" || e.Class < sms.Permanent || e.Class > sms.OptedOut {
		t.Errorf("Send = %T %v, want a whole *sms.Error", err, err)
	}
}

// testLong: an answer without an end is not read to it.
func testLong(t *testing.T, s Setup) {
	const most = 2 << 20
	for _, status := range []int{200, 201, 400, 429, 500} {
		for name, filler := range map[string]string{
			"spaces": " ", "string": `{"message":"` + strings.Repeat("a", 4000), "list": "[", "members": `{"a":1},`,
		} {
			endless := &endless{text: filler}
			sender, _ := s.serving(func(r *http.Request) *http.Response {
				res := Answer{Status: status, Header: s.Taken.Header}.response(r)
				res.Body, res.ContentLength = endless, -1
				return res
			})
			if _, e := s.send(t, sender); e == nil {
				t.Errorf("%d with endless %s is taken", status, name)
			}
			if endless.given > most {
				t.Errorf("%d with endless %s: %d bytes were read, want at most %d", status, name, endless.given, most)
			}
			if !endless.closed {
				t.Errorf("%d with endless %s: the answer was left open", status, name)
			}
		}
	}
}

// endless gives a text again and again; after 64 MiB it ends, so that a test of a greedy reader ends too.
type endless struct {
	text   string
	given  int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) {
	if e.given > 64<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = e.text[(e.given+i)%len(e.text)]
	}
	e.given += len(p)
	return len(p), nil
}

func (e *endless) Close() error {
	e.closed = true
	return nil
}

func testRedeemed(t *testing.T, s Setup) {
	redeem := func(a Answer) (*provider, error) {
		sender, p := s.answering(a)
		learner, ok := sender.(sms.Learner)
		if !ok {
			t.Fatalf("%T is no sms.Learner", sender)
		}
		return p, learner.Redeemed(t.Context(), s.Result.ProviderID)
	}
	p, err := redeem(*s.Learned)
	if err != nil {
		t.Errorf("Redeemed = %v", err)
	}
	c := oneCall(t, p)
	if told := c.request.URL.String() + string(c.body); !strings.Contains(told, s.Result.ProviderID) {
		t.Errorf("the call does not name %s: %s", s.Result.ProviderID, told)
	}
	for _, status := range []int{301, 307, 400, 401, 404, 429, 500, 503} {
		p, err := redeem(Answer{Status: status, Header: map[string]string{"Location": "https://elsewhere.example/"}})
		oneCall(t, p)
		if err == nil {
			t.Errorf("%d is taken", status)
		} else if e := s.failure(t, err); (status == 429 || status >= 500) && e.Class != sms.Later {
			t.Errorf("%d is %v, want later", status, e)
		}
	}
}
