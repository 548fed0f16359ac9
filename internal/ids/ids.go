// Package ids makes and reads the identifiers of the wire: kind-environment-uuid, lower case, such as
// member-test-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b10.
package ids

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

// Env is the environment a project belongs to, and with it everything in the project.
type Env string

// The two environments. A project is one or the other, never both.
const (
	Test Env = "test"
	Live Env = "live"
)

// The kinds of identifiers that appear on the wire.
const (
	Project      = "project"
	PublicToken  = "public-token"
	Secret       = "secret"
	Request      = "request-id"
	Organization = "organization"
	Member       = "member"
	Session      = "session"
	Email        = "email"
	Phone        = "phone-number"
	Password     = "member-password"
	TOTP         = "member-totp"
	RecoveryCode = "member-recovery-code"
	Message      = "message"
	SigningKey   = "jwk"
	TrustedToken = "trusted-token-profile"
	Safe         = "safe-list-entry"
	Webhook      = "webhook"
	WebhookKey   = "webhook-secret"
	Event        = "event"
)

// UUID is a universally unique identifier (RFC 9562).
type UUID [16]byte

var last struct {
	sync.Mutex
	tick uint64
}

// NewUUID makes a version 7 UUID (RFC 9562 §5.7) for the time given. Within one process the ids of one clock never sort
// backwards: the 12 bits after the milliseconds count quarters of a microsecond, and a repeated tick is moved on by one.
// Time-ordered keys keep inserts at one end of every index.
func NewUUID(at time.Time) UUID {
	us := uint64(at.UnixMicro())
	tick := us/1000<<12 | us%1000<<2

	last.Lock()
	// A clock that moved far back (a test's own clock beside another) is not held to the newest tick: only a burst is.
	if tick <= last.tick && last.tick-tick < 1<<22 {
		tick = last.tick + 1
	}
	last.tick = tick
	last.Unlock()

	var u UUID
	binary.BigEndian.PutUint64(u[:8], tick>>12<<16|7<<12|tick&0xfff)
	if _, err := rand.Read(u[8:]); err != nil {
		panic("ids: no randomness: " + err.Error())
	}
	u[8] = u[8]&0x3f | 0x80
	return u
}

// Time gives the time in a version 7 UUID, in milliseconds (RFC 9562 §5.7). Of other versions it means nothing.
func (u UUID) Time() time.Time {
	var b [8]byte
	copy(b[2:], u[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:]))).UTC()
}

// String writes the UUID in its canonical form of 36 characters.
func (u UUID) String() string {
	var b [36]byte
	u.put(b[:])
	return string(b[:])
}

func (u UUID) put(b []byte) {
	hex.Encode(b[0:8], u[0:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:36], u[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
}

// ParseUUID reads the canonical lower-case form, of any version.
func ParseUUID(text string) (UUID, bool) {
	var u UUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return u, false
	}
	if text != strings.ToLower(text) {
		return u, false
	}
	compact := text[0:8] + text[9:13] + text[14:18] + text[19:23] + text[24:36]
	_, err := hex.Decode(u[:], []byte(compact))
	return u, err == nil
}

// New makes an identifier of the kind in the environment, ordered by the time given.
func New(kind string, env Env, at time.Time) string {
	return Format(kind, env, NewUUID(at))
}

// Format writes an identifier from its parts.
func Format(kind string, env Env, u UUID) string {
	b := make([]byte, 0, len(kind)+len(env)+38)
	b = append(b, kind...)
	b = append(b, '-')
	b = append(b, env...)
	b = append(b, '-')
	b = b[:len(b)+36]
	u.put(b[len(b)-36:])
	return string(b)
}

// NewBeside makes an identifier of the kind that shows to which other one its row belongs, see Beside. It is as random as
// New's, and its row lies in the index next to the rows that belong to the same one.
func NewBeside(kind, other string, at time.Time) string {
	_, env, of, _ := Parse(other)
	u := NewUUID(at)
	copy(u[:8], of[:8])
	return Format(kind, env, u)
}

// Beside reports whether NewBeside made the identifier for the other one.
func Beside(id, other string) bool {
	_, _, a, ok := Parse(id)
	_, _, b, known := Parse(other)
	return ok && known && [8]byte(a[:8]) == [8]byte(b[:8])
}

// Parse takes an identifier apart. It reports false for everything that is not kind-(test|live)-uuid.
func Parse(id string) (kind string, env Env, u UUID, ok bool) {
	if len(id) < 43 || id[len(id)-37] != '-' {
		return "", "", UUID{}, false
	}
	u, ok = ParseUUID(id[len(id)-36:])
	if !ok {
		return "", "", UUID{}, false
	}

	kind, word, ok := cutLast(id[:len(id)-37], '-')
	env = Env(word)
	if !ok || kind == "" || (env != Test && env != Live) {
		return "", "", UUID{}, false
	}
	return kind, env, u, true
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// OrgRef names an organization as a caller may write it: by id, external id or slug.
type OrgRef string

// MemberRef names a member of a known organization as a caller may write it: by id or external id.
type MemberRef string

// IsID reports whether the reference has the form of an organization id, so that it can be nothing else:
// external ids and slugs of that form are refused when they are set.
func (r OrgRef) IsID() bool { return looksLikeID(string(r), Organization) }

// IsID reports whether the reference has the form of a member id.
func (r MemberRef) IsID() bool { return looksLikeID(string(r), Member) }

func looksLikeID(text, kind string) bool {
	return strings.HasPrefix(text, kind+"-test-") || strings.HasPrefix(text, kind+"-live-")
}

// LooksLikeID reports whether a text that a client chose, such as a slug or external id, could be taken for an
// identifier of an organization or a member.
func LooksLikeID(text string) bool {
	return looksLikeID(text, Organization) || looksLikeID(text, Member)
}
