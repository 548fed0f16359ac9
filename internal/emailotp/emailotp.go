// Package emailotp is the login by a code in a mail: sending one, redeeming one, for an organization or before one is
// chosen. Each address has one code at a time in a project: a newer one ends the one before, whatever that was for.
package emailotp

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service sends and redeems codes.
type Service struct {
	DB       *store.DB
	Keys     *keys.Ring
	Sessions *session.Service
	Login    *login.Service
	Mailbox  *mailbox.Service
}

// Bounds of a code's life in minutes.
const (
	DefaultMinutes = 10
	MinMinutes     = 2
	MaxMinutes     = 15
)

// Mail is what a caller asks of the mail for one purpose.
type Mail struct {
	Minutes  int32 // 0 for the default
	Template string
}

func (m Mail) check() error {
	if m.Minutes != 0 && (m.Minutes < MinMinutes || m.Minutes > MaxMinutes) {
		return errs.InvalidArgument.Saying("A code can be good for 2 to 15 minutes.")
	}
	if m.Template != "" {
		return errs.EmailTemplateNotFound
	}
	return nil
}

func (m Mail) life() time.Duration {
	if m.Minutes > 0 {
		return time.Duration(m.Minutes) * time.Minute
	}
	return DefaultMinutes * time.Minute
}

// Send is a request for a code.
type Send struct {
	Organization  ids.OrgRef
	Email         string
	Locale        locale.Input
	Login, Signup Mail
	RequestID     string
}

// LoginOrSignup mails a code to a member, or to somebody whom the organization lets join by address: a pending member is
// made then.
func (s *Service) LoginOrSignup(ctx context.Context, p *store.Project, in Send) (*mailbox.Sent, error) {
	if err := s.Mailbox.Ready(p); err != nil {
		return nil, err
	}

	var (
		sent    mailbox.Sent
		refusal *errs.Error
	)
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) (err error) {
		sent, refusal = mailbox.Sent{At: tx.Now()}, nil
		refusal, err = s.loginOrSignup(ctx, tx, p, &in, &sent)
		return err
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return &sent, nil
}

func (s *Service) loginOrSignup(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Send, sent *mailbox.Sent,
) (refusal *errs.Error, err error) {
	o, err := org.Resolve(ctx, tx, p, in.Organization)
	if err != nil {
		return nil, err
	}
	sent.Organization = o
	l := &letter{kind: store.KindEmailOTPSignup, organization: o, life: in.Signup.life(), requestID: in.RequestID}
	if l.to, l.tag, err = readMail(in.Email, in.Locale, in.Login, in.Signup); err != nil {
		return nil, err
	}
	if sent.Member, err = mailbox.Find(ctx, tx, p, o, l.to); err != nil {
		return nil, err
	}
	if err := mailbox.Allowed(o, sent.Member, store.MethodEmailOTP); err != nil {
		return nil, err
	}
	if l.member = sent.Member; l.member != nil && l.member.Status == store.StatusActive {
		l.kind, l.life = store.KindEmailOTPLogin, in.Login.life()
	}

	d, refusal, err := s.admit(ctx, tx, p, l)
	if err != nil || refusal != nil {
		return refusal, err
	}
	if sent.Member == nil {
		sent.MemberCreated = true
		if sent.Member, err = mailbox.Join(ctx, tx, p, o, l.to, in.RequestID); err != nil {
			return nil, err
		}
		l.member = sent.Member
	}
	return nil, s.send(ctx, tx, p, d, l)
}

// SendDiscovery is a request for a code that leads to no organization yet.
type SendDiscovery struct {
	Email     string
	Locale    locale.Input
	Mail      Mail
	RequestID string
}

// SendDiscovery mails a code to any address. Nobody is looked up: known and unknown addresses cannot be told apart.
func (s *Service) SendDiscovery(ctx context.Context, p *store.Project, in SendDiscovery) error {
	if err := s.Mailbox.Ready(p); err != nil {
		return err
	}
	to, tag, err := readMail(in.Email, in.Locale, in.Mail)
	if err != nil {
		return err
	}

	var refusal *errs.Error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		l := &letter{kind: store.KindEmailOTPDiscovery, to: to, tag: tag, life: in.Mail.life(), requestID: in.RequestID}
		d, refused, err := s.admit(ctx, tx, p, l)
		if refusal = refused; err != nil || refused != nil {
			return err
		}
		return s.send(ctx, tx, p, d, l)
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return err
}

// readMail reads the fields that need no look at other rows.
func readMail(address string, language locale.Input, mails ...Mail) (email.Address, locale.Tag, error) {
	to, err := email.Parse(address)
	if err != nil {
		return "", "", err
	}
	tag, err := language.ForEmail()
	if err != nil {
		return "", "", err
	}
	for _, m := range mails {
		if err := m.check(); err != nil {
			return "", "", err
		}
	}
	return to, tag, nil
}

// letter is a code on its way to somebody.
type letter struct {
	kind         string
	organization *store.Organization // nil where nobody has chosen one
	member       *store.Member       // nil then, and for somebody who is about to join
	to           email.Address
	tag          locale.Tag
	life         time.Duration
	requestID    string
}

// admit decides whether the code may be sent. The refusal is a value, because its record is part of the transaction.
func (s *Service) admit(
	ctx context.Context, tx *store.Tx, p *store.Project, l *letter,
) (*limit.Decision, *errs.Error, error) {
	d, err := s.Mailbox.Budget(ctx, tx, p, l.to)
	if err != nil || !d.Refused {
		return d, nil, err
	}
	l.record(tx, p, audit.Refused, map[string]string{"rule": d.Limit})
	return nil, errs.TooManyRequests.After(d.Wait), nil
}

// send makes the code and the message that carries it.
func (s *Service) send(ctx context.Context, tx *store.Tx, p *store.Project, d *limit.Decision, l *letter) error {
	now, text := tx.Now(), code.New()
	owner := store.AddressOwner(p.ID, l.to.String())
	version, hash := s.Keys.HashCode(p.ID, owner, store.PurposeEmail, text)
	row := &store.Code{
		Owner: owner, Purpose: store.PurposeEmail, ProjectID: p.ID, Recipient: l.to.String(), Hash: hash,
		KeyVersion: version, MessageID: ids.New(ids.Message, p.Env, now), IssuedAt: now, ExpiresAt: now.Add(l.life),
	}
	m := mailbox.Letter{
		Kind: l.kind, To: l.to, Locale: string(l.tag), Deadline: row.ExpiresAt, RequestID: l.requestID,
		Content: notify.Content{Code: text, Minutes: int(l.life / time.Minute)},
	}
	if l.organization != nil {
		row.OrganizationID, row.MemberID = l.organization.ID, l.member.ID
		m.OrganizationID, m.MemberID, m.Content.OrganizationName = l.organization.ID, l.member.ID, l.organization.Name
	}
	if err := s.Mailbox.Post(ctx, tx, p, d, row.MessageID, m); err != nil {
		return err
	}
	tx.IssueCode(row)
	l.record(tx, p, audit.Done, map[string]string{"message_id": row.MessageID})
	return nil
}

func (l *letter) record(tx *store.Tx, p *store.Project, outcome string, details map[string]string) {
	e := audit.Event{
		ProjectID: p.ID, RequestID: l.requestID, Action: "email_otp.send", Outcome: outcome, Details: details,
	}
	if l.organization != nil {
		e.OrganizationID = l.organization.ID
	}
	if l.member != nil {
		e.MemberID = l.member.ID
	}
	event.Record(tx, p, e)
}
