package password

import "github.com/thimble-auth/thimble/internal/secret"

// SHA1 is how the lists of breached passwords name one.
func SHA1(text secret.String) string { return sha(text.Reveal()) }
