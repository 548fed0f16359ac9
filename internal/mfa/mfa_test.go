package mfa

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	number = "+12025550162"
	other  = "+12025550163"
	totpID = "member-totp-test-1"
)

var (
	open     = organization(func(*store.OrgSettings) {})
	required = organization(func(s *store.OrgSettings) { s.MFAPolicy = store.MFARequired })
	onlyTOTP = organization(onlySecond(store.MethodTOTP))
	onlySMS  = organization(onlySecond(store.MethodSMS))
	noMagic  = organization(func(s *store.OrgSettings) {
		s.AuthMethods, s.AllowedAuthMethods = store.Restricted, []string{store.MethodPassword, "google_oauth"}
	})
)

func organization(set func(*store.OrgSettings)) *store.Organization {
	o := &store.Organization{}
	set(&o.Settings)
	return o
}

func onlySecond(method string) func(*store.OrgSettings) {
	return func(s *store.OrgSettings) {
		s.MFAPolicy, s.MFAMethods, s.AllowedMFAMethods = store.MFARequired, store.Restricted, []string{method}
	}
}

// member makes ada with what the case is about.
func member(set ...func(*store.Member)) *store.Member {
	m := &store.Member{Email: "ada@example.com", EmailID: "email-test-1", Status: store.StatusActive}
	for _, f := range set {
		f(m)
	}
	return m
}

func unverified(m *store.Member) { m.Phone = number }
func verified(m *store.Member)   { m.Phone, m.PhoneVerified = number, true }
func totp(m *store.Member)       { m.TOTPID = totpID }
func enrolled(m *store.Member)   { m.MFAEnrolled = true }
func breakglass(m *store.Member) { m.IsBreakglass = true }
func prefersApp(m *store.Member) { m.DefaultMFAMethod = store.MethodTOTP }

// The factors that tokens hold.
var (
	link = store.Factor{
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		Email: &store.EmailFactor{EmailID: "email-test-1", Email: "ada@example.com"},
	}
	movedLink = store.Factor{ // of an address that was the same mailbox before it was changed
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		Email: &store.EmailFactor{EmailID: "email-test-9", Email: "ada@example.com"},
	}
	strangersLink = store.Factor{
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		Email: &store.EmailFactor{EmailID: "email-test-2", Email: "bob@example.com"},
	}
	text        = phoneFactor(number)
	othersText  = phoneFactor(other)
	app         = appFactor(totpID)
	strangerApp = appFactor("member-totp-test-2")
)

func phoneFactor(phone string) store.Factor {
	return store.Factor{
		Type: store.FactorOTP, DeliveryMethod: store.DeliverSMS, SequenceOrder: store.Secondary,
		Phone: &store.PhoneFactor{PhoneID: "phone-number-test-1", Phone: phone},
	}
}

func appFactor(id string) store.Factor {
	return store.Factor{
		Type: store.FactorTOTP, DeliveryMethod: store.DeliverApp, SequenceOrder: store.Secondary,
		TOTP: &store.TOTPFactor{TOTPID: id},
	}
}

func list(f ...store.Factor) []store.Factor { return f }

