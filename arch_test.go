// Package thimble holds the tests of the house itself: what may import what, and who may look at the clock.
package thimble

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/thimble-auth/thimble/internal/"

// leaves know nothing of the house but what a caller may see and how things are named.
var leaves = []string{"errs", "ids", "secret", "phone", "email", "locale", "optional", "metadata"}

// floors is the house from the ground up. A package may import leaves, the packages below that its line names, and
// nothing else of ours: arrows point down, never up and never sideways between ways of logging in.
var floors = []struct {
	pkg     string
	imports []string
}{
	{"errs", nil},
	{"optional", nil},
	{"ids", nil},
	{"secret", []string{"ids"}},
	{"phone", []string{"errs"}},
	{"email", []string{"errs"}},
	{"locale", []string{"errs"}},
	{"metadata", []string{"errs"}},

	// The outside world.
	{"httpx", nil},
	{"signature", nil},
	{"sms", nil},
	{"sms/aws", []string{"httpx", "sms"}},
	{"sms/smstest", []string{"httpx", "sms"}},
	{"sms/rest", []string{"httpx", "sms"}},
	{"sms/infobip", []string{"httpx", "sms", "sms/rest"}},
	{"sms/plivo", []string{"httpx", "sms", "sms/rest"}},
	{"sms/sinch", []string{"httpx", "sms", "sms/rest"}},
	{"sms/telnyx", []string{"httpx", "sms", "sms/rest"}},
	{"sms/smpp/pdu", nil},
	{"sms/smpp", []string{"httpx", "sms", "sms/smpp/pdu"}},
	{"sms/file", []string{"sms"}},
	{"sms/twilio", []string{"httpx", "sms"}},
	{"sms/vonage", []string{"httpx", "sms"}},
	{"sms/bird", []string{"httpx", "signature", "sms", "sms/rest"}},
	{"sms/webhook", []string{"httpx", "signature", "sms"}},
	{"mail", []string{"httpx"}},

	// Watching: whoever does something may say so.
	{"metric", nil},
	{"trace", nil},

	// Data.
	{"sqldb", nil},
	{"sqldb/pgtest", nil},
	{"store", []string{"sqldb"}},
	{"store/storetest", []string{"sqldb", "sqldb/pgtest", "store"}},

	// Rules: what is allowed and what follows.
	{"audit", []string{"store"}},
	{"event", []string{"audit", "store"}},
	{"limit", []string{"store"}},
	{"price", nil},
	{"guard", []string{"audit", "event", "limit", "price", "store"}},
	{"keys", []string{"sqldb", "store"}},
	{"outbox", nil},
	{"notify/text", nil},
	{"notify", []string{
		"audit", "event", "keys", "mail", "metric", "notify/text", "outbox", "price", "sms", "sqldb", "store", "trace",
	}},
	{"pretend", []string{"sms", "sqldb", "store"}},
	{"learn", []string{"metric", "notify", "sms", "store"}},
	{"reaper", []string{"limit", "store"}},
	{"project", []string{"audit", "limit", "notify/text", "store"}},
	{"rbac", []string{"store"}},
	{"org", []string{"audit", "event", "project", "rbac", "store"}},
	{"member", []string{"audit", "event", "limit", "org", "project", "rbac", "store"}},
	{"wording", []string{"audit", "notify/text", "org", "project", "store"}},
	{"code", []string{"keys", "store"}},
	{"mfa", []string{"store"}},
	{"session", []string{"audit", "event", "keys", "rbac", "store"}},
	{"challenge", []string{
		"audit", "code", "event", "guard", "keys", "limit", "member", "metric", "notify", "store", "wording",
	}},
	{"login", []string{"audit", "challenge", "event", "mfa", "session", "store"}},
	{"guess", []string{"audit", "event", "store"}},
	{"second", []string{"audit", "event", "guess", "limit", "login", "member", "mfa", "session", "store"}},
	{"errs/errstest", nil},
	{"second/secondtest", []string{
		"errs/errstest", "keys", "limit", "login", "member", "org", "rbac", "second", "session", "store", "store/storetest",
	}},
	{"smsotp", []string{
		"challenge", "code", "guard", "keys", "member", "mfa", "notify", "second", "session", "sqldb", "store",
	}},
	{"totp", []string{"audit", "code", "event", "keys", "member", "mfa", "second", "session", "store"}},
	{"recovery", []string{"audit", "code", "event", "keys", "member", "second", "session", "store"}},
	{"exchange", []string{"login", "member", "org", "session", "store"}},
	{"attest", []string{"httpx", "login", "member", "org", "rbac", "session", "store"}},
	{"link", []string{"store"}},
	{"mailbox", []string{"limit", "member", "metric", "mfa", "notify", "rbac", "store"}},
	{"discovery", []string{"audit", "login", "member", "mfa", "org", "rbac", "session", "store"}},
	{"emailotp", []string{
		"audit", "code", "discovery", "event", "guess", "keys", "limit", "login", "mailbox", "member", "notify",
		"org", "session", "store",
	}},
	{"magiclink", []string{
		"audit", "discovery", "event", "limit", "link", "login", "mailbox", "member", "notify", "org", "rbac",
		"session", "store",
	}},
	{"password", []string{
		"audit", "discovery", "event", "guess", "keys", "limit", "link", "login", "mailbox", "member", "mfa",
		"notify", "org", "rbac", "session", "sqldb", "store",
	}},

	{"hook", []string{"audit", "event", "httpx", "keys", "outbox", "project", "signature", "sqldb", "store"}},

	// What rules would do.
	{"simulate", []string{"challenge", "guard", "keys", "price", "project", "sqldb", "store"}},

	// Faces: HTTP in, HTTP out.
	{"endpoint/godoc", nil},
	{"endpoint/wirecheck", nil},
	{"endpoint", []string{"metric", "project", "sqldb", "trace"}},
	{"api", []string{
		"attest", "discovery", "emailotp", "endpoint", "exchange", "guard", "hook", "keys", "limit", "login",
		"magiclink", "mailbox", "member", "notify", "notify/text", "org", "password", "project", "rbac", "recovery",
		"second", "session", "smsotp", "store", "totp", "wording",
	}},
	{"inbox", []string{"endpoint", "notify", "pretend", "project", "store"}},

	// Wiring.
	{"config", nil},
	{"server", []string{"*"}},
	{"server/servertest", []string{"*"}},
}

