// Package mfa decides, without looking anything up, which factors are enough for a login and which may be challenged.
package mfa

import (
	"slices"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// primaryMethods lists the primary methods that this server has, in the order in which they are offered.
var primaryMethods = []string{store.MethodMagic, store.MethodEmailOTP, store.MethodPassword, store.MethodSSO}

// AllowsSecond reports whether the organization lets this member use a second-factor method. Break-glass members may use
// every method.
func AllowsSecond(o *store.Organization, m *store.Member, method string) bool {
	return o.Settings.MFAMethods != store.Restricted || m.IsBreakglass ||
		slices.Contains(o.Settings.AllowedMFAMethods, method)
}

// AllowsPrimary reports whether the organization lets this member log in with a primary method.
func AllowsPrimary(o *store.Organization, m *store.Member, method string) bool {
	return o.Settings.AuthMethods != store.Restricted || m.IsBreakglass ||
		slices.Contains(o.Settings.AllowedAuthMethods, method)
}

// hasSMS and hasTOTP report an active factor: proven by the member, and allowed. A factor that the organization no longer
// allows is not counted, since nobody could use it to get in.
func hasSMS(o *store.Organization, m *store.Member) bool {
	return m.PhoneVerified && m.Phone != "" && AllowsSecond(o, m, store.MethodSMS)
}

func hasTOTP(o *store.Organization, m *store.Member) bool {
	return m.TOTPID != "" && AllowsSecond(o, m, store.MethodTOTP)
}

// FitsMember reports whether factors can belong to the member: one of the primary ones carries the member's mailbox.
func FitsMember(factors []store.Factor, m *store.Member) bool {
	return slices.ContainsFunc(factors, func(f store.Factor) bool { return primaryOf(&f, m) })
}

func primaryOf(f *store.Factor, m *store.Member) bool {
	mailbox := f.Mailbox()
	if f.SequenceOrder != store.Primary || mailbox == nil {
		return false
	}
	return mailbox.EmailID == m.EmailID || mailbox.Email == m.Email && (f.Type != store.FactorPassword || common(f, m))
}

// common: a password says nothing about the mailbox, so it does not fit the same person elsewhere. That of an address in
// all organizations fits those who have that very password, whose id is in that of its mailbox.
func common(f *store.Factor, m *store.Member) bool {
	_, _, of, ok := ids.Parse(f.Email.EmailID)
	_, _, has, known := ids.Parse(m.PasswordID)
	return ok && known && of == has
}

// PrimaryMet reports whether one of the factors is a primary one of this member that the organization allows.
func PrimaryMet(factors []store.Factor, o *store.Organization, m *store.Member) bool {
	return slices.ContainsFunc(factors, func(f store.Factor) bool {
		return primaryOf(&f, m) && AllowsPrimary(o, m, f.Method())
	})
}

// SecondMet reports whether one of the factors is a second one of this member that the organization allows.
func SecondMet(factors []store.Factor, o *store.Organization, m *store.Member) bool {
	return slices.ContainsFunc(factors, func(f store.Factor) bool {
		if f.SequenceOrder != store.Secondary || !AllowsSecond(o, m, f.Method()) {
			return false
		}
		switch {
		case f.Phone != nil:
			return m.PhoneVerified && f.Phone.Phone == m.Phone
		case f.TOTP != nil:
			return m.TOTPID != "" && f.TOTP.TOTPID == m.TOTPID
		case f.Recovery != nil:
			return m.TOTPID != "" && ids.Beside(f.Recovery.CodeID, m.TOTPID) // not one of a registration before
		}
		return false
	})
}

// Needed reports whether the member's logins need a second factor.
func Needed(o *store.Organization, m *store.Member) bool {
	return o.Settings.MFAPolicy == store.MFARequired || m.MFAEnrolled
}

// Decision says what a login still lacks.
type Decision struct {
	// PrimaryMet is false when another primary method is needed first; Primary lists those that would do.
	PrimaryMet bool
	Primary    []string
	// SecondNeeded is true when only a second factor is missing. Never together with a missing primary one.
	SecondNeeded bool
	// TextFirst is true when the login should send a code by text without being asked.
	TextFirst bool
}

// Complete reports whether nothing is missing.
func (d Decision) Complete() bool { return d.PrimaryMet && !d.SecondNeeded }

// Decide judges the collected factors of a login of the member.
func Decide(o *store.Organization, m *store.Member, factors []store.Factor) Decision {
	if joins(m) && !MailboxProven(factors, m) {
		return Decision{Primary: provingPrimary(o, m)}
	}
	if !PrimaryMet(factors, o, m) {
		return Decision{Primary: usablePrimary(o, m)}
	}
	if !Needed(o, m) || SecondMet(factors, o, m) {
		return Decision{PrimaryMet: true}
	}
	return Decision{PrimaryMet: true, SecondNeeded: true, TextFirst: textFirst(o, m)}
}

func usablePrimary(o *store.Organization, m *store.Member) []string {
	methods := []string{}
	for _, method := range primaryMethods {
		if AllowsPrimary(o, m, method) {
			methods = append(methods, method)
		}
	}
	if o.Settings.AuthMethods != store.Restricted {
		return methods
	}
	for _, method := range o.Settings.AllowedAuthMethods {
		if !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return methods
}

// textFirst: a number that nobody proved must not stand in for a factor that was, and who prefers an authenticator app is
// not sent texts.
func textFirst(o *store.Organization, m *store.Member) bool {
	if m.Phone == "" || !AllowsSecond(o, m, store.MethodSMS) {
		return false
	}
	if hasTOTP(o, m) && (!m.PhoneVerified || m.DefaultMFAMethod == store.MethodTOTP) {
		return false
	}
	return true
}

// Options are the second factors that a member can use now.
type Options struct {
	Phone  string // masked, "" for none
	TOTPID string
}

// OptionsOf lists the member's second factors, nil when there is none and enrolment comes next. A number that nobody
// proved is listed when a code was just sent to it.
func OptionsOf(o *store.Organization, m *store.Member, texted bool) *Options {
	var options Options
	if m.Phone != "" && AllowsSecond(o, m, store.MethodSMS) && (m.PhoneVerified || texted) {
		options.Phone = phone.Stored(m.Phone).Masked()
	}
	if hasTOTP(o, m) {
		options.TOTPID = m.TOTPID
	}
	if options == (Options{}) {
		return nil
	}
	return &options
}