// The bypass rule, a case for each line of the table in reference 6.4 and for row 10 of its section 18.
func TestMayChallenge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		o      *store.Organization
		m      *store.Member
		number string
		held   Held
		has    []store.Factor
		want   Verdict
	}{
		// Line 1: no active factor, no number.
		{"new number, no token", open, member(), number, Nothing, nil, MayLinkAndText},
		{"new number, login", required, member(), number, AnIntermediate, list(link), MayLinkAndText},
		{"new number, session", open, member(), number, ASession, list(link), MayLinkAndText},
		// Line 2: no active factor, unverified number.
		{"unverified number, no token", open, member(unverified), "", Nothing, nil, MayText},
		{"unverified number named, no token", open, member(unverified), number, Nothing, nil, MayText},
		{"unverified number, login", required, member(unverified), "", AnIntermediate, list(link), MayText},
		{"unverified number, session", open, member(unverified), "", ASession, list(link), MayText},
		// Line 3: active TOTP alone. Row 10 of section 18 is the second and the fourth.
		{"TOTP, new number, no token", open, member(totp), number, Nothing, nil, NeedsFactor},
		{"TOTP, new number, login", open, member(totp), number, AnIntermediate, list(link), NeedsFactor},
		{"TOTP, new number, session without it", open, member(totp), number, ASession, list(link), NeedsFactor},
		{"TOTP, new number, session with it", open, member(totp), number, ASession, list(link, app), MayLinkAndText},
		{
			"TOTP, new number, session with another's",
			open, member(totp), number, ASession, list(link, strangerApp), NeedsFactor,
		},
		{"TOTP, unverified number, login", open, member(totp, unverified), "", AnIntermediate, list(link), NeedsFactor},
		{"TOTP, unverified number, no token", open, member(totp, unverified), "", Nothing, nil, NeedsFactor},
		{"TOTP, unverified number, session with it", open, member(totp, unverified), "", ASession, list(link, app), MayText},
		{
			"TOTP, unverified number, session with that number",
			open, member(totp, unverified), "", ASession, list(link, text), NeedsFactor,
		},
		{
			"TOTP that is not allowed does not count",
			onlySMS, member(totp), number, AnIntermediate, list(link), MayLinkAndText,
		},
		{
			"TOTP that is not allowed counts for break-glass",
			onlySMS, member(totp, breakglass), number, AnIntermediate, list(link), NeedsFactor,
		},
		// Line 4: verified number, a token.
		{"verified number, login", required, member(verified), "", AnIntermediate, list(link), MayText},
		{"verified number named, login", required, member(verified), number, AnIntermediate, list(link), MayText},
		{"verified number, session", open, member(verified), "", ASession, list(link), MayText},
		{"verified number and TOTP, login", required, member(verified, totp), "", AnIntermediate, list(link), MayText},
		// Line 5: verified number, no token.
		{"verified number, no token", open, member(verified), "", Nothing, nil, NeedsToken},
		{"verified number named, no token", open, member(verified), number, Nothing, nil, NeedsToken},
		// Line 6: another number.
		{"another number for an unverified one", open, member(unverified), other, Nothing, nil, NumberDiffers},
		{
			"another number for an unverified one, session",
			open, member(unverified), other, ASession, list(link), NumberDiffers,
		},
		{"another number for a verified one, no token", open, member(verified), other, Nothing, nil, NumberDiffers},
		{
			"another number for a verified one, session with it",
			open, member(verified), other, ASession, list(link, text), NumberDiffers,
		},
		{
			"another number beside TOTP, login",
			open, member(unverified, totp), other, AnIntermediate, list(link), NumberDiffers,
		},
		// No number at all is for a later rule; the bypass rule comes first.
		{"no number, no factor", open, member(), "", Nothing, nil, MayLinkAndText},
		{"no number, TOTP", open, member(totp), "", AnIntermediate, list(link), NeedsFactor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := MayChallenge(tt.o, tt.m, Ask{Number: tt.number, Held: tt.held, Factors: tt.has})
			if got != tt.want {
				t.Errorf("got verdict %d, want %d", got, tt.want)
			}
		})
	}
}

