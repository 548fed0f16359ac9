package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
)

// Bounds of a connection. Every call is answered within seconds; whoever takes longer to ask or to read holds a
// connection that others could use.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		// What goes wrong here is what clients do: broken connections and garbage.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// patient lets a connection live as long as a request that waits. Where there is no connection there is nothing to do.
func patient(w http.ResponseWriter, wait time.Duration) {
	connection, until := http.NewResponseController(w), time.Now().Add(wait+headerTimeout)
	_ = connection.SetReadDeadline(until)
	_ = connection.SetWriteDeadline(until)
}

// listenOn opens the address of a flag, or says how to give another one.
func listenOn(address, flag string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w; another address can be given with %s", err, flag)
	}
	return ln, nil
}

// untilSignal gives a context that ends with ctx or with the first SIGINT or SIGTERM. A second signal ends the process
// the hard way.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// serveUntil serves until ctx ends, then drains: it takes no new connections, answers the requests it has, hands over
// or gives back the messages it has, writes what is only in memory, and closes the database. All of that ends after
// grace.
func (a *App) serveUntil(ctx context.Context, ln net.Listener, h http.Handler, grace time.Duration) error {
	srv := newHTTPServer(h, a.log)
	srv.RegisterOnShutdown(a.leave)
	ended := make(chan error, 1)
	whole := endpoint.SendWhole(srv, ln)
	go func() { ended <- srv.Serve(whole) }()

	var failure error
	select {
	case <-ctx.Done():
	case err := <-ended:
		failure = fmt.Errorf("listen: %w", err)
	}

	a.log.Info("stopping", "seconds", grace.Seconds())
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	a.shutdown(last, srv, grace)
	if err := a.Close(last); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		failure = errors.Join(failure, fmt.Errorf("stop: %w", err))
	}
	a.log.Info("stopped")
	return failure
}

// shutdown lets requests end for two thirds of the time, so that something is left for giving leases back.
func (a *App) shutdown(ctx context.Context, srv *http.Server, grace time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, grace*2/3)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		a.log.Warn("some requests did not end in time")
		_ = srv.Close()
	}
}
