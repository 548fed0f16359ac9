// Package magiclink is the login by a link in a mail: sending one, following one, redeeming one.
package magiclink

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
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
	Notify   *notify.Service
	// PublicURL is where people reach this server, without a slash at its end. Links are built from it alone.
	PublicURL string
}

// Bounds of a link's life in minutes.
const (
	DefaultMinutes = 60
	MinMinutes     = 5
	MaxMinutes     = 10080 // 7 days
)

// The purposes of links, which redirect addresses are registered for.
const (
	PurposeLogin  = "login"
	PurposeSignup = "signup"
)

// Mail is what a caller asks of the mail for one purpose.
type Mail struct {
	RedirectURL string
	Minutes     int32 // 0 for the default
	Template    string
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

// Sent is whom the link goes to.
type Sent struct {
	Organization  *store.Organization
	Member        *store.Member
	MemberCreated bool
	At            time.Time
}

// LoginOrSignup mails a link to a member, or to somebody whom the organization lets join by address: a pending member is
// made then.
func (s *Service) LoginOrSignup(ctx context.Context, p *store.Project, in Send) (*Sent, error) {
	if wait, full := s.Notify.Busy(); full && p.Live() {
		return nil, errs.TooManyRequests.After(wait)
	}

	var (
		sent    Sent
		refusal *errs.Error
	)
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		sent, refusal = Sent{At: tx.Now()}, nil
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		sent.Organization = o
		address, tag, err := in.check()
		if err != nil {
			return err
		}
		if sent.Member, err = find(ctx, tx, p, o, address); err != nil {
			return err
		}
		way, err := s.admit(ctx, tx, p, &in, &sent, address)
		if err != nil {
			return err
		}
		if refusal = way.refusal; refusal != nil {
			return nil
		}

		if sent.Member == nil {
			if err := join(ctx, tx, p, &in, &sent, address); err != nil {
				return err
			}
		}
		return s.mail(ctx, tx, p, &in, &sent, tag, way)
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return &sent, nil
}

// check reads the fields that need no look at other rows.
func (in *Send) check() (email.Address, locale.Tag, error) {
	address, err := email.Parse(in.Email)
	if err != nil {
		return "", "", err
	}
	tag, err := in.Locale.ForEmail()
	if err != nil {
		return "", "", err
	}
	if in.PKCEChallenge != "" && !isChallenge(in.PKCEChallenge) {
		return "", "", errs.InvalidPKCECodeChallenge
	}
	for _, m := range []Mail{in.Login, in.Signup} {
		if m.Minutes != 0 && (m.Minutes < MinMinutes || m.Minutes > MaxMinutes) {
			return "", "", errs.InvalidArgument.Saying("A link can be good for 5 to 10080 minutes.")
		}
		if m.Template != "" {
			return "", "", errs.EmailTemplateNotFound
		}
	}
	return address, tag, nil
}

// find gives the member with that address, or nil when there is none and the organization lets the address join.
func find(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address,
) (*store.Member, error) {
	id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
	if err == nil {
		_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
		return m, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return nil, member.MayJoinByEmail(o, address)
}

// join makes a pending member of somebody whom the organization lets join. It comes after all that can refuse the mail,
// so that a refusal leaves no member behind.
func join(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Send, sent *Sent, address email.Address,
) (err error) {
	sent.MemberCreated = true
	pending := member.New{Email: address.String(), Pending: true}
	if sent.Member, err = member.Add(ctx, tx, p, sent.Organization, pending); err != nil {
		return err
	}
	audit.Record(tx, audit.Event{
		ProjectID: p.ID, OrganizationID: sent.Organization.ID, MemberID: sent.Member.ID, RequestID: in.RequestID,
		Action: "member.create", Outcome: audit.Done,
	})
	return nil
}

// way is how a link gets to somebody, or why it does not: the refusal is a value, because its record is part of the
// transaction.
type way struct {
	purpose, kind, redirect string
	wish                    Mail
	decision                *limit.Decision
	refusal                 *errs.Error
}

// admit decides whether a link may be sent. sent.Member is nil for somebody who is about to join.
func (s *Service) admit(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Send, sent *Sent, address email.Address,
) (*way, error) {
	m := sent.Member
	if m == nil {
		m = &store.Member{OrganizationID: sent.Organization.ID, Status: store.StatusPending}
	}
	if !mfa.AllowsPrimary(sent.Organization, m, store.MethodMagic) {
		return nil, errs.OperationRestrictedByOrganizationAuthMethods
	}

	w := &way{purpose: PurposeSignup, kind: store.KindMagicLinkSignup, wish: in.Signup}
	if m.Status == store.StatusActive {
		w.purpose, w.kind, w.wish = PurposeLogin, store.KindMagicLinkLogin, in.Login
	}
	var err error
	if w.redirect, err = chooseRedirect(p, w.purpose, w.wish.RedirectURL); err != nil {
		return nil, err
	}
	if w.decision, err = limit.CheckMail(ctx, tx, p, address.String()); err != nil {
		return nil, err
	}
	if w.decision.Refused {
		s.record(tx, p, in, m, audit.Refused, map[string]string{"rule": w.decision.Limit})
		w.refusal = errs.TooManyRequests.After(w.decision.Wait)
		return w, nil
	}
	if _, ok := s.Notify.Route(p, store.ChannelEmail, ""); !ok {
		return nil, errs.ServerUnavailable.Because(errors.New("no mail server is set"))
	}
	return w, nil
}

// mail makes the link and the message that carries it.
func (s *Service) mail(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Send, sent *Sent, tag locale.Tag, w *way,
) error {
	if err := w.decision.Count(ctx, tx, p); err != nil {
		return err
	}
	m, now := sent.Member, tx.Now()
	minutes := time.Duration(DefaultMinutes)
	if w.wish.Minutes > 0 {
		minutes = time.Duration(w.wish.Minutes)
	}
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	link := &store.MagicLink{
		ID: id.String(), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, TokenHash: hash,
		Purpose: w.purpose, Email: m.Email, RedirectURL: w.redirect, PKCEChallenge: in.PKCEChallenge,
		CreatedAt: now, ExpiresAt: now.Add(minutes * time.Minute),
	}
	message := &store.Message{
		ID: ids.New(ids.Message, p.Env, now), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID,
		RequestID: in.RequestID, Channel: store.ChannelEmail, Kind: w.kind, Recipient: m.Email, Locale: string(tag),
		LinkID: link.ID, Decision: w.decision.Record(), Deadline: link.ExpiresAt, CreatedAt: now, UpdatedAt: now,
	}
	err := s.Notify.Compose(p, message, notify.Content{
		ProjectName: p.Name, OrganizationName: sent.Organization.Name, Minutes: int(minutes),
		URL: s.PublicURL + Path + "?token=" + url.QueryEscape(token.Reveal()),
	})
	if err != nil {
		return err
	}

	tx.InsertMagicLink(link)
	tx.InsertMessage(message)
	s.record(tx, p, in, m, audit.Done, map[string]string{"message_id": message.ID, "purpose": w.purpose})
	tx.AfterCommit(func() { s.Notify.Hand(message) })
	return nil
}

func (s *Service) record(
	tx *store.Tx, p *store.Project, in *Send, m *store.Member, outcome string, details map[string]string,
) {
	audit.Record(tx, audit.Event{
		ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: in.RequestID,
		Action: "magic_link.send", Outcome: outcome, Details: details,
	})
}
