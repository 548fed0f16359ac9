package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// TestServe runs thimble serve as a process of its own: it logs JSON lines without secrets, works with commands beside
// it, has no pages of development, and ends by SIGTERM with status 0.
func TestServe(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	p := start(t, environ, "serve")
	address := fmt.Sprint("http://", p.ready["listen"])

	made := create(t, environ, "Shop", "--env", "live")
	for name, test := range map[string]struct {
		method, path string
		auth         bool
		want         int
		contains     string
	}{
		"alive":            {"GET", "/healthz", false, 200, "alive"},
		"ready":            {"GET", "/readyz", false, 200, made.ProjectID + ": no provider carries texts to US, CA"},
		"a new project":    {"GET", "/v1/b2b/organizations/none", true, 404, "organization_not_found"},
		"keys":             {"GET", "/v1/b2b/sessions/jwks/" + made.ProjectID, false, 200, "RS256"},
		"document":         {"GET", "/openapi.json", false, 200, "openapi"},
		"no inbox":         {"GET", "/dev/messages", false, 404, "route_not_found"},
		"no page":          {"GET", "/dev/inbox", false, 404, "route_not_found"},
		"no simulator":     {"POST", "/dev/simulator", false, 404, "route_not_found"},
		"no moving clock":  {"POST", "/dev/clock", false, 404, "route_not_found"},
		"nobody's project": {"GET", "/v1/b2b/organizations/none", false, 400, "invalid_authorization_header"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), test.method, address+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.auth {
				r.SetBasicAuth(made.ProjectID, made.Secret)
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != test.want || !strings.Contains(string(body), test.contains) {
				t.Errorf("status %d, want %d and %q in %s (%v)", res.StatusCode, test.want, test.contains, body, err)
			}
		})
	}

	log := p.stop(syscall.SIGTERM)
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a JSON line: %s", line)
		}
	}
	for _, secret := range []string{made.Secret, strings.TrimPrefix(environ[3], "THIMBLE_MASTER_KEY=")} {
		if strings.Contains(log, secret) {
			t.Error("the log holds a secret")
		}
	}
	if !strings.Contains(log, `"msg":"stopped"`) {
		t.Errorf("no line about the end:\n%s", log)
	}
}

// process is thimble in a process of its own.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	log   bytes.Buffer
	ready map[string]any // the line that says so
}

// start starts thimble and waits until it is ready.
func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.cmd.Env = append(append(os.Environ(), asThimble+"=1"), environ...)
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })

	p.lines = bufio.NewScanner(pipe)
	for p.lines.Scan() {
		p.log.WriteString(p.lines.Text() + "\n")
		if json.Unmarshal(p.lines.Bytes(), &p.ready) == nil && p.ready["msg"] == "ready" {
			return p
		}
	}
	t.Fatalf("thimble %s did not get ready:\n%s", strings.Join(args, " "), p.log.String())
	return nil
}

// stop sends the signal, wants status 0 and gives the log.
func (p *process) stop(signal os.Signal) string {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	for p.lines.Scan() {
		p.log.WriteString(p.lines.Text() + "\n")
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("after %v: %v\n%s", signal, err, p.log.String())
	}
	return p.log.String()
}

// TestDrain: a request that is under way when the end comes is answered, later ones find nobody.
func TestDrain(t *testing.T) {
	t.Parallel()
	master, _ := keys.NewMaster()
	app, err := Open(t.Context(), Options{
		DatabaseURL: "sqlite:" + t.TempDir() + "/x.db", Master: master, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		writeJSON(w, http.StatusOK, app.ready(r.Context())) // the database is still open
	})

	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- app.serveUntil(ctx, ln, slow, time.Minute) }()
	answered := make(chan string, 1)
	go func() { answered <- fetch(t, "http://"+ln.Addr().String()) }()
	<-arrived
	cancel()
	for { // until the listener is closed
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	close(release)
	if got := <-answered; !strings.Contains(got, `"status":"ready"`) {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := app.DB.Ping(t.Context()); !errors.Is(err, sqldb.ErrClosed) {
		t.Errorf("after the end the database says %v, want that it is closed", err)
	}
}

// TestDrainIsBounded: whoever never ends does not keep the server from ending.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	master, _ := keys.NewMaster()
	app, err := Open(t.Context(), Options{
		DatabaseURL: "sqlite:" + t.TempDir() + "/x.db", Master: master, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{})
	stuck := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done() // ends when the connection is closed on it
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = fetch(t, "http://"+ln.Addr().String()) }()
	go func() {
		<-arrived
		cancel()
	}()
	if err := app.serveUntil(ctx, ln, stuck, 100*time.Millisecond); err != nil {
		t.Error(err)
	}
}

func fetch(t *testing.T, url string) string {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	res, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestReady(t *testing.T) {
	t.Parallel()
	for engine, url := range map[string]string{"sqlite": "sqlite:" + t.TempDir() + "/x.db", "postgres": pgtest.URL(t)} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			master, _ := keys.NewMaster()
			app, err := Open(t.Context(), Options{DatabaseURL: url, Master: master, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			storetest.Project(t, app.DB, ids.Test)
			want := readiness{Status: "ready", Problems: []string{}, Warnings: []string{}}
			if diff := cmp.Diff(want, app.ready(t.Context())); diff != "" {
				t.Errorf("with a test project (-want +got):\n%s", diff)
			}

			live := storetest.Project(t, app.DB, ids.Live)
			want.Warnings = []string{live.ID + ": no provider carries texts to US, CA", live.ID + ": no mail server is set up"}
			if diff := cmp.Diff(want, app.ready(t.Context())); diff != "" {
				t.Errorf("with a live project (-want +got):\n%s", diff)
			}

			if err := app.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := app.ready(t.Context()); len(got.Problems) != 1 || !strings.Contains(got.Problems[0], "database") {
				t.Errorf("without the database: %+v", got)
			}
		})
	}
}
