// Package challenge sends a member one code by text: which numbers may get one, how many, and in which words. An explicit
// send and a login that texts by itself both come through here.
package challenge

import (
	"context"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/wording"
)

// Service starts challenges.
type Service struct {
	Keys   *keys.Ring
	Notify *notify.Service
	Guard  *guard.Service
	// Metrics counts decisions; nil for nobody.
	Metrics *metric.Set
}

// Request is a code to be sent.
type Request struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member // gets the linked number
	Number       phone.Number
	Link         bool       // the number becomes the member's own, unverified
	Kind         phone.Kind // what a look-up said that the number is, "" for none
	Locale       locale.Input
	RequestID    string
}

func (r *Request) verified() bool {
	return r.Member.PhoneVerified && r.Member.Phone == r.Number.String()
}

// Start decides about a code and, when it may be sent, makes everything that a send is: the linked number, the live code,
// the message, the counters. A refusal comes back as a value, because its record is part of the transaction; an error
// means that nothing must be kept.
func (s *Service) Start(ctx context.Context, tx *store.Tx, r Request) (refusal *errs.Error, err error) {
	r.Number = r.Number.Placed()
	provider, routed := s.Notify.Route(r.Project, store.ChannelSMS, r.Number.Region(), r.Number.String())
	d := s.Guard.Screen(guard.Send{
		Project: r.Project, Organization: r.Organization, Member: r.Member, Number: r.Number, Verified: r.verified(),
		Kind: r.Kind, Provider: provider,
	})
	if d.Refusal != nil {
		return s.refuseBy(tx, &r, d), nil
	}
	if !r.verified() {
		taken, err := tx.PhoneTaken(ctx, r.Organization.ID, r.Number.String(), r.Member.ID, tx.Now().Add(-member.PhoneClaim))
		if err != nil {
			return nil, err
		}
		if taken {
			return nil, errs.DuplicateMemberPhoneNumber
		}
	}
	optedOut := tx.OptedOut(ctx, r.Project.ID, r.Number.String())
	if err := s.Guard.Judge(ctx, tx, d); err != nil {
		return nil, err
	}
	out, err := optedOut()
	if err != nil {
		return nil, err
	}
	if out {
		return s.refuse(tx, &r, "opted_out", errs.UnsubscribedPhoneNumber,
			"when the person has texted START, and then: thimble project opt-in PROJECT NUMBER"), nil
	}
	tag, err := r.Locale.ForSMS()
	if err != nil {
		return nil, err
	}
	return s.startAllowed(ctx, tx, &r, tag, d, routed)
}

// startAllowed goes on where only budgets, locks and routes can refuse.
func (s *Service) startAllowed(
	ctx context.Context, tx *store.Tx, r *Request, tag locale.Tag, d *guard.Decision, routed bool,
) (*errs.Error, error) {
	if d.Refusal != nil {
		return s.refuseBy(tx, r, d), nil
	}
	if lock := limit.LockOf(r.Member, &r.Project.Settings, tx.Now()); lock.Locked {
		refusal, pass := errs.UserLockLimitReached, "when an operator resets the second factor: thimble member --help"
		if !lock.Until.IsZero() {
			refusal, pass = refusal.After(lock.Until.Sub(tx.Now())), guard.After(lock.Until)
		}
		return s.refuse(tx, r, "member_locked", refusal, pass), nil
	}
	country, number := r.Number.Region(), r.Number.String()
	if !routed {
		return s.refuse(tx, r, "no_route", errs.DownstreamCarrierError,
			"when a provider is set up that serves the country: docs/providers.md"), nil
	}
	if wait, out := s.Notify.Outage(r.Project, country, number); out {
		return s.refuse(tx, r, "outage", errs.TooManyRequests.After(wait),
			"when one of the number's providers answers again"), nil
	}

	if err := link(ctx, tx, r); err != nil {
		return nil, err
	}
	if err := s.send(ctx, tx, r, tag, d); err != nil {
		return nil, err
	}
	return nil, d.Count(ctx, tx)
}

