package text

import (
	"strings"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/locale"
)

// maxSpokenName is the longest name in a call, in letters: who calls is said in one breath.
const maxSpokenName = 60

// callWords are what is said in a call, in one language: who calls, the code, the code again, how long it is good for.
type callWords struct {
	named string // {project}
	plain string // for test projects, and for names that cannot be said
	again string
	end   string // two minutes
	// apart is what stands between two digits, and stop what stands behind the last one. A comma with a space makes
	// voices say one digit after the other; a full stop would make ordinal numbers of them in some languages.
	apart, stop string
}

var calls = map[locale.Tag]callWords{
	locale.English: {
		named: "Hello. This is a call from {project}. Your code is:", plain: "Hello. Your code is:",
		again: "Once more, your code is:", end: "The code is valid for two minutes. Goodbye.",
	},
	locale.Spanish: {
		named: "Hola. Esta es una llamada de {project}. Tu código es:", plain: "Hola. Tu código es:",
		again: "Lo repetimos. Tu código es:", end: "El código vence en dos minutos. Adiós.",
	},
	locale.BrazilianPortuguese: {
		named: "Olá. Esta é uma ligação de {project}. O seu código é:", plain: "Olá. O seu código é:",
		again: "Repetindo, o seu código é:", end: "O código vale por dois minutos. Até logo.",
	},
	locale.French: {
		named: "Bonjour. Ceci est un appel de {project}. Votre code est :", plain: "Bonjour. Votre code est :",
		again: "Je répète, votre code est :", end: "Le code est valable deux minutes. Au revoir.",
	},
	locale.Italian: {
		named: "Buongiorno. Questa è una chiamata di {project}. Il tuo codice è:", plain: "Buongiorno. Il tuo codice è:",
		again: "Ripeto, il tuo codice è:", end: "Il codice vale due minuti. Arrivederci.",
	},
	locale.German: {
		named: "Guten Tag. Dies ist ein Anruf von {project}. Ihr Code lautet:", plain: "Guten Tag. Ihr Code lautet:",
		again: "Ich wiederhole, Ihr Code lautet:", end: "Der Code gilt zwei Minuten. Auf Wiederhören.",
	},
	locale.Dutch: {
		named: "Hallo. Dit is een oproep van {project}. Je code is:", plain: "Hallo. Je code is:",
		again: "Ik herhaal, je code is:", end: "De code is twee minuten geldig. Tot ziens.",
	},
	locale.Catalan: {
		named: "Hola. Això és una trucada de {project}. El teu codi és:", plain: "Hola. El teu codi és:",
		again: "Ho repetim. El teu codi és:", end: "El codi caduca en dos minuts. Adeu.",
	},
	locale.Polish: {
		named: "Dzień dobry. Tu {project}. Twój kod to:", plain: "Dzień dobry. Twój kod to:",
		again: "Powtarzam, twój kod to:", end: "Kod wygasa za dwie minuty. Do widzenia.",
	},
	locale.Turkish: {
		named: "Merhaba. Bu arama {project} tarafından yapılıyor. Kodunuz:", plain: "Merhaba. Kodunuz:",
		again: "Tekrar ediyorum, kodunuz:", end: "Kod iki dakika geçerlidir. Hoşça kalın.",
	},
	locale.Czech: {
		named: "Dobrý den. Volá {project}. Váš kód je:", plain: "Dobrý den. Váš kód je:",
		again: "Opakuji, váš kód je:", end: "Kód platí dvě minuty. Na shledanou.",
	},
	locale.Russian: {
		named: "Здравствуйте. Вам звонит {project}. Ваш код:", plain: "Здравствуйте. Ваш код:",
		again: "Повторяю, ваш код:", end: "Код действует две минуты. До свидания.",
	},
	locale.Vietnamese: {
		named: "Xin chào. Đây là cuộc gọi từ {project}. Mã của bạn là:", plain: "Xin chào. Mã của bạn là:",
		again: "Xin nhắc lại, mã của bạn là:", end: "Mã có hiệu lực trong hai phút. Tạm biệt.",
	},
	locale.Persian: {
		named: "سلام. این تماس از طرف {project} است. کد شما:", plain: "سلام. کد شما:",
		again: "بار دیگر، کد شما:", end: "کد تا دو دقیقه اعتبار دارد. خدانگهدار.",
		apart: "، ",
	},
	locale.Japanese: {
		named: "こんにちは。{project}からのお電話です。認証コードをお伝えします。", plain: "こんにちは。認証コードをお伝えします。",
		again: "もう一度お伝えします。", end: "コードは二分間有効です。失礼いたします。",
		apart: "、", stop: "。",
	},
	locale.SimplifiedChinese: {
		named: "您好，这里是{project}。您的验证码是：", plain: "您好，您的验证码是：",
		again: "再说一遍，您的验证码是：", end: "验证码两分钟内有效。再见。",
		apart: "，", stop: "。",
	},
}

// RenderCall gives what is said in a call with a code, one breath on each line: who calls, the digits, the digits once
// more, and how long they are good for. Digits stand on lines of their own, apart from each other, so that a voice
// says them one by one. A language without words of ours hears English. The domain says nothing to an ear.
func RenderCall(tag locale.Tag, p Params) string {
	w, ok := calls[tag]
	if !ok {
		w = calls[locale.English]
	}
	greeting := w.plain
	if name, ok := spokenName(p.Project); ok {
		greeting = strings.NewReplacer(
			"{project}.", strings.TrimSuffix(name, ".")+".", "{project}", name).Replace(w.named)
	}
	digits := w.digits(p.Code)
	return strings.Join([]string{greeting, digits, w.again, digits, w.end}, "\n")
}

// spokenName gives the form of a name that is said in a call, if there is one.
func spokenName(name string) (string, bool) {
	name = cleanName(name)
	if name == "" {
		return "", false
	}
	fits := func(name string) bool { return utf8.RuneCountInString(name) <= maxSpokenName }
	if fits(name) {
		return name, true
	}
	return longest(name, fits)
}

func (w callWords) digits(code string) string {
	apart, stop := w.apart, w.stop
	if apart == "" {
		apart = ", "
	}
	if stop == "" {
		stop = "."
	}
	return strings.Join(strings.Split(code, ""), apart) + stop
}
