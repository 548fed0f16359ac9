package config

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/alecthomas/kong"
)

//go:embed config.go
var source string

// manual gives the comment of each field of this package by its manualKey. It is read when somebody asks for help, and not
// before.
var manual = sync.OnceValue(func() map[string]string {
	texts := map[string]string{}
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.ParseComments)
	if err != nil {
		panic("config: config.go was compiled but cannot be parsed: " + err.Error())
	}
	ast.Inspect(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok || field.Tag == nil || field.Doc == nil {
			return true
		}
		text, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return true
		}
		texts[manualKey(reflect.StructTag(text).Get)] = strings.Join(strings.Fields(field.Doc.Text()), " ")
		return true
	})
	return texts
})

// manualKey tells fields apart: by variable where there is one, else by flag. Fields of two commands that share a variable
// and say different things about it are told apart by the tag manual.
func manualKey(tag func(string) string) string {
	if variable := tag("var"); variable != "" {
		return "$" + variable + " " + tag("manual")
	}
	return tag("name")
}

// Describe gives the help of a flag: its own, or the comment of its field with its default and the name of its environment
// variable.
func Describe(v *kong.Value) string {
	if v.Help != "" {
		return v.Help
	}
	text := manual()[manualKey(v.Tag.Get)]
	if v.HasDefault {
		text += " Default: " + v.Default + "."
	}
	if variable := v.Tag.Get("var"); variable != "" {
		text += " [" + envPrefix + variable + "]"
	}
	return text
}
