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
		if sent.Member, sent.MemberCreated, err = findOrAdd(ctx, tx, p, o, address); err != nil {
			return err
		}
		if !mfa.AllowsPrimary(o, sent.Member, store.MethodMagic) {
			return errs.OperationRestrictedByOrganizationAuthMethods
		}
		refusal, err = s.mail(ctx, tx, p, &in, &sent, tag)
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

// findOrAdd gives the member with that address, or makes a pending one where the organization lets the address join.
func findOrAdd(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address,
) (*store.Member, bool, error) {
	id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
	if err == nil {
		_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
		return m, false, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, false, err
	}

	if err := member.MayJoinByEmail(o, address); err != nil {
		return nil, false, err
	}
	m, err := member.Add(ctx, tx, p, o, member.New{Email: address.String(), Pending: true})
	return m, true, err
}

// mail makes the link and the message that carries it.
func (s *Service) mail(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Send, sent *Sent, tag locale.Tag,
) (*errs.Error, error) {
	m, now := sent.Member, tx.Now()
	purpose, kind, wish := PurposeSignup, store.KindMagicLinkSignup, in.Signup
	if m.Status == store.StatusActive {
		purpose, kind, wish = PurposeLogin, store.KindMagicLinkLogin, in.Login
	}
	redirect, err := chooseRedirect(p, purpose, wish.RedirectURL)
	if err != nil {
		return nil, err
	}
	decision, err := limit.CheckMail(ctx, tx, p, m.Email)
	if err != nil {
		return nil, err
	}
	if decision.Refused {
		s.record(tx, p, in, m, audit.Refused, map[string]string{"rule": decision.Limit})
		return errs.TooManyRequests.After(decision.Wait), nil
	}
	if err := decision.Count(ctx, tx, p); err != nil {
		return nil, err
	}
	if _, ok := s.Notify.Route(p, store.ChannelEmail, ""); !ok {
		return nil, errs.ServerUnavailable.Because(errors.New("no mail server is set"))
	}

	minutes := time.Duration(DefaultMinutes)
	if wish.Minutes > 0 {
		minutes = time.Duration(wish.Minutes)
	}
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	link := &store.MagicLink{
		ID: id.String(), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, TokenHash: hash,
		Purpose: purpose, Email: m.Email, RedirectURL: redirect, PKCEChallenge: in.PKCEChallenge,
		CreatedAt: now, ExpiresAt: now.Add(minutes * time.Minute),
	}
	message := &store.Message{
		ID: ids.New(ids.Message, p.Env, now), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID,
		RequestID: in.RequestID, Channel: store.ChannelEmail, Kind: kind, Recipient: m.Email, Locale: string(tag),
		LinkID: link.ID, Decision: decision.Record(), Deadline: link.ExpiresAt, CreatedAt: now, UpdatedAt: now,
	}
	err = s.Notify.Compose(p, message, notify.Content{
		ProjectName: p.Name, OrganizationName: sent.Organization.Name, Minutes: int(minutes),
		URL: s.PublicURL + Path + "?token=" + url.QueryEscape(token.Reveal()),
	})
	if err != nil {
		return nil, err
	}

	tx.InsertMagicLink(link)
	tx.InsertMessage(message)
	s.record(tx, p, in, m, audit.Done, map[string]string{"message_id": message.ID, "purpose": purpose})
	tx.AfterCommit(func() { s.Notify.Hand(message) })
	return nil, nil
}

func (s *Service) record(
	tx *store.Tx, p *store.Project, in *Send, m *store.Member, outcome string, details map[string]string,
) {
	audit.Record(tx, audit.Event{
		ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: in.RequestID,
		Action: "magic_link.send", Outcome: outcome, Details: details,
	})
}
