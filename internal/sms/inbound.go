package sms

import (
	"net/http"
	"strings"
	"unicode"
)

// Word is what a text that somebody sent to our number says about further texts.
type Word int

// The words. NoWord is everything else, a cry for HELP among it.
const (
	NoWord Word = iota
	Stop
	Start
)

// String names the word in lower case.
func (w Word) String() string {
	switch w {
	case Stop:
		return "stop"
	case Start:
		return "start"
	}
	return "none"
}

// Heard is what is kept of a text that somebody sent to our number. What it said beyond the word is nobody's business.
type Heard struct {
	// ID is the provider's id of the text. A text that comes again has the same.
	ID string
	// From is the number that it came from, in E.164 form. It may be no number at all, such as a short code.
	From string
	Word Word
	// Answer is the XML that the provider wants to read in answer, "" for none.
	Answer string
}

// Listener is a Sender whose provider passes on what people text to its number.
type Listener interface {
	// Heard reads such a text. fullURL and body are as in Sender.Receipt, and so are the errors. What is signed rightly and
	// is no text that concerns us is NoWord.
	Heard(r *http.Request, fullURL string, body []byte) (Heard, error)
}

// Crowd is a Listener whose provider may pass on several texts at once.
type Crowd interface {
	Listener
	// HeardAll reads them all, as Heard reads the first.
	HeardAll(r *http.Request, fullURL string, body []byte) ([]Heard, error)
}

// words are the texts by which people stop and start messages. A text is one of them as a whole: "stop please" is none.
//
//   - US: 47 CFR 64.1200(a)(10), in force since 2025-04-11, names stop, quit, end, revoke, opt out, cancel and unsubscribe
//     (https://www.mondaq.com/unitedstates/telecoms-mobile-cable-communications/1532382/new-fcc-tcpa-consumer-consent-revocation-mandates-effective-april-11-2025).
//   - Canada: STOP and ARRET, in whatever language the texts are
//     (https://support.infobip.com/docs/essentials/usa-and-canada-compliance/canadian-mandatory-keyword-responses).
//   - What providers block a number for by themselves, since we would only be refused: Twilio
//     (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out.md, https://www.twilio.com/docs/proxy/opt-out-keywords),
//     Telnyx (https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out), AWS
//     (https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html).
//
// All read 2026-11-23. No authority or provider documents words of other languages; what an operator sets up at a
// provider for them comes as the provider's own verdict. YES, which Twilio takes for START, is a word of every day: START
// and UNSTOP do the same at every provider.
var words = map[string]Word{
	"STOP": Stop, "STOPALL": Stop, "STOP ALL": Stop, "UNSUBSCRIBE": Stop, "CANCEL": Stop, "END": Stop, "QUIT": Stop,
	"REVOKE": Stop, "OPTOUT": Stop, "OPT OUT": Stop, "OPT-OUT": Stop, "REMOVE": Stop, "TD": Stop,
	"ARRET": Stop, "ARRÊT": Stop, "ARRETE": Stop, "ARRÊTE": Stop, "ARRETT": Stop,

	"START": Start, "UNSTOP": Start,
}

// maxWord is more than the longest word with anything that people put around it.
const maxWord = 64

// ReadWord tells what a text says about further texts. Case, and signs and spaces around the word, do not matter.
func ReadWord(text string) Word {
	if len(text) > maxWord {
		return NoWord
	}
	text = strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return words[strings.ToUpper(strings.Join(strings.Fields(text), " "))]
}

// Verdict is what a text says where the provider has said what it makes of it: STOP, START, HELP and the like in any case,
// or "" for nothing. The provider's view counts, since it is what it acts by.
func Verdict(provider, text string) Word {
	switch {
	case provider == "":
		return ReadWord(text)
	case strings.EqualFold(provider, "STOP"):
		return Stop
	case strings.EqualFold(provider, "START"):
		return Start
	}
	return NoWord
}
