// Package metric counts what a server does, for Prometheus: requests, texts and mails, and what became of them.
// Packages feed it by methods that cost nanoseconds, and nothing at all on a nil *Set.
//
// No label says who: values come from closed sets that are known when the server starts (calls, errors, rules,
// countries, providers), and whatever is not in its set counts as "other". So nothing that people send makes a series.
package metric

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// What labels say where there is nothing to say, and where what there is to say is in no set.
const (
	None  = "none"
	Other = "other"
)

// Options are the sets that labels come from, and what the server is.
type Options struct {
	// Countries are ISO 3166-1 alpha-2 codes.
	Countries []string
	// Providers are the names of those who carry messages.
	Providers []string
	// Rules are all that refuse a text.
	Rules []string
	// Outcomes are what comes of handing a message to a provider.
	Outcomes []string
	// Version and Engine are for the series that says what runs.
	Version, Engine string
}

// Set is all metrics of a server. Make it with New. It is safe for concurrent use, and a nil one counts nothing.
type Set struct {
	registry *prometheus.Registry
	requests requests
	messages *messages
}

// New makes a set with everything at zero.
func New(o Options) *Set {
	s := &Set{registry: prometheus.NewPedanticRegistry()}
	s.requests = newRequests()
	s.messages = newMessages(o)
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "thimble_build_info", Help: "What runs: always 1.",
		ConstLabels: prometheus.Labels{"version": o.Version, "go_version": runtime.Version(), "database": o.Engine},
	})
	build.Set(1)
	s.Register(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.Register(s.requests.all()...)
	s.Register(s.messages.collectors...)
	return s
}

// Register adds collectors of somebody else's, which are asked at each scrape. It panics on names that are taken.
func (s *Set) Register(all ...prometheus.Collector) { s.registry.MustRegister(all...) }

// Handler answers scrapes.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// set is a closed set of a label's values.
type set map[string]bool

func setOf(lists ...[]string) set {
	s := set{None: true, Other: true}
	for _, list := range lists {
		for _, v := range list {
			s[v] = true
		}
	}
	return s
}

// value gives a label's value for what somebody says.
func (s set) value(text string) string {
	if s[text] {
		return text
	}
	return Other
}
