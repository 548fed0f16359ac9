package endpoint

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"time"
)

// log writes the request's one line. It holds nothing that the caller sent but the method, and no secrets.
func (h *handler) log(x *exchange, now time.Time, errorType string) {
	level := slog.LevelInfo
	if x.status >= http.StatusInternalServerError || x.status == 0 {
		level = slog.LevelError
	}
	ctx := context.WithoutCancel(x.r.Context())
	if !h.Logger.Enabled(ctx, level) {
		return
	}

	line := slog.NewRecord(now, level, "request", 0) // no source line: it would always be this one
	line.AddAttrs(
		slog.String("name", x.what.name),
		slog.String("method", method(x.r)),
		slog.Int("status", x.status),
		slog.String("request_id", x.requestID),
		slog.Float64("ms", milliseconds(now.Sub(x.started))))
	if x.project != "" {
		line.AddAttrs(slog.String("project", x.project))
	}
	if x.trips != nil {
		line.AddAttrs(
			slog.Int64("db_round_trips", x.trips.RoundTrips.Load()),
			slog.Int64("db_statements", x.trips.Statements.Load()))
	}
	if id := x.span.TraceID(); id != "" {
		line.AddAttrs(slog.String("trace_id", id))
	}
	if errorType != "" {
		line.AddAttrs(slog.String("error_type", errorType))
		if cause := x.err.Error(); cause != errorType {
			line.AddAttrs(slog.String("cause", cause))
		}
	}
	_ = h.Logger.Handler().Handle(ctx, line) // a log that cannot be written has nobody to tell
}

// method keeps invented methods out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch,
		http.MethodOptions:
		return r.Method
	default:
		return "other"
	}
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d.Microseconds())) / 1000
}

// discard is an answer that nobody sees.
type discard struct {
	header http.Header
	status int
}

// Header gives the headers.
func (d *discard) Header() http.Header { return d.header }

// WriteHeader notes the status.
func (d *discard) WriteHeader(status int) { d.status = status }

// Write drops the bytes.
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
