package totp

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// maxMigrated is how many recovery codes can be taken over.
const maxMigrated = 50

// Migrate is an app that a member proved to another service.
type Migrate struct {
	Organization  ids.OrgRef
	Member        ids.MemberRef
	Seed          secret.String // base 32
	RecoveryCodes []string      // none for new ones
	RequestID     string
}

// Migrate takes an app over. It is active at once, by the word of the project's backend, and needs neither an active
// member nor the organization's leave.
func (s *Service) Migrate(ctx context.Context, p *store.Project, in Migrate) (*Created, error) {
	var out Created
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		o, m, err := member.Resolve(ctx, tx, p, in.Organization, in.Member)
		if err != nil {
			return err
		}
		if m.TOTPID != "" {
			return errs.ActiveTOTPExists
		}
		seed, recovery, err := in.read()
		if err != nil {
			return err
		}
		now := tx.Now()
		r := &store.TOTP{State: store.TOTPActive, CreatedAt: now}
		if err := s.adopt(ctx, tx, p, m, r, seed, recovery); err != nil {
			return err
		}
		record(tx, p, m, in.RequestID, "totp.migrate", r.ID)
		out = Created{Organization: o, Member: m, At: now, RegistrationID: r.ID, RecoveryCodes: recovery}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// adopt holds the member's row before it touches others, as everything does that changes a registration.
func (s *Service) adopt(
	ctx context.Context, tx *store.Tx, p *store.Project, m *store.Member, r *store.TOTP, seed []byte, recovery []string,
) error {
	held, err := tx.HoldForTOTP(ctx, m)
	if err != nil {
		return err
	}
	if !held {
		return store.ErrChanged
	}
	if err := s.write(tx, p, m, r, seed, recovery); err != nil {
		return err
	}
	given, err := tx.GiveTOTP(ctx, m, r.ID)
	if err == nil && !given {
		err = store.ErrChanged
	}
	return err
}

// read checks what another service made.
func (in *Migrate) read() (seed []byte, recovery []string, err error) {
	seed, ok := readSeed(in.Seed.Reveal())
	if !ok {
		return nil, nil, errs.InvalidArgument.Saying("secret must be 10 to 128 bytes in base 32.")
	}
	if len(in.RecoveryCodes) == 0 {
		return seed, code.NewRecovery(), nil
	}
	if len(in.RecoveryCodes) > maxMigrated {
		return nil, nil, errs.InvalidArgument.Saying("recovery_codes must hold at most 50 codes.")
	}
	var seen []string
	for _, text := range in.RecoveryCodes {
		plain := code.PlainRecovery(text)
		switch {
		case !code.MayBeRecovery(text):
			return nil, nil, errs.InvalidRecoveryCode
		case slices.Contains(seen, plain):
			return nil, nil, errs.InvalidArgument.Saying("recovery_codes must not hold a code twice.")
		}
		seen = append(seen, plain)
	}
	return seed, in.RecoveryCodes, nil
}
