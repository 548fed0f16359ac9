package main

import (
	"fmt"
	"slices"
	"time"
)

// results is everything that a run measured.
type results struct {
	Commit     string  `json:"commit"`
	Go         string  `json:"go"`
	Processors int     `json:"processors"`
	MemoryGiB  float64 `json:"memory_gib"`
	// LoadBefore and LoadAfter are the load averages of one minute around the run.
	LoadBefore float64  `json:"load_before"`
	LoadAfter  float64  `json:"load_after"`
	Seconds    float64  `json:"seconds"` // of each measurement
	Rounds     int      `json:"rounds"`  // of measurements
	Floors     floors   `json:"floors"`
	Starts     []start  `json:"starts"`
	Figures    []figure `json:"figures"`
	All        []figure `json:"all_figures"` // of all rounds
	// Comparisons are loads that were measured in two ways.
	Comparisons []comparison `json:"comparisons,omitempty"`

	answer []byte // to a session check
}

// floors is what this machine does without us, in the same run.
type floors struct {
	Bare    *figure  `json:"bare,omitempty"`
	Sign1   float64  `json:"rsa_2048_signatures_one_core"`
	SignAll float64  `json:"rsa_2048_signatures_all_cores"`
	Inserts []insert `json:"inserts"`
}

// comparison is one load of sends, measured in turns in the plain way and in one that may cost something.
type comparison struct {
	Engine string    `json:"engine"`
	What   string    `json:"what"`           // the two ways
	Rate   int       `json:"rate,omitempty"` // of an open loop
	Plain  []float64 `json:"plain_per_second"`
	Dear   []float64 `json:"dear_per_second"`
	// PlainCPU and DearCPU are the server's processor milliseconds for a call, which others on the machine disturb less.
	PlainCPU []float64 `json:"plain_cpu_ms"`
	DearCPU  []float64 `json:"dear_cpu_ms"`
}

// share is the median of what the dear way's turns reached of those beside them.
func (c *comparison) share() float64 {
	all := sortedShares(c.Dear, c.Plain)
	return all[len(all)/2]
}

func sortedShares(dear, plain []float64) []float64 {
	shares := make([]float64, len(dear))
	for i := range dear {
		shares[i] = dear[i] / plain[i]
	}
	slices.Sort(shares)
	return shares
}

func (c *comparison) describe() string {
	all, cpu := sortedShares(c.Dear, c.Plain), sortedShares(c.DearCPU, c.PlainCPU)
	return fmt.Sprintf("%s, %d times in turns: %.2f (%.2f to %.2f); the server's processor time for a call %.2f (%.2f to %.2f)",
		c.What, len(all), c.share(), all[0], all[len(all)-1], cpu[len(cpu)/2], cpu[0], cpu[len(cpu)-1])
}

// insert is how many durable rows an engine takes per second.
type insert struct {
	Engine     string  `json:"engine"`
	Goroutines int     `json:"goroutines"`
	PerSecond  float64 `json:"per_second"`
}

// start is how a server comes up on a database that is there.
type start struct {
	Engine  string  `json:"engine"`
	ReadyMS float64 `json:"ready_ms"` // the median
	Times   int     `json:"times"`
	IdleMiB float64 `json:"idle_mib"`
}

// figure is one measurement.
type figure struct {
	Engine      string  `json:"engine"`
	Name        string  `json:"name"`
	Connections int     `json:"connections"`
	Rate        int     `json:"rate,omitempty"` // of an open loop
	Calls       int     `json:"calls"`
	PerSecond   float64 `json:"per_second"` // answers with 200
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	Max         float64 `json:"max_ms"`
	Refused     int     `json:"refused"` // 429
	Failed      int     `json:"failed"`  // every other answer but 200
	Refusal     string  `json:"refusal,omitempty"`
	// Stolen is the share of the machine's processor time that its host gave to others meanwhile, in percent.
	Stolen float64 `json:"stolen_percent"`
	// Processor milliseconds per call.
	ServerCPU   float64 `json:"server_cpu_ms"`
	DatabaseCPU float64 `json:"database_cpu_ms"`
	DriverCPU   float64 `json:"driver_cpu_ms"`
	RoundTrips  float64 `json:"db_round_trips"`
	Statements  float64 `json:"db_statements"`
	PeakMiB     float64 `json:"peak_mib"`

	Sent *delivery `json:"sent,omitempty"`
}

// delivery is what became of the texts of a measurement.
type delivery struct {
	Accepted int64 `json:"accepted"`
	InTime   int64 `json:"in_time"`  // seen by the carrier within a second of the answer
	Late     int64 `json:"late"`     // seen later
	Replaced int64 `json:"replaced"` // a newer code of the member came before they left
	Lost     int64 `json:"lost"`     // the rest
	// PerSecond is how many reached the carrier per second, from the first call to the last text.
	PerSecond float64 `json:"per_second"`
}

// newFigure describes what a load measured.
func newFigure(engine, name string, l load, o *outcome) *figure {
	f := &figure{
		Engine: engine, Name: name, Connections: l.conns, Rate: l.rate, Calls: o.calls(), PerSecond: o.perSecond(),
		P50: o.percentile(50), P99: o.percentile(99), Max: o.percentile(100), Refused: o.statuses[429],
	}
	f.Failed = f.Calls - o.statuses[200] - f.Refused
	if f.Failed > 0 {
		f.Refusal = o.refusal
	}
	return f
}

func (f *figure) charge(u usage) {
	per := func(d time.Duration) float64 { return milliseconds(d) / float64(max(1, f.Calls)) }
	f.ServerCPU, f.DatabaseCPU, f.DriverCPU = per(u.server), per(u.database), per(u.driver)
	if u.machine > 0 {
		f.Stolen = 100 * float64(u.stolen) / float64(u.machine)
	}
}

// calmest gives, of all rounds of a measurement, the one in which the machine was disturbed the least.
func calmest(rounds []figure) []figure {
	var all []figure
	for _, f := range rounds {
		i := slices.IndexFunc(all, func(other figure) bool {
			return other.Engine == f.Engine && other.Name == f.Name && other.Connections == f.Connections && other.Rate == f.Rate
		})
		switch {
		case i < 0:
			all = append(all, f)
		case f.Stolen < all[i].Stolen:
			all[i] = f
		}
	}
	return all
}

// find gives the measurement of the name with so many connections, nil if it was not made.
func (r *results) find(engine, name string, conns int, open bool) *figure {
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Engine == engine && f.Name == name && f.Connections == conns && (f.Rate > 0) == open {
			return f
		}
	}
	return nil
}
