package server

import (
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/thimble-auth/thimble/test/exposition"
)

var metricsURL = regexp.MustCompile(`url"?[:=]"?(http://[^" ]*/metrics)`)

// TestAdmin: metrics and probes are at an address of their own, and nowhere else.
func TestAdmin(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	p := start(t, append(environ, "THIMBLE_ADMIN_LISTEN=127.0.0.1:0"), "serve")
	public := "http://" + p.ready["listen"].(string)
	found := metricsURL.FindStringSubmatch(p.log.String())
	if found == nil {
		t.Fatalf("the log does not say where the metrics are:\n%s", p.log.String())
	}
	fetch(t, public+"/healthz")
	text := fetch(t, found[1])
	for _, problem := range exposition.Problems(text) {
		t.Error(problem)
	}
	for _, want := range []string{
		`thimble_requests_total{call="GET /healthz",error_type="none",status="200"} 1`, `thimble_build_info{database="sqlite"`,
		"go_goroutines ", "process_cpu_seconds_total ",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	admin := strings.TrimSuffix(found[1], "/metrics")
	for url, want := range map[string]int{
		public + "/metrics": 404, admin + "/healthz": 200, admin + "/readyz": 200, admin + "/openapi.json": 404,
		admin + "/v1/b2b/organizations/x": 404, admin + "/debug/pprof/": 404,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, res.StatusCode, want)
		}
	}
	if log := p.stop(syscall.SIGTERM); strings.Contains(log, "other machines") {
		t.Errorf("loopback is warned of:\n%s", log)
	}
}

// Without the setting there are no metrics; an address that others reach is warned of.
func TestAdminListens(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	if log := start(t, environ, "serve").stop(syscall.SIGTERM); strings.Contains(log, "metrics") {
		t.Errorf("there are metrics without the setting:\n%s", log)
	}
	log := start(t, append(environ, "THIMBLE_ADMIN_LISTEN=0.0.0.0:0"), "serve").stop(syscall.SIGTERM)
	if !strings.Contains(log, "other machines can reach the metrics") {
		t.Errorf("no warning:\n%s", log)
	}
	said := fails(t, append(environ, "THIMBLE_LISTEN=127.0.0.1:7777"), "serve", "--admin-listen", "0.0.0.0:7777")
	if !strings.Contains(said, "a port of their own") {
		t.Errorf("the public port is refused with: %s", said)
	}
	if said = fails(t, environ, "serve", "--admin-listen", "9464"); !strings.Contains(said, "admin-listen must be") {
		t.Errorf("half an address is refused with: %s", said)
	}
}

// In development metrics are of this machine alone, unless everything is exposed.
func TestAdminOfDevelopment(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	_, log := devWithLog(t, environ)
	found := metricsURL.FindStringSubmatch(log())
	if found == nil || !strings.HasPrefix(found[1], "http://127.0.0.1:") {
		t.Fatalf("the log does not say where the metrics are:\n%s", log())
	}
	if text := fetch(t, found[1]); !strings.Contains(text, "thimble_build_info") {
		t.Errorf("the metrics are %s", text)
	}
	other, _ := data(t)
	if said := fails(t, other, "dev", "--admin-listen", "0.0.0.0:0"); !strings.Contains(said, "--expose") {
		t.Errorf("refused with: %s", said)
	}
}
