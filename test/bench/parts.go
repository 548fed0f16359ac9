package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The parts of a run.
const (
	partFloors       = "floors"
	partStart        = "start"
	partSend         = "send"
	partSlow         = "slow"
	partAuthenticate = "authenticate"
	partCheck        = "check"
	partPool         = "pool"
	partObserved     = "observed"
)

var (
	allParts = []string{
		partFloors, partStart, partSend, partSlow, partAuthenticate, partCheck, partPool, partObserved,
	}
	concurrent = []int{1, usual, many}
)

func (s *suite) measureSend(ctx context.Context) error {
	sends := s.world.sends()
	// The first calls prepare statements and open connections to the carrier.
	if _, err := s.measure(ctx, "warming up", logSend, load{conns: usual, length: time.Second}, sends); err != nil {
		return err
	}
	for _, conns := range concurrent {
		if err := s.add(ctx, nameSend, logSend, load{conns: conns}, sends); err != nil {
			return err
		}
	}
	return s.add(ctx, nameSend, logSend, load{conns: usual, rate: s.openRate(engineGoals[s.engine].send)}, sends)
}

// measureSlow sends while the provider takes its time over each text.
func (s *suite) measureSlow(ctx context.Context) error {
	for _, rate := range []int{s.openRate(engineGoals[s.engine].send), 0} {
		l := load{conns: usual, rate: rate}
		err := s.carrier.slowly(func() error { return s.add(ctx, nameSlow, logSend, l, s.world.sends()) })
		if err != nil {
			return err
		}
	}
	return nil
}

// compareSlow sends to both providers in turns.
func (s *suite) compareSlow(ctx context.Context) error {
	open := load{conns: usual, rate: s.openRate(engineGoals[s.engine].send)}
	return errors.Join(s.compareSlowAt(ctx, open), s.compareSlowAt(ctx, load{conns: usual}))
}

func (s *suite) compareSlowAt(ctx context.Context, l load) error {
	return s.compare(comparison{What: whatSlow, Rate: l.rate},
		func() (*figure, error) { return s.measure(ctx, nameSend, logSend, s.half(l), s.world.sends()) },
		func() (f *figure, err error) {
			err = s.carrier.slowly(func() error {
				f, err = s.measure(ctx, nameSlow, logSend, s.half(l), s.world.sends())
				return err
			})
			return f, err
		})
}

// half is a load of half the length: there are many of it.
func (s *suite) half(l load) load {
	l.length = s.length() / 2
	return l
}

// compare measures in both ways in turns: what else the machine does changes within a minute by more than the difference
// that is looked for, and is the same for two measurements side by side.
func (s *suite) compare(pair comparison, plain, dear func() (*figure, error)) error {
	pair.Engine = s.engine
	add := func(rates, costs *[]float64, measure func() (*figure, error)) func() error {
		return func() error {
			f, err := measure()
			if err == nil {
				*rates, *costs = append(*rates, f.PerSecond), append(*costs, f.ServerCPU)
			}
			return err
		}
	}
	for i := range comparedTimes {
		first, second := add(&pair.Plain, &pair.PlainCPU, plain), add(&pair.Dear, &pair.DearCPU, dear)
		if i%2 == 1 { // neither is always the one that runs after the other
			first, second = second, first
		}
		if err := errors.Join(first(), second()); err != nil {
			return err
		}
	}
	s.results.Comparisons = append(s.results.Comparisons, pair)
	s.say("        %s", pair.describe())
	return nil
}

func (s *suite) measureAuthenticate(ctx context.Context) error {
	loads := []load{{conns: usual, rate: s.openRate(engineGoals[s.engine].authenticate)}}
	for _, conns := range concurrent {
		loads = append(loads, load{conns: conns})
	}
	for _, l := range loads {
		// No two cores sign faster; who does ends the load early.
		if err := s.redeem(ctx, nameAuthenticate, l, min(len(s.world.members), int(s.seconds*2000))); err != nil {
			return err
		}
	}
	return nil
}

// redeem sends codes to the first so many members, and then measures how they are redeemed.
func (s *suite) redeem(ctx context.Context, name string, l load, most int) error {
	codes := load{conns: usual, most: most, length: time.Minute}
	f, err := s.measure(ctx, "codes for "+name, logSend, codes, s.world.sends())
	if err != nil {
		return err
	}
	if f.Sent.Lost != 0 {
		return fmt.Errorf("%d texts were lost", f.Sent.Lost)
	}
	return s.add(ctx, name, logAuthenticate, l, s.world.redeems(most))
}

