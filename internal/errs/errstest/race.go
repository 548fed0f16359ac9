// Package errstest lets calls race in tests and counts how they end.
package errstest

import (
	"errors"
	"sync"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Outcomes counts how calls ended, by error type; "" is success. What is no refusal is counted under its text.
type Outcomes map[string]int

// Race runs f in n goroutines that start at once.
func Race(n int, f func(i int) error) Outcomes {
	var (
		all         = Outcomes{}
		mu          sync.Mutex
		ready, done sync.WaitGroup
		start       = make(chan struct{})
	)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			kind := kindOf(f(i))
			mu.Lock()
			defer mu.Unlock()
			all[kind]++
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return all
}

func kindOf(err error) string {
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return refusal.Type
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
