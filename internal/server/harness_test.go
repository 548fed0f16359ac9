package server

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// asThimble makes the test's binary behave as thimble itself, for tests that need a process of their own.
const asThimble = "RUN_AS_THIMBLE"

func TestMain(m *testing.M) {
	if os.Getenv(asThimble) != "" {
		os.Exit(Run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// thimble runs a command to its end.
func thimble(t *testing.T, environ []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = Run(t.Context(), args, environ, &out, &errs)
	return out.String(), errs.String(), status
}

// must runs a command that has to work, and gives what it writes.
func must(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	stdout, stderr, status := thimble(t, environ, args...)
	if status != 0 {
		t.Fatalf("thimble %s: status %d\n%s%s", strings.Join(args, " "), status, stdout, stderr)
	}
	return stdout
}

// fails runs a command that must not work, and gives what it says.
func fails(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	stdout, stderr, status := thimble(t, environ, args...)
	if status == 0 {
		t.Fatalf("thimble %s works:\n%s", strings.Join(args, " "), stdout)
	}
	return stderr
}

// data gives an environment with a data folder of its own, and the URL of the database in it.
func data(t *testing.T) (environ []string, url string) {
	t.Helper()
	folder := t.TempDir()
	return []string{"THIMBLE_DATA=" + folder}, "sqlite:" + filepath.Join(folder, "thimble.db")
}

// production gives an environment in which thimble serve starts.
func production(t *testing.T) (environ []string, url string) {
	t.Helper()
	environ, url = data(t)
	_, master := keys.NewMaster()
	return append(environ, "THIMBLE_LISTEN=127.0.0.1:0", "THIMBLE_PUBLIC_URL=https://auth.example.com",
		"THIMBLE_MASTER_KEY="+master), url
}

// prepared opens a database, has f do something to it, and closes it.
func prepared(t *testing.T, url string, f func(db *store.DB)) {
	t.Helper()
	t.Run("prepare", func(t *testing.T) { f(storetest.Open(t, url)) }) // it closes at the end of its test
}

// dev runs thimble dev until the test ends, and gives what it printed up to the end of the story.
func dev(t *testing.T, environ []string, args ...string) (printed []string) {
	t.Helper()
	printed, _ = devWithLog(t, environ, args...)
	return printed
}

// devWithLog is dev that also gives what the server has logged so far.
func devWithLog(t *testing.T, environ []string, args ...string) (printed []string, log func() string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	var errs shared
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"dev", "--listen", "127.0.0.1:0"}, args...), environ, write, &errs)
		_ = write.Close()
	}()
	t.Cleanup(func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("thimble dev ended with status %d:\n%s", status, errs.String())
		}
	})

	lines := bufio.NewScanner(read)
	for lines.Scan() {
		printed = append(printed, lines.Text())
		if lines.Text() == ")" {
			go func() { _, _ = io.Copy(io.Discard, read) }()
			return printed, errs.String
		}
	}
	t.Fatal("thimble dev printed no story")
	return nil, nil
}

// shared is a buffer that one writes while another reads.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the text.
func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// String gives the text so far.
func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// story takes the block out of what dev printed: from the line that opens it to the one that closes it.
func storyIn(t *testing.T, printed []string) string {
	t.Helper()
	for i, line := range printed {
		if line == "(" {
			return strings.Join(printed[i:], "\n") + "\n"
		}
	}
	t.Fatalf("no block in:\n%s", strings.Join(printed, "\n"))
	return ""
}

// post calls a server with the fixed credentials.
func post(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(fixed.ProjectID, fixed.Secret)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %d %s %v", url, res.StatusCode, text, err)
	}
}
