package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// compareObserved measures sends in turns at the server that runs, which nobody watches, and at one beside it, on a
// database of the same kind and size, whose metrics are read each second and which sends a trace of every request to a
// receiver in this process.
func (s *suite) compareObserved(ctx context.Context) (err error) {
	w, err := startWatcher()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	other := *s
	other.environment = []string{"THIMBLE_ADMIN_LISTEN=" + w.metrics, "OTEL_EXPORTER_OTLP_ENDPOINT=" + w.traces}
	if err := other.prepare(ctx, "observed"); err != nil {
		return err
	}
	defer other.carrier.close()

	sends := func(of *suite, name string) func() (*figure, error) {
		return func() (*figure, error) {
			f, err := of.measure(ctx, name, logSend, s.half(load{conns: usual}), of.world.sends())
			if err == nil && name == nameObserved {
				w.sends += f.Calls
			}
			return f, err
		}
	}
	return other.serving(ctx, nil, func() error {
		warm := load{conns: usual, length: time.Second}
		for _, of := range []*suite{s, &other} {
			if _, err := of.measure(ctx, "warming up", logSend, warm, of.world.sends()); err != nil {
				return err
			}
		}
		w.watch(ctx)
		if err := s.compare(comparison{What: whatObserved}, sends(s, nameSend), sends(&other, nameObserved)); err != nil {
			return err
		}
		return w.check(ctx, s.say)
	})
}

// watcher reads a server's metrics and takes its traces.
type watcher struct {
	metrics, traces string // addresses
	receiver        *http.Server
	reading         sync.WaitGroup
	stop            context.CancelFunc
	sends           int // that were measured

	mu      sync.Mutex
	scraped int
	failure error
}

func startWatcher() (*watcher, error) {
	metrics, err := freeAddress()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &watcher{metrics: metrics, traces: "http://" + l.Addr().String(), stop: func() {}}
	w.receiver = &http.Server{
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }),
	}
	w.reading.Go(func() { _ = w.receiver.Serve(l) })
	return w, nil
}

func (w *watcher) close() error {
	w.stop()
	err := w.receiver.Close()
	w.reading.Wait()
	return err
}

// watch reads the metrics each second, until close.
func (w *watcher) watch(ctx context.Context) {
	ctx, w.stop = context.WithCancel(ctx)
	w.reading.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-second.C:
			}
			_, err := w.scrape(ctx)
			w.mu.Lock()
			w.scraped++
			if err != nil && ctx.Err() == nil {
				w.failure = err
			}
			w.mu.Unlock()
		}
	})
}

func (w *watcher) scrape(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.metrics+"/metrics", nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the metrics answer %d: %s", res.StatusCode, text)
	}
	return string(text), err
}

// check makes sure that the server really was watched: its metrics were read, and it made a span for every send.
func (w *watcher) check(ctx context.Context, say func(string, ...any)) error {
	text, err := w.scrape(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(err, w.failure); err != nil {
		return err
	}
	ended, failed := sample(text, `thimble_trace_spans_total{state="ended"}`), sample(text, `thimble_trace_spans_total{state="failed"}`)
	exported := sample(text, `thimble_trace_spans_total{state="exported"}`)
	say("        %d scrapes of %d KB; %.0f spans for %d sends, %.0f exported by now, %.0f failed", w.scraped, len(text)>>10, ended,
		w.sends, exported, failed)
	if w.scraped == 0 || ended < float64(w.sends) || exported == 0 || failed > 0 {
		return errors.New("the server was not watched as it should have been")
	}
	return nil
}

// sample gives the value of a series, 0 when there is none.
func sample(text, series string) float64 {
	_, rest, found := strings.Cut(text, "\n"+series+" ")
	if !found {
		return 0
	}
	value, _, _ := strings.Cut(rest, "\n")
	f, _ := strconv.ParseFloat(value, 64)
	return f
}
