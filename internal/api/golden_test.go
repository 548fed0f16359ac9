package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/endpoint/godoc"
	"github.com/thimble-auth/thimble/internal/endpoint/wirecheck"
)

var (
	update = flag.Bool("update", false, "write the golden files instead of comparing with them")
	schema = flag.String("wire", "", "write the snapshot of the wire from the whole schema in this file")
)

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date: run `make golden` and read the difference (-file +code):\n%s", path, diff)
	}
}

func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, e := range (&API{}).Endpoints() {
		lines = append(lines, fmt.Sprintf("%-6s %s %s\n", e.Method(), e.Path(), e.Name()))
	}
	slices.Sort(lines)
	golden(t, "testdata/routes.txt", []byte(strings.Join(lines, "")))
}

func TestOpenAPIGolden(t *testing.T) {
	t.Parallel()
	docs, err := godoc.Comments(".", "../keys", "../endpoint")
	if err != nil {
		t.Fatal(err)
	}
	got, err := endpoint.OpenAPI((&API{}).Endpoints(), docs)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "openapi.json", append(got, '\n'))
}

// wirePrefixes are the families of calls that there are by now.
var wirePrefixes = []string{
	"/v1/b2b/otps", "/v1/b2b/totp", "/v1/b2b/recovery_codes", "/v1/b2b/sessions", "/v1/b2b/magic_links",
	"/v1/b2b/passwords", "/v1/b2b/discovery", "/v1/b2b/organizations",
}

// notYet are the calls of these families that are still to come.
var notYet = []string{
	"connected_apps", "/search", "/metrics", "/oauth_providers", "/oidc_providers", "/start_email_update",
	"/unlink_retired_email", "/dangerously_get", "/exchange_access_token",
}

const wireSnapshot = "testdata/wire.json"

func TestDocumentFitsTheWire(t *testing.T) {
	t.Parallel()
	if *schema != "" {
		writeSnapshot(t, *schema)
	}
	snapshot, err := os.ReadFile(wireSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	differences, err := wirecheck.Compare(document, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		later := slices.ContainsFunc(notYet, func(part string) bool { return strings.Contains(d, part) })
		if !later || !strings.HasSuffix(d, "not declared") {
			t.Error(d)
		}
	}
}

func writeSnapshot(t *testing.T, path string) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut, err := wirecheck.Snapshot(whole, wirePrefixes...)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(wireSnapshot, cut, 0o644); err != nil {
		t.Fatal(err)
	}
}

// component is the part of a schema that TestSendRequestIsTheWire compares.
type component struct {
	Properties map[string]struct {
		Ref  string   `json:"$ref"`
		Type any      `json:"type"`
		Enum []string `json:"enum"`
	} `json:"properties"`
	Required []string `json:"required"`
	Enum     []string `json:"enum"`
}

func components(t *testing.T, text []byte) map[string]component {
	t.Helper()
	var doc struct {
		Components struct {
			Schemas map[string]component `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Components.Schemas
}

// The request that the product began with is the wire's to the letter: the same fields, the same required ones, the same
// languages.
func TestSendRequestIsTheWire(t *testing.T) {
	t.Parallel()
	const name = "api_b2b_otp_v1_b2b_otp_sms_SendRequest"
	snapshot, err := os.ReadFile(wireSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	wire := components(t, snapshot)
	want, got := wire[name], components(t, document)[name]
	if len(want.Properties) != 7 {
		t.Fatalf("the snapshot knows %d fields of %s, want 7", len(want.Properties), name)
	}

	wantNames, gotNames := slices.Sorted(maps.Keys(want.Properties)), slices.Sorted(maps.Keys(got.Properties))
	if diff := cmp.Diff(wantNames, gotNames); diff != "" {
		t.Errorf("fields (-wire +ours):\n%s", diff)
	}
	slices.Sort(want.Required)
	slices.Sort(got.Required)
	if diff := cmp.Diff(want.Required, got.Required); diff != "" {
		t.Errorf("required fields (-wire +ours):\n%s", diff)
	}
	for field, p := range got.Properties {
		if p.Type != "string" {
			t.Errorf("%s has the type %q, want string", field, p.Type)
		}
	}
	languages := wire[strings.TrimPrefix(want.Properties["locale"].Ref, "#/components/schemas/")].Enum
	if diff := cmp.Diff(languages, got.Properties["locale"].Enum); diff != "" {
		t.Errorf("languages (-wire +ours):\n%s", diff)
	}
}
