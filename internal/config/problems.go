package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problems are all things that keep a command from running, each with what to do about it.
type Problems []string

// Add notes a problem.
func (p *Problems) Add(format string, args ...any) {
	*p = append(*p, fmt.Sprintf(format, args...))
}

// Join notes every error that err joins, unless it is noted already: what several senders share is wrong once.
func (p *Problems) Join(err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			p.Join(one)
		}
		return
	}
	if !slices.Contains(*p, err.Error()) {
		p.Add("%s", err)
	}
}

// Err gives the problems as one error, nil when there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error lists the problems, one per line when there are several.
func (p Problems) Error() string {
	if len(p) == 1 {
		return p[0]
	}
	return fmt.Sprintf("%d problems:\n  - %s", len(p), strings.Join(p, "\n  - "))
}
