package smpp

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// How long it takes until the next try to connect: at first a moment, so that all nodes do not come back at once
// after a server restarts, then twice as long each time.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
)

// Link keeps the account bound until ctx ends.
func (s *Sender) Link(ctx context.Context, to sms.Desk) {
	if s.problems != nil {
		return
	}
	failures := 0
	for ctx.Err() == nil {
		c, e := s.connect(ctx, to)
		s.turn(c, e)
		if e != nil {
			failures++
			s.config.Logger.WarnContext(ctx, "not connected to the SMSC", "provider", Name, "code", e.Code, "reason", e.Reason)
		} else {
			s.config.Logger.InfoContext(ctx, "connected to the SMSC", "provider", Name)
			s.hold(ctx, c)
			if failures++; c.useful.Load() {
				failures = 1
			}
			s.turn(nil, nil)
			s.config.Logger.InfoContext(ctx, "the connection to the SMSC has ended", "provider", Name)
		}
		sleep(ctx, jittered(min(longestPause, firstPause<<min(failures-1, 16))))
	}
	s.turn(nil, &sms.Error{Class: sms.Later, Reason: "this server is stopping"})
}

// hold keeps a bound session until it is dead or ctx ends.
func (s *Sender) hold(ctx context.Context, c *session) {
	go c.watch()
	select {
	case <-c.dead:
	case <-ctx.Done():
		c.goodbye()
	}
	c.done()
}

// jittered gives a half of a pause or all of it, by chance.
func jittered(d time.Duration) time.Duration {
	return d/2 + d/2*time.Duration(secret.Bytes(1)[0])/255
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// turn notes which session is the present one, or why there is none.
func (s *Sender) turn(c *session, down *sms.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session, s.down = c, down
	close(s.changed)
	s.changed = make(chan struct{})
}

// bound gives the present session. While one is being made for the first time after another it is waited for; after a
// failed try nobody waits.
func (s *Sender) bound(ctx context.Context) (*session, *sms.Error) {
	for {
		s.mu.Lock()
		c, down, changed := s.session, s.down, s.changed
		s.mu.Unlock()
		switch {
		case c != nil && !c.isDead():
			return c, nil
		case down != nil:
			e := *down
			return nil, &e
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &sms.Error{Class: sms.Later, Reason: "there was no connection in time"}
		}
	}
}

// connect opens a connection and binds it as a transceiver.
func (s *Sender) connect(ctx context.Context, desk sms.Desk) (*session, *sms.Error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	c := newSession(s, conn, desk)
	account := pdu.Bind{
		SystemID: s.config.SystemID, Password: s.config.Password.Reveal(), SystemType: s.config.SystemType,
	}
	body, err := account.Encode()
	if err != nil {
		c.kill()
		return nil, &sms.Error{Class: sms.OtherRoute, Reason: "the smpp settings are wrong"}
	}
	go c.read()
	stop := context.AfterFunc(ctx, c.kill)
	defer stop()
	wait, cancel := context.WithTimeout(ctx, bindTimeout)
	defer cancel()
	q, err := c.ask(pdu.BindTransceiver, body, false, lateAnswer{})
	var p *pdu.PDU
	if err == nil {
		p = c.await(wait, q)
	}
	switch {
	case p == nil && wait.Err() != nil:
		err = wait.Err()
	case p == nil:
		err = errGone
	case p.Status != pdu.OK:
		c.kill()
		return nil, unbindable(p.Status)
	case p.Command != pdu.BindTransceiverResp:
		err = errGone
	default:
		return c, nil
	}
	c.kill()
	return nil, &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
}

// dial opens a connection, to the end of the TLS handshake.
func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := s.config.Dial(ctx, "tcp", s.config.Address)
	if err != nil || s.tls == nil {
		return conn, err
	}
	encrypted := tls.Client(conn, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return encrypted, nil
}
