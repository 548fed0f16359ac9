package password

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// The policies, as settings and answers spell them.
const (
	PolicyZxcvbn = "zxcvbn"
	PolicyLUDS   = "luds"
)

// Defaults of the policies.
const (
	goodScore            = 3
	DefaultMinLength     = 8
	DefaultMinComplexity = 3
)

// Strength is what the project's policy says about a password.
type Strength struct {
	Valid    bool
	Score    int // of zxcvbn, 0 to 4, whatever the policy
	Policy   string
	Zxcvbn   *Feedback // nil under luds
	LUDS     *LUDS     // nil under zxcvbn
	Breached bool
	// LookedUp: this server looks new passwords of the project up in its breach file.
	LookedUp bool
}

// Feedback says what is weak about a password, in words for the person who chose it.
type Feedback struct {
	Warning     string
	Suggestions []string
}

// LUDS says which classes of characters a password has (lower case, upper case, digits, symbols) and what is missing.
type LUDS struct {
	Lower, Upper, Digit, Symbol          bool
	MissingComplexity, MissingCharacters int32
}

// judge holds a password against the project's policy. It takes milliseconds and looks nothing up.
func judge(s *store.ProjectSettings, text secret.String, address string) Strength {
	plain := text.Reveal()
	e := estimateOf(plain, wordsOf(address))
	out := Strength{Score: e.score, Policy: PolicyZxcvbn}
	fits := plain != "" && len(plain) <= MaxLength && utf8.ValidString(plain)
	if s.ValidationPolicy == PolicyLUDS {
		l := ludsOf(s, plain)
		out.Policy, out.LUDS = PolicyLUDS, &l
		out.Valid = fits && l.MissingComplexity == 0 && l.MissingCharacters == 0
		return out
	}
	out.Zxcvbn = e.feedback()
	out.Valid = fits && e.score >= goodScore
	return out
}

// wordsOf are the parts of an address that its owner likes to put into passwords.
func wordsOf(address string) []string {
	if address == "" {
		return nil
	}
	words := []string{address}
	for _, word := range strings.FieldsFunc(address, func(r rune) bool { return strings.ContainsRune("@.-_+", r) }) {
		if utf8.RuneCountInString(word) > 2 {
			words = append(words, word)
		}
	}
	return words
}

func ludsOf(s *store.ProjectSettings, plain string) LUDS {
	length, complexity := MinLength(s), MinComplexity(s)
	var l LUDS
	for _, r := range plain {
		switch {
		case r >= 'a' && r <= 'z':
			l.Lower = true
		case r >= 'A' && r <= 'Z':
			l.Upper = true
		case r >= '0' && r <= '9':
			l.Digit = true
		default:
			l.Symbol = true
		}
	}
	present := 0
	for _, has := range []bool{l.Lower, l.Upper, l.Digit, l.Symbol} {
		if has {
			present++
		}
	}
	l.MissingComplexity = int32(max(0, complexity-present))
	l.MissingCharacters = int32(max(0, length-utf8.RuneCountInString(plain)))
	return l
}

// MinLength gives the least number of characters under luds.
func MinLength(s *store.ProjectSettings) int {
	if s.LUDSMinLength > 0 {
		return int(s.LUDSMinLength)
	}
	return DefaultMinLength
}

// MinComplexity gives the least number of classes under luds.
func MinComplexity(s *store.ProjectSettings) int {
	if s.LUDSMinComplexity > 0 {
		return int(s.LUDSMinComplexity)
	}
	return DefaultMinComplexity
}

// feedback says something about the part that helps an attacker most: the longest one that follows a pattern.
func (e estimate) feedback() *Feedback {
	if e.score >= goodScore {
		return &Feedback{Suggestions: []string{}}
	}
	const longer = "Add a word or two. Uncommon words are better."
	if len(e.fragments) == 0 {
		return &Feedback{Suggestions: []string{
			"Use several words that do not belong together.", "Symbols, digits and capitals are not needed.",
		}}
	}
	worst := slices.MaxFunc(e.fragments, func(a, b fragment) int {
		weight := func(f fragment) int {
			if f.pattern == patternBrute {
				return 0
			}
			return f.to - f.from
		}
		return weight(a) - weight(b)
	})
	f := &Feedback{Suggestions: []string{longer}}
	switch worst.pattern {
	case patternWord:
		f.Warning = warningOfWord(worst, len(e.fragments) == 1)
		if worst.upper && !worst.leet {
			f.Suggestions = append(f.Suggestions, "Capitals in the usual places do not help much.")
		}
		if worst.leet {
			f.Suggestions = append(f.Suggestions, "Signs in place of letters, such as @ for a, do not help much.")
		}
	case patternKeyboard:
		f.Warning = "Keys next to each other are easy to guess."
		f.Suggestions = append(f.Suggestions, "Use a longer path over the keys with more turns, or words instead.")
	case patternSequence:
		f.Warning = "Sequences such as abc or 6543 are easy to guess."
		f.Suggestions = append(f.Suggestions, "Leave sequences out.")
	case patternRepeat:
		f.Warning = "Repeats such as aaa or abcabc are easy to guess."
		f.Suggestions = append(f.Suggestions, "Leave repeats out.")
	case patternDate:
		f.Warning = "Dates and years are easy to guess."
		f.Suggestions = append(f.Suggestions, "Leave out dates and years that have to do with you.")
	}
	return f
}

func warningOfWord(f fragment, alone bool) string {
	switch f.list {
	case "Passwords":
		if alone {
			return "This is a very common password."
		}
		return "This is much like a common password."
	case "user_inputs":
		return "Parts of your address are easy to guess."
	case "English":
		if alone {
			return "A single word is easy to guess."
		}
		return ""
	}
	return "Names are easy to guess."
}
