package endpoint

import "net/http"

// Mount is something that is no declared call, such as pages: a pattern of net/http's ServeMux and who serves it. The
// handler finds the request's id in the headers of its answer, as X-Request-Id.
type Mount struct {
	Pattern string
	Handler http.Handler
}

// Page answers the requests of a Mount. An error is answered for it, in the form that all refusals have.
type Page func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP answers a request. It is for the machine alone, which knows the request.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p(w, r); err != nil {
		w.(*watcher).refuse(err)
	}
}

// A watcher remembers the status of an answer that something mounted writes.
type watcher struct {
	http.ResponseWriter
	h      *handler
	x      *exchange
	status int
}

// WriteHeader notes the status.
func (w *watcher) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.note(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the status that an answer has when none is given.
func (w *watcher) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watcher) note(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// refuse answers with an error. Once an answer has begun, it is for the log only.
func (w *watcher) refuse(err error) {
	if w.status != 0 {
		w.x.err = err
		return
	}
	w.h.refuse(w.x, err)
	w.status = w.x.status
}
