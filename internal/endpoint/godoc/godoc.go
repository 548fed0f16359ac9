// Package godoc reads the comments of Go source, for documents that are derived from declarations. It is used when such
// a document is generated, never by the server.
package godoc

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"strings"
)

// Comments reads the packages in the folders given, tests left out. The keys are "package.Type", "package.Type.Field",
// "package.Type.method" and "package.function"; the values are the comments as one paragraph of text.
func Comments(folders ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("read comments: no Go source in %s", folder)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, fmt.Errorf("read comments: %w", err)
			}
			maps.Copy(all, inFile(file.Name.Name, file))
		}
	}
	return all, nil
}

func inFile(pkg string, file *ast.File) map[string]string {
	docs := map[string]string{}
	note := func(key string, comments ...*ast.CommentGroup) {
		for _, c := range comments {
			if text := strings.Join(strings.Fields(c.Text()), " "); text != "" {
				docs[pkg+"."+key] = text
				return
			}
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			note(receiver(decl)+decl.Name.Name, decl.Doc)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					note(t.Name.Name, t.Doc, decl.Doc)
					fields(t, note)
				}
			}
		}
	}
	return docs
}

// receiver gives "Type." for methods.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}

func fields(t *ast.TypeSpec, note func(string, ...*ast.CommentGroup)) {
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			note(t.Name.Name+"."+name.Name, f.Doc, f.Comment)
		}
	}
}
