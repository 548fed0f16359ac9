package trace

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set    string // NAME=value, by spaces
		wanted bool
		wrong  string // names of variables that are told, by spaces
	}{
		{"", false, ""},
		{"OTEL_SERVICE_NAME=x OTEL_TRACES_SAMPLER=nonsense", false, ""}, // nobody asks
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces.example.com/v1/traces", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", false, ""},
		{"OTEL_SDK_DISABLED=True OTEL_TRACES_EXPORTER=otlp", false, ""},
		{"OTEL_TRACES_EXPORTER=jaeger", false, "OTEL_TRACES_EXPORTER"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4318", false, "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{
			"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
			true, "",
		},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.05", true, ""},
		{
			"OTEL_TRACES_EXPORTER=otlp OTEL_TRACES_SAMPLER=traceidratio OTEL_TRACES_SAMPLER_ARG=5 OTEL_EXPORTER_OTLP_ENDPOINT=x",
			false, "OTEL_TRACES_SAMPLER_ARG OTEL_EXPORTER_OTLP_ENDPOINT",
		},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_TRACES_SAMPLER=some", false, "OTEL_TRACES_SAMPLER"},
	} {
		got, err := wanted(environment(c.set))
		if got != c.wanted || (err == nil) != (c.wrong == "") {
			t.Errorf("%s: wanted %v, %v", c.set, got, err)
			continue
		}
		for name := range strings.FieldsSeq(c.wrong) {
			if !strings.Contains(err.Error(), name+" ") {
				t.Errorf("%s: %v does not tell of %s", c.set, err, name)
			}
		}
	}
}

func environment(set string) func(string) string {
	return func(name string) string {
		for pair := range strings.FieldsSeq(set) {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]bool{
		"": true, "OTEL_PROPAGATORS=baggage,tracecontext": true, "OTEL_PROPAGATORS=b3": false, "OTEL_PROPAGATORS=none": false,
	} {
		if got := accepts(environment(set)); got != want {
			t.Errorf("%s: %v", set, got)
		}
	}
}

// Without a tracer nothing is made, and nothing breaks.
func TestNoTracer(t *testing.T) {
	var none *Tracer
	r := none.Route("POST", "/x", "x")
	one := func() {
		ctx, request := none.Request(t.Context(), r, none.Now(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		none.Transaction(ctx, true).Done(1, 2, false)
		none.Handover(ctx, none.OriginOf(ctx)).HandedOver(Handover{Message: "m"}, true, "taken")
		request.Answered(r, 200, "", "r")
		if request.Recorded() || request.Made() || request.TraceID() != "" {
			t.Error("there is a span")
		}
	}
	if n := testing.AllocsPerRun(100, one); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := none.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkSend makes the spans of a send, and exports them.
func BenchmarkSend(b *testing.B) {
	to := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer to.Close()
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.URL)
	t, err := FromEnvironment(b.Context(), Options{Version: "v1", Engine: "sqlite", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	r := t.Route("POST", "/v1/b2b/otps/sms/send", "b2b.otps.sms.send")
	b.ReportAllocs()
	for b.Loop() {
		ctx, request := t.Request(b.Context(), r, t.Now(), "")
		t.Transaction(ctx, true).Done(3, 20, false)
		origin := t.OriginOf(ctx)
		request.Answered(r, 200, "", "request-id-live-01900000-0000-7000-8000-000000000000")
		t.Handover(b.Context(), origin).HandedOver(Handover{
			Message: "message-live-01900000-0000-7000-8000-000000000000", Provider: "twilio", Country: "US", Attempt: 1,
		}, true, "taken")
	}
	if err := t.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
