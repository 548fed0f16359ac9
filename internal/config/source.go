package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// envPrefix begins the name of every environment variable that is read.
const envPrefix = "THIMBLE_"

// Source gives settings from the environment and from the YAML file to flags that are not on the command line. It
// implements kong.Resolver, for one command line.
type Source struct {
	env      map[string]string
	loaded   bool
	file     map[string]entry
	problems Problems
}

// entry is a value of the file.
type entry struct {
	text string
	line int
}

// NewSource makes a source from an environment in the form of os.Environ.
func NewSource(environ []string) *Source {
	s := &Source{env: map[string]string{}}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, envPrefix) {
			s.env[strings.TrimPrefix(name, envPrefix)] = value
		}
	}
	return s
}

// Env gives the variable THIMBLE_name.
func (s *Source) Env(name string) string { return s.env[name] }

// Validate is part of kong.Resolver. Problems says what is wrong, together with everything else.
func (s *Source) Validate(*kong.Application) error { return nil }

// Problems are those of the file and of the environment: that the file cannot be read, and names that mean nothing.
func (s *Source) Problems() Problems { return slices.Clone(s.problems) }

// Resolve gives the value of a flag that is not on the command line, nil for none. An empty variable counts as not set.
func (s *Source) Resolve(c *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name := flag.Tag.Get("var")
	if name == "" {
		return nil, nil //nolint:nilnil // kong's way to say that there is no value
	}
	s.load(c)
	if value := s.env[name]; value != "" {
		return value, nil
	}
	if flag.Name == configFlag {
		return nil, nil //nolint:nilnil // a file does not name itself
	}
	if e, ok := s.file[flag.Name]; ok {
		return e.text, nil
	}
	return nil, nil //nolint:nilnil // see above
}

const configFlag = "config"

// load checks the environment, and reads the file that it or the command line names.
func (s *Source) load(c *kong.Context) {
	if s.loaded {
		return
	}
	s.loaded = true
	s.checkEnv(c.Model.Node)
	path := s.path(c)
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		s.problems.Add("the settings file cannot be read: %v", err)
		return
	}
	if err := s.parse(path, text); err != nil {
		s.problems.Add("%s: %v", path, err)
		return
	}

	known := knownKeys(c.Model.Node)
	for _, key := range sortedKeys(s.file) {
		if !known[key] {
			s.problems.Add("%s line %d: there is no setting %q; thimble serve --help lists all", path, s.file[key].line,
				strings.ReplaceAll(key, "-", "_"))
		}
	}
}

func (s *Source) path(c *kong.Context) string {
	for _, flag := range c.Flags() {
		if flag.Name != configFlag {
			continue
		}
		if path, _ := c.FlagValue(flag).(string); path != "" {
			return path
		}
		return s.env["CONFIG"]
	}
	return ""
}

// parse flattens the file: the key host below smtp becomes smtp-host, the name of the flag.
func (s *Source) parse(path string, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	s.file = map[string]entry{}
	if len(doc.Content) == 0 {
		return nil // an empty file
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want keys and values, such as listen: 127.0.0.1:8080", doc.Content[0].Line)
	}
	s.flatten(path, "", doc.Content[0])
	return nil
}

func (s *Source) flatten(path, prefix string, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := prefix + strings.ReplaceAll(key.Value, "_", "-")
		if value.Kind == yaml.MappingNode {
			s.flatten(path, name+"-", value)
			continue
		}

		text, ok := scalar(value)
		if !ok {
			s.problems.Add("%s line %d: %s must be a plain value or a list of them", path, value.Line, key.Value)
			continue
		}
		if _, twice := s.file[name]; twice {
			s.problems.Add("%s line %d: %s is set twice", path, key.Line, key.Value)
		}
		if value.Tag != "!!null" {
			s.file[name] = entry{text, key.Line}
		}
	}
}

// scalar gives a value or a list of values as the text that its flag would have.
func scalar(n *yaml.Node) (string, bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value, true
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return "", false
			}
			items[i] = item.Value
		}
		return strings.Join(items, ","), true
	default:
		return "", false
	}
}

// knownKeys are the names of all flags that are settings, of every command: one file serves them all.
func knownKeys(n *kong.Node) map[string]bool {
	known := map[string]bool{}
	for _, flag := range n.Flags {
		if flag.Tag.Get("var") != "" && flag.Name != configFlag {
			known[flag.Name] = true
		}
	}
	for _, child := range n.Children {
		for name := range knownKeys(child) {
			known[name] = true
		}
	}
	return known
}

func sortedKeys(m map[string]entry) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return m[a].line - m[b].line })
	return keys
}
