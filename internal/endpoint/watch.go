package endpoint

import (
	"context"

	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/trace"
)

// watched is a call as those see it who watch the server: its name in the log, its counters, and what its spans have in
// common. It is made once, when the call is mounted.
type watched struct {
	name  string
	call  *metric.Call
	route *trace.Route
}

func (h *handler) watch(name, method, path string) *watched {
	if method == "" {
		method = "request" // any, as people like to invent them
	}
	return &watched{name: name, call: h.Metrics.Call(name), route: h.Tracer.Route(method, path, name)}
}

// record begins the request's span. That waits until the caller is known, since parent counts for those alone.
func (h *handler) record(ctx context.Context, x *exchange, parent string) context.Context {
	ctx, x.span = h.Tracer.Request(ctx, x.what.route, x.began, parent)
	return ctx
}

// finish tells everybody who wants to know how a request ended.
func (h *handler) finish(x *exchange) {
	now, errorType := h.Now(), ""
	if x.err != nil {
		errorType = visible(x.r.Context(), x.err).Type
	}
	if !x.span.Made() { // nobody was let in
		h.record(x.r.Context(), x, "")
	}
	h.log(x, now, errorType)
	x.what.call.Answered(x.status, errorType, now.Sub(x.started))
	x.span.Answered(x.what.route, x.status, errorType, x.requestID)
}
