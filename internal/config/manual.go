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

var (
	//go:embed config.go
	serverSettings string
	//go:embed carriers.go
	carrierSettings string
	//go:embed carriers_plain.go
	plainSettings string
)

// Describer gives the help of flags: their own, or the comment of their field, with its default and the name of its
// environment variable. The fields are those of this package and of the Go files whose texts are given. They are read
// when somebody asks for help, and not before.
func Describer(files ...string) func(*kong.Value) string {
	manual := sync.OnceValue(func() map[string]string {
		return comments(append(files, serverSettings, carrierSettings, plainSettings))
	})
	return func(v *kong.Value) string {
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
}

// comments gives the comment of each tagged field by its manualKey.
func comments(files []string) map[string]string {
	texts := map[string]string{}
	for _, text := range files {
		file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments)
		if err != nil {
			panic("config: a file that was compiled cannot be parsed: " + err.Error())
		}
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil || field.Doc == nil {
				return true
			}
			if tag, err := strconv.Unquote(field.Tag.Value); err == nil {
				texts[manualKey(reflect.StructTag(tag).Get)] = strings.Join(strings.Fields(field.Doc.Text()), " ")
			}
			return true
		})
	}
	return texts
}

// manualKey tells fields apart: by variable where there is one, else by flag. Fields of two commands that share a
// variable and say different things about it are told apart by the tag manual.
func manualKey(tag func(string) string) string {
	if variable := tag("var"); variable != "" {
		return "$" + variable + " " + tag("manual")
	}
	return tag("name")
}
