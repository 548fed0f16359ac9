package sms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReadWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Word{
		"STOP": Stop, "stop": Stop, "Stop.": Stop, " \n\"StOp!\" \t": Stop, "¡Stop!": Stop, "stop 🙏": Stop, "STOPALL": Stop,
		"Stop  all": Stop, "unsubscribe": Stop, "Cancel": Stop, "END": Stop, "quit": Stop, "Revoke": Stop, "OptOut": Stop,
		"opt out": Stop, "Opt-Out": Stop, "remove": Stop, "TD": Stop, "ARRET": Stop, "arrêt": Stop, "Arrete": Stop, "arrête": Stop,
		"arrett": Stop,

		"START": Start, "start": Start, "'Unstop'": Start,

		"": NoWord, " ": NoWord, "!": NoWord, "HELP": NoWord, "INFO": NoWord, "YES": NoWord, "no": NoWord, "stop please": NoWord,
		"please stop": NoWord, "don't stop": NoWord, "STOP2": NoWord, "st op": NoWord, "stopp": NoWord, "restart": NoWord,
		"123456": NoWord, "sto\u0000p": NoWord, "\xffSTOP\xff": Stop, "STOP START": NoWord, "ＳＴＯＰ": NoWord,
		"stop" + strings.Repeat(" ", 100): NoWord,
	} {
		if got := ReadWord(text); got != want {
			t.Errorf("%q says %s, want %s", text, got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		provider, text string
		want           Word
	}{
		{"STOP", "genug", Stop},
		{"stop", "START", Stop},
		{"START", "STOP", Start},
		{"Start", "ja", Start},
		{"HELP", "STOP", NoWord},
		{"INFO", "STOP", NoWord},
		{"", "STOP", Stop},
		{"", "hello", NoWord},
	} {
		if got := Verdict(c.provider, c.text); got != c.want {
			t.Errorf("%q, for which the provider says %q: %s, want %s", c.text, c.provider, got, c.want)
		}
	}
}

// Whatever is read as a word is short, and stays the word whatever is put around it.
func FuzzReadWord(f *testing.F) {
	for word := range words {
		f.Add(word)
	}
	f.Add("stop please")
	f.Add("\xff\u0300STOP")
	f.Fuzz(func(t *testing.T, text string) {
		word := ReadWord(text)
		if word == NoWord {
			return
		}
		if len(text) > maxWord {
			t.Errorf("a text of %d bytes is a word", len(text))
		}
		if len(text)+4 <= maxWord && utf8.ValidString(text) {
			if again := ReadWord(" «" + strings.ToLower(text) + "!"); len(text)+5 <= maxWord && again != word {
				t.Errorf("%q says %s, and with signs around it %s", text, word, again)
			}
		}
	})
}
