package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/trace"
)

// watching is how a running server is watched: the listener of its metrics, nil for none, and its tracer, nil for none.
type watching struct {
	listener net.Listener
	tracer   *trace.Tracer
	server   *http.Server
	ended    chan struct{} // closed when the server of the listener has ended; nil before it serves
	log      *slog.Logger
}

// watchServer opens the listener of an address, "" for none, and makes the tracer that the environment asks for. Traces
// that cannot be made are told in the log and left out: nobody should be kept from logging in by them.
func watchServer(ctx context.Context, address string, d *config.Database, log *slog.Logger) (*watching, error) {
	w := &watching{log: log}
	if address != "" {
		var err error
		if w.listener, err = listenOn(address, "--admin-listen"); err != nil {
			return nil, err
		}
	}
	engine := sqldb.Postgres
	if _, ok := d.SQLiteFile(); ok {
		engine = sqldb.SQLite
	}
	var err error
	w.tracer, err = trace.FromEnvironment(ctx, trace.Options{Version: Version(), Engine: engine.String(), Logger: log})
	if err != nil {
		log.ErrorContext(ctx, "there are no traces: the environment asks for some that cannot be made", "error", err)
	}
	return w, nil
}

// serve answers at the listener until close.
func (w *watching) serve(h http.Handler) {
	if w.listener == nil {
		return
	}
	address := w.listener.Addr().String()
	w.log.Info("metrics", "url", "http://"+reachable(w.listener.Addr())+"/metrics")
	if !config.IsLoopback(address) {
		w.log.Warn("other machines can reach the metrics: whoever does reads the figures of all projects", "address", address)
	}
	w.server, w.ended = newHTTPServer(h, w.log), make(chan struct{})
	go func() {
		defer close(w.ended)
		if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("the metrics cannot be served any more", "error", err)
		}
	}()
}

// exportMost is how long the last traces may take to leave.
const exportMost = 3 * time.Second

// close ends the listener, and exports the last traces.
func (w *watching) close() {
	if w.server != nil {
		_ = w.server.Close()
		<-w.ended
	} else if w.listener != nil {
		_ = w.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), exportMost)
	defer cancel()
	if err := w.tracer.Close(ctx); err != nil {
		w.log.Warn("the last traces could not be exported", "error", err)
	}
}
