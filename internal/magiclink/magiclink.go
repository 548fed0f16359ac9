// Package magiclink is the login by a link in a mail: sending one, following one, redeeming one.
package magiclink

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service sends and redeems links.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
	Login    *login.Service
	Mailbox  *mailbox.Service
	// PublicURL is where people reach this server, without a slash at its end. Links are built from it alone.
	PublicURL string
}

// Bounds of a link's life in minutes.
const (
	DefaultMinutes       = 60
	DefaultInviteMinutes = 10080
	MinMinutes           = 5
	MaxMinutes           = 10080 // 7 days
)

// Mail is what a caller asks of the mail for one purpose.
type Mail struct {
	RedirectURL string
	Minutes     int32 // 0 for the default
	Template    string
}

func (m Mail) check() error {
	if m.Minutes != 0 && (m.Minutes < MinMinutes || m.Minutes > MaxMinutes) {
		return errs.InvalidArgument.Saying("A link can be good for 5 to 10080 minutes.")
	}
	if m.Template != "" {
		return errs.EmailTemplateNotFound
	}
	return nil
}

func (m Mail) life(minutes int32) time.Duration {
	if m.Minutes > 0 {
		minutes = m.Minutes
	}
	return time.Duration(minutes) * time.Minute
}

// Send is a request for a link.
type Send struct {
	Organization  ids.OrgRef
	Email         string
	PKCEChallenge string
	Locale        locale.Input
	Login, Signup Mail
	RequestID     string
}

// LoginOrSignup mails a link to a member, or to somebody whom the organization lets join by address: a pending member is
// made then.
func (s *Service) LoginOrSignup(ctx context.Context, p *store.Project, in Send) (*mailbox.Sent, error) {
	if inSandbox(p, in.Organization, in.Email) {
		return s.sandboxSent(), nil
	}
	if err := s.Mailbox.Ready(p); err != nil {
		return nil, err
	}

	var (
		sent    mailbox.Sent
		refusal *errs.Error
	)
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		sent, refusal = mailbox.Sent{At: tx.Now()}, nil
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		sent.Organization = o
		address, tag, err := readMail(in.Email, in.Locale, in.PKCEChallenge, in.Login, in.Signup)
		if err != nil {
			return err
		}
		if sent.Member, err = mailbox.Find(ctx, tx, p, o, address); err != nil {
			return err
		}
		if err := mailbox.Allowed(o, sent.Member, store.MethodMagic); err != nil {
			return err
		}
		l := in.letter(&sent, address, tag)
		if refusal, err = s.admit(ctx, tx, p, l); err != nil || refusal != nil {
			return err
		}
		if sent.Member == nil {
			sent.MemberCreated = true
			if sent.Member, err = mailbox.Join(ctx, tx, p, o, address, in.RequestID); err != nil {
				return err
			}
			l.member = sent.Member
		}
		return s.send(ctx, tx, p, l)
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return &sent, nil
}

// letter chooses between login and signup.
func (in *Send) letter(sent *mailbox.Sent, to email.Address, tag locale.Tag) *letter {
	l := &letter{
		purpose: link.Signup, kind: store.KindMagicLinkSignup, organization: sent.Organization, member: sent.Member, to: to,
		tag: tag, asked: in.Signup.RedirectURL, life: in.Signup.life(DefaultMinutes), pkce: in.PKCEChallenge,
		requestID: in.RequestID,
	}
	if m := sent.Member; m != nil && m.Status == store.StatusActive {
		l.purpose, l.kind = link.Login, store.KindMagicLinkLogin
		l.asked, l.life = in.Login.RedirectURL, in.Login.life(DefaultMinutes)
	}
	return l
}

// readMail reads the fields that need no look at other rows.
func readMail(
	address string, language locale.Input, challenge string, mails ...Mail,
) (email.Address, locale.Tag, error) {
	to, err := email.Parse(address)
	if err != nil {
		return "", "", err
	}
	tag, err := language.ForEmail()
	if err != nil {
		return "", "", err
	}
	if err := link.CheckChallenge(challenge); err != nil {
		return "", "", err
	}
	for _, m := range mails {
		if err := m.check(); err != nil {
			return "", "", err
		}
	}
	return to, tag, nil
}

// letter is a link on its way to somebody.
type letter struct {
	purpose, kind string
	organization  *store.Organization // nil where nobody has chosen one
	member        *store.Member       // nil then, and for somebody who is about to join
	to            email.Address
	tag           locale.Tag
	asked         string // redirect address, "" for the default
	redirect      string
	life          time.Duration
	pkce          string
	requestID     string
	details       map[string]string // of the audit record
	decision      *limit.Decision
}

// admit decides whether the link may be sent. The refusal is a value, because its record is part of the transaction.
func (s *Service) admit(ctx context.Context, tx *store.Tx, p *store.Project, l *letter) (*errs.Error, error) {
	var err error
	if l.redirect, err = link.Choose(p, l.purpose, l.asked); err != nil {
		return nil, err
	}
	if l.decision, err = s.Mailbox.Budget(ctx, tx, p, l.to); err != nil {
		return nil, err
	}
	if !l.decision.Refused {
		return nil, nil
	}
	l.record(tx, p, audit.Refused, map[string]string{"rule": l.decision.Limit})
	return errs.TooManyRequests.After(l.decision.Wait), nil
}

// send makes the link and the message that carries it.
func (s *Service) send(ctx context.Context, tx *store.Tx, p *store.Project, l *letter) error {
	now := tx.Now()
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	row := &store.MagicLink{
		ID: id.String(), ProjectID: p.ID, TokenHash: hash, Purpose: l.purpose, Email: l.to.String(),
		RedirectURL: l.redirect, PKCEChallenge: l.pkce, CreatedAt: now, ExpiresAt: now.Add(l.life),
	}
	m := mailbox.Letter{
		Kind: l.kind, To: l.to, Locale: string(l.tag), LinkID: row.ID, Deadline: row.ExpiresAt, RequestID: l.requestID,
		Content: notify.Content{URL: link.Address(s.PublicURL, token), Minutes: int(l.life / time.Minute)},
	}
	if l.organization != nil {
		row.OrganizationID, row.MemberID = l.organization.ID, l.member.ID
		m.OrganizationID, m.MemberID, m.Content.OrganizationName = l.organization.ID, l.member.ID, l.organization.Name
	}

	messageID := ids.New(ids.Message, p.Env, now)
	if err := s.Mailbox.Post(ctx, tx, p, l.decision, messageID, m); err != nil {
		return err
	}
	tx.InsertMagicLink(row)
	l.record(tx, p, audit.Done, map[string]string{"message_id": messageID, "purpose": l.purpose})
	return nil
}

func (l *letter) record(tx *store.Tx, p *store.Project, outcome string, details map[string]string) {
	for name, value := range l.details {
		details[name] = value
	}
	e := audit.Event{
		ProjectID: p.ID, RequestID: l.requestID, Action: "magic_link.send", Outcome: outcome, Details: details,
	}
	if l.organization != nil {
		e.OrganizationID = l.organization.ID
	}
	if l.member != nil {
		e.MemberID = l.member.ID
	}
	event.Record(tx, p, e)
}
