package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Options are what traces say of the server, and where their own troubles are told.
type Options struct {
	Version string
	Engine  string // of the database
	Logger  *slog.Logger
}

// queueSize is how many spans wait to be exported where OTEL_BSP_MAX_QUEUE_SIZE says nothing. The library's 2,048 are
// full after a tenth of a second of what this server can do.
const queueSize = 1 << 14

// FromEnvironment makes the tracer that the variables OTEL_* of this process ask for: nil when there is none to be
// made, and why not when they cannot be understood. The libraries read the same variables for what this package leaves
// to them.
func FromEnvironment(ctx context.Context, o Options) (*Tracer, error) {
	if wanted, err := wanted(os.Getenv); !wanted || err != nil {
		return nil, err
	}
	out, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the exporter of traces: %w", err)
	}
	who, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "thimble"), attribute.String("service.version", o.Version),
		attribute.String("thimble.database", o.Engine)), resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err), out.Shutdown(ctx))
	}

	c := new(counted)
	var batch []sdktrace.BatchSpanProcessorOption
	if os.Getenv("OTEL_BSP_MAX_QUEUE_SIZE") == "" {
		batch = append(batch, sdktrace.WithMaxQueueSize(queueSize))
	}
	queue := sdktrace.NewBatchSpanProcessor(&exporter{SpanExporter: out, counted: c, log: o.Logger}, batch...)
	t := &Tracer{
		provider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor{queue, c}), sdktrace.WithResource(who)),
		counted:  c, accepts: accepts(os.Getenv),
	}
	t.tracer = t.provider.Tracer("github.com/thimble-auth/thimble", oteltrace.WithInstrumentationVersion(o.Version))
	return t, nil
}

// samplers are the values of OTEL_TRACES_SAMPLER that the library knows. An unknown one would be all spans, without a
// word.
var samplers = []string{
	"", "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
	"parentbased_traceidratio",
}

// wanted reports whether the variables ask for traces, and what is wrong with them. Of several problems all are told.
func wanted(env func(string) string) (bool, error) {
	get := func(name string) string { return strings.TrimSpace(env(name)) }
	first := func(names ...string) (name, value string) {
		for _, name = range names {
			if value = get(name); value != "" {
				return name, value
			}
		}
		return name, ""
	}
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	endpointName, endpoint := first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	kind := get("OTEL_TRACES_EXPORTER")
	if strings.EqualFold(get("OTEL_SDK_DISABLED"), "true") || kind == "none" || kind == "" && endpoint == "" {
		return false, nil
	}
	if kind != "" && kind != "otlp" {
		problem("OTEL_TRACES_EXPORTER must be otlp or none")
	}
	if u, err := url.Parse(endpoint); endpoint != "" &&
		(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		problem("%s must be http://HOST:PORT or https://HOST:PORT", endpointName)
	}
	name, protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
	if !slices.Contains([]string{"", "http/protobuf", "http/json"}, protocol) {
		problem("%s must be http/protobuf or http/json: %s is not spoken here", name, protocol)
	}
	sampler := strings.ToLower(get("OTEL_TRACES_SAMPLER"))
	if !slices.Contains(samplers, sampler) {
		problem("OTEL_TRACES_SAMPLER must be one of:%s", strings.Join(samplers, " "))
	}
	if arg := get("OTEL_TRACES_SAMPLER_ARG"); strings.HasSuffix(sampler, "traceidratio") && arg != "" {
		if share, err := strconv.ParseFloat(arg, 64); err != nil || share < 0 || share > 1 {
			problem("OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1")
		}
	}
	return len(problems) == 0, errors.Join(problems...)
}

// accepts reports whether the traceparent of callers counts.
func accepts(env func(string) string) bool {
	names := strings.TrimSpace(env("OTEL_PROPAGATORS"))
	if names == "" {
		return true
	}
	for name := range strings.SplitSeq(names, ",") {
		if strings.TrimSpace(name) == "tracecontext" {
			return true
		}
	}
	return false
}