// source is a Go file of ours that is no test.
type source struct {
	path string // from the root
	pkg  string // below internal
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("internal", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "internal"+string(filepath.Separator)))
		all = append(all, source{filepath.ToSlash(path), pkg, file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found only %d files", len(all))
	}
	return all
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for _, f := range floors {
		for _, below := range f.imports {
			if _, known := allowed[below]; !known && below != "*" {
				t.Errorf("%s may import %s, which is not below it", f.pkg, below)
			}
		}
		allowed[f.pkg] = f.imports
	}

	for _, s := range sources(t) {
		may, known := allowed[s.pkg]
		if !known {
			t.Errorf("internal/%s has no line in the table", s.pkg)
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(path, module)
			if !ours || slices.Contains(may, to) || slices.Contains(may, "*") {
				continue
			}
			if slices.Contains(leaves, to) && !slices.Contains(leaves, s.pkg) {
				continue
			}
			t.Errorf("%s: %s must not import %s", s.path, s.pkg, to)
		}
	}
}

// Every line of the table is a package: what is gone leaves the table, too.
func TestTableHasNoGhosts(t *testing.T) {
	t.Parallel()
	for _, f := range floors {
		if entries, err := os.ReadDir(filepath.Join("internal", f.pkg)); err != nil || len(entries) == 0 {
			t.Errorf("internal/%s is in the table and not in the house", f.pkg)
		}
	}
}

// rule forbids a selector of a package outside the places named.
type rule struct {
	pkg, name string
	except    []string
	why       string
}

var rules = []rule{
	{"time", "Now", []string{"sqldb", "server", "httpx", "trace"}, "there is one clock, sqldb.DB.Now"},
	{"time", "Since", []string{"sqldb", "server", "httpx"}, "there is one clock, sqldb.DB.Now"},
	{"http", "DefaultClient", nil, "outgoing HTTP goes through httpx"},
	{"http", "Get", nil, "outgoing HTTP goes through httpx"},
	{"http", "Post", nil, "outgoing HTTP goes through httpx"},
	{"sqldb", "Dynamic", []string{"store"}, "SQL is constant text"},
	{"log", "Print", nil, "log with slog"},
	{"log", "Printf", nil, "log with slog"},
	{"log", "Println", nil, "log with slog"},
	{"log", "Fatal", nil, "log with slog"},
}

func TestForbiddenNames(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok || x.Obj != nil {
				return true
			}
			for _, r := range rules {
				inPlace := slices.ContainsFunc(r.except, func(p string) bool {
					return s.pkg == p || strings.HasPrefix(s.pkg, p+"/")
				})
				if x.Name == r.pkg && sel.Sel.Name == r.name && !inPlace {
					t.Errorf("%s uses %s.%s: %s", s.path, r.pkg, r.name, r.why)
				}
			}
			return true
		})
	}
}

// Faces name rows and never hold a database: what a call may do is decided below them.
func TestFacesHoldNoDatabase(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.pkg != "api" && s.pkg != "endpoint" && s.pkg != "inbox" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "store" || x.Name == "sqldb") && sel.Sel.Name == "DB" {
				t.Errorf("%s names %s.DB", s.path, x.Name)
			}
			return true
		})
	}
}