// link gives the member the number, or notes that a code goes to the unverified one.
func link(ctx context.Context, tx *store.Tx, r *Request) error {
	m, number := r.Member, r.Number.String()
	if !r.Link {
		if !m.PhoneVerified {
			tx.AskPhone(m.ID, number)
		}
		return nil
	}

	phoneID := ids.New(ids.Phone, r.Project.Env, tx.Now())
	linked, err := tx.LinkPhone(ctx, m.ID, m.Phone, number, phoneID)
	if err != nil {
		return err
	}
	if !linked {
		return store.ErrChanged
	}
	tx.KillCodes(m.ID, store.PurposeSMS) // of a number before this one
	m.Phone, m.PhoneID, m.PhoneVerified, m.PhoneAskedAt, m.UpdatedAt = number, phoneID, false, tx.Now(), tx.Now()
	return nil
}

// send makes the code and the message that carries it.
func (s *Service) send(ctx context.Context, tx *store.Tx, r *Request, tag locale.Tag, d *guard.Decision) error {
	now := tx.Now()
	text := newCode(r)
	m := &store.Message{
		ID: ids.New(ids.Message, r.Project.Env, now), ProjectID: r.Project.ID, OrganizationID: r.Organization.ID,
		MemberID: r.Member.ID, RequestID: r.RequestID, Channel: store.ChannelSMS, Kind: store.KindSMSOTP,
		Recipient: r.Number.String(), Country: r.Number.Region(), Locale: string(tag),
		Decision: marked(d.Record(), r.verified()),
		Deadline: now.Add(code.Life), CreatedAt: now, UpdatedAt: now, Reserved: d.Price(), Budgets: d.Budgets(),
	}
	say := wording.Of(r.Project, r.Organization, tag)
	content := notify.Content{
		Code: text, ProjectName: say.Name, Domain: r.Project.Settings.WebOTPDomain, Template: say.Template,
		MaxSegments: say.MaxSegments,
	}
	if err := s.Notify.Compose(r.Project, m, content); err != nil {
		return err
	}

	version, hash := s.Keys.HashCode(r.Project.ID, r.Member.ID, store.PurposeSMS, text)
	tx.IssueCode(&store.Code{
		Owner: r.Member.ID, Purpose: store.PurposeSMS, ProjectID: r.Project.ID, Recipient: r.Number.String(), Hash: hash,
		KeyVersion: version, MessageID: m.ID, IssuedAt: now, ExpiresAt: now.Add(code.Life),
	})
	s.Notify.Post(ctx, tx, r.Project, m)
	s.record(tx, r, audit.Done, map[string]string{"message_id": m.ID})
	tx.AfterCommit(func() { s.Metrics.Decided(metric.Sent, m.Country, m.Provider) })
	return nil
}

// newCode makes the code. That to the sandbox number is known, so that programs can log in whom nobody texts: a number
// that cannot be anybody's, in a test project alone.
func newCode(r *Request) string {
	if r.Number.IsSandbox() && !r.Project.Live() {
		return code.Sandbox
	}
	return code.New()
}

// refuseBy records what the guard refused: with the counters at that moment, and what would have let it pass.
func (s *Service) refuseBy(tx *store.Tx, r *Request, d *guard.Decision) *errs.Error {
	details := map[string]string{"rule": d.Rule, "country": r.Number.Region(), "pass": d.Pass}
	if d.Prefix != "" {
		details["prefix"] = d.Prefix
	}
	if counters := d.Record(); counters != "" {
		details["counters"] = counters
	}
	s.record(tx, r, audit.Refused, details)
	return d.Refusal
}

func (s *Service) refuse(tx *store.Tx, r *Request, rule string, e *errs.Error, pass string) *errs.Error {
	s.record(tx, r, audit.Refused, map[string]string{"rule": rule, "country": r.Number.Region(), "pass": pass})
	return e
}

func (s *Service) record(tx *store.Tx, r *Request, outcome string, details map[string]string) {
	var more map[string]string
	if outcome == audit.Refused {
		s.remember(r, details)
		more = map[string]string{"phone_number": r.Number.Masked()}
		tx.AfterCommit(func() { s.Metrics.Decided(details["rule"], details["country"], "") })
	}
	event.Record(tx, r.Project, audit.Event{
		ProjectID: r.Project.ID, OrganizationID: r.Organization.ID, MemberID: r.Member.ID, RequestID: r.RequestID,
		Action: Action, Outcome: outcome, Details: details,
	}, more)
}
