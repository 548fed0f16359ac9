package endpoint

import (
	"unicode/utf16"
	"unicode/utf8"
)

// The functions of this file walk over text that a scanner has accepted; on other text they may give nonsense, but
// they end and stay inside it.

func skipSpace(text []byte, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\n', '\r':
			at++
		default:
			return at
		}
	}
	return at
}

// skipValue gives the place behind the value that begins at the place given.
func skipValue(text []byte, at int) int {
	if at >= len(text) {
		return at
	}
	switch text[at] {
	case '"':
		return skipString(text, at)
	case '{', '[':
		return skipNested(text, at)
	}
	for at < len(text) {
		switch text[at] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return at
		}
		at++
	}
	return at
}

func skipString(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
	return len(text)
}

func skipNested(text []byte, at int) int {
	depth := 0
	for at < len(text) {
		switch text[at] {
		case '"':
			at = skipString(text, at)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		at++
		if depth == 0 {
			return at
		}
	}
	return len(text)
}

// members calls each for every key and value of the object that is the text.
func members(text []byte, each func(key, value []byte) error) error {
	at := skipSpace(text, 1)
	for at < len(text) && text[at] == '"' {
		end := skipString(text, at)
		key := content(text[at:end])
		at = skipSpace(text, skipSpace(text, end)+1) // over the colon
		end = skipValue(text, at)
		if err := each(key, text[at:end]); err != nil {
			return err
		}
		at = skipSpace(text, skipSpace(text, end)+1) // over the comma
	}
	return nil
}

// elements calls each for every value of the list that is the text.
func elements(text []byte, each func(value []byte) error) error {
	at := skipSpace(text, 1)
	for at < len(text) && text[at] != ']' {
		end := skipValue(text, at)
		if end == at {
			return nil
		}
		if err := each(text[at:end]); err != nil {
			return err
		}
		at = skipSpace(text, skipSpace(text, end)+1)
	}
	return nil
}

// content gives what is between the quotes, unescaped. The result may share memory with the text.
func content(quoted []byte) []byte {
	if len(quoted) < 2 {
		return nil
	}
	raw := quoted[1 : len(quoted)-1]
	for _, c := range raw {
		if c == '\\' {
			return unescape(make([]byte, 0, len(raw)), raw)
		}
	}
	return raw
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape appends the characters that the inside of a JSON string stands for.
func unescape(to, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			to = append(to, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			to = append(to, escapes[raw[i]])
			continue
		}
		r, _ := hex4(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			low, _ := lowSurrogate(raw[min(i+1, len(raw)):])
			r = utf16.DecodeRune(r, low)
			i += 6
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}
