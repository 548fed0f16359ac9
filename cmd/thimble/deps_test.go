package main

import (
	"encoding/json"
	"flag"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write deps.txt instead of comparing with it")

const root = "../.."

// TestLinkedModules holds deps.txt against what the binary really links, on the platform that releases are built for.
func TestLinkedModules(t *testing.T) {
	t.Parallel()
	imported(t) // reads every Go file, so that a kept result of this test is not older than any of them
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	got := strings.Join(slices.Compact(modules), "\n") + "\n"

	path := filepath.Join(root, "deps.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("deps.txt is out of date: run `make golden` and read the difference (-file +binary):\n%s", diff)
	}
}

// TestDependenciesAreExplained wants a sentence in docs/dependencies.md for every module that a Go file of ours imports,
// and none for others.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "- `"); ok {
			name, reason, _ := strings.Cut(name, "`")
			if len(strings.TrimSpace(reason)) < 20 {
				t.Errorf("docs/dependencies.md does not say why %s is needed", name)
			}
			explained = append(explained, name)
		}
	}
	slices.Sort(explained)
	if diff := cmp.Diff(imported(t), explained); diff != "" {
		t.Errorf("docs/dependencies.md and the imports differ (-imported +explained):\n%s", diff)
	}
}

// imported lists the modules that Go files of this module import, tests and all build tags included.
func imported(t *testing.T) []string {
	t.Helper()
	known := required(t)
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "node_modules", "testdata", "build"}, d.Name()):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if module, ok := moduleOf(known, name); ok {
				found[module] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, module := range known { // in order
		if found[module] {
			modules = append(modules, module)
		}
	}
	return modules
}

// required lists the modules of go.mod in order.
func required(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join(root, "go.mod")).Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	paths := make([]string, len(mod.Require))
	for i, r := range mod.Require {
		paths[i] = r.Path
	}
	slices.Sort(paths)
	return paths
}

// moduleOf gives the module that holds a package: the longest that its path begins with.
func moduleOf(modules []string, pkg string) (string, bool) {
	best := ""
	for _, m := range modules {
		if (pkg == m || strings.HasPrefix(pkg, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return best, best != ""
}
