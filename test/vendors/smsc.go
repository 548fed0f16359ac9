package vendors

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// The account that the SMSC knows.
const (
	SMSCSystem   = "thimble"
	SMSCPassword = "pa55word"
	SMSCFrom     = "+13125550001"
	SMSCName     = "Acme"
)

// SMSC stands in for a server of SMPP 3.4. It refuses what the specification refuses: requests before the bind, lengths
// and strings that do not end, sequence numbers that do not grow, wrong types of number, more unanswered requests than
// the window allows. Its parsing is its own, so that it does not share our mistakes. It misbehaves on request.
//
// Behaviour's Code refuses a text with that command_status, Hang answers none, Drop closes the connection after it,
// Garbage takes it and names no id. Texts of parts are kept once all their parts are there.
type SMSC struct {
	*book
	// Window is how many submit_sm may be unanswered on a connection. 0 is 50.
	Window int
	// DropEvery closes the connection whenever so many texts were taken; those that wait there are never answered.
	DropEvery int
	// Jitter delays each answer and each receipt by chance, so that they come in any order.
	Jitter time.Duration
	// Before is the id before that of the first text.
	Before uint64
	// ReceiptFirst sends the receipt of a text before the answer to it.
	ReceiptFirst bool
	// HexIDs writes ids in answers in hexadecimal form; receipts have them in decimal form.
	HexIDs bool
	// Parameters puts id and state of receipts into optional parameters, and nothing into their text.
	Parameters bool
	// Fate is the stat of a text's receipt, "" for none. nil is DELIVRD.
	Fate func(to string) string
	// Bind, when not 0, is the command_status of all binds.
	Bind atomic.Uint32
	// Deaf says nothing any more after the bind.
	Deaf atomic.Bool

	mu         sync.Mutex
	violations []string
	conns      map[*smscConn]bool
	given      int // ids
	parts      map[string][][]byte
	due        []*delivery // nobody has them yet
	waiting    int         // receipts that are not answered
	binds      int
}

// NewSMSC makes a server that takes everything and reports that it arrived.
func NewSMSC() *SMSC {
	return &SMSC{book: newBook(), conns: map[*smscConn]bool{}, parts: map[string][][]byte{}}
}

// Serve answers on a listener until it is closed.
func (s *SMSC) Serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go s.ServeConn(conn)
	}
}

// ServeConn talks to one client until it leaves.
func (s *SMSC) ServeConn(conn net.Conn) {
	c := &smscConn{s: s, raw: conn, conn: newEager(conn), gone: make(chan struct{}), outstanding: map[uint32]*delivery{}}
	defer c.close()
	in := bufio.NewReader(conn)
	for {
		p, err := readUnit(in)
		if err != nil {
			if err == errUnit {
				s.violate("an impossible length")
				c.send(unit{command: 0x80000000, status: 2})
			}
			return
		}
		if !c.take(p) {
			return
		}
		if s.Deaf.Load() && c.bound {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
	}
}

// Drop closes all connections at once.
func (s *SMSC) Drop() {
	for _, c := range s.all() {
		c.close()
	}
}

// Enquire has each connection asked whether it is there.
func (s *SMSC) Enquire() {
	for _, c := range s.all() {
		c.send(unit{command: 0x15, sequence: c.next()})
	}
}

// Unbind takes leave of all clients, as before maintenance.
func (s *SMSC) Unbind() {
	for _, c := range s.all() {
		c.send(unit{command: 6, sequence: c.next()})
	}
}

// Violations tells what clients did that the specification does not allow.
func (s *SMSC) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// Binds is how many binds were accepted, Connected how many of them are left.
func (s *SMSC) Binds() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.binds
}

// Connected is how many clients are bound.
func (s *SMSC) Connected() int { return len(s.all()) }

// Undelivered is how many receipts and texts wait for their answers.
func (s *SMSC) Undelivered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// Inbound passes on what somebody texted.
func (s *SMSC) Inbound(in Inbound) {
	s.queue(&delivery{from: in.From[1:], text: []byte(in.Body)})
}

func (s *SMSC) all() []*smscConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*smscConn
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

