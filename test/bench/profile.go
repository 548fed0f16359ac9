package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// profiler takes processor profiles of the server, one per measurement. Nil takes none.
type profiler struct{ dir string }

func newProfiler(dir string) (*profiler, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no profiler is one that does nothing
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &profiler{dir}, os.MkdirAll(dir, 0o700)
}

// command is what to build: the server, or the same with a profiler in it that only this program knows how to use.
func (p *profiler) command() string {
	if p == nil {
		return "./cmd/thimble"
	}
	return "./test/bench/profiled"
}

// environment tells the server where the profile of a measurement goes while it is taken.
func (p *profiler) environment() []string {
	if p == nil {
		return nil
	}
	return []string{"BENCH_PROFILE=" + p.current()}
}

func (p *profiler) current() string { return filepath.Join(p.dir, "current") }

func (p *profiler) begin(s *server) error {
	if p == nil {
		return nil
	}
	return s.process.Signal(syscall.SIGUSR1)
}

// end ends the profile and gives it the name of the measurement.
func (p *profiler) end(s *server, name string) error {
	if p == nil {
		return nil
	}
	if err := s.process.Signal(syscall.SIGUSR2); err != nil {
		return err
	}
	<-time.After(500 * time.Millisecond) // for the profile to be written
	name = strings.NewReplacer(" ", "-", ",", "", "/", "-").Replace(name)
	return os.Rename(p.current(), filepath.Join(p.dir, name+".pprof"))
}
