//go:build e2e

// Package browser looks at the pages of the built binary with a real Chromium. Only make e2e runs it.
package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What thimble dev puts into every new database.
const (
	projectID    = "project-test-11111111-1111-4111-8111-111111111111"
	secret       = "secret-test-11111111111111111111111111111111"
	acme         = "organization-test-22222222-2222-4222-8222-222222222222"
	ada          = "member-test-33333333-3333-4333-8333-333333333333"
	adasMail     = "ada@example.com"
	adasPhone    = "+12025550162"
	landing      = "localhost:3000" // where the seeded project's links lead
	patience     = 60 * time.Second // for a whole test, on a busy machine
	startupLimit = 30 * time.Second
)

// server is a running thimble dev, stopped when the test ends.
type server struct {
	t   *testing.T
	url string
	ist string // of the login that the last text is for
}

func start(t *testing.T) *server {
	t.Helper()
	binary := os.Getenv("THIMBLE_BINARY")
	if binary == "" {
		binary = filepath.Join("..", "..", "build", "thimble")
	}
	cmd := exec.Command(binary, "dev", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "THIMBLE_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	var log lockedBuffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server (make build makes it): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended badly: %v\n%s", err, log.String())
		}
	})

	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, address, ok := strings.Cut(lines.Text(), "is ready: "); ok {
				found <- address
			}
		}
	}()
	select {
	case address := <-found:
		return &server{t: t, url: address}
	case <-time.After(startupLimit):
		t.Fatalf("the server is not ready:\n%s", log.String())
		return nil
	}
}

// call makes a call with the project's credentials and wants 200.
func (s *server) call(path string, in map[string]string) map[string]any {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(projectID, secret)
	return s.answer(req)
}

func (s *server) answer(req *http.Request) map[string]any {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: status %d, %v (%v)", req.Method, req.URL.Path, resp.StatusCode, out, err)
	}
	return out
}

// mailLink mails a link to Ada and gives its address.
func (s *server) mailLink() string {
	s.t.Helper()
	s.call("/v1/b2b/magic_links/email/login_or_signup", map[string]string{
		"organization_id": acme, "email_address": adasMail, "login_redirect_url": "http://" + landing + "/authenticate",
	})
	link := regexp.MustCompile(regexp.QuoteMeta(s.url) + `\S+token=[\w-]+`).FindString(s.newest(adasMail))
	if link == "" {
		s.t.Fatal("there is no link in the mail")
	}
	return link
}

// newest gives the text of the newest message to somebody.
func (s *server) newest(to string) string {
	s.t.Helper()
	address := s.url + "/dev/messages?limit=1&to=" + url.QueryEscape(to)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	messages, _ := s.answer(req)["messages"].([]any)
	if len(messages) == 0 {
		s.t.Fatalf("no message to %s", to)
	}
	first, _ := messages[0].(map[string]any)
	body, _ := first["body"].(string)
	return body
}

// text sends Ada a code and gives it.
func (s *server) text() string {
	s.t.Helper()
	_, token, _ := strings.Cut(s.mailLink(), "token=")
	token, _, _ = strings.Cut(token, "&")
	login := s.call("/v1/b2b/magic_links/authenticate", map[string]string{"magic_links_token": token})
	s.ist, _ = login["intermediate_session_token"].(string)
	s.call("/v1/b2b/otps/sms/send", map[string]string{
		"organization_id": acme, "member_id": ada, "mfa_phone_number": adasPhone, "intermediate_session_token": s.ist,
	})
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(s.newest(adasPhone))
	if code == "" {
		s.t.Fatal("there is no code in the text")
	}
	return code
}

// redeem completes the login that the last text is for.
func (s *server) redeem(code string) {
	s.t.Helper()
	s.call("/v1/b2b/otps/sms/authenticate", map[string]string{
		"organization_id": acme, "member_id": ada, "code": code, "intermediate_session_token": s.ist,
	})
}

// page is a tab of a browser of its own. Whatever a script on it throws or complains about fails the test.
type page struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, extra ...chromedp.ExecAllocatorOption) *page {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.NoSandbox, // as root, as in CI, Chromium refuses to start with it
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	}, extra...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(options...))
	t.Cleanup(cancel)

	p := &page{t: t, ctx: ctx}
	p.do("start Chromium") // its context must be the one that ends last
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script failed: %+v", e.ExceptionDetails)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError {
				t.Errorf("a script complained: %+v", e.Args)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type step = chromedp.Action[chromedp.Void]

// do runs steps and fails the test with a name for them.
func (p *page) do(what string, steps ...step) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// shown waits until the page shows a text.
func (p *page) shown(text string) {
	p.t.Helper()
	p.do("wait for "+strconv.Quote(text), chromedp.WaitVisible(`//body//*[contains(text(), `+strconv.Quote(text)+`)]`))
}

// eval gives the value of a JavaScript expression. It comes from outside, so that it works where the page's own scripts do
// not run.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// lockedBuffer is a buffer for a process to write and a test to read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
