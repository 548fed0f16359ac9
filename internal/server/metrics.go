package server

import (
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// newMetrics makes the metrics of a server, with all that their labels can say.
func newMetrics(o *Options, db *store.DB) *metric.Set {
	providers := []string{notify.ProviderInbox, notify.ProviderSMTP}
	if o.Simulator {
		providers = append(providers, pretend.Names()...)
	}
	for _, r := range o.SMS {
		providers = append(providers, r.Sender.Name())
	}
	return metric.New(metric.Options{
		Countries: phone.Regions(), Providers: providers, Rules: slices.Concat(guard.Rules(), challenge.Others),
		Outcomes: notify.Outcomes, Version: Version(), Engine: db.Engine().String(),
	})
}

// Admin serves what those need who run the server: its metrics, and the probes. It is nothing for strangers, and asks
// for no credentials: put it on a listener of its own.
func (a *App) Admin() http.Handler {
	mux := http.NewServeMux()
	for _, one := range a.probes() {
		mux.Handle(one.Pattern, one.Handler)
	}
	if a.metrics != nil {
		mux.Handle("GET /metrics", a.metrics.Handler())
	}
	return mux
}

// scrape reads what the parts of a server know of themselves, when Prometheus asks.
type scrape struct{ *App }

// What scrape tells.
var (
	descQueue = prometheus.NewDesc("thimble_queue_messages",
		"Messages in memory, by queue: waiting for a worker, running (with one), resting (to come again after a pause).",
		[]string{"queue", "state"}, nil)
	descQueueCapacity = prometheus.NewDesc("thimble_queue_capacity_messages",
		"Messages that may wait in memory, by queue. Those beyond it wait in the database.", []string{"queue"}, nil)
	descQueueWorkers = prometheus.NewDesc("thimble_queue_workers",
		"Messages that may be handed over at the same time, by queue.", []string{"queue"}, nil)
	descQueueOldest = prometheus.NewDesc("thimble_queue_oldest_seconds",
		"How long the first message in line has been waiting for a worker, by queue.", []string{"queue"}, nil)

	descProvider = prometheus.NewDesc("thimble_provider_state",
		"1 for the state that this node sees a provider of texts in: closed (well), open (left alone after failures), "+
			"probing (one text finds out), silent (takes texts and reports on none).", []string{"provider", "state"}, nil)
	descProviderFailures = prometheus.NewDesc("thimble_provider_failures",
		"Texts in a row that a provider did not take for a reason of its own.", []string{"provider"}, nil)

	descTrips = prometheus.NewDesc("thimble_database_round_trips_total",
		"Round trips to PostgreSQL; SQLite has none.", nil, nil)
	descStatements = prometheus.NewDesc("thimble_database_statements_total",
		"Statements, BEGIN, COMMIT and ROLLBACK not counted.", nil, nil)
	descTransactions = prometheus.NewDesc("thimble_database_transaction_seconds",
		"How long reads and writes took, waiting for their turn included.", []string{"kind"}, nil)
	descFailed = prometheus.NewDesc("thimble_database_failures_total",
		"Reads and writes that failed because of a statement, a commit or a connection.", nil, nil)
	descConns = prometheus.NewDesc("thimble_database_connections",
		"Connections to PostgreSQL, or SQLite's readers, by state: busy, idle (or not opened yet).", []string{"state"}, nil)
	descWaiting = prometheus.NewDesc("thimble_database_waiting_calls",
		"Reads and writes that wait for a connection or for SQLite's writer now.", nil, nil)
	descWaits = prometheus.NewDesc("thimble_database_wait_seconds",
		"How long reads and writes waited for a connection, of those that had to.", nil, nil)
	descGroups = prometheus.NewDesc("thimble_database_commit_group_size",
		"Writes that share one commit on SQLite.", nil, nil)

	descBlind = prometheus.NewDesc("thimble_guard_blind",
		"1 while this node decides about texts without counters, because the database cannot read or write them.", nil, nil)
	descKeys = prometheus.NewDesc("thimble_keys", "Keys in the key ring, by purpose and state.",
		[]string{"purpose", "state"}, nil)
	descKeysFailing  = prometheus.NewDesc("thimble_key_ring_failing", "1 while the key ring cannot be read.", nil, nil)
	descClockFailing = prometheus.NewDesc("thimble_clock_failing",
		"1 while the clock cannot be trusted: it jumped, or the database's is unknown.", nil, nil)

	descSpans = prometheus.NewDesc("thimble_trace_spans_total",
		"Recorded spans: ended (all), exported, failed (the receiver did not take them). The rest waits or was dropped.",
		[]string{"state"}, nil)
)

// Describe gives all that Collect can give.
func (scrape) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descQueue, descQueueCapacity, descQueueWorkers, descQueueOldest, descProvider, descProviderFailures, descTrips,
		descStatements, descTransactions, descFailed, descConns, descWaiting, descWaits, descGroups, descBlind, descKeys,
		descKeysFailing, descClockFailing, descSpans,
	} {
		to <- d
	}
}

