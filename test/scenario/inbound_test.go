package scenario

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/test/vendors"
)

// text has somebody text to the provider's number: text +12025550162 STOP. The provider passes it on, and must be told
// that it was taken. text again 2 passes the second one on once more; text forged +12025550162 STOP comes from somebody
// else, and must be refused.
func (w *world) text(said string) error {
	first, rest, _ := strings.Cut(said, " ")
	in := vendors.Inbound{ID: fmt.Sprintf("SM%032d", len(w.heard)+1), From: first, Body: rest}
	from, want := w.twilio, http.StatusOK
	switch first {
	case "again":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 || n > len(w.heard) {
			return fmt.Errorf("there is no text %s", rest)
		}
		in = w.heard[n-1]
	case "forged":
		in.From, in.Body, _ = strings.Cut(rest, " ")
		from, want = vendors.NewTwilio(), http.StatusForbidden
		from.Token = strings.Repeat("f", 32)
	default:
		w.heard = append(w.heard, in)
	}

	r := from.Inbound(w.app.Notify.InboundAddress("twilio"), in)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	request := httptest.NewRequestWithContext(w.t.Context(), r.Method, r.URL.String(), strings.NewReader(string(body)))
	request.Header = r.Header
	answer := httptest.NewRecorder()
	w.app.ServeHTTP(answer, request)
	w.settle()
	w.secrets = append(w.secrets, in.From) // and no log tells who it was
	if answer.Code != want {
		return fmt.Errorf("answered with %d, want %d: %s", answer.Code, want, answer.Body)
	}
	return nil
}
