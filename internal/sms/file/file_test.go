package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/file"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
)

func now() time.Time { return time.Date(2026, 11, 23, 1, 2, 3, 4000, time.FixedZone("", 3600)) }

func lines(t *testing.T, path string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for one := range strings.Lines(string(text)) {
		var line map[string]any
		if err := json.Unmarshal([]byte(one), &line); err != nil || !strings.HasSuffix(one, "\n") {
			t.Fatalf("%q: %v", one, err)
		}
		all = append(all, line)
	}
	return all
}

func TestSend(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.jsonl")
	s := file.New(path, now)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	long, short := smstest.Message(), smstest.Message()
	short.ValidFor = 1999 * time.Millisecond
	for _, m := range []sms.Message{long, short} {
		got, err := s.Send(t.Context(), m)
		if diff := cmp.Diff(sms.Result{ProviderID: smstest.ID}, got); err != nil || diff != "" {
			t.Errorf("Send = %v, %s", err, diff)
		}
	}
	first := map[string]any{
		"at": "2026-11-23T00:02:03.000004Z", "id": smstest.ID, "to": smstest.To, "body": smstest.Text,
		"valid_for_seconds": 120.0,
	}
	second := map[string]any{
		"at": first["at"], "id": smstest.ID, "to": smstest.To, "body": smstest.Text, "valid_for_seconds": 1.0,
	}
	if diff := cmp.Diff([]map[string]any{first, second}, lines(t, path)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v, want 0600", info.Mode(), err)
	}
}

// TestMoved: whoever reads the file may take it away, and the next text begins a new one.
func TestMoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.jsonl")
	s := file.New(path, now)
	for _, taken := range []string{"a", "b"} {
		if _, err := s.Send(t.Context(), smstest.Message()); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, path+taken); err != nil {
			t.Fatal(err)
		}
		if n := len(lines(t, path+taken)); n != 1 {
			t.Errorf("%d lines, want 1", n)
		}
	}
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.jsonl")
	s := file.New(path, now)
	var group sync.WaitGroup
	for w := range 32 {
		group.Go(func() {
			m := smstest.Message()
			m.ID, m.Body = fmt.Sprint(w), strings.Repeat(fmt.Sprint(w), 500)
			if got, err := s.Send(t.Context(), m); err != nil || got.ProviderID != m.ID {
				t.Errorf("Send = %+v, %v", got, err)
			}
		})
	}
	group.Wait()
	seen := map[any]bool{}
	for _, line := range lines(t, path) {
		seen[line["id"]] = true
	}
	if len(seen) != 32 {
		t.Errorf("%d texts, want 32", len(seen))
	}
}

// TestRefused: what is not written, and why.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path string
		make func(path string) error
		want sms.Class
	}{
		"no path":        {"", nil, sms.OtherRoute},
		"no folder":      {"gone/texts", nil, sms.OtherRoute},
		"a folder":       {".", nil, sms.Later},
		"open to others": {"texts", func(path string) error { return os.WriteFile(path, nil, 0o640) }, sms.OtherRoute},
		"a device":       {"texts", func(path string) error { return os.Symlink(os.DevNull, path) }, sms.OtherRoute},
		"an idle pipe":   {"texts", func(path string) error { return syscall.Mkfifo(path, 0o600) }, sms.Later},
		"a pipe":         {"texts", pipe, sms.OtherRoute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := tt.path
			if path != "" {
				path = filepath.Join(t.TempDir(), path)
			}
			if tt.make != nil {
				if err := tt.make(path); err != nil {
					t.Fatal(err)
				}
			}
			s := file.New(path, now)
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), "sms-file") {
				t.Errorf("Check = %v, want one that names the setting", err)
			}
			_, err := s.Send(t.Context(), smstest.Message())
			if e := sms.AsError(err); e == nil || e != err || e.Class != tt.want {
				t.Errorf("Send = %v, want %s", err, tt.want)
			} else if path != "" && strings.Contains(e.Error(), path) {
				t.Errorf("the error shows the path: %v", e)
			}
		})
	}
}

// pipe makes a named pipe that somebody reads.
func pipe(path string) error {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return err
	}
	_, err := syscall.Open(path, syscall.O_RDWR, 0)
	return err
}

func TestNothingLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "texts.jsonl")
	s := file.New(path, now)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for life, ctx := range map[time.Duration]context.Context{
		0: t.Context(), -time.Second: t.Context(), 999 * time.Millisecond: t.Context(), time.Minute: ended,
	} {
		m := smstest.Message()
		m.ValidFor = life
		want := sms.Permanent
		if life == time.Minute {
			want = sms.Later
		}
		if _, err := s.Send(ctx, m); err == nil || sms.AsError(err).Class != want {
			t.Errorf("%v: Send = %v, want %s", life, err, want)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
	if _, err := s.Receipt(httptest.NewRequest("POST", "/", nil), "", nil); !errors.Is(err, sms.ErrBadSignature) {
		t.Errorf("Receipt = %v, want %v", err, sms.ErrBadSignature)
	}
}

// TestHalfALine runs itself in a process whose files may not grow beyond 400 bytes: the second text does not fit, and
// nothing of it may stay.
func TestHalfALine(t *testing.T) {
	const variable = "THIMBLE_TEST_HALF_A_LINE"
	if path := os.Getenv(variable); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 400, Max: 400}); err != nil {
			t.Fatal(err)
		}
		s := file.New(path, now)
		if _, err := s.Send(t.Context(), smstest.Message()); err != nil {
			t.Error(err)
		}
		if _, err := s.Send(t.Context(), smstest.Message()); err == nil || sms.AsError(err).Class != sms.Later {
			t.Errorf("Send = %v, want later", err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "texts.jsonl")
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHalfALine$")
	again.Env = append(os.Environ(), variable+"="+path)
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := len(lines(t, path)); n != 1 {
		t.Errorf("%d lines, want 1", n)
	}
}
