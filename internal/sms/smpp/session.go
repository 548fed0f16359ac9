package smpp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// errGone means that the connection broke, or was given up because nobody answered on it; errUnsent that it had done so
// before anything left.
var (
	errGone   = errors.New("smpp: the connection is gone")
	errUnsent = errors.New("smpp: the connection was gone before")
)

// session is one connection. It is bound once bind has been answered, and is never used again once it is dead.
type session struct {
	s    *Sender
	conn net.Conn
	// window has room for the texts that may wait for their answers at once.
	window chan struct{}
	// desk gets what comes; nil before it is known, and in a probe.
	desk    sms.Desk
	tickets chan struct{} // bounds what the desk works on at once

	writing sync.Mutex
	buffer  []byte

	mu       sync.Mutex
	sequence uint32
	waiting  map[uint32]*question
	leaving  bool

	dead    chan struct{} // closed when nothing comes any more
	once    sync.Once
	active  atomic.Bool   // something came since the link was tried last
	doubted chan struct{} // asks for the link to be tried now
	useful  atomic.Bool   // a text was answered
	ended   chan struct{} // closed when nothing is read any more
	working sync.WaitGroup
}

// question is a unit of ours that has no answer yet.
type question struct {
	want   pdu.Command
	answer chan *pdu.PDU // holds one
	timer  *time.Timer   // gives it up
	slot   bool          // it has a place in the window
	// late gets an answer that nobody waits for any more.
	late lateAnswer
	left bool // nobody waits
}

// lateAnswer says which text a late answer is about; the zero value says that nobody wants to know.
type lateAnswer struct{ id, to string }

// deskPlaces is how many reports are worked on at once.
const deskPlaces = 64

func newSession(s *Sender, conn net.Conn, desk sms.Desk) *session {
	return &session{
		s: s, conn: conn, desk: desk,
		window: make(chan struct{}, s.config.Window), tickets: make(chan struct{}, deskPlaces),
		waiting: map[uint32]*question{}, dead: make(chan struct{}), doubted: make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
}

// kill ends the session at once. What waits for answers learns that none will come.
func (c *session) kill() {
	c.once.Do(func() {
		close(c.dead)
		_ = c.conn.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, q := range c.waiting {
			q.timer.Stop()
		}
		clear(c.waiting)
	})
}

// write sends a unit. A connection that takes nothing for a while is dead. The errors are errUnsent, when nothing of
// the unit has left, and errGone, when it may have.
func (c *session) write(p *pdu.PDU) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.put(p)
}

// put is write for whoever holds the lock of writers.
func (c *session) put(p *pdu.PDU) error {
	guard := time.AfterFunc(writeTimeout, c.kill)
	defer guard.Stop()
	c.buffer = p.Append(c.buffer[:0])
	n, err := c.conn.Write(c.buffer)
	if err == nil {
		return nil
	}
	c.kill()
	if n == 0 {
		return errUnsent
	}
	return errGone
}

// ask sends a question, numbers in their order. The errors are those of write.
func (c *session) ask(command pdu.Command, body []byte, slot bool, late lateAnswer) (*question, error) {
	q := &question{want: command.Answer(), answer: make(chan *pdu.PDU, 1), slot: slot, late: late}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.isDead() || c.leaving && slot {
		c.mu.Unlock()
		return nil, errUnsent
	}
	if c.sequence++; c.sequence > pdu.MaxSequence {
		c.sequence = 1
	}
	sequence := c.sequence
	c.waiting[sequence] = q
	q.timer = time.AfterFunc(answerTimeout, func() { c.take(sequence) })
	c.mu.Unlock()
	return q, c.put(&pdu.PDU{Command: command, Sequence: sequence, Body: body})
}

func (c *session) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

// take gives the question with a number, and forgets it: its place in the window is free.
func (c *session) take(sequence uint32) *question {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.waiting[sequence]
	if q == nil {
		return nil
	}
	delete(c.waiting, sequence)
	q.timer.Stop()
	if q.slot {
		<-c.window
	}
	return q
}

// leave notes that nobody waits for an answer any more, unless it came just now.
func (c *session) leave(q *question) *pdu.PDU {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case p := <-q.answer:
		return p
	default:
		q.left = true
		return nil
	}
}

// await waits for an answer until ctx or the session ends; nil is none.
func (c *session) await(ctx context.Context, q *question) *pdu.PDU {
	select {
	case p := <-q.answer:
		return p
	case <-c.dead:
	case <-ctx.Done():
	}
	return c.leave(q)
}

// submit sends one part of a text and waits for its answer.
func (c *session) submit(ctx context.Context, body []byte, late lateAnswer) (id string, e *sms.Error) {
	select {
	case c.window <- struct{}{}:
	case <-c.dead:
		return "", &sms.Error{Class: sms.Later, Reason: "the connection failed"}
	case <-ctx.Done():
		return "", &sms.Error{Class: sms.Later, Reason: "too many texts wait for their answers"}
	}
	q, err := c.ask(pdu.SubmitSM, body, true, late)
	switch {
	case errors.Is(err, errUnsent):
		<-c.window
		return "", &sms.Error{Class: sms.Later, Reason: "the connection failed"}
	case err != nil:
		return "", unanswered("the connection failed before there was an answer")
	}
	p := c.await(ctx, q)
	if p == nil {
		if c.isDead() {
			return "", unanswered("the connection failed before there was an answer")
		}
		c.doubt()
		return "", unanswered("no answer in time")
	}
	return c.answered(p)
}

