package smstest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Probing describes how an adapter asks its provider about the settings.
type Probing struct {
	// New makes a sender with good settings, or Broken with wrong ones, that calls through the client.
	New, Broken func(client *httpx.Client) sms.Prober
	// Provider answers good questions as the provider would.
	Provider http.RoundTripper
	// Unreached is the setting that is named when nobody answers.
	Unreached string
	// Secrets are the credentials in every form in which they travel.
	Secrets []string
	// Harmless tells a question that cannot send anything.
	Harmless func(r *http.Request) bool
}

// RunProbe holds an adapter's probe to the contract: it sends nothing, tells a provider that is down from one that is
// busy, ends with its context, and shows nothing of its credentials or of the answers.
func RunProbe(t *testing.T, p Probing) {
	t.Helper()
	down := func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	for name, test := range map[string]struct {
		answer      func(*http.Request) (*http.Response, error)
		doubt, none bool
		setting     string
	}{
		"good":         {answer: p.Provider.RoundTrip, none: true},
		"down":         {answer: down, setting: p.Unreached},
		"hanging":      {answer: hang, setting: p.Unreached},
		"too many":     {answer: page(429).RoundTrip, doubt: true},
		"broken":       {answer: page(500).RoundTrip, doubt: true},
		"busy":         {answer: page(503).RoundTrip, doubt: true},
		"a redirect":   {answer: page(307).RoundTrip, doubt: true},
		"somebody":     {answer: page(200).RoundTrip, doubt: true},
		"not the same": {answer: page(400).RoundTrip, doubt: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				w := &watch{answer: test.answer, p: &p, t: t, ctx: ctx}
				err := p.New(httpx.New(httpx.Options{Transport: w, Timeout: time.Hour})).Probe(ctx)
				if w.asked.Load() == 0 {
					t.Error("nothing was asked")
				}
				found := sms.Findings(err)
				if len(found) == 0 != test.none || (err == nil) != test.none {
					t.Fatalf("Probe = %v", err)
				}
				for _, f := range found {
					if f.Doubt != test.doubt || f.Setting == "" || f.Text == "" || test.setting != "" && f.Setting != test.setting {
						t.Errorf("found %+v", f)
					}
				}
				p.showsNothing(t, err)
			})
		})
	}
	t.Run("wrong settings", func(t *testing.T) {
		t.Parallel()
		w := &watch{answer: down, p: &p, t: t, ctx: t.Context()}
		if err := p.Broken(httpx.New(httpx.Options{Transport: w})).Probe(t.Context()); err == nil || w.asked.Load() != 0 {
			t.Errorf("Probe = %v after %d questions", err, w.asked.Load())
		}
	})
}

func (p *Probing) showsNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, hidden := range append([]string{pageText, "+1202555"}, p.Secrets...) {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("%q shows in: %v", hidden, err)
		}
	}
}

// pageText is what an answer says that is none of the provider's.
const pageText = "words of an answer +12025550123"

// page answers everything with a status and a page.
type page int

// RoundTrip answers.
func (p page) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: int(p), Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Location": {"https://example.com/"}, "Content-Type": {"text/html"}},
		Body:   io.NopCloser(strings.NewReader("<html>" + pageText + "</html>")),
	}, nil
}

// watch looks at the questions.
type watch struct {
	answer func(*http.Request) (*http.Response, error)
	p      *Probing
	t      *testing.T
	ctx    context.Context
	asked  atomic.Int64
}

// RoundTrip notes a question and has it answered.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked.Add(1)
	end, _ := w.ctx.Deadline()
	if own, ok := r.Context().Deadline(); !ok || own.After(end) {
		w.t.Error("a question outlives its context")
	}
	if !w.p.Harmless(r) {
		w.t.Errorf("%s %s may send something", r.Method, r.URL)
		return nil, errors.New("smstest: it may send something")
	}
	return w.answer(r)
}

// WantFindings compares what a probe found, each as setting, or setting and a question mark for a doubt.
func WantFindings(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	for _, f := range sms.Findings(err) {
		name := f.Setting
		if f.Doubt {
			name += "?"
		}
		got = append(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found %v (-want +got):\n%s", err, diff)
	}
}
