// Package email reads mail addresses and their domains, and knows the domains that many strangers share.
package email

import (
	"errors"
	"log/slog"
	"strings"

	"golang.org/x/net/idna"

	"github.com/thimble-auth/thimble/internal/errs"
)

const (
	maxAddress = 254 // RFC 5321 §4.5.3.1.3: a path has at most 256 octets, two of which are its angle brackets
	maxLocal   = 64  // RFC 5321 §4.5.3.1.1
	maxDomain  = 253 // RFC 1035 §2.3.4, without the root
	maxLabel   = 63
	maxText    = 1024 // bytes; an international domain shrinks when it becomes ASCII, but not so far
)

// Causes, for the log only: they say what was wrong without showing the address.
var (
	errShape  = errors.New("not local@domain")
	errLocal  = errors.New("local part is not a dot-atom of at most 64 ASCII characters")
	errDomain = errors.New("not a host name of two labels or more")
	errLength = errors.New("longer than 254 characters")
)

// Address is a mail address in the form in which we store and compare it: lower case, the domain in ASCII (IDNA). The
// zero Address is none.
type Address string

// Parse reads a bare address: a dot-atom, '@', a host name (RFC 5321 §4.1.2). Quoted local parts, domain literals,
// display names and white space around it are refused; so are local parts beyond ASCII, which not every mail server
// takes (RFC 6531). Capital letters become small ones: no provider tells addresses apart by them. The error is
// errs.InvalidEmail.
func Parse(text string) (Address, error) {
	a, err := parse(text)
	if err != nil {
		return "", errs.InvalidEmail.Because(err)
	}
	return a, nil
}

func parse(text string) (Address, error) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || len(text) > maxText {
		return "", errShape
	}
	local := asciiLower(text[:at])
	if !isDotAtom(local) || len(local) > maxLocal {
		return "", errLocal
	}
	domain, ok := ParseDomain(text[at+1:])
	if !ok {
		return "", errDomain
	}
	if len(local)+1+len(domain) > maxAddress {
		return "", errLength
	}
	return Address(local + "@" + domain), nil
}

// String gives the address.
func (a Address) String() string { return string(a) }

// Local gives the part before the '@'.
func (a Address) Local() string {
	local, _, _ := strings.Cut(string(a), "@")
	return local
}

// Domain gives the part behind the '@', in lower-case ASCII.
func (a Address) Domain() string {
	_, domain, _ := strings.Cut(string(a), "@")
	return domain
}

// LogValue shows a log the domain alone.
func (a Address) LogValue() slog.Value {
	if a == "" {
		return slog.StringValue("")
	}
	return slog.StringValue("***@" + a.Domain())
}

// ParseDomain gives a host name of two labels or more in lower-case ASCII (IDNA), and false for anything else: no
// wildcard, no trailing dot, no address of the network.
func ParseDomain(text string) (string, bool) {
	if text == "" || len(text) > maxText {
		return "", false
	}
	domain := asciiLower(text)
	if !isASCII(domain) {
		var err error
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", false
		}
	}
	return domain, isHost(domain)
}

func isHost(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(domain) > maxDomain || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	// A last label that begins with a digit is an IPv4 address or a slip, never a top-level domain (RFC 3696 §2).
	top := labels[len(labels)-1]
	return len(top) >= 2 && (top[0] < '0' || top[0] > '9')
}

func isLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	// What claims to be an international label must be one.
	if strings.HasPrefix(label, "xn--") {
		_, err := idna.Lookup.ToUnicode(label)
		return err == nil
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// isDotAtom checks RFC 5322 §3.2.3, for text that is in lower case already.
func isDotAtom(s string) bool {
	const atext = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."
	for i := range len(s) {
		if strings.IndexByte(atext, s[i]) < 0 {
			return false
		}
	}
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// asciiLower lowers A to Z alone: Unicode's rules would turn the Kelvin sign into a k.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
