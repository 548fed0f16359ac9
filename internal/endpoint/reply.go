package endpoint

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Values of headers that every answer has; shared, so nobody may append to them.
var (
	typeJSON  = []string{"application/json"}
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	challenge = []string{`Basic realm="project", charset="UTF-8"`}
)

// errorBody is what a caller sees of an error. No key may be named "error": an SDK takes such a body for OAuth's.
type errorBody struct {
	StatusCode   int            `json:"status_code"`
	RequestID    string         `json:"request_id"`
	ErrorType    string         `json:"error_type"`
	ErrorMessage string         `json:"error_message"`
	ErrorURL     string         `json:"error_url"`
	ErrorDetails map[string]any `json:"error_details,omitempty"`
}

var encodeError = encoderOf(reflect.TypeFor[errorBody]())

// usualAnswer is the room that an answer gets at first. A login's, the largest of the usual ones, takes 4 KiB.
const usualAnswer = 8 << 10

// refuse answers with an error.
func (h *handler) refuse(x *exchange, err error) {
	e := visible(x.r.Context(), err)
	x.err = err
	header := x.w.Header()
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		header["Retry-After"] = []string{strconv.FormatInt(int64(seconds), 10)}
	}
	if e.Status == http.StatusUnauthorized && x.project == "" {
		header["Www-Authenticate"] = challenge // RFC 9110 §15.5.2
	}
	h.answer(x, e.Status, &errorBody{
		StatusCode:   e.Status,
		RequestID:    x.requestID,
		ErrorType:    e.Type,
		ErrorMessage: e.Message,
		ErrorURL:     h.PublicURL + "/errors/" + strconv.Itoa(e.Status) + "#" + e.Type,
		ErrorDetails: e.Details,
	}, encodeError)
}

// visible gives the error that the caller sees.
func visible(ctx context.Context, err error) *errs.Error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, sqldb.ErrCommitUnknown), errors.Is(err, sqldb.ErrReadOnly), errors.Is(err, sqldb.ErrClosed),
		errors.Is(err, sqldb.ErrConflict): // others kept changing what this call had read
		return errs.ServerUnavailable
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return errs.ClientClosedRequest
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errs.ServerUnavailable
	default:
		return errs.InternalServerError
	}
}

// answer writes a whole answer at once, so that a failing encoder can still become an error. body points to what encode
// is made for.
func (h *handler) answer(x *exchange, status int, body any, encode encoder) {
	buf := newBuffer()
	defer freeBuffer(buf)
	buf.Grow(usualAnswer)
	text, err := encode(buf.AvailableBuffer(), reflect.ValueOf(body).Elem())
	if err != nil {
		h.refuse(x, err)
		return
	}
	buf.Write(append(text, '\n'))

	header := x.w.Header()
	header["Content-Type"] = typeJSON
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	header["X-Request-Id"] = []string{x.requestID}
	header["Content-Length"] = []string{strconv.Itoa(buf.Len())}
	x.status = status
	holdBack(x.r.Context())
	x.w.WriteHeader(status)
	_, _ = x.w.Write(buf.Bytes()) // a caller who left cannot be told
}
