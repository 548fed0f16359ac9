package endpoint

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A node is one part of the paths of all calls. net/http's ServeMux is not used for calls: it panics for pairs of our
// paths of which neither is the more exact one, redirects paths that it finds untidy, and does not speak JSON.
type node struct {
	exact   map[string]*node
	any     *node
	methods map[string]*route
}

// A route is a declared call as requests reach it.
type route struct {
	Endpoint
	watched *watched
	params  int
}

// maxParams is how many parameters a path may have.
const maxParams = 4

// pathParams lists the names in braces of a path.
func pathParams(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := paramName(part); ok {
			names = append(names, name)
		}
	}
	return names
}

func paramName(part string) (string, bool) {
	if len(part) > 2 && part[0] == '{' && part[len(part)-1] == '}' {
		return part[1 : len(part)-1], true
	}
	return "", false
}

// add panics when two calls have the same method and path.
func (n *node) add(e Endpoint, w *watched) {
	for part := range strings.SplitSeq(strings.TrimPrefix(e.path, "/"), "/") {
		n = n.child(part)
	}
	if n.methods == nil {
		n.methods = map[string]*route{}
	}
	if n.methods[e.method] != nil {
		panic("endpoint: " + e.method + " " + e.path + " is declared twice")
	}
	params := len(pathParams(e.path))
	if params > maxParams {
		panic("endpoint: " + e.path + " has too many parameters")
	}
	n.methods[e.method] = &route{Endpoint: e, watched: w, params: params}
}

func (n *node) child(part string) *node {
	if _, ok := paramName(part); ok {
		if n.any == nil {
			n.any = &node{}
		}
		return n.any
	}
	if n.exact == nil {
		n.exact = map[string]*node{}
	}
	if n.exact[part] == nil {
		n.exact[part] = &node{}
	}
	return n.exact[part]
}

// A match collects what find learns on its way.
type match struct {
	method string
	params [maxParams]string
	n      int
	allow  []string // methods of routes that fit the path alone
}

// find gives the route for what is left of a path. Exact parts win over parameters, but only with the right method:
// an organization may be called "search".
func (n *node) find(rest string, m *match) *route {
	part, rest, more := strings.Cut(rest, "/")
	for _, next := range [2]*node{n.exact[part], n.any} {
		if next == nil || next == n.any && part == "" {
			continue
		}
		before := m.n
		if next == n.any && !m.push(part) {
			continue
		}
		if more {
			if r := next.find(rest, m); r != nil {
				return r
			}
		} else if r := next.methods[m.method]; r != nil {
			return r
		} else {
			m.remember(next.methods)
		}
		m.n = before
	}
	return nil
}

func (m *match) push(part string) bool {
	if m.n == maxParams {
		return false
	}
	m.params[m.n] = part
	m.n++
	return true
}

func (m *match) remember(methods map[string]*route) {
	for method := range methods {
		if !slices.Contains(m.allow, method) {
			m.allow = append(m.allow, method)
		}
	}
	slices.Sort(m.allow)
}

// lookup finds the route of a request. The parts of an escaped path are told apart before they are unescaped, so that
// an escaped slash never separates.
func (n *node) lookup(r *http.Request, m *match) *route {
	m.method = r.Method
	if m.method == http.MethodHead {
		m.method = http.MethodGet // RFC 9110 §9.3.2; net/http leaves the body out
	}
	path := r.URL.Path
	if r.URL.RawPath != "" {
		path = r.URL.RawPath
	}
	found := n.find(strings.TrimLeft(path, "/"), m)
	if found == nil || r.URL.RawPath == "" {
		return found
	}
	for i, part := range m.params[:m.n] {
		text, err := url.PathUnescape(part)
		if err != nil {
			return nil
		}
		m.params[i] = text
	}
	return found
}
