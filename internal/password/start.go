package password

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
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of the life of a link to a new password, in minutes.
const (
	DefaultMinutes = 30
	MinMinutes     = 5
	MaxMinutes     = 10080 // 7 days
)

// Start is a request for a mail with a link to a new password.
type Start struct {
	Organization  ids.OrgRef // not of discovery
	Email         string
	RedirectURL   string // "" for the project's default
	LoginURL      string // where a second link leads that logs in without a password; "" for no such link
	Minutes       int32  // 0 for the default
	PKCEChallenge string
	Locale        locale.Input
	Templates     []string
	RequestID     string
}

// read checks the fields that need no look at any row.
func (in *Start) read() (email.Address, locale.Tag, error) {
	to, err := email.Parse(in.Email)
	if err != nil {
		return "", "", err
	}
	tag, err := in.Locale.ForEmail()
	if err != nil {
		return "", "", err
	}
	if err := link.CheckChallenge(in.PKCEChallenge); err != nil {
		return "", "", err
	}
	if in.Minutes != 0 && (in.Minutes < MinMinutes || in.Minutes > MaxMinutes) {
		return "", "", errs.InvalidArgument.Saying("reset_password_expiration_minutes must be from 5 to 10080.")
	}
	for _, template := range in.Templates {
		if template != "" {
			return "", "", errs.EmailTemplateNotFound
		}
	}
	return to, tag, nil
}

// StartReset mails a member a link to a new password, or to the first one. It fails with errs.MemberNotFound for an
// address that no member has: the backend that asks sees the member in the answer anyway.
func (s *Service) StartReset(ctx context.Context, p *store.Project, in Start) (*mailbox.Sent, error) {
	if err := s.Mailbox.Ready(p); err != nil {
		return nil, err
	}
	var (
		sent    mailbox.Sent
		refusal *errs.Error
	)
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		sent, refusal = mailbox.Sent{At: tx.Now()}, nil
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		to, tag, err := in.read()
		if err != nil {
			return err
		}
		m, err := mailbox.Member(ctx, tx, p, o, to)
		if err != nil {
			return err
		}
		if m == nil {
			return errs.MemberNotFound
		}
		if !allows(o, m) {
			return errs.OperationRestrictedByOrganizationAuthMethods
		}
		sent.Organization, sent.Member = o, m
		l := &letter{purpose: link.ResetPassword, organization: o, member: m, to: to, tag: tag, in: &in}
		refusal, err = s.send(ctx, tx, p, l)
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

// letter is a link to a new password on its way to somebody.
type letter struct {
	purpose      string
	organization *store.Organization // nil for a password of an address
	member       *store.Member       // likewise
	to           email.Address
	tag          locale.Tag
	in           *Start
}

func (l *letter) life() time.Duration {
	if l.in.Minutes > 0 {
		return time.Duration(l.in.Minutes) * time.Minute
	}
	return DefaultMinutes * time.Minute
}

// send makes the link and the mail that carries it. A refusal by a limit is a value, because its record is part of the
// transaction.
func (s *Service) send(ctx context.Context, tx *store.Tx, p *store.Project, l *letter) (*errs.Error, error) {
	redirect, err := link.Choose(p, link.ResetPassword, l.in.RedirectURL)
	if err != nil {
		return nil, err
	}
	decision, err := s.Mailbox.Budget(ctx, tx, p, l.to)
	if err != nil {
		return nil, err
	}
	if decision.Refused {
		l.record(tx, p, audit.Refused, map[string]string{"rule": decision.Limit})
		return errs.TooManyRequests.After(decision.Wait), nil
	}
	return nil, s.post(ctx, tx, p, l, redirect, decision)
}

func (s *Service) post(
	ctx context.Context, tx *store.Tx, p *store.Project, l *letter, redirect string, d *limit.Decision,
) error {
	row, token := l.row(p, tx.Now(), l.purpose, redirect)
	m := mailbox.Letter{
		Kind: store.KindPasswordReset, To: l.to, Locale: string(l.tag), LinkID: row.ID, Deadline: row.ExpiresAt,
		OrganizationID: row.OrganizationID, MemberID: row.MemberID, RequestID: l.in.RequestID,
		Content: notify.Content{URL: link.Address(s.PublicURL, token), Minutes: int(l.life() / time.Minute)},
	}
	if l.organization != nil {
		m.Content.OrganizationName = l.organization.Name
	}
	another, err := s.loginLink(p, tx.Now(), l, &m.Content)
	if err != nil {
		return err
	}
	messageID := ids.New(ids.Message, p.Env, tx.Now())
	if err := s.Mailbox.Post(ctx, tx, p, d, messageID, m); err != nil {
		return err
	}
	tx.InsertMagicLink(row)
	if another != nil {
		tx.InsertMagicLink(another)
	}
	l.record(tx, p, audit.Done, map[string]string{"message_id": messageID})
	return nil
}

// row makes a link for the reader of the mail.
func (l *letter) row(p *store.Project, now time.Time, purpose, redirect string) (*store.MagicLink, secret.String) {
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	row := &store.MagicLink{
		ID: id.String(), ProjectID: p.ID, TokenHash: hash, Purpose: purpose, Email: l.to.String(), RedirectURL: redirect,
		PKCEChallenge: l.in.PKCEChallenge, CreatedAt: now, ExpiresAt: now.Add(l.life()),
	}
	if l.member != nil {
		row.OrganizationID, row.MemberID = l.organization.ID, l.member.ID
	}
	return row, token
}

// loginLink makes the second link of the mail, for who would rather log in without a password; nil where none was asked
// for or the organization does not allow it.
func (s *Service) loginLink(p *store.Project, now time.Time, l *letter, c *notify.Content) (*store.MagicLink, error) {
	if l.in.LoginURL == "" {
		return nil, nil
	}
	purpose := link.Discovery
	if l.member != nil {
		purpose = link.Login
	}
	redirect, err := link.Choose(p, purpose, l.in.LoginURL)
	if err != nil {
		return nil, err
	}
	if l.member != nil && !mfa.AllowsPrimary(l.organization, l.member, store.MethodMagic) {
		return nil, nil
	}
	row, token := l.row(p, now, purpose, redirect)
	c.LoginURL = link.Address(s.PublicURL, token)
	return row, nil
}

func (l *letter) record(tx *store.Tx, p *store.Project, outcome string, details map[string]string) {
	e := audit.Event{
		ProjectID: p.ID, RequestID: l.in.RequestID, Action: "password.reset.start", Outcome: outcome, Details: details,
	}
	if l.member != nil {
		e.OrganizationID, e.MemberID = l.organization.ID, l.member.ID
	}
	event.Record(tx, p, e)
}
