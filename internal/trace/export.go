package trace

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Stats counts recorded spans since the start.
type Stats struct {
	// Ended are all, Exported those that a receiver took, Failed those that it did not. The rest waits, or was dropped
	// because too many waited.
	Ended, Exported, Failed int64
}

// Stats tells what became of spans.
func (t *Tracer) Stats() Stats {
	c := t.counted
	return Stats{Ended: c.ended.Load(), Exported: c.exported.Load(), Failed: c.failed.Load()}
}

// Close exports what waits, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// counted is what became of spans.
type counted struct{ ended, exported, failed atomic.Int64 }

// processor counts the spans that come to the library's processor.
type processor struct {
	sdktrace.SpanProcessor
	counted *counted
}

// OnEnd counts the span.
func (p processor) OnEnd(s sdktrace.ReadOnlySpan) {
	p.counted.ended.Add(1)
	p.SpanProcessor.OnEnd(s)
}

// exporter counts what becomes of the spans that the library's exporter sends. One goroutine at a time uses it.
type exporter struct {
	sdktrace.SpanExporter
	counted *counted
	log     *slog.Logger
	toldAt  time.Time
}

// tellEvery is how often the log hears that traces get lost.
const tellEvery = time.Minute

// ExportSpans counts the spans. An error ends here: the library would give it to a handler that the whole process
// shares.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		e.counted.exported.Add(int64(len(spans)))
		return nil
	}
	lost := e.counted.failed.Add(int64(len(spans)))
	if now := time.Now(); now.Sub(e.toldAt) > tellEvery {
		e.toldAt = now
		e.log.WarnContext(ctx, "traces cannot be exported", "error", err, "spans_lost", lost)
	}
	return nil
}
