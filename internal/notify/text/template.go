package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/locale"
)

// Bounds of wording of one's own.
const (
	MaxSegments    = 3   // that a project may allow a text to be
	MaxDisplayName = 64  // characters of a name for texts
	maxTemplate    = 480 // characters: more than fit into so many SMS
)

// The placeholders.
const (
	codeMark    = "{code}"
	projectMark = "{project}"
)

// SampleCode stands for the code in previews.
const SampleCode = "123456"

// The alphabets that an SMS is sent in.
const (
	AlphabetGSM7 = "GSM-7"
	AlphabetUCS2 = "UCS-2"
)

// Preview is a text as its reader sees it, and as carriers count it.
type Preview struct {
	Text     string
	Alphabet string // AlphabetGSM7, or AlphabetUCS2 when some letter is not in it
	Segments int    // how many SMS it is
	Length   int    // in the alphabet's units, of which some letters take two
	Room     int    // units that fit into as many SMS as are allowed
	UCS2     []rune // the letters outside the GSM alphabet, each once, in the order of the text
}

// Shipped gives our own wording of the language as a template. Names are what they are: they may shorten.
func Shipped(tag locale.Tag) string {
	if w, ok := sms[tag]; ok {
		return w.named
	}
	return sms[locale.English].named
}

// Describe counts a text as carriers do, where it may be so many SMS; 0 is 1.
func Describe(body string, maxSegments int) Preview {
	p := Preview{Text: body, Alphabet: AlphabetGSM7, Segments: Segments(body)}
	single, part := gsmSingle, gsmPart
	if n, ok := septets(body); ok {
		p.Length = n
	} else {
		p.Alphabet, p.Length = AlphabetUCS2, units(body)
		single, part = ucsSingle, ucsPart
		p.UCS2 = letters(body, func(r rune) bool { return !GSM7(string(r)) })
	}
	p.Room = single
	if maxSegments > 1 {
		p.Room = part * maxSegments
	}
	return p
}

// letters lists the letters that are wanted, each once.
func letters(body string, want func(rune) bool) []rune {
	var list []rune
	seen := map[rune]bool{}
	for _, r := range body {
		if want(r) && !seen[r] {
			seen[r] = true
			list = append(list, r)
		}
	}
	return list
}

// Check says everything that is wrong with p.Template, nothing for one that can be saved: it has the code exactly once
// and no placeholder but the name; with name and WebOTP domain of p it takes as few SMS as p allows; and no line of it
// passes for the WebOTP line. The preview has the name whole, though without accents where that makes it fit; there is
// none of a template that cannot be filled in. What the messages repeat of the template is single characters.
func Check(p Params) (Preview, []*errs.Error) {
	if problems := malformed(p.Template); len(problems) > 0 {
		return Preview{}, problems
	}
	p.Code = SampleCode
	name := cleanName(p.Project)
	body, fits := p.fill(p.Template, name)
	if !fits {
		if plain := withoutAccents(name); plain != name {
			body = p.body(p.Template, plain)
		}
	}

	preview := Describe(body, p.MaxSegments)
	var problems []*errs.Error
	if p.forged(body) {
		problems = append(problems, errs.TemplateForbiddenLine)
	}
	if preview.Segments > max(p.MaxSegments, 1) {
		problems = append(problems, errs.TemplateTooLong.Saying(preview.tooLong(max(p.MaxSegments, 1))))
	}
	return preview, problems
}

// CheckDisplayName gives the name without space around it, or errs.InvalidDisplayName.
func CheckDisplayName(name string) (string, error) {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	if n == 0 || n > MaxDisplayName || strings.ContainsFunc(name, forbidden) || strings.ContainsRune(name, '\n') ||
		strings.HasPrefix(name, "@") || !strings.ContainsFunc(name, visible) {
		return "", errs.InvalidDisplayName
	}
	return name, nil
}