// Collect asks the parts.
func (s scrape) Collect(to chan<- prometheus.Metric) {
	c := collected{to}
	s.messages(c)
	s.database(c)
	c.gauge(descBlind, flag(s.guard.Blind()))
	c.gauge(descKeysFailing, flag(s.Keys.Err() != nil))
	c.gauge(descClockFailing, flag(s.DB.ClockErr() != nil))
	count := map[keys.Version]int{}
	for _, v := range s.Keys.Versions() {
		count[v]++
	}
	for _, purpose := range keys.Purposes() {
		for _, state := range keys.States() {
			c.gauge(descKeys, float64(count[keys.Version{Purpose: purpose, State: state}]), purpose, state)
		}
	}
	if s.tracer != nil {
		spans := s.tracer.Stats()
		c.counter(descSpans, spans.Ended, "ended")
		c.counter(descSpans, spans.Exported, "exported")
		c.counter(descSpans, spans.Failed, "failed")
	}
}

func (s scrape) messages(c collected) {
	for name, q := range s.Notify.Queues() {
		c.gauge(descQueue, float64(q.Waiting), name, "waiting")
		c.gauge(descQueue, float64(q.Running), name, "running")
		c.gauge(descQueue, float64(q.Resting), name, "resting")
		c.gauge(descQueueCapacity, float64(q.Capacity), name)
		c.gauge(descQueueWorkers, float64(q.Workers), name)
		c.gauge(descQueueOldest, q.Oldest.Seconds(), name)
	}
	for _, p := range s.Notify.Providers() {
		for _, state := range notify.States {
			c.gauge(descProvider, flag(p.State == state), p.Name, state)
		}
		c.gauge(descProviderFailures, float64(p.Failures), p.Name)
	}
}

func (s scrape) database(c collected) {
	d := s.DB.Stats()
	c.counter(descTrips, d.Cost.RoundTrips)
	c.counter(descStatements, d.Cost.Statements)
	c.counter(descFailed, d.Failed)
	c.histogram(descTransactions, d.Writes, "write")
	c.histogram(descTransactions, d.Reads, "read")
	c.histogram(descWaits, d.Waits)
	if s.DB.Engine() == sqldb.SQLite {
		c.histogram(descGroups, d.Groups)
	}
	c.gauge(descConns, float64(d.Busy), "busy")
	c.gauge(descConns, float64(d.Conns-d.Busy), "idle")
	c.gauge(descWaiting, float64(d.Waiting))
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// collected is where metrics go that were read.
type collected struct{ to chan<- prometheus.Metric }

func (c collected) gauge(d *prometheus.Desc, value float64, labels ...string) {
	c.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (c collected) counter(d *prometheus.Desc, n int64, labels ...string) {
	c.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (c collected) histogram(d *prometheus.Desc, h sqldb.Histogram, labels ...string) {
	buckets, n := make(map[float64]uint64, len(h.Bounds)), uint64(0)
	for i, bound := range h.Bounds {
		n += uint64(h.Counts[i]) //nolint:gosec // counts are not negative
		buckets[bound] = n
	}
	n += uint64(h.Counts[len(h.Bounds)]) //nolint:gosec // as above
	c.to <- prometheus.MustNewConstHistogram(d, n, h.Sum, buckets, labels...)
}
