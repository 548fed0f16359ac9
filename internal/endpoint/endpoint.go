// Package endpoint turns declarations of calls into HTTP: it limits, authenticates, decodes, checks, calls, encodes and
// logs, and derives the OpenAPI document from the same declarations. It holds no rules.
//
// The input of a call is a struct. Its fields are tagged `json` (body), `path`, `query` or `header`; `api:"required"`
// refuses a request without the field, `enum:"a,b"` only documents. In the body, names match exactly, unknown ones are
// ignored, and null (like "" for texts) means absent. A type with UnmarshalText or UnmarshalJSON reads itself, and an
// *errs.Error that it returns reaches the caller as it is. A method Check() error on the input holds rules between
// fields. The output embeds Reply; its nil pointers mean null, its nil lists and maps are sent empty: the machine writes
// into it, so it must not share memory with the outputs of other requests.
package endpoint

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"runtime"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/project"
)

// Endpoint is a declared call. It is a value: methods return changed copies.
type Endpoint struct {
	method, path, name string
	handler            string // the function's name, for its comment
	errors             []*errs.Error
	public             bool
	plan               *plan
	out                reflect.Type
	run                func(context.Context, Call, request) (replier, error)
	encode             encoder // of what run gives
}

// Method is the HTTP method.
func (e Endpoint) Method() string { return e.method }

// Path is the path, with parameters in braces.
func (e Endpoint) Path() string { return e.path }

// Name is the name under which the call is logged and counted.
func (e Endpoint) Name() string { return e.name }

// Errors are the errors that the call was declared with; those that the machine adds are not among them.
func (e Endpoint) Errors() []*errs.Error { return e.errors }

// Public lets callers in without a project's credentials. Call.Project is nil then.
func (e Endpoint) Public() Endpoint {
	e.public = true
	return e
}

// Call is what a call knows besides its input.
type Call struct {
	// Project is whose credentials came with the request; nil for public calls.
	Project *project.Project
	// RequestID is the id that the reply will carry.
	RequestID string
}

// Reply holds the fields of every answer. Each output embeds it; the machine fills it in.
type Reply struct {
	// Names this request in the server's log.
	RequestID string `json:"request_id" api:"required"`
	// The HTTP status, 200.
	StatusCode int32 `json:"status_code" api:"required"`
}

func (r *Reply) reply() *Reply { return r }

// replier is an output: a struct that embeds Reply.
type replier interface{ reply() *Reply }

// checker is an input with rules between its fields.
type checker interface{ Check() error }

// request is what the machine hands to a declared call.
type request struct {
	http *http.Request
	path []string // values of the path's parameters
	body []byte   // used again afterwards: an input copies what it keeps
}

// POST declares a call with the method POST. It panics on mistakes in the declaration, as the others do.
func POST[In, Out any](path, name string, fn func(context.Context, Call, *In) (*Out, error), may ...*errs.Error,
) Endpoint {
	return declare(http.MethodPost, path, name, fn, may)
}

// PUT declares a call with the method PUT.
func PUT[In, Out any](path, name string, fn func(context.Context, Call, *In) (*Out, error), may ...*errs.Error,
) Endpoint {
	return declare(http.MethodPut, path, name, fn, may)
}

// GET declares a call with the method GET, which has no body.
func GET[In, Out any](path, name string, fn func(context.Context, Call, *In) (*Out, error), may ...*errs.Error,
) Endpoint {
	return declare(http.MethodGet, path, name, fn, may)
}

// DELETE declares a call with the method DELETE, which has no body.
func DELETE[In, Out any](path, name string, fn func(context.Context, Call, *In) (*Out, error), may ...*errs.Error,
) Endpoint {
	return declare(http.MethodDelete, path, name, fn, may)
}

var errNoAnswer = errors.New("the call returned neither an answer nor an error")

func declare[In, Out any](method, path, name string, fn func(context.Context, Call, *In) (*Out, error),
	may []*errs.Error,
) Endpoint {
	if !strings.HasPrefix(path, "/") {
		panic("endpoint: the path of " + name + " must begin with a slash")
	}
	if _, ok := any(new(Out)).(replier); !ok {
		panic("endpoint: " + reflect.TypeFor[Out]().String() + " must embed endpoint.Reply")
	}

	e := Endpoint{method: method, path: path, name: name, errors: may, out: reflect.TypeFor[Out]()}
	e.plan = newPlan(method, path, reflect.TypeFor[In]())
	e.handler = runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	e.encode = encoderOf(e.out)
	e.run = func(ctx context.Context, c Call, r request) (replier, error) {
		in := new(In)
		if err := e.plan.read(r.http, r.path, r.body, reflect.ValueOf(in).Elem()); err != nil {
			return nil, err
		}
		if check, ok := any(in).(checker); ok {
			if err := check.Check(); err != nil {
				return nil, err
			}
		}

		out, err := fn(ctx, c, in)
		if err != nil {
			return nil, err
		}
		if out == nil {
			return nil, errNoAnswer
		}
		re, _ := any(out).(replier)
		*re.reply() = Reply{RequestID: c.RequestID, StatusCode: http.StatusOK}
		return re, nil
	}
	return e
}

// Routes lists calls one per line: method, path, name. It is a golden file of whoever declares them.
func Routes(endpoints []Endpoint) []byte {
	var b []byte
	for _, e := range endpoints {
		line := e.method + " " + e.path + " " + e.name
		if e.public {
			line += " public"
		}
		b = append(append(b, line...), '\n')
	}
	return b
}