func (s *suite) measureCheck(ctx context.Context) error {
	few, all := s.world.checks(fewSessions), s.world.checks(len(s.world.sessions))
	for _, conns := range concurrent {
		if err := s.add(ctx, nameRepeated, logCheck, load{conns: conns}, few); err != nil {
			return err
		}
		if err := s.add(ctx, nameDistinct, logCheck, load{conns: conns}, all); err != nil {
			return err
		}
	}
	if s.rate > 0 {
		if err := s.add(ctx, nameRepeated, logCheck, load{conns: usual, rate: s.rate}, few); err != nil {
			return err
		}
	}
	return nil
}

// compareSigned measures, in turns, what the machine signs and how many distinct sessions it checks.
func (s *suite) compareSigned(ctx context.Context) error {
	if engineGoals[s.engine].distinct == 0 {
		return nil
	}
	all := s.world.checks(len(s.world.sessions))
	return s.compare(comparison{What: whatSigned},
		func() (*figure, error) {
			rate, err := signatures(processors(), s.length()/2)
			return &figure{PerSecond: rate, ServerCPU: float64(processors()) * 1000 / rate}, err
		},
		func() (*figure, error) {
			return s.measure(ctx, nameDistinct, logCheck, s.half(load{conns: usual}), all)
		})
}

// measurePool measures a server that has one connection to its database, with many callers at once.
func (s *suite) measurePool(ctx context.Context) error {
	l := load{conns: many, length: s.length() / 2}
	if err := s.add(ctx, nameSend+poolOfOne, logSend, l, s.world.sends()); err != nil {
		return err
	}
	if err := s.redeem(ctx, nameAuthenticate+poolOfOne, l, min(len(s.world.members), int(s.seconds*1000))); err != nil {
		return err
	}
	return s.add(ctx, nameRepeated+poolOfOne, logCheck, l, s.world.checks(fewSessions))
}

// measureFloors measures what the machine and the engines do without us.
func measureFloors(ctx context.Context, o *options, r *results, engines []*suite) error {
	if err := measureSignatures(o, r); err != nil {
		return err
	}
	for _, s := range engines {
		if err := s.measureInserts(ctx); err != nil {
			return err
		}
	}
	return measureBare(ctx, o, r)
}

func measureSignatures(o *options, r *results) error {
	o.say("floors: RSA-2048 signatures")
	var err error
	if r.Floors.Sign1, err = signatures(1, o.length()/2); err != nil {
		return err
	}
	r.Floors.SignAll, err = signatures(processors(), o.length()/2)
	return err
}

func (s *suite) measureInserts(ctx context.Context) error {
	url, err := s.newDatabase("floor")
	if err != nil {
		return err
	}
	for _, goroutines := range []int{1, usual} {
		s.say("floors: %s, durable inserts by %d", s.engine, goroutines)
		rate, err := inserts(ctx, url, goroutines, s.length()/2)
		if err != nil {
			return err
		}
		s.results.Floors.Inserts = append(s.results.Floors.Inserts, insert{s.engine, goroutines, rate})
	}
	return nil
}

// measureBare measures a handler that answers the bytes of a session check and does nothing for them.
func measureBare(ctx context.Context, o *options, r *results) (err error) {
	o.say("floors: bare net/http")
	file := filepath.Join(o.dir, "answer.json")
	answer := r.answer
	if answer == nil {
		answer = bytes.Repeat([]byte("."), typicalAnswer)
	}
	if err := os.WriteFile(file, answer, 0o600); err != nil {
		return err
	}
	bare, err := startBare(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.kill()) }()

	nobody := &world{project: noProject, secret: noSecret, sessions: []string{strings.Repeat("A", tokenLength)}}
	l := load{address: bare.address, conns: usual, length: o.length() / 2}
	before := measureUsage(bare.process.Pid)
	out, err := l.run(ctx, nobody.checks(1))
	if err != nil {
		return err
	}
	r.Floors.Bare = newFigure("", nameBare, l, out)
	r.Floors.Bare.charge(measureUsage(bare.process.Pid).since(before))
	return nil
}

// What a run without the check of sessions makes up: credentials and an answer of the usual length.
const (
	noProject     = "project-live-00000000-0000-4000-8000-000000000000"
	noSecret      = "secret-live-00000000000000000000000000000000"
	typicalAnswer = 5400
)
