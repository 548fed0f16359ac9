package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
)

// server is the built binary, running as in production.
type server struct {
	address string
	process *os.Process
	ended   chan error
	log     *os.File
	ready   time.Duration // from its start to the first 200 of /readyz
}

// build builds a command of this module.
func build(ctx context.Context, pkg, dir string) (string, error) {
	path := filepath.Join(dir, "thimble")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

// startServer starts the binary on the world's database and waits until it is ready.
func startServer(
	ctx context.Context, binary string, w *world, environment, arguments []string,
) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := openLog()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", address}, arguments...)...)
	cmd.Stderr = log
	cmd.Env = append(ownEnvironment(),
		"THIMBLE_DATABASE_URL="+w.database, "THIMBLE_MASTER_KEY="+w.master, "THIMBLE_PUBLIC_URL=http://"+address)
	cmd.Env = append(cmd.Env, environment...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	s := &server{address: address, process: cmd.Process, ended: make(chan error, 1), log: log}
	go func() { s.ended <- cmd.Wait() }()
	if err := s.waitReady(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.ready = time.Since(began)
	return s, nil
}

// carrierSettings are those of the server's texts.
func carrierSettings(c *carrier) []string {
	return []string{
		"THIMBLE_TWILIO_ACCOUNT_SID=" + vendors.TwilioAccount, "THIMBLE_TWILIO_AUTH_TOKEN=" + vendors.TwilioToken,
		"THIMBLE_TWILIO_FROM=" + vendors.TwilioFrom, "THIMBLE_TWILIO_BASE_URL=" + c.url(),
	}
}

// ownEnvironment is the environment without settings of a server: those of whoever runs this are not meant.
func ownEnvironment() []string {
	var own []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "THIMBLE_") && !strings.HasPrefix(pair, "OTEL_") {
			own = append(own, pair)
		}
	}
	return own
}

// openLog opens the file for the server's log, in memory where that is possible: a log on the measured disk would be
// flushed together with the database. In production it goes to a pipe.
func openLog() (*os.File, error) {
	dir := os.TempDir()
	if _, err := os.Stat("/dev/shm"); err == nil {
		dir = "/dev/shm"
	}
	name := filepath.Join(dir, "thimble-bench-log-"+rand.Text())
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	// Open as it is, it goes with the last process that has it open.
	if err := os.Remove(name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

const startLimit = 20 * time.Second

var readyRequest = []byte("GET /readyz HTTP/1.1\r\nHost: thimble\r\n\r\n")

func (s *server) waitReady() error {
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for limit := time.After(startLimit); ; {
		if c, err := dial(s.address); err == nil {
			status, err := c.do(readyRequest)
			problem := string(c.body)
			c.close()
			if err == nil && status == 200 {
				return nil
			}
			if err == nil {
				return fmt.Errorf("the server is not ready: %s", problem)
			}
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended: %w\n%s", err, s.tail())
		case <-limit:
			return fmt.Errorf("the server is not ready after %s\n%s", startLimit, s.tail())
		case <-pause.C:
		}
	}
}

// tail gives the end of the log.
func (s *server) tail() string {
	size, _ := s.log.Seek(0, io.SeekEnd)
	b := make([]byte, min(size, 4<<10))
	_, _ = s.log.ReadAt(b, size-int64(len(b)))
	return string(b)
}

// stop ends the server as an operator would, and waits for its end.
func (s *server) stop() error {
	return errors.Join(end(s.process, s.ended, 40*time.Second), s.log.Close())
}

// kill ends a process that knows no way to end by itself.
func (s *server) kill() error {
	err := s.process.Kill()
	<-s.ended //nolint:errcheck // killed, as it says
	return errors.Join(err, s.log.Close())
}

// resetPeak makes the peak of the resident memory begin anew.
func (s *server) resetPeak() {
	_ = os.WriteFile("/proc/"+strconv.Itoa(s.process.Pid)+"/clear_refs", []byte("5"), 0)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
