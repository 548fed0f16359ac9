package config

import (
	"strconv"
	"strings"
)

// Number is a setting that is a whole number. What cannot be read is kept until the settings are checked, so that all
// problems are reported together.
type Number struct {
	N   int
	bad string
}

// UnmarshalText reads the number.
func (n *Number) UnmarshalText(b []byte) error {
	value, err := strconv.Atoi(string(b))
	if err != nil {
		*n = Number{bad: string(b)}
		return nil
	}
	*n = Number{N: value}
	return nil
}

// check reports a number outside the bounds.
func (n *Number) check(p *Problems, name string, low, high int) {
	if n.bad != "" || n.N < low || n.N > high {
		p.Add("%s must be a whole number from %d to %d", name, low, high)
	}
}

// Switch is a setting that is true or false. What cannot be read is kept until the settings are checked, as a Number's.
type Switch struct {
	On  bool
	bad string
}

// UnmarshalText reads true or false.
func (s *Switch) UnmarshalText(b []byte) error {
	switch text := strings.ToLower(string(b)); text {
	case "true", "false":
		*s = Switch{On: text == "true"}
	default:
		*s = Switch{bad: text}
	}
	return nil
}

// check reports what is neither true nor false.
func (s *Switch) check(p *Problems, name string) {
	if s.bad != "" {
		p.Add("%s must be true or false", name)
	}
}
