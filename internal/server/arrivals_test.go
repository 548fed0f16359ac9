package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/inbox"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

// box is an answer of GET /dev/messages.
type box struct {
	Messages []inbox.Message `json:"messages"`
	Cursor   string          `json:"cursor"`
}

// ask asks a server's inbox.
func ask(t *testing.T, base string, query ...string) box {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/dev/messages?"+values.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var got box
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", values.Encode(), res.StatusCode, err)
	}
	return got
}

// servers starts n development servers over one database and gives their addresses.
func servers(t *testing.T, n int, environ []string) []string {
	t.Helper()
	all := make([]string, n)
	for i := range all {
		all[i] = lineAfter(t, strings.Join(dev(t, environ), "\n"), "Thimble is ready: ")
	}
	return all
}

// inboxes runs a test with a server on SQLite, and with two on one PostgreSQL.
func inboxes(t *testing.T, test func(t *testing.T, environ []string, servers []string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		environ, _ := data(t)
		test(t, environ, servers(t, 1, environ))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		environ, _ := data(t)
		environ = append(environ, "THIMBLE_DATABASE_URL="+pgtest.URL(t))
		test(t, environ, servers(t, 2, environ))
	})
}

func mailTo(t *testing.T, base, address string) {
	t.Helper()
	post(t, base+"/v1/b2b/magic_links/email/login_or_signup",
		fmt.Sprintf(`{"organization_id":"%s","email_address":"%s"}`, seedSlug, address))
}

// Whoever waits is answered when the message comes, long before the time is over, whichever process it came by; and the
// cursor of one answer is where the next one goes on.
func TestWait(t *testing.T) {
	t.Parallel()
	inboxes(t, func(t *testing.T, _ []string, servers []string) {
		sends, waits := servers[0], servers[len(servers)-1]
		if got := ask(t, waits, "to", "eve@example.com", "wait", "10ms"); len(got.Messages) > 0 {
			t.Errorf("before anything was sent: %v", got.Messages)
		}
		begin := ask(t, waits, "to", "eve@example.com").Cursor
		answers := make(chan box)
		started := time.Now()
		go func() { answers <- ask(t, waits, "to", "eve@example.com", "wait", "60s", "after", begin) }()
		mailTo(t, sends, "bob@example.com")
		mailTo(t, sends, "eve@example.com")
		got := <-answers
		if len(got.Messages) != 1 || got.Messages[0].To != "eve@example.com" || time.Since(started) > 30*time.Second {
			t.Errorf("after %v: %+v", time.Since(started), got)
		}
		for _, after := range []string{begin, "start"} { // not missed by whoever comes late
			if late := ask(t, waits, "to", "eve@example.com", "after", after, "wait", "60s"); late.Cursor != got.Cursor {
				t.Errorf("after %s: %+v, want %+v", after, late, got)
			}
		}
		again := ask(t, waits, "to", "eve@example.com", "after", got.Cursor, "wait", "10ms")
		if len(again.Messages) > 0 || again.Cursor != got.Cursor {
			t.Errorf("read twice: %+v", again)
		}
		mailTo(t, sends, "eve@example.com")
		if next := ask(t, waits, "to", "eve@example.com", "after", got.Cursor, "wait", "60s"); len(next.Messages) != 1 ||
			next.Messages[0].MessageID == got.Messages[0].MessageID {
			t.Errorf("the second message: %+v", next)
		}
	})
}

// Readers who follow the cursor see each of many messages that are sent at once exactly once.
func TestFollow(t *testing.T) {
	t.Parallel()
	inboxes(t, func(t *testing.T, _ []string, servers []string) {
		const most = 60
		var all sync.WaitGroup
		for reader := range 2 {
			after := ask(t, servers[0]).Cursor
			all.Go(func() {
				seen := map[string]int{}
				for len(seen) < most {
					got := ask(t, servers[reader%len(servers)], "after", after, "wait", "30s", "limit", "7")
					if after = got.Cursor; len(got.Messages) == 0 {
						t.Errorf("a reader saw %d of %d", len(seen), most)
						return
					}
					for _, m := range got.Messages {
						if seen[m.MessageID]++; seen[m.MessageID] > 1 {
							t.Errorf("%s was read twice", m.MessageID)
						}
					}
				}
			})
		}
		for i := range most {
			all.Go(func() { mailTo(t, servers[i%len(servers)], fmt.Sprintf("p%d@example.com", i)) })
		}
		all.Wait()
	})
}

