package pdu

import (
	"bytes"
	"fmt"
)

// reader takes a body apart. After the first problem it gives zero values; err tells.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	r.rest = nil
}

// cString reads a C-octet string of at most size octets, its NUL among them (§3.1).
func (r *reader) cString(what string, size int) string {
	if r.err != nil {
		return ""
	}
	end := bytes.IndexByte(r.rest[:min(len(r.rest), size)], 0)
	if end < 0 {
		r.fail(what)
		return ""
	}
	s := string(r.rest[:end])
	r.rest = r.rest[end+1:]
	return s
}

func (r *reader) octet(what string) byte {
	b := r.octets(what, 1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *reader) octets(what string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.rest) < n {
		r.fail(what)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// writer puts a body together, and refuses what does not fit its field.
type writer struct {
	b   []byte
	err error
}

func (w *writer) cString(what, s string, size int) {
	if len(s) >= size || bytes.IndexByte([]byte(s), 0) >= 0 {
		w.fail(what)
		return
	}
	w.b = append(append(w.b, s...), 0)
}

func (w *writer) octet(b byte) { w.b = append(w.b, b) }

func (w *writer) fail(what string) {
	if w.err == nil {
		w.err = fmt.Errorf("pdu: %s does not fit", what)
	}
}

func (w *writer) done() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}
