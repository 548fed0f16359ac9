// Package recovery is the second factor of who has lost an authenticator app: codes that work once each, handed out with
// the app.
package recovery

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service hands recovery codes out and redeems them.
type Service struct {
	DB     *store.DB
	Keys   *keys.Ring
	Second *second.Service
}

// Codes are a member's unused codes.
type Codes struct {
	Organization *store.Organization
	Member       *store.Member
	At           time.Time
	Codes        []string
}

// Get gives the codes that are left: none for a member without an active app.
func (s *Service) Get(
	ctx context.Context, p *store.Project, org ids.OrgRef, ref ids.MemberRef,
) (*Codes, error) {
	var (
		out  Codes
		rows []*store.RecoveryCode
	)
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		out.At, rows = tx.Now(), nil
		out.Organization, out.Member, err = member.Resolve(ctx, tx, p, org, ref)
		if err != nil || out.Member.TOTPID == "" {
			return err
		}
		rows, err = tx.RecoveryCodes(ctx, out.Member.ID, out.Member.TOTPID)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range rows {
		if !c.UsedAt.IsZero() {
			continue
		}
		plain, err := code.OpenRecovery(s.Keys, c)
		if err != nil {
			return nil, err
		}
		out.Codes = append(out.Codes, plain)
	}
	return &out, nil
}

// Rotate replaces all codes, used or not, by new ones. It fails with errs.NoActiveRecoveryCodeBackedFactor for a member
// without an active app.
func (s *Service) Rotate(
	ctx context.Context, p *store.Project, org ids.OrgRef, ref ids.MemberRef, requestID string,
) (*Codes, error) {
	out := Codes{Codes: code.NewRecovery()}
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		out.At = tx.Now()
		out.Organization, out.Member, err = member.Resolve(ctx, tx, p, org, ref)
		if err != nil {
			return err
		}
		m := out.Member
		if m.TOTPID == "" {
			return errs.NoActiveRecoveryCodeBackedFactor
		}
		held, err := tx.HoldTOTP(ctx, m)
		if err != nil {
			return err
		}
		if !held {
			return store.ErrChanged // looked at again, the member has another app or none
		}
		rows, err := code.SealRecovery(s.Keys, p.ID, m.ID, m.TOTPID, out.Codes, out.At)
		if err != nil {
			return err
		}
		tx.ReplaceRecoveryCodes(m.ID, rows)
		event.Record(tx, p, audit.Event{
			ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: requestID,
			Action: "recovery_codes.rotate", Outcome: audit.Done,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
