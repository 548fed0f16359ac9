package member

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// PhoneClaim is how long an unverified number blocks other members of the organization after its last send: nobody can
// squat a colleague's number.
const PhoneClaim = 10 * time.Minute

// setEmail makes the address the member's present one, unverified. The one before is retired, so that nobody else takes
// it, or set free when unlink says so. "" changes nothing.
func setEmail(ctx context.Context, tx *store.Tx, f Found, text string, unlink bool) error {
	if text == "" {
		return nil
	}
	address, err := email.Parse(text)
	m := f.Member
	if err != nil || address.String() == m.Email {
		return err
	}
	if err := org.CheckClaim(ctx, tx, f.Organization, address); err != nil {
		return err
	}

	_, env, _, _ := ids.Parse(m.ID)
	id, ok, err := tx.ClaimEmail(ctx, m.OrganizationID, m.ID, address.String(), ids.New(ids.Email, env, tx.Now()))
	if err != nil {
		return err
	}
	if !ok {
		return errs.DuplicateMemberEmail
	}

	tx.DropPassword(m) // whoever reads the new mailbox chooses a new one
	m.RetiredEmails = slices.DeleteFunc(m.RetiredEmails, func(r store.RetiredEmail) bool { return r.EmailID == id })
	if unlink {
		tx.DropEmail(m.OrganizationID, m.ID, m.Email)
	} else {
		tx.RetireEmail(m.OrganizationID, m.ID, m.Email)
		m.RetiredEmails = append(m.RetiredEmails, store.RetiredEmail{EmailID: m.EmailID, Email: m.Email})
	}
	m.Email, m.EmailID, m.EmailVerified = address.String(), id, false
	return nil
}

// setExternalID gives the member an external id, or takes it away with "".
func setExternalID(ctx context.Context, tx *store.Tx, m *store.Member, text string) error {
	id, err := readExternalID(text)
	if err != nil {
		return err
	}
	if id != "" {
		holder, err := tx.MemberIDByExternalID(ctx, m.OrganizationID, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && holder != m.ID {
			return errs.DuplicateMemberExternalID
		}
	}
	m.ExternalID = id
	return nil
}

// setPhone gives a member without a number an unverified one.
func setPhone(ctx context.Context, tx *store.Tx, p *project.Project, m *store.Member, in phone.Input) error {
	number, err := in.Parse(p.Live())
	if err != nil {
		return err
	}
	if m.Phone != "" {
		return errs.DuplicateMemberPhoneNumberForMember
	}
	taken, err := tx.PhoneTaken(ctx, m.OrganizationID, number.String(), m.ID, tx.Now().Add(-PhoneClaim))
	if err != nil {
		return err
	}
	if taken {
		return errs.DuplicateMemberPhoneNumber
	}
	m.Phone, m.PhoneID = number.String(), ids.New(ids.Phone, p.Env, tx.Now())
	return nil
}

// clearPhone takes the number, its proof and the live code to it away. A default that pointed to it moves to the factor
// that is left. A disabled factor may be bound again, but guesses in a row stay counted: deleting is no way around a
// lock.
func clearPhone(tx *store.Tx, m *store.Member) {
	tx.KillCodes(m.ID, store.PurposeSMS)
	m.DefaultMFAMethod = defaultWithoutPhone(m)
	m.Phone, m.PhoneID, m.PhoneVerified, m.PhoneAskedAt = "", "", false, time.Time{}
	m.MFAFailuresTotal = 0
}

func defaultWithoutPhone(m *store.Member) string {
	switch {
	case m.DefaultMFAMethod != store.MethodSMS:
		return m.DefaultMFAMethod
	case m.TOTPID != "":
		return store.MethodTOTP
	}
	return ""
}

// clearTOTP takes the app and its recovery codes away, a registration that waits for its first code included. For default
// method and guesses the same holds as in clearPhone.
func clearTOTP(tx *store.Tx, m *store.Member) {
	tx.DropTOTP(m.ID)
	m.DefaultMFAMethod = defaultWithoutTOTP(m)
	m.TOTPID = ""
	m.MFAFailuresTotal = 0
}

func defaultWithoutTOTP(m *store.Member) string {
	switch {
	case m.DefaultMFAMethod != store.MethodTOTP:
		return m.DefaultMFAMethod
	case m.PhoneVerified:
		return store.MethodSMS
	}
	return ""
}
