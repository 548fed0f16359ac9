package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// The names of the measurements.
const (
	nameSend         = "send"
	nameSlow         = "send, provider 200 ms"
	nameAuthenticate = "authenticate"
	nameRepeated     = "check, 32 sessions"
	nameDistinct     = "check, all sessions"
	nameBare         = "bare net/http"
	nameObserved     = "send, observed"
	poolOfOne        = ", pool of one"
)

// The two ways of comparisons.
const (
	whatSlow     = "a provider at 200 ms, against 0 ms"
	whatObserved = "metrics read each second and all requests traced, against neither"
	whatSigned   = "check of distinct sessions, against RSA on all cores"
)

// The server's names of the calls, as its log has them.
const (
	logSend         = "b2b.otps.sms.send"
	logAuthenticate = "b2b.otps.sms.authenticate"
	logCheck        = "b2b.sessions.authenticate"
)

const (
	slowProvider  = 200 * time.Millisecond
	comparedTimes = 7 // measurements in each way
	fewSessions   = 32
	usual         = 32 // connections
	many          = 256
)

// suite measures one engine.
type suite struct {
	*options
	engine   string
	results  *results
	binary   string
	profiler *profiler
	world    *world
	carrier  *carrier
	server   *server
	db       *store.DB // to look at what the server wrote

	environment []string // further settings of the server
}

