package magiclink

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Path is where the links in mails lead.
const Path = link.Path

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// ServeHTTP forwards whoever follows a link to the application. It spends nothing: mail scanners open links too.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	token := secret.String(r.URL.Query().Get("token"))

	var found *store.MagicLink
	err := s.DB.Read(r.Context(), func(tx *store.Tx) (err error) {
		found, err = s.findAny(r.Context(), tx, token)
		return err
	})
	switch {
	case errors.Is(err, errs.MagicLinkNotFound):
		show(w, http.StatusNotFound, "This link is not known", "Copy the whole link from the mail, or ask for a new one.")
	case err != nil:
		show(w, http.StatusServiceUnavailable, "This did not work", "Please try the link again in a moment.")
	case !found.UsedAt.IsZero():
		show(w, http.StatusGone, "This link was used already", "Each link works once. Ask for a new one to log in again.")
	case !s.DB.Now().Before(found.ExpiresAt):
		show(w, http.StatusGone, "This link is too old", "Ask for a new one to log in.")
	default:
		s.forward(w, r, found, token)
	}
}

func (s *Service) forward(w http.ResponseWriter, r *http.Request, found *store.MagicLink, token secret.String) {
	target, err := link.Landing(found.Purpose, found.RedirectURL, token)
	if err != nil {
		show(w, http.StatusNotFound, "This link leads nowhere", "Ask whoever runs the application to check its redirect address.")
		return
	}
	http.Redirect(w, r, target, http.StatusFound)
}

func show(w http.ResponseWriter, status int, title, advice string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.WriteHeader(status)
	_ = page.Execute(w, struct{ Title, Advice string }{title, advice})
}
