package mfa

import (
	"slices"

	"github.com/thimble-auth/thimble/internal/store"
)

// provingMethods are the primary methods that show that somebody reads mail to the address now. A password shows that
// its owner did so once.
var provingMethods = []string{store.MethodMagic, store.MethodEmailOTP, "google_oauth", "microsoft_oauth"}

// ProvesMailbox reports whether the factor shows that its owner reads mail to the address now.
func ProvesMailbox(f *store.Factor) bool {
	return f.Email != nil && slices.Contains(provingMethods, f.Method()) || f.Vouched()
}

// MailboxProven reports whether one of the factors proves the member's present address.
func MailboxProven(factors []store.Factor, m *store.Member) bool {
	return slices.ContainsFunc(factors, func(f store.Factor) bool { return ProvesMailbox(&f) && primaryOf(&f, m) })
}

// joins reports whether the login would make a member of somebody who never showed that the address is theirs.
func joins(m *store.Member) bool {
	return !m.EmailVerified && (m.Status == store.StatusPending || m.Status == store.StatusInvited)
}

func provingPrimary(o *store.Organization, m *store.Member) []string {
	return slices.DeleteFunc(usablePrimary(o, m), func(method string) bool {
		return !slices.Contains(provingMethods, method)
	})
}

// IntermediateFits reports whether an intermediate session can become a login of the member: it is about the member's
// address, or one of its primary factors is.
func IntermediateFits(i *store.Intermediate, m *store.Member) bool {
	return i.Email != "" && i.Email == m.Email || FitsMember(i.Factors, m)
}
