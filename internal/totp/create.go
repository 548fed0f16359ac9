// Package totp is the second factor by authenticator app: setting one up, taking one over from another service, and
// redeeming its codes (RFC 6238, with SHA-1, six digits and 30 seconds).
package totp

import (
	"context"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of how long a registration may wait for its first code, in minutes.
const (
	DefaultMinutes = 60
	MinMinutes     = 5
	MaxMinutes     = 1440
)

// Service sets apps up and redeems their codes.
type Service struct {
	DB       *store.DB
	Keys     *keys.Ring
	Sessions *session.Service
	Second   *second.Service
}

// Create is a request for a registration.
type Create struct {
	Organization ids.OrgRef
	Member       ids.MemberRef
	Tokens       session.Tokens // at most one
	Minutes      int32          // 0 for the default
	RequestID    string
}

// Created is a registration that waits for its first code, or one that was taken over.
type Created struct {
	Organization   *store.Organization
	Member         *store.Member
	At             time.Time
	RegistrationID string
	// Seed in base 32, and the same with the names of project and member as the data URL of a picture. Both are empty
	// for one that was taken over.
	Seed          secret.String
	QRCode        secret.String
	RecoveryCodes []string
}

// Create makes a registration that is nobody's factor before its first code was redeemed. It replaces one that waits. The
// rules refuse in the order of the documentation.
func (s *Service) Create(ctx context.Context, p *store.Project, in Create) (*Created, error) {
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	seed, recovery := secret.Bytes(newSeed), code.NewRecovery()

	var out Created
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		asked := second.Ask(ctx, tx, s.Sessions, p, shown)
		o, m, err := member.Resolve(ctx, tx, p, in.Organization, in.Member)
		if err != nil {
			return err
		}
		holder, err := second.Admit(o, m, store.MethodTOTP, in.Tokens, asked)
		if err != nil {
			return err
		}
		life, err := mayCreate(o, m, holder, in.Minutes)
		if err != nil {
			return err
		}
		held, err := tx.HoldForTOTP(ctx, m)
		if err != nil {
			return err
		}
		if !held {
			return store.ErrChanged // looked at again, the member says why not
		}

		now := tx.Now()
		r := &store.TOTP{State: store.TOTPPending, ExpiresAt: now.Add(life), CreatedAt: now}
		if err := s.write(tx, p, m, r, seed, recovery); err != nil {
			return err
		}
		record(tx, p, m, in.RequestID, "totp.create", r.ID)
		out = Created{Organization: o, Member: m, At: now, RegistrationID: r.ID, RecoveryCodes: recovery}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.show(p, &out, seed)
}

// mayCreate decides about a member who is admitted, and how long the registration waits.
func mayCreate(o *store.Organization, m *store.Member, h *second.Holder, minutes int32) (time.Duration, error) {
	if m.TOTPID != "" {
		return 0, errs.ActiveTOTPExists
	}
	if !mfa.MayAddApp(o, m, h.Factors()) {
		return 0, errs.InsufficientFactors
	}
	if minutes == 0 {
		minutes = DefaultMinutes
	}
	if minutes < MinMinutes || minutes > MaxMinutes {
		return 0, errs.InvalidExpiration
	}
	return time.Duration(minutes) * time.Minute, nil
}

// write makes r the member's registration, with its seed and codes sealed. The caller holds the member's row.
func (s *Service) write(
	tx *store.Tx, p *store.Project, m *store.Member, r *store.TOTP, seed []byte, recovery []string,
) (err error) {
	r.ID = ids.New(ids.TOTP, p.Env, r.CreatedAt)
	r.ProjectID, r.OrganizationID, r.MemberID = p.ID, m.OrganizationID, m.ID
	if r.Sealed, err = s.Keys.Seal("totp_registrations", "sealed", r.ID, seed); err != nil {
		return fmt.Errorf("seal a seed: %w", err)
	}
	codes, err := code.SealRecovery(s.Keys, p.ID, m.ID, r.ID, recovery, r.CreatedAt)
	if err != nil {
		return err
	}
	tx.ReplaceTOTP(r, codes)
	return nil
}

// show writes the seed as people and apps read it. Drawing takes time, so it happens after the commit.
func (s *Service) show(p *store.Project, out *Created, seed []byte) (*Created, error) {
	text := alphabet.EncodeToString(seed)
	drawn, err := picture(keyURI(p.Name, out.Member.Email, text))
	out.Seed, out.QRCode = secret.String(text), secret.String(drawn)
	return out, err
}

func record(tx *store.Tx, p *store.Project, m *store.Member, requestID, action, registrationID string) {
	event.Record(tx, p, audit.Event{
		ProjectID: m.ProjectID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: requestID,
		Action: action, Outcome: audit.Done, Details: map[string]string{"totp_registration_id": registrationID},
	})
}
