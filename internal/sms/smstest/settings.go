package smstest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// CheckSettings holds an adapter's Check to one problem for one wrong setting, with which nothing is sent. Each case
// changes good settings, and gives a part of what Check then says, "" for nothing.
func CheckSettings[C any](
	t *testing.T, good func(*httpx.Client) C, build func(C) sms.Sender, cases map[string]func(*C) string,
) {
	t.Helper()
	for name, change := range cases {
		p := &provider{answer: Answer{}.response}
		c := good(httpx.New(httpx.Options{Transport: p}))
		want := change(&c)
		s := build(c)
		err := s.Check()
		if want == "" {
			if err != nil {
				t.Errorf("%s: Check = %v, want nil", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Check = %v, want only one with %q", name, err, want)
		}
		if _, err := s.Send(t.Context(), Message()); err == nil || sms.AsError(err).Class != sms.OtherRoute || len(p.seen()) != 0 {
			t.Errorf("%s: Send = %v, want an other_route error and no call", name, err)
		}
	}
}

// CheckMeanings keeps a table of codes honest: each code has one class and words, and only those for a STOP opt out.
func CheckMeanings(t *testing.T, table sms.Meanings, stops ...string) {
	t.Helper()
	seen := map[string]sms.Class{}
	for class, codes := range table {
		for code, reason := range codes {
			if seen[code] != 0 {
				t.Errorf("%s is %s and %s", code, seen[code], class)
			}
			seen[code] = class
			if class < sms.Permanent || class > sms.OptedOut || reason == "" || strings.ContainsAny(reason, "0123456789+") {
				t.Errorf("%s: %s %q", code, class, reason)
			}
			if (class == sms.OptedOut) != slices.Contains(stops, code) {
				t.Errorf("%s is %s", code, class)
			}
			if e := table.Explain(&sms.Error{}, code); e.Class != class || e.Reason != reason || e.Code != code {
				t.Errorf("%s is explained as %v", code, e)
			}
		}
	}
}

// CheckPermanent wants these codes and no others to be the recipient's or the text's fault: no other route is asked then.
func CheckPermanent(t *testing.T, table sms.Meanings, codes ...string) {
	t.Helper()
	got, want := slices.Sorted(maps.Keys(table[sms.Permanent])), slices.Sorted(slices.Values(codes))
	if !slices.Equal(got, want) {
		t.Errorf("permanent are %v, want %v", got, want)
	}
}

// Callbacks is an adapter of texts that reads reports and texts to our number.
type Callbacks interface {
	sms.Sender
	sms.Listener
}

// FuzzCallbacks signs whatever it is given: nothing may come of it but a whole report or text, or that it cannot be read.
// What is not signed is never believed.
func FuzzCallbacks(f *testing.F, s Callbacks, sign, forge func(body []byte) *http.Request, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if got, err := s.Receipt(sign([]byte(body)), Callback, []byte(body)); err == nil &&
			(got.ProviderID == "" || (got.Status == sms.Failed) != (got.Error != nil)) || err != nil && got != (sms.Receipt{}) {
			t.Errorf("%q became %+v, %v", body, got, err)
		}
		if got, err := s.Heard(sign([]byte(body)), Callback, []byte(body)); err == nil && got.Word != sms.NoWord &&
			(got.ID == "" || got.From == "") || err != nil && got != (sms.Heard{}) {
			t.Errorf("%q became %+v, %v", body, got, err)
		}
		if _, err := s.Receipt(forge([]byte(body)), Callback, []byte(body)); err == nil {
			t.Errorf("%q is believed as a report, unsigned", body)
		}
		if _, err := s.Heard(forge([]byte(body)), Callback, []byte(body)); err == nil {
			t.Errorf("%q is believed as a text, unsigned", body)
		}
	})
}
