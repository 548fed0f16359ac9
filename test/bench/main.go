// Command bench measures the built server under load: throughput, latency, processor time, memory and database round
// trips of the calls that matter, beside floors of the same run. The load driver, the stand-in for Twilio and the server
// share one machine, as the figures say. See docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	tuned "github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// options are the flags.
type options struct {
	engine, part, json, report, binary, profile, dir string
	seconds                                          float64
	rounds, rate, members, sessions                  int
	limit                                            time.Duration
	began                                            time.Time
}

func parseFlags() *options {
	o := &options{began: time.Now()}
	flag.StringVar(&o.engine, "engine", "both", "sqlite, postgres or both")
	flag.StringVar(&o.part, "part", strings.Join(allParts, ","), "what to measure")
	flag.Float64Var(&o.seconds, "seconds", 4, "length of each measurement")
	flag.IntVar(&o.rounds, "rounds", 1, "how often everything is measured: of each measurement the one counts in which the "+
		"host of this machine gave the least processor time to others")
	flag.IntVar(&o.rate, "rate", 0, "calls per second of open loops: of send (2000 on SQLite, 1000 on PostgreSQL), of "+
		"authenticate (700, 500), and if given also of check")
	flag.IntVar(&o.members, "members", 10_000, "members with a verified number")
	flag.IntVar(&o.sessions, "sessions", 100_000, "sessions to check")
	flag.StringVar(&o.json, "json", "", "also write the figures to this file")
	flag.StringVar(&o.report, "report", "", "also write them into this document, between its two marks")
	flag.StringVar(&o.binary, "binary", "", "measure this binary instead of one built from this tree")
	flag.StringVar(&o.profile, "profile", "", "write processor profiles of the server into this folder")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where to make databases: on the disk that is to be measured")
	flag.DurationVar(&o.limit, "limit", 10*time.Minute, "give up after this time, for each round")
	flag.Parse()
	return o
}

func (o *options) wants(parts ...string) bool {
	return slices.ContainsFunc(strings.Split(o.part, ","), func(part string) bool { return slices.Contains(parts, part) })
}

func (o *options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// openRate is the rate of an open loop: by default what is to be reached.
func (o *options) openRate(goal float64) int {
	if o.rate > 0 {
		return o.rate
	}
	return int(goal)
}

// say writes a line of progress.
func (o *options) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0fs  %s\n", time.Since(o.began).Seconds(), fmt.Sprintf(format, args...))
}

func main() {
	tuned.Tune() // the driver's own garbage and waiting should not cost what is measured
	if file := os.Getenv(bareEnv); file != "" {
		fail(serveBare(os.Getenv(bareEnv+"_ADDRESS"), file))
	}
	o := parseFlags()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.limit*time.Duration(o.rounds))
	defer cancel()
	if err := bench(ctx, o); err != nil {
		cancel()
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

// bench runs what the flags ask for and prints what it measured.
func bench(ctx context.Context, o *options) (err error) {
	for part := range strings.SplitSeq(o.part, ",") {
		if !slices.Contains(allParts, part) {
			return fmt.Errorf("there is no part %q; there are %s", part, strings.Join(allParts, ", "))
		}
	}
	// On PostgreSQL, too: its helper asks for a temporary folder.
	if err := os.Setenv("TMPDIR", o.dir); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp(o.dir, "thimble-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()

	r := newResults(ctx, o)
	suites, err := newSuites(ctx, o, r)
	if err != nil {
		return err
	}
	for _, s := range suites {
		if o.part == partFloors {
			break
		}
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.engine, err)
		}
	}
	if o.wants(partFloors) {
		if err := measureFloors(ctx, o, r, suites); err != nil {
			return err
		}
	}
	r.LoadAfter = loadAverage()
	r.Figures = calmest(r.All)
	return write(o, r)
}

func newSuites(ctx context.Context, o *options, r *results) ([]*suite, error) {
	binary := o.binary
	profiler, err := newProfiler(o.profile)
	if err != nil {
		return nil, err
	}
	if binary == "" && o.part != partFloors {
		o.say("building the server")
		if binary, err = build(ctx, profiler.command(), o.dir); err != nil {
			return nil, err
		}
	}
	var suites []*suite
	for _, engine := range []string{sqldb.SQLite.String(), sqldb.Postgres.String()} {
		if o.engine == "both" || o.engine == engine {
			suites = append(suites, &suite{options: o, engine: engine, results: r, binary: binary, profiler: profiler})
		}
	}
	if len(suites) == 0 {
		return nil, fmt.Errorf("there is no engine %q", o.engine)
	}
	return suites, nil
}

func newResults(ctx context.Context, o *options) *results {
	return &results{
		Commit: commit(ctx), Go: runtime.Version(), Processors: processors(), MemoryGiB: machineMemory(),
		LoadBefore: loadAverage(), Seconds: o.seconds, Rounds: o.rounds,
	}
}

// commit names what was measured, with a + behind it when files were changed since.
func commit(ctx context.Context) string {
	git := func(args ...string) string {
		out, err := exec.CommandContext(ctx, "git", args...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	hash := git("rev-parse", "--short", "HEAD")
	if hash == "" {
		return "unknown"
	}
	if git("status", "--porcelain", "--", "*.go", "*.sql", "go.mod") != "" {
		hash += "+"
	}
	return hash
}

// write prints the figures, and puts them where the flags say.
func write(o *options, r *results) error {
	fmt.Print(r.text())
	var err error
	if o.json != "" {
		err = r.writeJSON(o.json)
	}
	if o.report != "" {
		err = errors.Join(err, r.writeReport(filepath.Clean(o.report)))
	}
	return err
}
