// Package durable holds the server to its promise that what was answered stays: through SIGKILL, on several nodes, with
// one connection, within a counted number of round trips, and in a storm of logins.
package durable

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		_ = os.RemoveAll(built.folder)
	}
	os.Exit(code)
}

var built struct {
	once         sync.Once
	folder, path string
	err          error
}

// binary gives the path of thimble, built once for all tests of the package, or the one that THIMBLE_BINARY names.
func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.path = os.Getenv("THIMBLE_BINARY"); built.path != "" {
			return
		}
		built.folder, built.err = os.MkdirTemp("", "thimble") //nolint:usetesting // shared by all tests of the package
		if built.err != nil {
			return
		}
		built.path = filepath.Join(built.folder, "thimble")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", built.path, "../../cmd/thimble")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// startTimeout bounds how long a server may take to be ready on a busy machine.
const startTimeout = 20 * time.Second

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	base string
	log  bytes.Buffer
	read chan struct{} // closed at the end of the log
	gone sync.Once
}

// serve starts the binary on a database, with texts going to the fake, and waits until it is ready. More goes into its
// environment.
func serve(t *testing.T, url, twilio string, more ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary(t), "serve", "--listen", "127.0.0.1:0"), read: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append([]string{
		"THIMBLE_DATABASE_URL=" + url, "THIMBLE_MASTER_KEY=" + world.MasterKey(t), "THIMBLE_PUBLIC_URL=" + world.PublicURL,
		"THIMBLE_TWILIO_ACCOUNT_SID=" + vendors.TwilioAccount, "THIMBLE_TWILIO_AUTH_TOKEN=" + vendors.TwilioToken,
		"THIMBLE_TWILIO_FROM=" + vendors.TwilioFrom, "THIMBLE_TWILIO_BASE_URL=" + twilio, "PATH=" + os.Getenv("PATH"),
	}, more...)
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)

	ready := make(chan string, 1)
	go func() {
		defer close(p.read)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.log.Write(append(lines.Bytes(), '\n'))
			var line struct{ Msg, Listen string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				ready <- "http://" + line.Listen
			}
		}
	}()
	select {
	case p.base = <-ready:
	case <-p.read:
		t.Fatalf("the server ended:\n%s", p.log.String())
	case <-time.After(startTimeout):
		p.kill()
		t.Fatalf("the server was not ready in time:\n%s", p.log.String())
	}
	return p
}

// kill ends the server without a chance to do anything about it.
func (p *process) kill() {
	p.gone.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		<-p.read
		_ = p.cmd.Wait()
	})
}

// client gives a client of a project that calls the server over real sockets.
func (p *process) client(t *testing.T, c *world.Client) *world.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return &world.Client{ID: c.ID, Secret: c.Secret, Base: p.base, Transport: transport, T: t}
}

// listen serves the fake on a real socket.
func listen(t *testing.T, fake *vendors.Twilio) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Serve(ln))
	return "http://" + ln.Addr().String()
}
