package endpoint

import (
	"bytes"
	"fmt"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxDepth = 64 // of objects and lists inside each other
	fewKeys  = 16 // up to here an object's keys are compared one by one, which needs no map
)

// A syntaxError says where and why a text is not the JSON that we accept. It never holds a part of the text.
type syntaxError struct {
	offset int
	what   string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.offset) }

// A scanner holds a text against RFC 8259 and, beyond it, RFC 7493 (I-JSON): UTF-8 without lone surrogates, no key
// twice in one object. Two readers may disagree on texts that break these rules, and then one of them can be fooled.
// The decoder behind it trusts what has passed here.
type scanner struct {
	text  []byte
	at    int
	depth int
	keys  [][]byte // the keys of all open objects, innermost last
}

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// checkObject reports what keeps the text from being exactly one JSON object that we accept.
func checkObject(text []byte) error {
	s, _ := scanners.Get().(*scanner)
	defer func() {
		clear(s.keys[:cap(s.keys)])
		*s = scanner{keys: s.keys[:0]}
		scanners.Put(s)
	}()
	s.text = text
	if err := s.document(); err != nil {
		return err
	}
	return nil
}

func (s *scanner) document() *syntaxError {
	if !utf8.Valid(s.text) {
		return s.fail("not UTF-8")
	}
	s.space()
	if s.peek() != '{' {
		return s.fail("not an object")
	}
	if err := s.value(); err != nil {
		return err
	}
	s.space()
	if s.at < len(s.text) {
		return s.fail("more text after the object")
	}
	return nil
}

func (s *scanner) fail(what string) *syntaxError { return &syntaxError{s.at, what} }

// peek gives the next byte, 0 at the end: no JSON token begins with 0.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) space() { s.at = skipSpace(s.text, s.at) }

func (s *scanner) value() *syntaxError {
	switch c := s.peek(); {
	case c == '{':
		return s.nested(s.object)
	case c == '[':
		return s.nested(s.list)
	case c == '"':
		_, err := s.str()
		return err
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case s.at >= len(s.text):
		return s.fail("unexpected end")
	default:
		return s.fail("unexpected character")
	}
}

func (s *scanner) word(w string) *syntaxError {
	if !bytes.HasPrefix(s.text[s.at:], []byte(w)) {
		return s.fail("unexpected character")
	}
	s.at += len(w)
	return nil
}

// nested limits the depth, so that a small text cannot cost a large stack.
func (s *scanner) nested(inner func() *syntaxError) *syntaxError {
	if s.depth == maxDepth {
		return s.fail("too deeply nested")
	}
	s.depth++
	err := inner()
	s.depth--
	return err
}

func (s *scanner) list() *syntaxError {
	s.at++
	s.space()
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if err := s.value(); err != nil {
			return err
		}
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// next reads the comma between two members of a list or object, or its end.
func (s *scanner) next(end byte) (done bool, err *syntaxError) {
	s.space()
	c := s.peek()
	if c != ',' && c != end {
		return false, s.fail("expected a comma or the end of a list or object")
	}
	s.at++
	s.space()
	return c == end, nil
}

func (s *scanner) object() *syntaxError {
	first := len(s.keys)
	defer func() { s.keys = s.keys[:first] }()

	var many map[string]struct{}
	s.at++
	s.space()
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.fail("expected a key")
		}
		start := s.at
		key, err := s.str()
		if err != nil {
			return err
		}
		if many, err = s.remember(many, first, key); err != nil {
			err.offset = start
			return err
		}
		s.space()
		if s.peek() != ':' {
			return s.fail("expected a colon")
		}
		s.at++
		s.space()
		if err := s.value(); err != nil {
			return err
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// remember notes a key of the object whose keys begin at first, and refuses it when it was there before. Large objects
// move to a map: comparing each with each would let one request cost minutes.
func (s *scanner) remember(many map[string]struct{}, first int, key []byte) (map[string]struct{}, *syntaxError) {
	if many != nil {
		if _, twice := many[string(key)]; twice {
			return many, s.fail("a key appears twice")
		}
		many[string(key)] = struct{}{}
		return many, nil
	}
	for _, old := range s.keys[first:] {
		if bytes.Equal(old, key) {
			return nil, s.fail("a key appears twice")
		}
	}
	s.keys = append(s.keys, key)
	if len(s.keys)-first <= fewKeys {
		return nil, nil
	}
	many = make(map[string]struct{}, 4*fewKeys)
	for _, old := range s.keys[first:] {
		many[string(old)] = struct{}{}
	}
	return many, nil
}

// str reads a string and gives its content, unescaped: "\u0061" and "a" are the same key.
func (s *scanner) str() ([]byte, *syntaxError) {
	start := s.at + 1
	escaped := false
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			raw := s.text[start:s.at]
			s.at++
			if escaped {
				raw = unescape(nil, raw)
			}
			return raw, nil
		case c < ' ':
			return nil, s.fail("control character in a string")
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, err
			}
		}
	}
	return nil, s.fail("unexpected end")
}

// escape checks one escape sequence and stops at its last byte.
func (s *scanner) escape() *syntaxError {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return s.fail("unknown escape in a string")
	}

	r, ok := hex4(s.text[s.at+1:])
	if !ok {
		return s.fail("unknown escape in a string")
	}
	if utf16.IsSurrogate(r) {
		low, ok := lowSurrogate(s.text[s.at+5:])
		if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
			return s.fail("half a character in a string")
		}
		s.at += 6
	}
	s.at += 4
	return nil
}

func lowSurrogate(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return hex4(b[2:])
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number checks RFC 8259 §6: no leading zeros, no plus sign, digits on both sides of the point.
func (s *scanner) number() *syntaxError {
	if s.peek() == '-' {
		s.at++
	}
	zero := s.peek() == '0'
	if n := s.digits(); n == 0 || zero && n > 1 {
		return s.fail("not a number")
	}
	if s.peek() == '.' {
		s.at++
		if s.digits() == 0 {
			return s.fail("not a number")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if s.digits() == 0 {
			return s.fail("not a number")
		}
	}
	return nil
}

func (s *scanner) digits() int {
	start := s.at
	for '0' <= s.peek() && s.peek() <= '9' {
		s.at++
	}
	return s.at - start
}
