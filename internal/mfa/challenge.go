package mfa

import "github.com/thimble-auth/thimble/internal/store"

// Held is the kind of token that a caller showed, already known to be alive and to fit the member.
type Held int

// The kinds of tokens.
const (
	Nothing Held = iota
	AnIntermediate
	ASession
)

// Verdict is the answer to a request for a challenge by text.
type Verdict int

// The verdicts of MayChallenge.
const (
	MayLinkAndText Verdict = iota // a number is linked first
	MayText
	NumberDiffers // from the stored one
	NeedsFactor   // an active factor must be shown first: otherwise a new number would get around it
	NeedsToken    // a verified number is challenged only in somebody's login or session
)

// Ask is a request for a challenge by text.
type Ask struct {
	// Number is the number asked for in E.164; "" for the stored one or for one that could not be read.
	Number string
	Held   Held
	// Factors of the token held.
	Factors []store.Factor
	// Project switches, see store.ProjectSettings.
	SendWithoutToken, ReplaceUnverified bool
}

// MayChallenge is the bypass rule: somebody with only the first factor must not get around the second one by naming a
// number of their own.
func MayChallenge(o *store.Organization, m *store.Member, ask Ask) Verdict {
	linking := m.Phone == ""
	if ask.Number != "" && m.Phone != "" && ask.Number != m.Phone {
		if m.PhoneVerified || !ask.ReplaceUnverified || hasTOTP(o, m) {
			return NumberDiffers
		}
		linking = true
	}

	switch {
	case m.PhoneVerified && m.Phone != "":
		if ask.Held == Nothing && !ask.SendWithoutToken {
			return NeedsToken
		}
		return MayText
	case hasTOTP(o, m) && !SecondMet(ask.Factors, o, m):
		return NeedsFactor
	case linking:
		return MayLinkAndText
	}
	return MayText
}

// MayProve reports whether a code sent to the member's number may become a factor: a number that nobody proved cannot be
// added beside another active factor unless that one was shown.
func MayProve(o *store.Organization, m *store.Member, factors []store.Factor) bool {
	return m.PhoneVerified || !hasTOTP(o, m) || SecondMet(factors, o, m)
}

// MayAddApp is the bypass rule for authenticator apps: a member with a verified number shows it before an app is added. It
// holds when a registration is made, and again when its first code arrives.
func MayAddApp(o *store.Organization, m *store.Member, factors []store.Factor) bool {
	return !hasSMS(o, m) || SecondMet(factors, o, m)
}
