// Command profiled is the server with a profiler in it, for the benchmark alone: SIGUSR1 begins a processor profile in the
// file that BENCH_PROFILE names, SIGUSR2 ends it. The shipped server has no such thing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"github.com/thimble-auth/thimble/internal/server"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go profile(signals)
	server.Tune()
	os.Exit(server.Run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

func profile(signals <-chan os.Signal) {
	for range signals {
		f, err := os.Create(os.Getenv("BENCH_PROFILE"))
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
			continue
		}
		<-signals
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
		}
	}
}
