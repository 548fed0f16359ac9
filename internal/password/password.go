// Package password is the login by something that the member knows: checking how strong one is, logging in with one,
// choosing a new one after a mail, in a session or with the one before, and bringing hashes along from elsewhere.
package password

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service knows passwords.
type Service struct {
	DB       *store.DB
	Keys     *keys.Ring
	Sessions *session.Service
	Login    *login.Service
	Mailbox  *mailbox.Service
	// Pool runs the hashes of this process.
	Pool *Pool
	// Breaches is the list of breached passwords; nil looks nothing up.
	Breaches *Breaches
	// PublicURL is where people reach this server, without a slash at its end. Links are built from it alone.
	PublicURL string
}

// Check says how strong a password is. An address, which may be empty, makes what is known about its owner count against
// the password, and looks the password up among breached ones.
func (s *Service) Check(ctx context.Context, p *store.Project, text secret.String, address string) (Strength, error) {
	if address != "" {
		if _, err := email.Parse(address); err != nil {
			return Strength{}, err
		}
	}
	out := judge(&p.Settings, text, address)
	out.LookedUp = s.looksUpNew(p)
	out.Breached = out.LookedUp && s.Breaches.Has(ctx, text)
	if address != "" && out.Breached {
		out.Valid = false
	}
	return out, nil
}

func (s *Service) looksUpNew(p *store.Project) bool {
	return s.Breaches != nil && !p.Settings.SkipBreachOnCreation
}

// accept refuses a new password that is too weak, or known to everybody.
func (s *Service) accept(ctx context.Context, p *store.Project, text secret.String, address string) error {
	if !utf8.ValidString(text.Reveal()) || len(text.Reveal()) > MaxLength {
		return errs.WeakPassword.Saying("A password can have up to 1024 bytes of text.")
	}
	if !judge(&p.Settings, text, address).Valid {
		return errs.WeakPassword
	}
	if s.looksUpNew(p) && s.Breaches.Has(ctx, text) {
		return errs.BreachedPassword
	}
	return nil
}

// hash runs Hash in the pool.
func (s *Service) hash(ctx context.Context, text secret.String) (hash string, err error) {
	err = s.Pool.Do(ctx, func() { hash = Hash(text) })
	return hash, err
}

// Finish is what calls that may end in a session have in common.
type Finish struct {
	Tokens    session.Tokens
	Terms     session.Terms
	Locale    locale.Input
	RequestID string
}

// check refuses what needs no look at any row.
func (f *Finish) check(p *store.Project) error {
	if f.Tokens.Session != "" && f.Tokens.JWT != "" {
		return errs.TooManySessionArguments
	}
	if err := f.Terms.Check(p); err != nil {
		return err
	}
	if _, err := session.MergeClaims(nil, f.Terms.Claims); err != nil {
		return err
	}
	_, err := f.Locale.ForEmail()
	return err
}

// factor is a password as a session remembers it: it proves the member and no other one with the same address.
func factor(m *store.Member, tx *store.Tx) store.Factor {
	now := store.At(tx.Now())
	return store.Factor{
		Type: store.FactorPassword, DeliveryMethod: store.DeliverKnowledge, SequenceOrder: store.Primary,
		LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
		Email: &store.EmailFactor{EmailID: m.EmailID, Email: m.Email},
	}
}

// put gives a member the password with that hash.
func put(ctx context.Context, tx *store.Tx, p *store.Project, m *store.Member, hash string) error {
	row := &store.Password{
		ID: ids.New(ids.Password, p.Env, tx.Now()), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID,
		Email: m.Email, Hash: hash,
	}
	if p.Settings.CrossOrgPasswords {
		row.OrganizationID, row.MemberID = "", ""
	}
	if err := tx.PutPassword(ctx, row); err != nil {
		return err
	}
	m.PasswordID, m.UpdatedAt = row.ID, tx.Now()
	return nil
}

// endSessions ends those of whoever logs in with the password: of the member, or of everybody with the address. The one
// with the id stays; "" spares none.
func endSessions(tx *store.Tx, p *store.Project, m *store.Member, but string) {
	if p.Settings.CrossOrgPasswords {
		tx.RevokeAddressSessions(p.ID, m.Email, but)
		return
	}
	tx.RevokeOtherSessions(p.ID, m.ID, but)
}

// ownSession gives the id of the shown session if it is the member's, else "".
func (s *Service) ownSession(
	ctx context.Context, tx *store.Tx, p *store.Project, m *store.Member, shown *session.Shown,
) (string, error) {
	if !shown.Any() || shown.Intermediate() {
		return "", nil
	}
	found, err := s.Sessions.Find(ctx, tx, p, shown)
	if err != nil || found.MemberID != m.ID {
		return "", err
	}
	return found.ID, nil
}

func allows(o *store.Organization, m *store.Member) bool {
	return mfa.AllowsPrimary(o, m, store.MethodPassword)
}

func record(tx *store.Tx, p *store.Project, m *store.Member, requestID, action, outcome string) {
	event.Record(tx, p, audit.Event{
		ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: requestID,
		Action: action, Outcome: outcome,
	})
}

// isRefusal reports an error that a caller may see.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*errs.Error](err)
	return ok
}
