package metric

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// answerBuckets are seconds. Calls take milliseconds; above a second only the database or a full queue is to blame.
var answerBuckets = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 5}

// requests are the metrics of answers.
type requests struct {
	answered *prometheus.CounterVec
	took     *prometheus.HistogramVec
	running  prometheus.Gauge
}

func newRequests() requests {
	return requests{
		answered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "thimble_requests_total",
			Help: "Requests that were answered, by call, HTTP status and error type (none for success).",
		}, []string{"call", "status", "error_type"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "thimble_request_duration_seconds", Help: "How long requests took to answer, by call.",
			Buckets: answerBuckets,
		}, []string{"call"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "thimble_requests_running", Help: "Requests that are being answered now.",
		}),
	}
}

func (r *requests) all() []prometheus.Collector {
	return []prometheus.Collector{r.answered, r.took, r.running}
}

// Call counts the requests of one call. A nil Call counts nothing.
type Call struct {
	answers *family[outcome, answer]
	running prometheus.Gauge
}

// outcome is how a request ended. Both come from what the server can answer, never from a caller.
type outcome struct {
	status    int
	errorType string
}

// answer is where requests of one outcome are counted.
type answer struct {
	count prometheus.Counter
	took  prometheus.Observer // of all outcomes of the call
}

// Call gives the counters of a call, whose name comes from its declaration. It has no series before its first request.
func (s *Set) Call(name string) *Call {
	if s == nil {
		return nil
	}
	r := &s.requests
	return &Call{running: r.running, answers: newFamily(as[outcome], func(o outcome) answer {
		status := "aborted"
		if o.status != 0 {
			status = strconv.Itoa(o.status)
		}
		return answer{
			count: r.answered.WithLabelValues(name, status, cmp.Or(o.errorType, None)), took: r.took.WithLabelValues(name),
		}
	})}
}

// Began counts a request that is being answered. Answered ends it.
func (s *Set) Began() {
	if s != nil {
		s.requests.running.Inc()
	}
}

// Answered counts an answer: its status, 0 for none, the type of its error, "" for none, and how long it took. Both
// come from the closed list of errors or from a handler of ours.
func (c *Call) Answered(status int, errorType string, took time.Duration) {
	if c == nil {
		return
	}
	c.running.Dec()
	a := c.answers.child(outcome{status, errorType})
	a.count.Inc()
	a.took.Observe(took.Seconds())
}
