package smstest

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// JSON is an answer in JSON.
func JSON(status int, body any) Answer {
	b, _ := json.Marshal(body)
	return Answer{Status: status, Body: string(b), Header: map[string]string{"Content-Type": "application/json"}}
}

// Golden reads a file of examples of a provider's documentation, which says where they are from and when they were read.
func Golden(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var origin struct{ Source, Read string }
	if err := json.Unmarshal(b, &origin); err != nil {
		t.Fatal(err)
	}
	if origin.Source == "" || origin.Read == "" {
		t.Fatalf("%s does not say where it is from and when it was read", path)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// wanted is what an example says, in our terms.
type wanted struct {
	ProviderID            string `json:"provider_id"`
	Segments              int
	Micros                int64
	Currency, Class, Code string
	// Status is that of a receipt, or "unreadable".
	Status string
	// ID, From and Word are those of a text that came in.
	ID, From, Word string
}

func (w wanted) price() sms.Price { return sms.Price{Micros: w.Micros, Currency: w.Currency} }

func (w wanted) failure(e *sms.Error) bool {
	if w.Class == "" || e == nil {
		return w.Class == "" && e == nil
	}
	return e.Class.String() == w.Class && e.Code == w.Code
}

// GoldenCall has the adapter make the call of an example, and answers as the example does. adds changes the example's
// request into what the adapter sends instead, such as with a callback.
func GoldenCall(
	t *testing.T, path string, send func(*httpx.Client, map[string]any) (sms.Result, error), adds func(map[string]any),
) {
	t.Helper()
	var g struct {
		URL     string
		Request map[string]any
		Status  int
		Answer  json.RawMessage
		Want    wanted
	}
	Golden(t, path, &g)
	p := &provider{answer: func(r *http.Request) *http.Response {
		return Answer{Status: g.Status, Body: string(g.Answer)}.response(r)
	}}
	got, err := send(httpx.New(httpx.Options{Transport: p}), g.Request)
	c := oneCall(t, p)
	if c.request.URL.String() != g.URL || c.request.Method != http.MethodPost {
		t.Errorf("%s %s, want POST %s", c.request.Method, c.request.URL, g.URL)
	}
	adds(g.Request)
	var sent map[string]any
	if err := json.Unmarshal(c.body, &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Request, sent); diff != "" {
		t.Errorf("%s: request: %s", path, diff)
	}
	want := sms.Result{ProviderID: g.Want.ProviderID, Segments: g.Want.Segments, Price: g.Want.price()}
	if diff := cmp.Diff(want, got); diff != "" || !g.Want.failure(sms.AsError(err)) {
		t.Errorf("%s: %v %s", path, err, diff)
	}
}

// goldenCases are bodies of callbacks: JSON, or a form as a text.
type goldenCases struct {
	Cases []struct {
		Name string
		Body json.RawMessage
		Want wanted
	}
}

// callbacks calls read with each example, signed as a request of the provider's.
func callbacks(
	t *testing.T, path string, sign func(body []byte) *http.Request, read func(wanted, *http.Request, []byte) string,
) {
	t.Helper()
	var g goldenCases
	Golden(t, path, &g)
	if len(g.Cases) == 0 {
		t.Errorf("%s has no examples", path)
	}
	for _, c := range g.Cases {
		body := []byte(c.Body)
		if form := ""; json.Unmarshal(body, &form) == nil {
			body = []byte(form)
		}
		r := sign(body)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(c.Want, r, body); got != "" {
			t.Errorf("%s, %s: %s, want %+v", path, c.Name, got, c.Want)
		}
	}
}

// GoldenReports has an adapter read the reports of a provider's documentation.
func GoldenReports(t *testing.T, path string, s sms.Sender, sign func(body []byte) *http.Request) {
	t.Helper()
	callbacks(t, path, sign, func(want wanted, r *http.Request, body []byte) string {
		got, err := s.Receipt(r, Callback, body)
		if want.Status == "unreadable" && err == sms.ErrBadReceipt { //nolint:errorlint // the value itself is promised
			return ""
		}
		same := got.ProviderID == want.ProviderID && got.Status.String() == want.Status && got.Price == want.price()
		if err == nil && same && want.failure(got.Error) {
			return ""
		}
		return describe(got, got.Error, err)
	})
}

// GoldenTexts has an adapter read the texts to our number of a provider's documentation.
func GoldenTexts(t *testing.T, path string, l sms.Listener, sign func(body []byte) *http.Request) {
	t.Helper()
	callbacks(t, path, sign, func(want wanted, r *http.Request, body []byte) string {
		got, err := l.Heard(r, Callback, body)
		if err == nil && got.ID == want.ID && got.From == want.From && got.Word.String() == want.Word {
			return ""
		}
		return describe(got, nil, err)
	})
}

func describe(got any, why *sms.Error, err error) string {
	b, _ := json.Marshal(got)
	text := string(b)
	if why != nil {
		text += " " + why.Error()
	}
	if err != nil {
		text += " " + err.Error()
	}
	return strings.TrimSpace(text)
}
