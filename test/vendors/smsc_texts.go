package vendors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// submitted takes a text or refuses it, and reports whether more may come.
func (c *smscConn) submitted(p unit) bool {
	s := c.s
	c.mu.Lock()
	c.unanswered++
	window, unanswered := s.Window, c.unanswered
	c.mu.Unlock()
	if window == 0 {
		window = 50
	}
	one, status, wrong := readSubmission(p.body)
	if status != 0 {
		s.violate("%s", wrong)
	} else if unanswered > window {
		s.violate("%d unanswered texts", unanswered)
		status = 0x58
	}
	do := s.behaviour("+" + one.to)
	text := Text{To: "+" + one.to, From: one.from, Body: words(one.coding, one.text), Validity: int(one.validity.Seconds())}
	if status == 0 {
		status = uint32(do.Code)
	}
	if status != 0 {
		s.keep(text, 0, int(status))
		time.AfterFunc(do.Delay+s.jitter(), func() { c.conclude(p, status) })
		return true
	}

	s.mu.Lock()
	s.given++
	id := s.Before + uint64(s.given)
	drop := s.DropEvery > 0 && s.given%s.DropEvery == 0
	whole, complete := s.join(&one)
	s.mu.Unlock()
	answered := strconv.FormatUint(id, 10)
	if s.HexIDs {
		answered = fmt.Sprintf("%08X", id)
	}
	if complete {
		text.SID, text.Body = answered, words(one.coding, whole)
		s.keep(text, 0, 0)
	}
	if one.registered == 1 {
		report := func() { s.report(id, one.to) }
		if s.ReceiptFirst {
			report()
		} else {
			defer report()
		}
	}
	switch {
	case do.Drop || drop:
		c.close() // at once: what waits here is never answered
		return false
	case do.Hang:
	case do.Garbage:
		time.AfterFunc(do.Delay+s.jitter(), func() { c.conclude(p, 0, 0) })
	case do.Delay+s.jitter() == 0:
		c.conclude(p, 0, append([]byte(answered), 0)...)
	default:
		time.AfterFunc(do.Delay+s.jitter(), func() { c.conclude(p, 0, append([]byte(answered), 0)...) })
	}
	return true
}

// conclude answers a text.
func (c *smscConn) conclude(p unit, status uint32, body ...byte) {
	c.mu.Lock()
	c.unanswered--
	c.mu.Unlock()
	c.answer(p, status, body...)
}

// join gives the whole text once its last part is there. The caller holds the lock.
func (s *SMSC) join(one *submission) (whole []byte, complete bool) {
	if one.class != 0x40 {
		return one.text, true
	}
	key := fmt.Sprint(one.to, one.text[3])
	if s.parts[key] == nil {
		s.parts[key] = make([][]byte, one.text[4])
	}
	if n := int(one.text[5]); n <= len(s.parts[key]) {
		s.parts[key][n-1] = one.text[6:]
	}
	for _, part := range s.parts[key] {
		if part == nil {
			return nil, false
		}
	}
	whole = bytes.Join(s.parts[key], nil)
	delete(s.parts, key)
	return whole, true
}

// delivery is a deliver_sm that has to be answered.
type delivery struct {
	from    string
	text    []byte
	receipt bool
	tlvs    []byte
}

// report queues the receipt of a text.
func (s *SMSC) report(id uint64, to string) {
	stat := "DELIVRD"
	if s.Fate != nil {
		stat = s.Fate("+" + to)
	}
	if stat == "" {
		return
	}
	answered := strconv.FormatUint(id, 10)
	d := &delivery{from: to, receipt: true}
	if s.Parameters {
		if s.HexIDs {
			answered = fmt.Sprintf("%08X", id)
		}
		state := map[string]byte{
			"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8,
		}[stat]
		d.tlvs = append(parameter(0x1E, append([]byte(answered), 0)), parameter(0x427, []byte{state})...)
		d.tlvs = append(d.tlvs, parameter(0x423, []byte{3, 0, 75})...)
	} else {
		d.text = fmt.Appendf(nil, "id:%s sub:001 dlvrd:001 submit date:2611230518 done date:2611230518 stat:%s err:075 text:Your code",
			answered, stat)
	}
	s.queue(d)
}

func parameter(tag uint16, value []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// queue passes something on as soon as somebody is there, and again until it is answered.
func (s *SMSC) queue(d *delivery) {
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	ready := func() {
		s.mu.Lock()
		s.due = append(s.due, d)
		s.mu.Unlock()
		s.pass()
	}
	if wait := s.jitter(); wait > 0 {
		time.AfterFunc(wait, ready)
		return
	}
	ready()
}

// deliverWindow is how many deliver_sm may be unanswered on a connection.
const deliverWindow = 20

// pass gives what is due to connections that have room.
func (s *SMSC) pass() {
	for {
		s.mu.Lock()
		var to *smscConn
		for c := range s.conns {
			c.mu.Lock()
			if len(c.outstanding) < deliverWindow {
				to = c
			}
			c.mu.Unlock()
		}
		if to == nil || len(s.due) == 0 {
			s.mu.Unlock()
			return
		}
		d := s.due[0]
		s.due = s.due[1:]
		sequence := to.next()
		to.mu.Lock()
		to.outstanding[sequence] = d
		to.mu.Unlock()
		s.mu.Unlock()
		to.send(unit{command: 5, sequence: sequence, body: d.body()})
	}
}

func (d *delivery) body() []byte {
	class := byte(0)
	if d.receipt {
		class = 4
	}
	b := append([]byte{0, 1, 1}, d.from...)
	b = append(b, 0, 1, 1)
	b = append(b, SMSCFrom[1:]...)
	b = append(b, 0, class, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(d.text)))
	return append(append(b, d.text...), d.tlvs...)
}

// answered takes the answer to something of ours.
func (c *smscConn) answered(p unit) {
	if p.command == 0x80000015 || p.command == 0x80000006 {
		if p.command == 0x80000006 {
			c.close()
		}
		return
	}
	c.mu.Lock()
	d := c.outstanding[p.sequence]
	delete(c.outstanding, p.sequence)
	c.mu.Unlock()
	select {
	case <-c.gone: // the answer lay in the reader when the connection was dropped
		if d == nil {
			return
		}
	default:
	}
	if p.command != 0x80000005 || d == nil || p.status == 0 && !bytes.Equal(p.body, []byte{0}) {
		c.s.violate("answer %#x with sequence number %d and body %x", p.command, p.sequence, p.body)
		return
	}
	c.s.mu.Lock()
	if p.status == 0 {
		c.s.waiting--
	} else {
		c.s.due = append(c.s.due, d)
	}
	c.s.mu.Unlock()
	if p.status == 0 {
		c.s.pass()
		return
	}
	time.AfterFunc(time.Second, c.s.pass)
}
