package sms

import "strings"

const (
	decimals = "0123456789"
	alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// IsNumber reports whether a text is a number in E.164 form, with its plus.
func IsNumber(text string) bool {
	rest, plus := strings.CutPrefix(text, "+")
	return plus && len(rest) >= 7 && len(rest) <= 15 && strings.Trim(rest, decimals) == "" && rest[0] != '0'
}

// IsSender reports whether a text may be what messages come from: a number with its plus, a short code of 3 to 8 digits,
// or a name of up to 11 letters, digits and signs with at least one letter. Which signs is the provider's to say.
func IsSender(text, signs string) bool {
	if strings.HasPrefix(text, "+") {
		return IsNumber(text)
	}
	if strings.Trim(text, decimals) == "" {
		return len(text) >= 3 && len(text) <= 8
	}
	return len(text) <= 11 && strings.ContainsAny(text, alphabet) && strings.Trim(text, alphabet+decimals+signs) == ""
}
