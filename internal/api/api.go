// Package api holds the Stytch-compatible calls: shapes, lists and short functions. What is allowed and what follows is
// decided by the packages it calls.
package api

import (
	_ "embed"
	"net/http"
	"slices"

	"github.com/thimble-auth/thimble/internal/attest"
	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/emailotp"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/hook"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/magiclink"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/recovery"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/smsotp"
	"github.com/thimble-auth/thimble/internal/totp"
	"github.com/thimble-auth/thimble/internal/wording"
)

// API has the rules that the calls lead to.
type API struct {
	Projects      *project.Service
	Organizations *org.Service
	Members       *member.Service
	Sessions      *session.Service
	SMS           *smsotp.Service
	TOTP          *totp.Service
	Recovery      *recovery.Service
	EmailOTP      *emailotp.Service
	MagicLinks    *magiclink.Service
	Passwords     *password.Service
	Discovery     *discovery.Service
	Exchange      *exchange.Service
	Attest        *attest.Service
	Wording       *wording.Service
	Keys          *keys.Ring
	Guard         *guard.Service
	Hooks         *hook.Service
}

// Endpoints lists every call.
func (a *API) Endpoints() []endpoint.Endpoint {
	return slices.Concat(a.otps(), a.emailOTPs(), a.totps(), a.recoveryCodes(), a.magicLinks(), a.passwords(),
		a.passwordMails(), a.passwordChanges(), a.passwordMigration(), a.discoveryPasswords(), a.discovery(), a.sessions(),
		a.organizations(), a.members(), a.stories(), a.templates(), a.optOuts(), a.spending(), a.guards(),
		a.webhooks(), a.webhookDeliveries())
}

// document is what OpenAPI derives from the declarations: `make golden` writes it and a test holds it against them.
//
//go:embed openapi.json
var document []byte

// Document serves the OpenAPI document.
func Document() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document)
	})
}
