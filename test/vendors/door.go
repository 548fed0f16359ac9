package vendors

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// door is how a fake is reached. It is part of each.
type door struct{ to http.Handler }

// Serve answers on a listener until it is closed. stop closes listener and connections and waits for nothing.
func (d door) Serve(l net.Listener) (stop func()) {
	server := &http.Server{Handler: d.to, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }
}

// RoundTripper answers requests in the caller's own goroutine, with no connection at all. It fits
// httpx.Options.Transport.
func (d door) RoundTripper() http.RoundTripper { return inProcess{d.to} }

type inProcess struct{ http.Handler }

// RoundTrip calls the handler. One that aborts is a connection that ends without an answer.
func (h inProcess) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http compares it
			err = io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	w := httptest.NewRecorder()
	in := *r
	if in.Body == nil {
		in.Body = http.NoBody
	}
	h.ServeHTTP(w, &in)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return w.Result(), nil
}
