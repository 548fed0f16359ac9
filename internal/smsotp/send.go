// Package smsotp is the second factor by text message: asking for a code, and redeeming it.
package smsotp

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service sends and redeems codes.
type Service struct {
	DB        *store.DB
	Keys      *keys.Ring
	Sessions  *session.Service
	Challenge *challenge.Service
	Second    *second.Service
	Notify    *notify.Service
	Guard     *guard.Service
}

// Send is a request for a code.
type Send struct {
	Organization ids.OrgRef
	Member       ids.MemberRef
	Phone        phone.Input
	Locale       locale.Input
	Tokens       session.Tokens
	RequestID    string
}

// Sent is whom a code went to. The number is the member's own by now, if not verified.
type Sent struct {
	Organization *store.Organization
	Member       *store.Member
	At           time.Time
}

// Send sends a code to the member's number, or to the one asked for, which becomes the member's. The rules refuse in the
// order of the documentation; what is refused changes nothing but the record of refusals.
func (s *Service) Send(ctx context.Context, p *store.Project, in Send) (*Sent, error) {
	if wait, full := s.Notify.Busy(store.ChannelSMS); full && p.Live() {
		return nil, errs.TooManyRequests.After(wait)
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	kind := s.lookUp(ctx, p, in)

	var (
		sent    Sent
		refusal *errs.Error
	)
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		asked := second.Ask(ctx, tx, s.Sessions, p, shown)
		o, m, err := member.Resolve(ctx, tx, p, in.Organization, in.Member)
		if err != nil {
			return err
		}
		sent = Sent{o, m, tx.Now()}
		holder, err := second.Admit(o, m, store.MethodSMS, in.Tokens, asked)
		if err != nil {
			return err
		}
		number, link, err := chooseNumber(p, o, m, in.Phone, holder)
		if err != nil {
			return err
		}
		refusal, err = s.Challenge.Start(ctx, tx, challenge.Request{
			Project: p, Organization: o, Member: m, Number: number, Link: link, Kind: kind, Locale: in.Locale,
			RequestID: in.RequestID,
		})
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

// chooseNumber applies the bypass rule and the form of the number, in the documented order.
func chooseNumber(
	p *store.Project, o *store.Organization, m *store.Member, asked phone.Input, h *second.Holder,
) (number phone.Number, link bool, err error) {
	var malformed error
	if asked.Given() {
		number, malformed = asked.Parse(p.Live())
	}

	verdict := mfa.MayChallenge(o, m, mfa.Ask{
		Number: number.String(), Held: h.Held(), Factors: h.Factors(),
		SendWithoutToken: p.Settings.SendWithoutToken, ReplaceUnverified: p.Settings.ReplaceUnverifiedPhone,
	})
	switch verdict {
	case mfa.NumberDiffers:
		return number, false, errs.DuplicateMemberPhoneNumberForMember
	case mfa.NeedsFactor, mfa.NeedsToken:
		return number, false, errs.InsufficientFactors
	}
	if malformed != nil {
		return number, false, malformed
	}
	if !asked.Given() {
		if m.Phone == "" {
			return number, false, errs.PhoneNumberNotFound
		}
		number = phone.Stored(m.Phone)
	}
	return number, verdict == mfa.MayLinkAndText, nil
}
