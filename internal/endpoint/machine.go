package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/trace"
)

// MaxBody is how many bytes the body of a request may have.
const MaxBody = 1 << 20

// Projects knows who may call.
type Projects interface {
	// Authenticate gives the project of the id when the secret is one of its secrets. Its errors are
	// errs.InvalidProjectIDAuthentication for an unknown id, errs.UnauthorizedCredentials for a wrong secret.
	Authenticate(ctx context.Context, id string, key secret.String) (*project.Project, error)
}

// Machine runs declared calls.
type Machine struct {
	// Projects checks credentials.
	Projects Projects
	// PublicURL is where people reach this server, without a slash at its end; links to error pages begin with it.
	PublicURL string
	// Logger gets one line per request. Nil means slog.Default.
	Logger *slog.Logger
	// Now is the clock of request ids and durations. It must be set.
	Now func() time.Time
	// Metrics counts requests, Tracer records them. Both may be nil.
	Metrics *metric.Set
	Tracer  *trace.Tracer
}

// Handler serves the declared calls, the error pages and what is mounted, in this order. Whatever fits none of them
// gets the JSON errors route_not_found and method_not_allowed. It panics on paths that are declared twice.
func (m *Machine) Handler(endpoints []Endpoint, more ...Mount) http.Handler {
	h := &handler{Machine: *m, mux: http.NewServeMux()}
	if h.Logger == nil {
		h.Logger = slog.Default()
	}
	h.PublicURL = strings.TrimRight(h.PublicURL, "/")
	for _, e := range endpoints {
		h.routes.add(e, h.watch(e.name, e.method, e.path))
	}
	h.unknown = h.watch("none", "", "")
	h.mounted = map[string]*watched{}
	for _, one := range append([]Mount{{"GET /errors/{status}", errorPages()}}, more...) {
		h.mux.Handle(one.Pattern, one.Handler)
		method, path, _ := strings.Cut(one.Pattern, " ")
		h.mounted[one.Pattern] = h.watch(one.Pattern, method, path)
	}
	return h
}

type handler struct {
	Machine
	routes  node
	mux     *http.ServeMux
	mounted map[string]*watched // by pattern
	unknown *watched            // requests that fit nothing
}

// An exchange is one request and what is known about it so far. It ends as one line of the log.
type exchange struct {
	w         http.ResponseWriter
	r         *http.Request
	started   time.Time
	began     time.Time // the same in real time, for traces
	what      *watched
	span      trace.Span
	env       ids.Env
	requestID string
	project   string
	status    int
	err       error
	trips     *sqldb.Trips
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, r: r, started: h.Now(), began: h.Tracer.Now(), what: h.unknown, env: ids.Test}
	h.Metrics.Began()
	defer h.finish(x)
	defer h.recover(x)

	var m match
	if route := h.routes.lookup(r, &m); route != nil {
		h.serve(x, route, m.params[:route.params])
		return
	}
	h.serveOther(x, m.allow)
}

func (h *handler) serve(x *exchange, route *route, params []string) {
	x.what = route.watched
	id, key, basic := x.r.BasicAuth()
	x.identify(id, params)

	out, err := h.call(x, route, params, credentials{id, secret.String(key), basic})
	if err != nil {
		h.refuse(x, err)
		return
	}
	h.answer(x, http.StatusOK, out, route.encode)
}

// identify makes the request's id. Its environment is the one that the request claims, since it is needed even when the
// claim turns out to be false.
func (x *exchange) identify(project string, params []string) {
	if len(params) == 1 && project == "" {
		project = params[0] // public calls name the project in the path
	}
	if strings.HasPrefix(project, ids.Project+"-"+string(ids.Live)+"-") {
		x.env = ids.Live
	}
	x.requestID = ids.New(ids.Request, x.env, x.started)
}

type credentials struct {
	id    string
	key   secret.String
	basic bool
}