// What the switches of a project change, and what they do not.
func TestMayChallengeSwitches(t *testing.T) {
	t.Parallel()
	without, replace := Ask{SendWithoutToken: true}, Ask{ReplaceUnverified: true, Number: other}
	tests := []struct {
		name string
		m    *store.Member
		ask  Ask
		want Verdict
	}{
		{"verified number, no token", member(verified), without, MayText},
		{"TOTP still needs its factor", member(totp, unverified), without, NeedsFactor},
		{"unverified number is replaced", member(unverified), replace, MayLinkAndText},
		{"verified number is not", member(verified), replace, NumberDiffers},
		{"nor an unverified one beside TOTP", member(unverified, totp), replace, NumberDiffers},
	}
	for _, tt := range tests {
		if got := MayChallenge(open, tt.m, tt.ask); got != tt.want {
			t.Errorf("%s: got verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Row 14 of reference 7.3: what has changed since the send counts.
func TestMayProve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    *store.Organization
		m    *store.Member
		has  []store.Factor
		want bool
	}{
		{"first factor", open, member(unverified), list(link), true},
		{"verified number", open, member(verified), list(link), true},
		{"verified number beside TOTP", open, member(verified, totp), list(link), true},
		{"unverified number beside TOTP", open, member(unverified, totp), list(link), false},
		{"unverified number beside TOTP that was shown", open, member(unverified, totp), list(link, app), true},
		{"unverified number beside TOTP of somebody else", open, member(unverified, totp), list(link, strangerApp), false},
		{"unverified number beside TOTP that is not allowed", onlySMS, member(unverified, totp), list(link), true},
	}
	for _, tt := range tests {
		if got := MayProve(tt.o, tt.m, tt.has); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Steps 6 to 8 of reference 5.3 and the conditions of 5.4.
func TestDecide(t *testing.T) {
	t.Parallel()
	complete := Decision{PrimaryMet: true}
	missing := Decision{PrimaryMet: true, SecondNeeded: true}
	texting := Decision{PrimaryMet: true, SecondNeeded: true, TextFirst: true}
	anyMethod := Decision{
		Primary: []string{store.MethodMagic, store.MethodEmailOTP, store.MethodPassword, store.MethodSSO},
	}
	tests := []struct {
		name string
		o    *store.Organization
		m    *store.Member
		has  []store.Factor
		want Decision
	}{
		{"nothing asked for", open, member(), list(link), complete},
		{"nothing asked for, verified number", open, member(verified), list(link), complete},
		{"enrolled", open, member(verified, enrolled), list(link), texting},
		{"enrolled, nothing to enrol with", open, member(enrolled), list(link), missing},
		{"asked by the organization", required, member(), list(link), missing},
		{"asked by the organization, verified number", required, member(verified), list(link), texting},
		{"asked by the organization, unverified number", required, member(unverified), list(link), texting},

		{"second factor shown", required, member(verified), list(link, text), complete},
		{"second factor of a number before", required, member(verified), list(link, othersText), texting},
		{"second factor of a number that is no longer verified", required, member(unverified), list(link, text), texting},
		{"second factor by app", required, member(totp), list(link, app), complete},
		{"second factor by somebody else's app", required, member(totp), list(link, strangerApp), missing},
		{"second factor that is not allowed", onlyTOTP, member(verified), list(link, text), missing},
		{"second factor that is allowed to break-glass", onlyTOTP, member(verified, breakglass), list(link, text), complete},
		{"second factor without a first", required, member(verified), list(text), anyMethod},

		{"TOTP alone", required, member(totp), list(link), missing},
		{"TOTP and unverified number", required, member(totp, unverified), list(link), missing},
		{"TOTP and verified number", required, member(totp, verified), list(link), texting},
		{"TOTP preferred", required, member(totp, verified, prefersApp), list(link), missing},
		{"TOTP preferred but not allowed", onlySMS, member(totp, verified, prefersApp), list(link), texting},
		{"TOTP preferred but gone", required, member(verified, prefersApp), list(link), texting},
		{"texts not allowed", onlyTOTP, member(verified), list(link), missing},
		{"texts allowed to break-glass", onlyTOTP, member(verified, breakglass), list(link), texting},

		{"no factor", open, member(), nil, anyMethod},
		{"factor of somebody else", open, member(), list(strangersLink), anyMethod},
		{"factor of the same mailbox elsewhere", open, member(), list(movedLink), complete},
		{
			"method not allowed", noMagic, member(verified, enrolled), list(link),
			Decision{Primary: []string{store.MethodPassword, "google_oauth"}},
		},
		{"method allowed to break-glass", noMagic, member(breakglass), list(link), complete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Decide(tt.o, tt.m, tt.has)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if want := got.PrimaryMet && !got.SecondNeeded; got.Complete() != want {
				t.Errorf("complete is %v", got.Complete())
			}
		})
	}
}

// Reference 3.3: which second factors a login that is not complete lists.
func TestOptionsOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		o      *store.Organization
		m      *store.Member
		texted bool
		want   *Options
	}{
		{"none", required, member(), false, nil},
		{"verified number", required, member(verified), false, &Options{Phone: "XXXXXXX0162"}},
		{"unverified number", required, member(unverified), false, nil},
		{"unverified number, a code is on its way", required, member(unverified), true, &Options{Phone: "XXXXXXX0162"}},
		{"TOTP", required, member(totp), false, &Options{TOTPID: totpID}},
		{"both", required, member(totp, verified), false, &Options{Phone: "XXXXXXX0162", TOTPID: totpID}},
		{"number that is not allowed", onlyTOTP, member(verified), false, nil},
		{
			"number that is allowed to break-glass",
			onlyTOTP, member(verified, breakglass), false, &Options{Phone: "XXXXXXX0162"},
		},
		{"TOTP that is not allowed", onlySMS, member(totp), false, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, OptionsOf(tt.o, tt.m, tt.texted)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFitsMember(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		has  []store.Factor
		want bool
	}{
		{"own link", list(link), true},
		{"same mailbox elsewhere", list(movedLink), true},
		{"somebody else's link", list(strangersLink), false},
		{"somebody else's link and own", list(strangersLink, link), true},
		{"own number alone", list(text), false},
		{"nothing", nil, false},
	}
	for _, tt := range tests {
		if got := FitsMember(tt.has, member(verified)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Reference 8.1, and the same again when the first code arrives.
func TestMayAddApp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    *store.Organization
		m    *store.Member
		has  []store.Factor
		want bool
	}{
		{"no factor, no token", open, member(), nil, true},
		{"unverified number", open, member(unverified), list(link), true},
		{"verified number, no token", open, member(verified), nil, false},
		{"verified number, first factor", open, member(verified), list(link), false},
		{"verified number that was shown", open, member(verified), list(link, text), true},
		{"verified number, another one shown", open, member(verified), list(link, othersText), false},
		{"verified number that is not allowed", onlyTOTP, member(verified), list(link), true},
	}
	for _, tt := range tests {
		if got := MayAddApp(tt.o, tt.m, tt.has); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

// A recovery code counts as long as the registration that it came with, and where apps are allowed.
func TestRecoveryCodeIsASecondFactor(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	app, other := ids.New(ids.TOTP, ids.Test, at), ids.New(ids.TOTP, ids.Test, at.Add(time.Hour))
	used := store.Factor{
		Type: store.FactorRecovery, DeliveryMethod: store.DeliverRecovery, SequenceOrder: store.Secondary,
		Recovery: &store.RecoveryFactor{CodeID: ids.NewBeside(ids.RecoveryCode, app, at.Add(2*time.Hour))},
	}
	with := func(id string) *store.Member { return member(func(m *store.Member) { m.TOTPID = id }) }
	tests := []struct {
		name string
		o    *store.Organization
		m    *store.Member
		want bool
	}{
		{"of this app", open, with(app), true},
		{"of an app before", open, with(other), false},
		{"of an app that is gone", open, with(""), false},
		{"apps are not allowed", onlySMS, with(app), false},
	}
	for _, tt := range tests {
		if got := SecondMet(list(link, used), tt.o, tt.m); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}
