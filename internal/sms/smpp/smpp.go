// Package smpp sends texts through an SMSC, or an aggregator that speaks its protocol, SMPP 3.4. Sections named in
// comments are those of the Short Message Peer to Peer Protocol Specification v3.4, issue 1.2.
package smpp

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// Name is that of the provider.
const Name = "smpp"

// DefaultWindow is how many texts may wait for their answers at once unless a setting says otherwise, MaxWindow what it
// may say at most.
const (
	DefaultWindow = 50
	MaxWindow     = 1000
)

// The times that a server has.
const (
	dialTimeout = 5 * time.Second
	bindTimeout = 5 * time.Second
	// answerTimeout is how long an answer is waited for. It is longer than callers wait: one that comes late still tells
	// what became of a text.
	answerTimeout = 10 * time.Second
	writeTimeout  = 5 * time.Second
	// enquireEvery is how often a link is tried on which nothing else came, enquireTimeout how long that may take.
	enquireEvery   = 15 * time.Second
	enquireTimeout = 5 * time.Second
	// leaveTimeout is how long the answers that are due are waited for before unbind, and unbindTimeout its own answer.
	leaveTimeout  = 5 * time.Second
	unbindTimeout = 2 * time.Second
)

// The settings of Config that are one of several.
const (
	// AlphabetGSM writes texts in the GSM alphabet, data_coding 0; AlphabetLatin1 in ISO-8859-1, data_coding 3. What has
	// other letters goes in UCS-2, data_coding 8, as all does with AlphabetUCS2.
	AlphabetGSM    = "gsm7"
	AlphabetLatin1 = "latin1"
	AlphabetUCS2   = "ucs2"
	// LongParts sends a long text in parts with a header that joins them, LongPayload as a whole in message_payload.
	LongParts   = "parts"
	LongPayload = "payload"
	// IDsSame takes ids in receipts for those of the answers; IDsHexDecimal says that answers have them in hexadecimal and
	// receipts in decimal form, IDsDecimalHex the other way round.
	IDsSame       = "same"
	IDsHexDecimal = "hex-decimal"
	IDsDecimalHex = "decimal-hex"
)

// Config are the settings of a Sender.
type Config struct {
	// Address is HOST:PORT.
	Address string
	// TLS encrypts from the first byte on. CAFile holds the certificates that are trusted then, in PEM; "" is those of
	// the system.
	TLS    bool
	CAFile string
	// SystemID, Password and SystemType are the account.
	SystemID   string
	Password   secret.String
	SystemType string
	// From is an E.164 number, a short code or an alphanumeric name.
	From string
	// FromType and ToType are TON/NPI of the sender and of numbers, such as 5/0. "" goes by the form of From, and is 1/1.
	FromType, ToType string
	// Window is how many texts may wait for their answers at once. 0 is DefaultWindow.
	Window int
	// Alphabet, LongTexts and MessageIDs are one of the constants, or "" for the first of each.
	Alphabet, LongTexts, MessageIDs string
	// Dial opens connections. nil is net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger gets what becomes of the connection. nil is none.
	Logger *slog.Logger
}

// Sender sends texts by one account. It implements sms.Sender, sms.Linked and sms.Prober.
type Sender struct {
	config   Config
	problems error
	tls      *tls.Config // nil: in the clear
	from     pdu.Address
	toType   pdu.Address // without a text
	alphabet pdu.Alphabet
	joins    atomic.Uint32 // counts texts of several parts

	mu      sync.Mutex
	session *session
	down    *sms.Error    // why there is no session; nil while that is not known
	changed chan struct{} // closed when either changes
}

var (
	_ sms.Sender = (*Sender)(nil)
	_ sms.Linked = (*Sender)(nil)
	_ sms.Prober = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	if c.Window == 0 {
		c.Window = DefaultWindow
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sender{config: c, changed: make(chan struct{})}
	s.check()
	return s
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// MarshalText gives the name only, too.
func (s *Sender) MarshalText() ([]byte, error) { return []byte(Name), nil }

// Name is "smpp".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Check tells what is wrong with the settings, each with its name.
func (s *Sender) Check() error { return s.problems }

// Receipt believes nothing: reports come over the connection, never by HTTP.
func (s *Sender) Receipt(*http.Request, string, []byte) (sms.Receipt, error) {
	return sms.Receipt{}, sms.ErrBadSignature
}

// Send hands a text over, each part in its turn. Every error is an *sms.Error. An error that is Unanswered says that a
// part may have been taken: the connection broke, or nobody answered in time.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if s.problems != nil {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the smpp settings are wrong"}
	}
	if m.ValidFor < time.Second {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	bodies, e := s.submissions(&m)
	if e != nil {
		return sms.Result{}, e
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	on, e := s.bound(ctx)
	if e != nil {
		return sms.Result{}, e
	}
	var id string
	for i, body := range bodies {
		late := lateAnswer{}
		if i == len(bodies)-1 {
			late = lateAnswer{id: m.ID, to: m.To}
		}
		if id, e = on.submit(ctx, body, late); e != nil {
			return sms.Result{}, e
		}
	}
	result := sms.Result{ProviderID: s.answeredID(id), Segments: len(bodies)}
	if len(bodies) == 1 && s.config.LongTexts == LongPayload {
		result.Segments = 0 // whoever splits it knows
	}
	return result, nil
}