// call does everything between the request's headers and the answer's first byte.
func (h *handler) call(x *exchange, route *route, params []string, who credentials) (replier, error) {
	if x.r.ContentLength > MaxBody {
		return nil, errTooLarge
	}
	ctx, trips := sqldb.WithTrips(x.r.Context())
	x.trips = trips
	c, parent := Call{RequestID: x.requestID}, ""
	if !route.public {
		p, err := h.authenticate(ctx, who)
		if err != nil {
			return nil, err
		}
		c.Project, x.project, parent = p, p.ID, x.r.Header.Get("Traceparent")
	}
	ctx = h.record(ctx, x, parent)
	if route.plan.body == nil {
		return route.run(ctx, c, request{http: x.r, path: params})
	}

	buf := newBuffer()
	defer freeBuffer(buf)
	if err := readBody(buf, x.r); err != nil {
		return nil, err
	}
	return route.run(ctx, c, request{http: x.r, path: params, body: buf.Bytes()})
}

func (h *handler) authenticate(ctx context.Context, who credentials) (*project.Project, error) {
	if !who.basic {
		return nil, errs.InvalidAuthorizationHeader
	}
	if kind, _, _, ok := ids.Parse(who.id); !ok || kind != ids.Project {
		return nil, errs.InvalidProjectIDAuthentication
	}
	return h.Projects.Authenticate(ctx, who.id, who.key)
}

var errTooLarge = errs.BadRequest.Saying("The body is larger than 1 MiB.")

// readBody reads at most one byte more than allowed.
func readBody(buf *bytes.Buffer, r *http.Request) error {
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return errs.BadRequest.Saying("The body could not be read to its end.").Because(err)
	}
	if n > MaxBody {
		return errTooLarge
	}
	return nil
}

const keepBuffer = 64 << 10 // larger buffers are rare and go back to the collector

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newBuffer() *bytes.Buffer {
	buf, _ := buffers.Get().(*bytes.Buffer)
	return buf
}

// freeBuffer erases what it gives back: bodies hold codes and tokens.
func freeBuffer(buf *bytes.Buffer) {
	if buf.Cap() > keepBuffer {
		return
	}
	clear(buf.Bytes())
	buf.Reset()
	buffers.Put(buf)
}

// serveOther serves pages, and says what is wrong with requests that fit nothing.
func (h *handler) serveOther(x *exchange, allow []string) {
	x.identify("", nil)
	if len(allow) > 0 {
		h.refuseMethod(x, strings.Join(allow, ", "))
		return
	}
	mounted, pattern := h.mux.Handler(x.r)
	if pattern == "" {
		h.refuseRoute(x, mounted)
		return
	}
	if known := h.mounted[pattern]; known != nil {
		x.what = known
	}
	x.w.Header()["X-Request-Id"] = []string{x.requestID}
	w := &watcher{ResponseWriter: x.w, h: h, x: x}
	defer func() { x.status = w.status }()
	x.r = x.r.WithContext(h.record(x.r.Context(), x, ""))
	h.mux.ServeHTTP(w, x.r) // not the mounted handler itself: the mux also sets the values of the path
	w.note(http.StatusOK)
}

// refuseRoute asks the mux what it would have said, which is the only way to tell a wrong path from a wrong method.
func (h *handler) refuseRoute(x *exchange, mux http.Handler) {
	probe := &discard{header: http.Header{}}
	mux.ServeHTTP(probe, x.r)
	if probe.status == http.StatusMethodNotAllowed {
		h.refuseMethod(x, probe.header.Get("Allow"))
		return
	}
	h.refuse(x, errs.RouteNotFound)
}

func (h *handler) refuseMethod(x *exchange, allow string) {
	x.w.Header().Set("Allow", allow)
	h.refuse(x, errs.MethodNotAllowed)
}

// recover turns a panic into an answer. The stack is for the log only.
func (h *handler) recover(x *exchange) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		x.err = err
		panic(p)
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if x.status != 0 {
		x.err = err
		return
	}
	if x.requestID == "" {
		x.identify("", nil)
	}
	h.refuse(x, err)
}
