package endpoint

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/thimble-auth/thimble/internal/errs"
)

//go:embed errors.html
var errorsHTML string

type errorPage struct {
	Status   int
	Text     string
	Statuses []int
	Errors   []errs.Entry
}

// errorPages serves the pages that the error_url of every error leads to, one per status.
func errorPages() http.Handler {
	page := template.Must(template.New("errors").Parse(errorsHTML))
	byStatus := map[int]*errorPage{}
	var statuses []int
	for _, e := range errs.All() {
		p := byStatus[e.Status]
		if p == nil {
			p = &errorPage{Status: e.Status, Text: http.StatusText(e.Status)}
			byStatus[e.Status] = p
			statuses = append(statuses, e.Status)
		}
		p.Errors = append(p.Errors, e)
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.PathValue("status"))
		p := byStatus[status]
		if p == nil {
			http.Redirect(w, r, "/errors/"+strconv.Itoa(http.StatusBadRequest), http.StatusSeeOther)
			return
		}
		shown := *p
		shown.Statuses = statuses
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		_ = page.Execute(w, shown) // a reader who left cannot be told
	})
}
