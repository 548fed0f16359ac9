package main

import (
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// target is a figure to be reached, and what was measured.
type target struct {
	engine, what string
	measured     float64
	bound        float64
	atMost       bool // the bound is the greatest allowed, else the least
	unit         string
}

// met reports whether the target is reached.
func (t target) met() bool {
	if t.atMost {
		return t.measured <= t.bound
	}
	return t.measured >= t.bound
}

// verdict says by how much the target is met or missed.
func (t target) verdict() string {
	switch {
	case t.met() && t.bound == 0:
		return "met"
	case t.bound == 0:
		return "**missed by " + number(t.measured) + "**"
	}
	percent := (t.measured/t.bound - 1) * 100
	if t.atMost {
		percent = -percent
	}
	switch {
	case t.met():
		return fmt.Sprintf("met, %.0f %% to spare", percent)
	case t.atMost && t.measured > 2*t.bound:
		return "**missed, " + number(t.measured/t.bound) + " times as much**"
	}
	return fmt.Sprintf("**missed by %.0f %%**", -percent)
}

// goals are the figures to be reached now, by engine.
type goals struct {
	send, authenticate, check float64 // per second
	sendP99, authenticateP99  float64 // ms, 0 for none
	distinct, manyOverUsual   float64 // shares, 0 for none
	ready, idle               float64 // ms and MiB, 0 for none
}

// leastHandedOver is how many texts per second a provider that takes 200 ms over each must get at least.
const leastHandedOver = 300

// leastOfPlain is the share of the texts accepted in the plain way that must be accepted in the dear one of a comparison.
const leastOfPlain = 0.9

var engineGoals = map[string]goals{
	sqldb.SQLite.String(): {
		send: 2000, authenticate: 700, check: 8000, sendP99: 30, authenticateP99: 50, distinct: 0.7, manyOverUsual: 0.8,
		ready: 100, idle: 45,
	},
	sqldb.Postgres.String(): {send: 1000, authenticate: 500, check: 4000},
}

// targets compares everything that was measured with what is to be reached.
func (r *results) targets() []target {
	var all []target
	for _, engine := range []string{sqldb.SQLite.String(), sqldb.Postgres.String()} {
		g := engineGoals[engine]
		least := func(what string, measured, bound float64, unit string) {
			if bound > 0 {
				all = append(all, target{engine, what, measured, bound, false, unit})
			}
		}
		most := func(what string, measured, bound float64, unit string) {
			all = append(all, target{engine, what, measured, bound, true, unit})
		}
		r.sendTargets(engine, g, least, most)
		r.loginTargets(engine, g, least, most)
		r.machineTargets(engine, g, most)
	}
	return all
}

// bound notes a figure beside what it has to reach.
type bound func(what string, measured, bound float64, unit string)

func (r *results) sendTargets(engine string, g goals, least, most bound) {
	open := r.find(engine, nameSend, usual, true)
	if open != nil {
		// A rate is kept when the last call is answered in time for it: within a hundredth of the length.
		least(fmt.Sprintf("send accepted, open loop of %d/s", open.Rate), open.PerSecond, 0.99*g.send, "/s")
		if g.sendP99 > 0 {
			most("send p99, open loop", open.P99, g.sendP99, "ms")
		}
		most("send accepted and not delivered within 1 s", float64(open.Sent.Accepted-open.Sent.InTime), 0, "")
	}
	closed := r.find(engine, nameSend, usual, false)
	if closed != nil {
		least("send, closed loop", closed.PerSecond, g.send, "/s")
		most("send, round trips", closed.RoundTrips, 8, "")
	}
	for _, c := range r.Comparisons {
		loop := ", closed loop"
		if c.Rate > 0 {
			loop = ", open loop"
		}
		if c.Engine == engine && c.What != whatSigned {
			least("send accepted with "+c.What+loop, c.share(), leastOfPlain, "×")
		}
	}
	if slow := r.find(engine, nameSlow, usual, true); slow != nil {
		if g.sendP99 > 0 {
			most("send p99 with a provider at 200 ms, open loop", slow.P99, g.sendP99, "ms")
		}
		most("the same, accepted and not delivered within 1 s", float64(slow.Sent.Accepted-slow.Sent.InTime), 0, "")
	}
	if slow := r.find(engine, nameSlow, usual, false); slow != nil {
		least("texts handed over to a provider at 200 ms, closed loop", slow.Sent.PerSecond, leastHandedOver, "/s")
	}
}

func (r *results) loginTargets(engine string, g goals, least, most bound) {
	if f := r.find(engine, nameAuthenticate, usual, true); f != nil {
		least(fmt.Sprintf("authenticate, open loop of %d/s", f.Rate), f.PerSecond, 0.99*g.authenticate, "/s")
		if g.authenticateP99 > 0 {
			most("authenticate p99, open loop", f.P99, g.authenticateP99, "ms")
		}
	}
	if f := r.find(engine, nameAuthenticate, usual, false); f != nil {
		least("authenticate, closed loop", f.PerSecond, g.authenticate, "/s")
		most("authenticate, round trips", f.RoundTrips, 10, "")
	}
	if f := r.find(engine, nameRepeated, usual, false); f != nil {
		least("check of repeated sessions", f.PerSecond, g.check, "/s")
		most("check, round trips", f.RoundTrips, 2, "")
	}
	for _, c := range r.Comparisons {
		if c.Engine == engine && c.What == whatSigned {
			least(c.What, c.share(), g.distinct, "×")
		}
	}
	for _, name := range []string{nameSend, nameAuthenticate, nameRepeated} {
		some, lots := r.find(engine, name, usual, false), r.find(engine, name, many, false)
		if some != nil && lots != nil {
			least(name+", 256 connections against 32", lots.PerSecond/some.PerSecond, g.manyOverUsual, "×")
		}
	}
}

func (r *results) machineTargets(engine string, g goals, most bound) {
	measured, failed, poolFailed, pooled, lost := false, 0, 0, false, int64(0)
	for _, f := range r.All {
		if f.Engine != engine {
			continue
		}
		measured = true
		failed += f.Failed
		if f.Sent != nil {
			lost += f.Sent.Lost
		}
		if strings.HasSuffix(f.Name, poolOfOne) {
			pooled = true
			poolFailed += f.Failed + f.Refused
		}
	}
	if measured {
		most("accepted minus delivered at the end, all sends together", float64(lost), 0, "")
		most("calls with an error, all together", float64(failed), 0, "")
	}
	if pooled {
		most("calls refused or failed with a pool of one", float64(poolFailed), 0, "")
	}
	for _, s := range r.Starts {
		if s.Engine == engine && g.ready > 0 {
			most("start to ready", s.ReadyMS, g.ready, "ms")
			most("resident when idle", s.IdleMiB, g.idle, "MiB")
		}
	}
}