func (s *SMSC) violate(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

func (s *SMSC) jitter() time.Duration {
	if s.Jitter <= 0 {
		return 0
	}
	return rand.N(s.Jitter)
}

// smscConn is one connection.
type smscConn struct {
	s    *SMSC
	raw  net.Conn
	conn *eager
	once sync.Once
	gone chan struct{}

	writing sync.Mutex

	// of the reader
	bound   bool
	highest uint32

	mu          sync.Mutex
	unanswered  int
	sequence    uint32
	outstanding map[uint32]*delivery
}

// close ends the connection as a crash would: what is on its way is lost, and receipts without an answer come again.
func (c *smscConn) close() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.raw.Close()
		c.writing.Lock()
		_ = c.conn.Close()
		c.writing.Unlock()
		c.s.mu.Lock()
		delete(c.s.conns, c)
		c.mu.Lock()
		for _, d := range c.outstanding {
			c.s.due = append(c.s.due, d)
		}
		c.outstanding = map[uint32]*delivery{}
		c.mu.Unlock()
		c.s.mu.Unlock()
		c.s.pass()
	})
}

func (c *smscConn) send(u unit) {
	c.writing.Lock()
	defer c.writing.Unlock()
	select {
	case <-c.gone:
	default:
		_, _ = c.conn.Write(u.bytes())
	}
}

func (c *smscConn) next() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequence++
	return c.sequence
}

func (c *smscConn) answer(to unit, status uint32, body ...byte) {
	c.send(unit{command: to.command | 0x80000000, status: status, sequence: to.sequence, body: body})
}

// take handles what came and reports whether more may come.
func (c *smscConn) take(p unit) bool {
	if p.command&0x80000000 != 0 {
		c.answered(p)
		return true
	}
	if p.status != 0 || p.sequence == 0 || p.sequence > 0x7FFFFFFF || p.sequence <= c.highest {
		c.s.violate("command %#x with status %d and sequence number %d after %d", p.command, p.status, p.sequence, c.highest)
		c.send(unit{command: 0x80000000, status: 8, sequence: p.sequence})
		return true
	}
	c.highest = p.sequence
	switch {
	case p.command == 9:
		c.bind(p)
	case !c.bound:
		c.s.violate("command %#x before the bind", p.command)
		c.answer(p, 4)
	case p.command == 0x15:
		c.answer(p, 0)
	case p.command == 6:
		c.answer(p, 0)
		return false
	case p.command == 4:
		return c.submitted(p)
	default:
		c.s.violate("command %#x", p.command)
		c.send(unit{command: 0x80000000, status: 3, sequence: p.sequence})
	}
	return true
}

func (c *smscConn) bind(p unit) {
	f := fields{rest: p.body}
	system, password, _ := f.text(16), f.text(9), f.text(13)
	version := f.octet()
	f.octet()
	f.octet()
	f.text(41)
	status := c.s.Bind.Load()
	switch {
	case f.bad || len(f.rest) > 0:
		c.s.violate("a malformed bind")
		status = 0x0D
	case status != 0:
	case c.bound:
		c.s.violate("a second bind")
		status = 5
	case version != 0x34:
		c.s.violate("interface version %#x", version)
		status = 0x0D
	case system != SMSCSystem:
		status = 0x0F
	case password != SMSCPassword:
		status = 0x0E
	}
	if status != 0 {
		c.answer(p, status)
		return
	}
	c.bound = true
	c.answer(p, 0, []byte("smsc\x00\x02\x10\x00\x01\x34")...) // with sc_interface_version
	c.s.mu.Lock()
	c.s.conns[c] = true
	c.s.binds++
	c.s.mu.Unlock()
	c.s.pass()
}

// unit is one protocol data unit.
type unit struct {
	command, status, sequence uint32
	body                      []byte
}

var errUnit = fmt.Errorf("vendors: an impossible unit")

func readUnit(r io.Reader) (unit, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return unit{}, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 16 || length > 4096 {
		return unit{}, errUnit
	}
	u := unit{
		binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:]),
		make([]byte, length-16),
	}
	_, err := io.ReadFull(r, u.body)
	return u, err
}

func (u *unit) bytes() []byte {
	b := make([]byte, 16, 16+len(u.body))
	binary.BigEndian.PutUint32(b, uint32(16+len(u.body)))
	binary.BigEndian.PutUint32(b[4:], u.command)
	binary.BigEndian.PutUint32(b[8:], u.status)
	binary.BigEndian.PutUint32(b[12:], u.sequence)
	return append(b, u.body...)
}
