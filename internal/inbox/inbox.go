// Package inbox shows what the test projects of a development server sent, as a page and as JSON, and moves the
// server's clock. Everything here is for `thimble dev` alone: codes and links are readable by whoever reaches it.
package inbox

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/pretend"
)

// Inbox serves the development routes. Notify, Simulator and MoveClock are needed.
type Inbox struct {
	// Notify knows the messages of test projects.
	Notify Source
	// Simulator is what the carriers of test projects do wrong.
	Simulator *pretend.Service
	// Poll is how often whoever waits for a message looks for those of other processes; 0 where there are none.
	Poll time.Duration
	// Patient lets a connection live as long as a wait; the server's own bounds are for calls in which nobody waits. nil
	// leaves it alone.
	Patient func(w http.ResponseWriter, wait time.Duration)
	// Leaving is closed when the server stops, so that nobody who waits holds it up.
	Leaving <-chan struct{}
	// MoveClock moves the server's time forward and gives the time after that: store.DB.MoveClock.
	MoveClock func(ctx context.Context, d time.Duration) (time.Time, error)
	// Hosts are names, besides those of this machine, under which the server may be called: that of the public URL.
	Hosts []string

	waiting atomic.Int64
}

// Source is what notify.Service knows of messages of test projects; its methods say more.
type Source interface {
	Letters(ctx context.Context, projectID, recipient string, limit int) ([]notify.Letter, error)
	Newest(ctx context.Context, projectID, recipient string) (notify.Cursor, error)
	Arrivals(
		ctx context.Context, projectID, recipient string, after notify.Cursor, limit int,
	) ([]notify.Letter, notify.Cursor, error)
	Listen(recipient string) (rung <-chan struct{}, stop func())
}

// Mounts are the routes: GET /dev/messages, GET /dev/inbox with its files, /dev/simulator, POST /dev/clock.
func (i *Inbox) Mounts() []endpoint.Mount {
	mount := func(pattern string, f endpoint.Page) endpoint.Mount {
		return endpoint.Mount{Pattern: pattern, Handler: i.guard(f)}
	}
	return []endpoint.Mount{
		mount("GET /dev/messages", i.messages),
		mount("GET /dev/inbox", i.page),
		mount("GET /dev/assets/{name}", i.asset),
		mount("GET /dev/simulator", i.rules),
		mount("POST /dev/simulator", i.addRule),
		mount("POST /dev/simulator/remove", i.removeByForm),
		mount("DELETE /dev/simulator", i.removeRule),
		mount("DELETE /dev/simulator/{rule}", i.removeRule),
		mount("POST /dev/clock", i.clock),
	}
}

// guard refuses what a stranger's page in a browser on this machine could cause: calls under a name of the stranger's
// that resolves to this machine (DNS rebinding), and posts from another origin.
func (i *Inbox) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Other sites may not do this.", http.StatusForbidden)
	}))
	protected := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !i.known(r.Host) {
			http.Error(w, "This address is not one of the server's own.", http.StatusForbidden)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// known reports whether the Host header names this machine. An address is not a name that somebody else could point
// here.
func (i *Inbox) known(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(i.Hosts, host)
}