// run measures the parts that were asked for.
func (s *suite) run(ctx context.Context) (err error) {
	if err := s.prepare(ctx, "thimble"); err != nil {
		return err
	}
	defer s.carrier.close()
	if s.wants(partStart) {
		if err := s.measureStart(ctx); err != nil {
			return err
		}
	}

	parts := []struct {
		name   string
		rounds int
		run    func(context.Context) error
	}{
		{partSend, s.rounds, s.measureSend},
		{partSlow, s.rounds, s.measureSlow},
		{partAuthenticate, s.rounds, s.measureAuthenticate},
		{partCheck, s.rounds, s.measureCheck},
		{partSlow, 1, s.compareSlow}, // comparisons have turns of their own
		{partCheck, 1, s.compareSigned},
	}
	if s.wants(partSend, partSlow, partAuthenticate, partCheck) {
		err := s.serving(ctx, nil, func() error {
			for round := range s.rounds {
				for _, part := range parts {
					if !s.wants(part.name) || round >= part.rounds {
						continue
					}
					if err := part.run(ctx); err != nil {
						return fmt.Errorf("%s: %w", part.name, err)
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if s.wants(partPool) {
		err := s.serving(ctx, []string{"--database-connections", "1"}, func() error {
			for range s.rounds {
				if err := s.measurePool(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if s.wants(partObserved) {
		return s.serving(ctx, nil, func() error { return s.compareObserved(ctx) })
	}
	return nil
}

// prepare makes and fills a database of that name, and starts the carrier.
func (s *suite) prepare(ctx context.Context, name string) (err error) {
	url, err := s.newDatabase(name)
	if err != nil {
		return err
	}
	s.say("%s: filling a database with %d members and %d sessions", s.engine, s.members, s.sessions)
	if s.world, err = newWorld(ctx, url, s.members, s.sessions, s.rounds); err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	s.carrier, err = startCarrier(func(phone, code string, at time.Time) {
		if m := s.world.byPhone[phone]; m != nil {
			s.world.deliveries.arrived(m, code, at)
		}
	})
	return err
}

// newDatabase gives the URL of a new database on real disk.
func (s *suite) newDatabase(name string) (string, error) {
	if s.engine == sqldb.Postgres.String() {
		return pgtest.Database()
	}
	return "sqlite:" + filepath.Join(s.dir, name+".db"), nil
}

// serving runs f while the server runs.
func (s *suite) serving(ctx context.Context, arguments []string, f func() error) (err error) {
	if err := s.start(ctx, arguments...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	// After the server: it made sure that nobody else serves the database.
	if s.db, err = store.Open(ctx, s.world.database, sqldb.Options{MaxConns: 1}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	return f()
}

func (s *suite) start(ctx context.Context, arguments ...string) (err error) {
	environment := append(append(s.profiler.environment(), carrierSettings(s.carrier)...), s.environment...)
	s.server, err = startServer(ctx, s.binary, s.world, environment, arguments)
	return err
}

func (s *suite) stop() error {
	if err := s.server.stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

const (
	startTimes = 5
	settleIdle = 3 * time.Second
)

// measureStart starts the server on the filled database a few times, and looks at it when it has nothing to do.
func (s *suite) measureStart(ctx context.Context) error {
	s.say("%s: start %d times", s.engine, startTimes)
	var took []time.Duration
	idle := 0.0
	for i := range startTimes {
		if err := s.start(ctx); err != nil {
			return err
		}
		took = append(took, s.server.ready)
		if i == startTimes-1 {
			<-time.After(settleIdle)
			idle = memory(s.server.process.Pid, "VmRSS")
		}
		if err := s.stop(); err != nil {
			return err
		}
	}
	slices.Sort(took)
	s.results.Starts = append(s.results.Starts, start{
		Engine: s.engine, ReadyMS: milliseconds(took[startTimes/2]), Times: startTimes, IdleMiB: idle,
	})
	return nil
}

// measure runs a load and notes what it cost.
func (s *suite) measure(ctx context.Context, name, logName string, l load, c calls) (*figure, error) {
	l.address = s.server.address
	if l.length == 0 {
		l.length = s.length()
	}
	s.say("%s: %s", s.engine, describe(name, l.conns, l.rate))
	s.server.resetPeak()
	if err := s.profiler.begin(s.server); err != nil {
		return nil, err
	}
	began, before, tally := s.db.Now(), measureUsage(s.server.process.Pid), s.world.deliveries.tally()
	first := time.Now()
	o, err := l.run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, s.server.tail())
	}
	f := newFigure(s.engine, name, l, o)
	if logName == logCheck {
		s.results.answer = o.body
	}
	if logName == logSend {
		if f.Sent, err = s.settle(ctx, tally, began); err != nil {
			return nil, err
		}
		took := time.Unix(0, s.world.deliveries.last.Load()).Sub(first).Seconds()
		f.Sent.PerSecond = float64(s.world.deliveries.tally().since(tally).seen) / max(took, 0.001)
	}
	f.charge(measureUsage(s.server.process.Pid).since(before))
	f.PeakMiB = memory(s.server.process.Pid, "VmHWM")
	if err := s.profiler.end(s.server, s.engine+" "+describe(name, l.conns, l.rate)); err != nil {
		return nil, err
	}
	work, err := s.server.readLog(logName)
	f.RoundTrips, f.Statements = work.roundTrips, work.statements
	if problem := s.carrier.complain.Load(); problem != nil && err == nil {
		err = fmt.Errorf("the carrier refused %d requests: %s", s.carrier.refused.Load(), *problem)
	}
	return f, err
}

// add is measure for a figure that counts.
func (s *suite) add(ctx context.Context, name, logName string, l load, c calls) error {
	f, err := s.measure(ctx, name, logName, l, c)
	if err != nil {
		return err
	}
	s.results.All = append(s.results.All, *f)
	s.sayFigure(f)
	return nil
}

const settleLimit = 30 * time.Second

// settle waits until every accepted text has reached the carrier or was replaced, and tells what became of them.
func (s *suite) settle(ctx context.Context, before tally, began time.Time) (*delivery, error) {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	limit := time.After(settleLimit)
	for waiting := true; waiting; {
		now := s.world.deliveries.tally().since(before)
		if now.seen >= now.accepted {
			break
		}
		counts, err := s.countMessages(ctx, began)
		if err != nil {
			return nil, err
		}
		waiting = counts[store.MessageQueued] > 0
		select {
		case <-pause.C:
		case <-limit:
			waiting = false
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}

	counts, err := s.countMessages(ctx, began)
	now := s.world.deliveries.tally().since(before)
	d := &delivery{
		Accepted: now.accepted, InTime: now.seen - now.late, Late: now.late, Replaced: counts[store.ReasonReplaced],
	}
	d.Lost = d.Accepted - now.seen - d.Replaced
	return d, err
}

var sqlCountMessages = sqldb.SQL("count_messages", `
	SELECT CASE WHEN status = 'expired' THEN reason ELSE status END, COUNT(*) FROM messages WHERE created_at >= $1
	GROUP BY 1`)

// countMessages counts messages by status, expired ones by reason.
func (s *suite) countMessages(ctx context.Context, since time.Time) (map[string]int64, error) {
	counts := map[string]int64{}
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		return tx.Query(ctx, sqlCountMessages, []any{since.UnixMicro()}, func(scan func(...any) error) error {
			var status string
			var n int64
			err := scan(&status, &n)
			counts[status] = n
			return err
		})
	})
	return counts, err
}
