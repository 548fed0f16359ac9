package scenario

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// step is one line of a story, with the lines that continue it.
type step struct {
	path string
	line int
	verb string // POST, sleep, as, ...
	rest string

	// Of requests.
	times int
	want  answer
}

// answer is what a request is expected to get.
type answer struct {
	status     int
	errorType  string // shorthand for a body with just that
	retryAfter string // the header, "" for none asked about
	body       string // JSON, "" for any
}

var (
	requestLine = regexp.MustCompile(`^(?:(\d+) times )?(GET|POST|PUT|DELETE|PATCH) (\S+)(?: (.*))?$`)
	answerLine  = regexp.MustCompile(`^(\d{3})(?: ([a-z0-9_]+))?(?: retry-after=(\d+))?(?: (\{.*))?$`)
)

// parse reads the steps of a section. A line that begins with space continues the one before; # begins a comment.
func parse(t *testing.T, s *story, section string) []step {
	t.Helper()
	var steps []step
	for i, text := range strings.Split(s.text[section], "\n") {
		at := s.line[section] + i
		switch {
		case strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#"):
		case text[0] == ' ' || text[0] == '\t':
			if len(steps) == 0 {
				t.Fatalf("%s:%d: nothing to continue", s.path, at)
			}
			last := &steps[len(steps)-1]
			if last.want.status != 0 {
				last.want.body += " " + strings.TrimSpace(text)
			} else {
				last.rest += " " + strings.TrimSpace(text)
			}
		case answerLine.MatchString(text):
			if len(steps) == 0 || steps[len(steps)-1].times == 0 || steps[len(steps)-1].want.status != 0 {
				t.Fatalf("%s:%d: an answer without a request", s.path, at)
			}
			steps[len(steps)-1].want = readAnswer(text)
		default:
			steps = append(steps, readStep(text, s.path, at))
		}
	}
	for _, one := range steps {
		if one.times > 0 && one.want.status == 0 {
			t.Fatalf("%s:%d: a request without an answer", one.path, one.line)
		}
	}
	return steps
}

func readStep(text, path string, line int) step {
	m := requestLine.FindStringSubmatch(text)
	if m == nil {
		verb, rest, _ := strings.Cut(text, " ")
		return step{path: path, line: line, verb: verb, rest: rest}
	}
	times := 1
	if m[1] != "" {
		times, _ = strconv.Atoi(m[1])
	}
	return step{path: path, line: line, verb: m[2], rest: strings.TrimSpace(m[3] + " " + m[4]), times: times}
}

func readAnswer(text string) answer {
	m := answerLine.FindStringSubmatch(text)
	status, _ := strconv.Atoi(m[1])
	return answer{status: status, errorType: m[2], retryAfter: m[3], body: m[4]}
}