// answered reads the answer to a submit_sm, or a generic_nack.
func (c *session) answered(p *pdu.PDU) (id string, e *sms.Error) {
	c.useful.Store(true)
	if p.Status != pdu.OK {
		if p.Status == pdu.WrongBindState {
			c.kill()
		}
		return "", refusal(p.Status)
	}
	id, err := pdu.ParseMessageID(p.Body)
	if p.Command != pdu.SubmitSMResp || err != nil || id == "" || !plain(id, maxID) {
		return "", unanswered("the provider's answer was not understood")
	}
	return id, nil
}

// doubt has the link tried soon.
func (c *session) doubt() {
	select {
	case c.doubted <- struct{}{}:
	default:
	}
}

// read takes what comes until the connection ends, and kills the session then.
func (c *session) read() {
	defer close(c.ended)
	defer c.kill()
	in := bufio.NewReader(c.conn)
	for {
		p, err := pdu.Read(in)
		if err != nil {
			if errors.Is(err, pdu.ErrLength) { // §4.3.1: nothing that follows can be told apart
				_ = c.write(&pdu.PDU{Command: pdu.GenericNack, Status: 2})
			}
			return
		}
		c.active.Store(true)
		if p.Command.IsAnswer() {
			c.match(p)
		} else if !c.serve(p) {
			return
		}
	}
}

// match gives an answer to whoever asked. An answer of another kind than the question's is none.
func (c *session) match(p *pdu.PDU) {
	c.mu.Lock()
	q := c.waiting[p.Sequence]
	fits := q != nil && (p.Command == q.want || p.Command == pdu.GenericNack)
	c.mu.Unlock()
	if !fits || c.take(p.Sequence) == nil {
		return
	}
	c.mu.Lock()
	left := q.left
	if !left {
		q.answer <- p
	}
	c.mu.Unlock()
	if left && q.slot {
		c.tellLate(q.late, p)
	}
}

// tellLate tells what became of a text whose sender has gone.
func (c *session) tellLate(late lateAnswer, p *pdu.PDU) {
	id, e := c.answered(p)
	if e != nil || late.id == "" || c.desk == nil {
		return
	}
	c.atDesk(func(ctx context.Context) error {
		return c.desk.Reported(ctx, sms.LinkReport{
			ID: late.id, To: late.to, Receipt: sms.Receipt{ProviderID: c.s.answeredID(id), Status: sms.Sent},
		})
	}, func(error) {})
}

// atDesk works on something that came, beside whatever else comes. It waits while the desk is full: the provider's own
// window ends the queue there.
func (c *session) atDesk(work func(ctx context.Context) error, after func(error)) {
	select {
	case c.tickets <- struct{}{}:
	case <-c.dead:
		return
	}
	c.working.Go(func() {
		defer func() { <-c.tickets }()
		ctx, cancel := context.WithTimeout(context.Background(), deskTimeout)
		defer cancel()
		after(work(ctx))
	})
}

// deskTimeout bounds the work on one report.
const deskTimeout = 15 * time.Second

// serve answers a request of the provider's, and reports whether more may come.
func (c *session) serve(p *pdu.PDU) bool {
	answer := &pdu.PDU{Command: p.Command.Answer(), Sequence: p.Sequence}
	switch p.Command {
	case pdu.EnquireLink:
		return c.write(answer) == nil
	case pdu.DeliverSM:
		c.deliver(p)
		return true
	case pdu.Unbind:
		_ = c.write(answer)
		return false
	case pdu.AlertNotification: // has no answer (§4.12)
		return true
	}
	answer.Command, answer.Status = pdu.GenericNack, pdu.InvalidCommand
	return c.write(answer) == nil
}

// watch tries the link when nothing came for a while, or when somebody doubts it, and kills it when nobody answers.
func (c *session) watch() {
	ticker := time.NewTicker(enquireEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.dead:
			return
		case <-ticker.C:
			if c.active.Swap(false) {
				continue
			}
		case <-c.doubted:
		}
		if !c.request(pdu.EnquireLink, enquireTimeout) {
			c.kill()
			return
		}
	}
}

// request asks something without a body and reports whether it was answered in time.
func (c *session) request(command pdu.Command, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	q, err := c.ask(command, nil, false, lateAnswer{})
	return err == nil && c.await(ctx, q) != nil
}

// goodbye lets the answers come that are due, lets what came be written down, takes its leave and ends the session.
func (c *session) goodbye() {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	over := time.NewTimer(leaveTimeout)
	defer over.Stop()
	// Whoever has all places knows that nobody else has one.
	if c.fill(c.window, over.C) && c.fill(c.tickets, over.C) {
		for range cap(c.tickets) {
			<-c.tickets
		}
		c.request(pdu.Unbind, unbindTimeout)
	}
	c.kill()
}

// fill takes all places of a channel, unless the time is over or the session dead before.
func (c *session) fill(places chan struct{}, over <-chan time.Time) bool {
	for range cap(places) {
		select {
		case places <- struct{}{}:
		case <-over:
			return false
		case <-c.dead:
			return false
		}
	}
	return true
}

// done waits until nothing works for the session any more. Call it after its end.
func (c *session) done() {
	<-c.ended
	c.working.Wait()
}
