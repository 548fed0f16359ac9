package vendors

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
)

// question answers what is asked about the account, and reports whether it was such a question: an application, with
// the account's key and secret (https://developer.vonage.com/en/api/application.v2), or the list of calls, with the
// application's token (https://developer.vonage.com/en/api/voice, both read 2026-11-23).
func (v *Vonage) question(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	id, isApplication := strings.CutPrefix(r.URL.Path, "/v2/applications/")
	isCalls := r.URL.Path == "/v1/calls" && r.URL.RawQuery == "page_size=1"
	user, password, _ := r.BasicAuth()
	known := user == v.APIKey && subtle.ConstantTimeCompare([]byte(password), []byte(v.APISecret)) == 1
	switch {
	case isApplication && !known, isCalls && !v.authorized(r):
		v.refused.Add(1)
		problem(w, http.StatusUnauthorized, "#unauthorized", "You did not provide correct credentials.")
	case isCalls:
		v.Desk.answer(w, r, "vonage calls", nil)
	case isApplication && id == v.Application:
		v.Desk.answer(w, r, "vonage application", func(a map[string]any) {
			a["id"] = v.Application
			within(a, "keys")["public_key"] = v.publicKey()
		})
	default:
		return false
	}
	return true
}

func (v *Vonage) publicKey() string {
	der, _ := x509.MarshalPKIXPublicKey(v.key.Public())
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
