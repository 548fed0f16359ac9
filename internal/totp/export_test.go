package totp

import "time"

// CodeAt computes what an app shows.
func CodeAt(seed string, at time.Time) string {
	raw, _ := readSeed(seed)
	return hotp(raw, stepOf(at), digits)
}