// Two servers over one PostgreSQL have one simulator, whose rules hold in both within a second.
func TestSimulatorOfTwo(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	both := servers(t, 2, append(environ, "THIMBLE_DATABASE_URL="+pgtest.URL(t)))
	post(t, both[0]+"/dev/simulator", `{"fault":"delay","delay_seconds":0.5}`)
	login := linkTo(t, both[1])
	for i := 0; ; i++ {
		begin := ask(t, both[1], "to", seedPhone).Cursor
		post(t, both[1]+"/v1/b2b/otps/sms/send", fmt.Sprintf(
			`{"organization_id":"%s","member_id":"%s","mfa_phone_number":"%s","intermediate_session_token":"%s"}`,
			fixed.OrganizationID, fixed.MemberID, seedPhone, login))
		got := ask(t, both[0], "to", seedPhone, "after", begin, "wait", "30s")
		if len(got.Messages) != 1 {
			t.Fatalf("got %+v", got)
		}
		if m := got.Messages[0]; len(m.Arrived) == 1 && m.Arrived[0].Sub(m.CreatedAt) >= 500*time.Millisecond {
			return
		}
		if i == 200 {
			t.Fatal("the second server never heard of the rule")
		}
	}
}

// linkTo logs the seeded member in up to the second factor.
func linkTo(t *testing.T, base string) string {
	t.Helper()
	begin := ask(t, base, "to", seedEmail).Cursor
	mailTo(t, base, seedEmail)
	got := ask(t, base, "to", seedEmail, "after", begin, "wait", "30s")
	token := regexp.MustCompile(`token=([\w-]+)`).FindStringSubmatch(got.Messages[0].Body)[1]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/b2b/magic_links/authenticate",
		strings.NewReader(`{"magic_links_token":"`+token+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(fixed.ProjectID, fixed.Secret)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var login struct {
		Token string `json:"intermediate_session_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&login); err != nil || login.Token == "" {
		t.Fatalf("log in: %v", err)
	}
	return login.Token
}

// The tail shows what comes after it began, in both forms, and ends well when it is interrupted.
func TestTail(t *testing.T) {
	t.Parallel()
	inboxes(t, func(t *testing.T, environ []string, servers []string) {
		mailTo(t, servers[0], "old@example.com")
		plain := tail(t, environ, "--last", "1")
		some := tail(t, environ, "--json", "--to", "eve@example.com")
		plain.shows("email to old@example.com")
		some.begun(t, servers[0])
		mailTo(t, servers[0], "bob@example.com")
		plain.shows("email to bob@example.com")
		mailTo(t, servers[0], "eve@example.com")

		var m inbox.Message
		if err := json.Unmarshal([]byte(some.shows(`"to":"eve@example.com"`)), &m); err != nil || m.Body == "" {
			t.Errorf("no message in a line: %v", err)
		}
		plain.ends()
		some.ends()
	})
}

// tailing is a running thimble inbox tail.
type tailing struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	errs  shared
}

func tail(t *testing.T, environ []string, args ...string) *tailing {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &tailing{t: t, cmd: exec.CommandContext(t.Context(), self, append([]string{"inbox", "tail"}, args...)...)}
	c.cmd.Env = append(append(os.Environ(), environ...), asThimble+"=1")
	c.cmd.Stderr = &c.errs
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	c.lines.Buffer(nil, 1<<20)
	return c
}

// shows reads on until a line with the text.
func (c *tailing) shows(text string) string {
	c.t.Helper()
	for c.lines.Scan() {
		if strings.Contains(c.lines.Text(), text) {
			return c.lines.Text()
		}
	}
	c.t.Fatalf("the tail ended without %q:\n%s", text, c.errs.String())
	return ""
}

// begun mails until the tail shows it: it says nothing when it begins.
func (c *tailing) begun(t *testing.T, base string) {
	t.Helper()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		c.shows("eve@example.com")
	}()
	for {
		mailTo(t, base, "eve@example.com")
		select {
		case <-shown:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ends interrupts the tail as a terminal does.
func (c *tailing) ends() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil {
		c.t.Fatal(err)
	}
	for c.lines.Scan() {
	}
	if err := c.cmd.Wait(); err != nil || c.errs.String() != "" {
		c.t.Errorf("the tail ended badly: %v\n%s", err, c.errs.String())
	}
}

// A server that is told to stop does not stay for those who wait.
func TestWaitersLetAServerStop(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	var errs shared
	go func() { ended <- Run(ctx, []string{"dev", "--listen", "127.0.0.1:0"}, environ, write, &errs) }()
	lines := bufio.NewScanner(read)
	address := ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "Thimble is ready: ")
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()

	asked, answered := make(chan struct{}), make(chan struct{})
	traced := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(asked) },
	})
	r, err := http.NewRequestWithContext(traced, http.MethodGet, address+"/dev/messages?wait=60s&to=nobody@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(answered)
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil { // else it came too late
			_ = res.Body.Close()
		}
	}()
	<-asked
	mailTo(t, address, seedEmail) // answered after the server has read what came before
	stop()
	if status := <-ended; status != 0 || strings.Contains(errs.String(), "did not end in time") {
		t.Errorf("status %d:\n%s", status, errs.String())
	}
	<-answered
}
