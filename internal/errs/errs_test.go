package errs_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
)

func TestTable(t *testing.T) {
	t.Parallel()
	statuses := []int{400, 401, 403, 404, 405, 408, 429, 499, 500, 503}
	seen := map[string]bool{}

	for _, e := range errs.All() {
		if seen[e.Type] {
			t.Errorf("%s: twice in the table", e.Type)
		}
		seen[e.Type] = true
		if !slices.Contains(statuses, e.Status) {
			t.Errorf("%s: status %d has no page", e.Type, e.Status)
		}
		for what, text := range map[string]string{"message": e.Message, "meaning": e.Meaning, "fix": e.Fix} {
			if len(text) < 9 || !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") {
				t.Errorf("%s: %s is no sentence: %q", e.Type, what, text)
			}
		}
		if first := e.Message[:1]; strings.ToUpper(first) != first {
			t.Errorf("%s: the message begins in lower case: %q", e.Type, e.Message)
		}
		if strings.HasSuffix(e.Type, "_not_found") && e.Status != 404 {
			t.Errorf("%s: status %d, want 404", e.Type, e.Status)
		}
	}
	if len(seen) < 200 {
		t.Errorf("the table has %d rows only", len(seen))
	}
}

func TestAllIsACopy(t *testing.T) {
	t.Parallel()
	all := errs.All()
	first := all[0].Type
	all[0] = errs.Entry{}
	if got := errs.All()[0].Type; got != first {
		t.Errorf("a caller changed the table: got %s, want %s", got, first)
	}
	if !slices.IsSortedFunc(errs.All(), func(a, b errs.Entry) int { return a.Status - b.Status }) {
		t.Error("the table is not sorted by status")
	}
}

// TestNames reads the source, because nothing else knows the names of variables.
func TestNames(t *testing.T) {
	t.Parallel()
	got, want := map[string]string{}, map[string]string{}
	for _, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				if wire := firstString(spec); wire != "" {
					got[wire], want[wire] = spec.Names[0].Name, goName(wire)
				}
			}
			return true
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names of variables (-want +got):\n%s", diff)
	}
	if len(got) != len(errs.All()) {
		t.Errorf("%d variables for %d rows", len(got), len(errs.All()))
	}
}

func source(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// firstString gives the first string among the arguments of the call that is the variable's value.
func firstString(spec *ast.ValueSpec) string {
	if len(spec.Values) != 1 {
		return ""
	}
	call, ok := spec.Values[0].(*ast.CallExpr)
	if !ok {
		return ""
	}
	for _, arg := range call.Args {
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			return text
		}
	}
	return ""
}

func goName(wire string) string {
	fixed := map[string]string{"oauth": "OAuth", "b2b": "B2B", "ids": "IDs", "urls": "URLs"}
	whole := "id otp sms mfa jwt pkce totp url rbac sso jit https sdk json idp oidc"
	var b strings.Builder
	for word := range strings.SplitSeq(wire, "_") {
		switch {
		case fixed[word] != "":
			b.WriteString(fixed[word])
		case slices.Contains(strings.Fields(whole), word):
			b.WriteString(strings.ToUpper(word))
		default:
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func TestErrorIsImmutable(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	details := map[string]any{"a": 1}
	base := *errs.TooManyRequests

	got := errs.TooManyRequests.Because(cause).Saying("Wait.").After(time.Minute).WithDetails(details)
	details["a"] = 2

	if got.Message != "Wait." || got.RetryAfter != time.Minute || got.Details["a"] != 1 {
		t.Errorf("got %+v", got)
	}
	if !errors.Is(got, cause) || !errors.Is(got, errs.TooManyRequests) || errors.Is(got, errs.BadRequest) {
		t.Errorf("errors.Is does not see the cause and the type, or sees another type: %v", got)
	}
	if want := "too_many_requests: disk on fire"; got.Error() != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := "too_many_requests"; errs.TooManyRequests.Error() != want {
		t.Errorf("got %q, want %q", errs.TooManyRequests, want)
	}
	now := *errs.TooManyRequests
	if now.Message != base.Message || now.RetryAfter != 0 || now.Details != nil || now.Unwrap() != nil {
		t.Errorf("the row changed: %+v", now)
	}
	if wrapped := fmt.Errorf("send: %w", got); !errors.Is(wrapped, errs.TooManyRequests) {
		t.Errorf("a wrapped error lost its type: %v", wrapped)
	}
}
