package text

import (
	"strings"

	"github.com/thimble-auth/thimble/internal/locale"
)

// MaxDomain is the longest WebOTP domain, in characters, that leaves room for the code in one SMS. Settings refuse
// longer ones.
const MaxDomain = 128

// Params are the inputs of a text with a code.
type Params struct {
	Code    string // six digits
	Project string // the project's name; "" in test projects
	Domain  string // the WebOTP domain in lower-case ASCII; "" for none

	Template    string // wording of one's own, see Check; "" for ours
	MaxSegments int    // how many SMS a text by that may be; 0 is 1
}

// words are the text of one language: code first, because lock screens cut texts short, and valid for two minutes.
type words struct {
	named string // {code}, {project}, two minutes
	plain string // {code}, two minutes: for test projects, and where no name fits
	brief string // {code}: where a long WebOTP domain leaves no more room
}

// The letters of en, es, fr, pt-br, it, de, nl, ca, pl and tr are all in the GSM alphabet by the choice of words
// ("clave" and "PIN" where "código" would not be). Czech has no other word than "kód", so it is UCS-2 like the rest.
var sms = map[locale.Tag]words{
	locale.English: {
		named: "{code} is your {project} code. It is valid for 2 minutes.",
		plain: "{code} is your code. It is valid for 2 minutes.",
		brief: "{code} is your code.",
	},
	locale.Spanish: {
		named: "{code} es tu clave de acceso a {project}. Vence en 2 minutos.",
		plain: "{code} es tu clave de acceso. Vence en 2 minutos.",
		brief: "{code} es tu clave.",
	},
	locale.BrazilianPortuguese: {
		named: "{code} é o seu PIN de acesso para {project}. Vale por 2 minutos.",
		plain: "{code} é o seu PIN de acesso. Vale por 2 minutos.",
		brief: "{code} é o seu PIN.",
	},
	locale.French: {
		named: "{code} est votre code pour {project}. Il est valable 2 minutes.",
		plain: "{code} est votre code. Il est valable 2 minutes.",
		brief: "{code} est votre code.",
	},
	locale.Italian: {
		named: "{code} è il tuo codice per {project}. Vale 2 minuti.",
		plain: "{code} è il tuo codice. Vale 2 minuti.",
		brief: "{code} è il tuo codice.",
	},
	locale.German: {
		named: "{code} ist Ihr Code für {project}. Er gilt 2 Minuten.",
		plain: "{code} ist Ihr Code. Er gilt 2 Minuten.",
		brief: "{code} ist Ihr Code.",
	},
	locale.Dutch: {
		named: "{code} is je code voor {project}. Deze is 2 minuten geldig.",
		plain: "{code} is je code. Deze is 2 minuten geldig.",
		brief: "{code} is je code.",
	},
	locale.Catalan: {
		named: "{code} és el teu codi per a {project}. Caduca en 2 minuts.",
		plain: "{code} és el teu codi. Caduca en 2 minuts.",
		brief: "{code} és el teu codi.",
	},
	locale.Polish: {
		named: "{code} to kod weryfikacyjny do {project}. Wygasa za 2 minuty.",
		plain: "{code} to kod weryfikacyjny. Wygasa za 2 minuty.",
		brief: "{code} to kod weryfikacyjny.",
	},
	locale.Turkish: {
		named: "{code}, {project} kodunuzdur. Süresi 2 dakika.",
		plain: "{code} kodunuzdur. Süresi 2 dakika.",
		brief: "{code} kodunuzdur.",
	},
	locale.Czech: {
		named: "{code} je kód pro {project}. Platí 2 minuty.",
		plain: "{code} je váš kód. Platí 2 minuty.",
		brief: "{code} je váš kód.",
	},
	locale.Russian: {
		named: "{code} — код {project}. Действует 2 минуты.",
		plain: "{code} — ваш код. Действует 2 минуты.",
		brief: "{code} — ваш код.",
	},
	locale.Vietnamese: {
		named: "{code} là mã {project}. Hết hạn sau 2 phút.",
		plain: "{code} là mã của bạn. Hết hạn sau 2 phút.",
		brief: "{code} là mã của bạn.",
	},
	locale.Persian: {
		named: "{code} کد {project} شماست. اعتبار: دو دقیقه.",
		plain: "{code} کد شماست. اعتبار: دو دقیقه.",
		brief: "{code} کد شماست.",
	},
	locale.Japanese: {
		named: "{code} は{project}の認証コードです。2分間有効です。",
		plain: "{code} は認証コードです。2分間有効です。",
		brief: "{code} は認証コードです。",
	},
	locale.SimplifiedChinese: {
		named: "{code} 是您的{project}验证码，2分钟内有效。",
		plain: "{code} 是您的验证码，2分钟内有效。",
		brief: "{code} 是您的验证码。",
	},
}

// Render gives the text of an SMS with a code, always one SMS long (for domains up to MaxDomain). With a WebOTP domain
// its last line is "@domain #code", by which browsers offer the code on that site alone (WICG, Origin-bound one-time
// codes delivered via SMS, §3). When all of it does not fit, the project's name is shortened first, then left out, then
// the validity; the last line and the code are never touched. A language without words of ours reads English.
//
// A template goes first, with the name shortened if need be, and may take as many SMS as p allows. Our words stand in
// for one that does not fit even so, and for one that names the project where there is no name.
func Render(tag locale.Tag, p Params) string {
	if p.Template != "" {
		if body, ok := p.custom(); ok {
			return body
		}
		p.MaxSegments = 0
	}
	w, ok := sms[tag]
	if !ok {
		w = sms[locale.English]
	}
	if body, ok := p.named(w.named, cleanName(p.Project)); ok {
		return body
	}
	for _, template := range []string{w.plain, w.brief} {
		if body, ok := p.fill(template, ""); ok {
			return body
		}
	}
	body, _ := p.fill("{code}", "")
	return body
}

// named gives the text with the best form of the name that fits: as it is; without accents, where these alone would
// cost the text its 160 letters; a beginning of it.
func (p Params) named(template, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	if body, ok := p.fill(template, name); ok {
		return body, true
	}
	name = withoutAccents(name)
	if body, ok := p.fill(template, name); ok {
		return body, true
	}
	fits := func(name string) bool { _, ok := p.fill(template, name); return ok }
	name, ok := longest(name, fits)
	if !ok {
		return "", false
	}
	return p.fill(template, name)
}

// fill puts the values into a template and reports whether the result is one SMS, or as few as p allows.
func (p Params) fill(template, project string) (string, bool) {
	body := p.body(template, project)
	return body, Segments(body) <= max(p.MaxSegments, 1)
}

// body puts the values into a template and adds the last line.
func (p Params) body(template, project string) string {
	body := strings.NewReplacer(
		"{code}", p.Code,
		"{project}.", strings.TrimSuffix(project, ".")+".", // "Acme Inc." brings its own full stop
		"{project}", project,
	).Replace(template)
	if p.Domain != "" {
		body += "\n@" + p.Domain + " #" + p.Code
	}
	return body
}