// malformed says what is wrong with a template whatever is filled in.
func malformed(template string) []*errs.Error {
	if n := utf8.RuneCountInString(template); n > maxTemplate {
		return []*errs.Error{errs.TemplateTooLong.Saying(
			fmt.Sprintf("The template is %s too long: it has %d of at most %d.", characters(n-maxTemplate), n, maxTemplate))}
	}
	var problems []*errs.Error
	if bad := letters(template, forbidden); len(bad) > 0 {
		problems = append(problems, errs.TemplateForbiddenCharacter.Saying(
			"The template holds characters that a text cannot have: "+listed(bad)+"."))
	}
	switch strings.Count(template, codeMark) {
	case 1:
	case 0:
		problems = append(problems, errs.TemplateCodeNotOnce.Saying("The template has no {code}."))
	default:
		problems = append(problems, errs.TemplateCodeNotOnce.Saying("The template has {code} more than once."))
	}
	if rest := strings.NewReplacer(codeMark, "", projectMark, "").Replace(template); strings.ContainsAny(rest, "{}") {
		problems = append(problems, errs.TemplateUnknownPlaceholder)
	}
	if atLine(template) {
		problems = append(problems, errs.TemplateForbiddenLine)
	}
	return problems
}

// forbidden are the letters that a text cannot have: one that turns the direction of writing turns the code around, and
// what nobody sees costs room. The two joiners are part of words and emoji.
func forbidden(r rune) bool {
	switch r {
	case '\n', zeroWidthJoiner, zeroWidthNonJoiner:
		return false
	case '\u2028', '\u2029', utf8.RuneError:
		return true
	}
	return unicode.Is(unicode.C, r)
}

// atLine reports whether a line could be taken for the one by which browsers find the code.
func atLine(body string) bool {
	for line := range strings.SplitSeq(body, "\n") {
		if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "@") {
			return true
		}
	}
	return false
}

// forged reports whether a text has such a line beside its own last one: a name may begin with @, too.
func (p Params) forged(body string) bool {
	if p.Domain != "" {
		body = body[:strings.LastIndexByte(body, '\n')]
	}
	return atLine(body)
}

// custom gives the text by the template. What was saved is looked at again, because name, domain and room may have
// changed since.
func (p Params) custom() (string, bool) {
	if len(malformed(p.Template)) > 0 {
		return "", false
	}
	write := p.fill
	if strings.Contains(p.Template, projectMark) {
		write = p.named
	}
	body, ok := write(p.Template, cleanName(p.Project))
	return body, ok && !p.forged(body)
}

// tooLong says by how much a text is too long, and what costs it room.
func (p Preview) tooLong(segments int) string {
	over := max(p.Length-p.Room, 1) // a letter that is not torn in two may leave room unused
	said := fmt.Sprintf("The text is %s too long: filled in it takes %d, and %d fit into %d SMS in %s.",
		characters(over), p.Length, p.Room, segments, p.Alphabet)
	if p.Alphabet == AlphabetUCS2 {
		return said + fmt.Sprintf(" It is in %s because of %s; in %s there is room for %d.", AlphabetUCS2, listed(p.UCS2),
			AlphabetGSM7, Describe("", segments).Room) + twice(p.Text, unitsOf)
	}
	return said + twice(p.Text, septetsOf)
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

// twice says which letters count for two.
func twice(body string, size func(rune) int) string {
	if list := letters(body, func(r rune) bool { return size(r) > 1 }); len(list) > 0 {
		return " Counting twice: " + listed(list) + "."
	}
	return ""
}

// visible reports whether a letter can be seen by itself.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r)
}

// maxListed is how many letters a message names.
const maxListed = 8

// listed names letters so that people find them: by their looks, if they have any, and their code point.
func listed(list []rune) string {
	named := make([]string, 0, maxListed+1)
	for i, r := range list {
		if i == maxListed {
			named = append(named, fmt.Sprintf("and %d more", len(list)-maxListed))
			break
		}
		point := fmt.Sprintf("U+%04X", r)
		if visible(r) {
			point = string(r) + " (" + point + ")"
		}
		named = append(named, point)
	}
	return strings.Join(named, ", ")
}
