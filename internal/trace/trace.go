// Package trace records what requests spend their time on, for OpenTelemetry: a span for each request, for each
// transaction in it, and for each message that is handed to a provider because of it. It is set up by the standard
// variables OTEL_* alone, and costs nothing when none of them asks for it: all methods work on a nil *Tracer and on the
// zero Span, and do nothing.
//
// Spans say which call it was, how it ended, what the database was asked and who carried the message: names from closed
// sets, numbers, and the ids of the request and the message. They say nothing of people.
package trace

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   oteltrace.Tracer
	counted  *counted
	accepts  bool // a caller's traceparent
}

// What spans begin with. Attributes come all at once at their end: the library takes memory for each time.
var (
	server = oteltrace.WithSpanKind(oteltrace.SpanKindServer)
	client = []oteltrace.SpanStartOption{oteltrace.WithSpanKind(oteltrace.SpanKindClient)}
)

// lists are for attributes on their way into a span, which copies them.
var lists = sync.Pool{New: func() any { return new([8]attribute.KeyValue) }}

// end ends a recorded span with what add appends to an empty list.
func (s Span) end(failed bool, add func([]attribute.KeyValue) []attribute.KeyValue) {
	list, _ := lists.Get().(*[8]attribute.KeyValue)
	s.span.SetAttributes(add(list[:0])...)
	clear(list[:])
	lists.Put(list)
	if failed {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// Span is a piece of work that takes time. The zero Span is one that nobody records.
type Span struct{ span oteltrace.Span }

// Recorded reports whether somebody records the span.
func (s Span) Recorded() bool { return s.span != nil && s.span.IsRecording() }

// Made reports whether there is a span, recorded or not.
func (s Span) Made() bool { return s.span != nil }

// TraceID gives the id of the trace that a recorded span is in, "" for others.
func (s Span) TraceID() string {
	if !s.Recorded() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Now is the time for spans that begin before they are made: real time, whatever the server's clock says.
func (t *Tracer) Now() time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Now()
}

// Route is what all spans of a call have in common.
type Route struct {
	name       string
	attributes []attribute.KeyValue
}

// Route makes the route of a call: its method and its path with parameters in braces, "" for requests that fit no call,
// and its name.
func (t *Tracer) Route(method, path, call string) *Route {
	if t == nil {
		return nil
	}
	r := &Route{name: method, attributes: []attribute.KeyValue{
		attribute.String("http.request.method", method), attribute.String("thimble.call", call),
	}}
	if path != "" {
		r.name += " " + path
		r.attributes = append(r.attributes, attribute.String("http.route", path))
	}
	return r
}

// Request begins the span of a request that came at a moment that Now gave. parent is the traceparent of a caller who
// is known, "" for others: strangers decide neither what is recorded nor what it belongs to.
func (t *Tracer) Request(ctx context.Context, r *Route, began time.Time, parent string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	if parent != "" && t.accepts {
		ctx = propagation.TraceContext{}.Extract(ctx, traceparent(parent))
	}
	ctx, span := t.tracer.Start(ctx, r.name, server, oteltrace.WithTimestamp(began))
	return ctx, Span{span}
}

// traceparent is a header with one field. What a caller says in tracestate is left out: it would be exported as it is.
type traceparent string

// Get gives a field.
func (h traceparent) Get(key string) string {
	if key == "traceparent" {
		return string(h)
	}
	return ""
}

// Set does nothing: it is for requests that leave.
func (traceparent) Set(string, string) {}

// Keys lists the fields.
func (traceparent) Keys() []string { return []string{"traceparent"} }

// Answered ends the span of a request: its status, 0 for none, the type of its error, "" for none, and its id.
func (s Span) Answered(r *Route, status int, errorType, requestID string) {
	if !s.Recorded() {
		return
	}
	s.end(status == 0 || status >= 500, func(list []attribute.KeyValue) []attribute.KeyValue {
		list = append(append(list, r.attributes...), attribute.String("request_id", requestID))
		if status != 0 {
			list = append(list, attribute.Int("http.response.status_code", status))
		}
		if errorType != "" {
			list = append(list, attribute.String("error.type", errorType))
		}
		return list
	})
}

// Transaction begins the span of a Write or Read inside something that is recorded. Others have none: what happens in
// the background would be most of all traces.
func (t *Tracer) Transaction(ctx context.Context, write bool) Span {
	if t == nil || !oteltrace.SpanFromContext(ctx).IsRecording() {
		return Span{}
	}
	name := "read"
	if write {
		name = "write"
	}
	_, span := t.tracer.Start(ctx, name, client...)
	return Span{span}
}

// Done ends the span of a transaction with what it asked of the database.
func (s Span) Done(roundTrips, statements int64, failed bool) {
	if !s.Recorded() {
		return
	}
	s.end(failed, func(list []attribute.KeyValue) []attribute.KeyValue {
		return append(list, attribute.Int64("thimble.db.round_trips", roundTrips),
			attribute.Int64("thimble.db.statements", statements))
	})
}

// Origin is the request that something goes on for after its answer. The zero Origin is none that is known.
type Origin struct{ span oteltrace.SpanContext }

// OriginOf gives the request that a context belongs to.
func (t *Tracer) OriginOf(ctx context.Context) Origin {
	if t == nil {
		return Origin{}
	}
	return Origin{oteltrace.SpanContextFromContext(ctx)}
}

// Handover is a message that was on its way to a provider.
type Handover struct {
	Message  string // its id
	Provider string
	Country  string // "" for mails
	Attempt  int64
}

// Handover begins the span of handing a message to a provider. It is part of the origin's trace where that is known,
// else a trace of its own.
func (t *Tracer) Handover(ctx context.Context, o Origin) Span {
	if t == nil {
		return Span{}
	}
	if o.span.IsValid() {
		ctx = oteltrace.ContextWithRemoteSpanContext(ctx, o.span)
	}
	_, span := t.tracer.Start(ctx, "handover", client...)
	return Span{span}
}

// HandedOver ends the span of a handover: whether the provider took the message, and what came of it, from a closed
// set.
func (s Span) HandedOver(h Handover, taken bool, outcome string) {
	if !s.Recorded() {
		return
	}
	s.end(!taken, func(list []attribute.KeyValue) []attribute.KeyValue {
		list = append(list, attribute.String("message_id", h.Message), attribute.String("thimble.provider", h.Provider),
			attribute.String("thimble.outcome", outcome))
		if h.Country != "" {
			list = append(list, attribute.String("thimble.country", h.Country))
		}
		if h.Attempt > 1 {
			list = append(list, attribute.Int64("thimble.attempt", h.Attempt))
		}
		return list
	})
}
