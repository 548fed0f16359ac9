package mail

import (
	"context"
	"errors"
)

// Prober is a Sender that can ask its server whether mails could be sent, without sending any.
type Prober interface {
	// Probe asks. The error is a *Finding.
	Probe(ctx context.Context) error
}

// Finding is what a conversation with the server says about a setting.
type Finding struct {
	// Setting is the setting's name, such as smtp-password.
	Setting string
	// Doubt says that mails may be sent all the same.
	Doubt bool
	// Text says what is wrong and what to do about it.
	Text string
}

// Error names the setting and says what is wrong with it.
func (f *Finding) Error() string { return f.Setting + ": " + f.Text }

var _ Prober = (*SMTP)(nil)

// Probe connects, says hello, encrypts, logs in and leaves, all as for a mail.
func (s *SMTP) Probe(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	wire := &wire{config: s.config}
	defer wire.close()
	defer context.AfterFunc(ctx, wire.close)()

	c, err := s.client(wire)
	if err != nil {
		return &Finding{Setting: "smtp-host", Text: "the mail settings are wrong"}
	}
	if err := c.DialWithContext(ctx); err != nil {
		return s.finding(ctx, err)
	}
	if err := c.Close(); err != nil && ctx.Err() != nil {
		return s.finding(ctx, err)
	}
	return nil
}

// finding says which setting the end of a conversation is about.
func (s *SMTP) finding(ctx context.Context, err error) *Finding {
	e := classify(ctx, err)
	switch {
	case e.Code != "" && e.Class == Later:
		return &Finding{Setting: "smtp-host", Doubt: true, Text: "the server answered " + e.Code + ", busy: try again later"}
	case e.Code != "" && s.config.Username != "":
		return &Finding{Setting: "smtp-password", Text: "the server answered " + e.Code +
			": compare it and smtp-username with what the mail server's operator gave"}
	case e.Code != "":
		return &Finding{Setting: "smtp-username", Text: "the server answered " + e.Code + ": it may want a login"}
	case isTLS(err):
		return &Finding{Setting: "smtp-security", Text: e.Reason +
			": is it tls on port 465, starttls on 587, and smtp-host the name in the certificate?"}
	case isConnection(err), errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return &Finding{Setting: "smtp-host", Text: e.Reason +
			": there is no way from this machine to the host and port, or the server is down"}
	}
	return &Finding{Setting: "smtp-security", Text: e.Reason}
}
