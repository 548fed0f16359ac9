package login

import (
	"context"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Exchange is a login in an organization with factors that were proven before: those of an intermediate session, or
// those that move out of a session of another organization.
type Exchange struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member
	// Held is the intermediate session that has the factors, Shown its token; nil when they come out of a session.
	Held      *store.Intermediate
	Shown     *session.Shown
	Factors   []store.Factor
	Terms     session.Terms
	Locale    locale.Input // of a text that the login may send
	RequestID string
}

// Exchange decides what the factors lead to in the organization, and does it. A login that is not complete gives back
// the intermediate session unchanged. A pending or invited member becomes active once no primary factor is missing. Open
// follows after the commit.
func (s *Service) Exchange(ctx context.Context, tx *store.Tx, x Exchange) (*Result, error) {
	in := &Primary{
		Project: x.Project, Organization: x.Organization, Member: x.Member, Shown: x.Shown, Terms: x.Terms,
		Locale: x.Locale, RequestID: x.RequestID, ProvesMailbox: mfa.MailboxProven(x.Factors, x.Member),
	}
	r := &Result{Organization: x.Organization, Member: x.Member, At: tx.Now()}
	d := mfa.Decide(x.Organization, x.Member, x.Factors)
	if d.PrimaryMet {
		if err := activate(ctx, tx, in); err != nil {
			return nil, err
		}
	}

	var err error
	if d.Complete() {
		err = s.complete(ctx, tx, in, x.Held, x.Factors, r)
	} else {
		err = s.suspend(ctx, tx, in, x.Held, x.Factors, d, r)
	}
	if err != nil {
		return nil, err
	}
	record(tx, in, r)
	return r, nil
}

// factorsOf gives the factors as they are the member's: the same mailbox and the same number have other ids in each
// organization, and what is not the member's own stays behind.
func factorsOf(p *store.Project, m *store.Member, factors []store.Factor) []store.Factor {
	var own []store.Factor
	for _, f := range factors {
		switch {
		case staysBehind(p, m, &f):
			continue
		case f.Mailbox() != nil && f.Mailbox().Email == m.Email:
			f.Readdress(store.EmailFactor{EmailID: m.EmailID, Email: m.Email})
		case f.Phone != nil && f.Phone.Phone != m.Phone:
			continue
		case f.Phone != nil:
			f.Phone = &store.PhoneFactor{PhoneID: m.PhoneID, Phone: m.Phone}
		}
		own = session.AddFactor(own, f)
	}
	return own
}

// staysBehind: a mailbox that is another one, and a password for another organization. Where an address has one password
// for all of them, it is also that of a member who has not used it here yet.
func staysBehind(p *store.Project, m *store.Member, f *store.Factor) bool {
	if f.Email == nil || mfa.FitsMember([]store.Factor{*f}, m) {
		return false
	}
	return f.Type != store.FactorPassword || !p.Settings.CrossOrgPasswords || f.Email.Email != m.Email
}

// Moving gives the factors of a member's session that are worth something in other organizations too: those that prove
// the mailbox, a text to the number that the member has proven, and a password that is one for all organizations. Other
// passwords, apps and single sign-on belong to one organization. The word of a provider that does not answer for the
// mailbox goes along as no more than that, and only for an address that was proven once.
func Moving(p *store.Project, factors []store.Factor, m *store.Member) []store.Factor {
	var moving []store.Factor
	for _, f := range factors {
		own := f.Mailbox() != nil && f.Mailbox().Email == m.Email
		switch {
		case own && mfa.ProvesMailbox(&f),
			f.Type == store.FactorOTP && f.Phone != nil && m.PhoneVerified && f.Phone.Phone == m.Phone:
			moving = append(moving, f)
		case own && f.Type == store.FactorOAuth && m.EmailVerified:
			f.CarryOver()
			moving = append(moving, f)
		case own && f.Type == store.FactorPassword && p.Settings.CrossOrgPasswords:
			// It goes under the id of the password itself, which fits whoever has that very one.
			if _, env, password, ok := ids.Parse(m.PasswordID); ok {
				f.Email = &store.EmailFactor{EmailID: ids.Format(ids.Email, env, password), Email: m.Email}
				moving = append(moving, f)
			}
		}
	}
	return moving
}
