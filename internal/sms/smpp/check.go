package smpp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// Types of number (§5.2.5) and numbering plans (§5.2.6).
const (
	tonUnknown, tonInternational, tonAlphanumeric byte = 0, 1, 5
	npiUnknown, npiISDN                           byte = 0, 1
)

// check notes all that is wrong with the settings at once, and prepares what is right.
func (s *Sender) check() {
	c := &s.config
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("smpp-"+text)) }

	host, port, err := net.SplitHostPort(c.Address)
	if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || host == "" || n < 1 || n > 65535 {
		problem("address must be HOST:PORT, such as smsc.example.com:2775")
	}
	s.checkTLS(host, problem)
	s.checkAccount(problem)
	s.checkAddresses(problem)
	if c.Window < 1 || c.Window > MaxWindow {
		problem("window must be a whole number from 1 to " + strconv.Itoa(MaxWindow))
	}
	alphabets := map[string]pdu.Alphabet{
		"": pdu.GSM, AlphabetGSM: pdu.GSM, AlphabetLatin1: pdu.Latin1, AlphabetUCS2: pdu.UCS2,
	}
	alphabet, ok := alphabets[c.Alphabet]
	if s.alphabet = alphabet; !ok {
		problem("alphabet must be gsm7, latin1 or ucs2")
	}
	if !oneOf(c.LongTexts, LongParts, LongPayload) {
		problem("long-texts must be parts or payload")
	}
	if !oneOf(c.MessageIDs, IDsSame, IDsHexDecimal, IDsDecimalHex) {
		problem("message-ids must be same, hex-decimal or decimal-hex")
	}
	s.problems = errors.Join(problems...)
}

func oneOf(value string, all ...string) bool {
	for _, one := range all {
		if value == one {
			return true
		}
	}
	return value == ""
}

func (s *Sender) checkTLS(host string, problem func(string)) {
	c := &s.config
	if c.TLS {
		s.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	if c.CAFile == "" {
		return
	}
	text, err := os.ReadFile(c.CAFile)
	trusted := x509.NewCertPool()
	switch {
	case !c.TLS:
		problem("ca-file needs smpp-tls: true")
	case err != nil:
		problem("ca-file cannot be read: " + err.Error())
	case !trusted.AppendCertsFromPEM(text):
		problem("ca-file holds no certificate in PEM")
	default:
		s.tls.RootCAs = trusted
	}
}

// checkAccount holds the account against the lengths of bind_transceiver (§4.1.5).
func (s *Sender) checkAccount(problem func(string)) {
	c := &s.config
	if !plain(c.SystemID, 15) || c.SystemID == "" {
		problem("system-id is missing, or not of at most 15 ASCII characters")
	}
	if password := c.Password.Reveal(); !plain(password, 8) || password == "" {
		problem("password is missing, or not of at most 8 ASCII characters, which is all that SMPP has room for")
	}
	if !plain(c.SystemType, 12) {
		problem("system-type must be of at most 12 ASCII characters")
	}
}

// plain reports whether a text has only printable ASCII characters, and not too many.
func plain(s string, most int) bool {
	return len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (s *Sender) checkAddresses(problem func(string)) {
	c := &s.config
	rest, plus := strings.CutPrefix(c.From, "+")
	onlyDigits := rest != "" && strings.Trim(rest, "0123456789") == ""
	s.from = pdu.Address{Text: rest}
	switch {
	case plus && onlyDigits && len(rest) >= 7 && len(rest) <= 15 && rest[0] != '0':
		s.from.TON, s.from.NPI = tonInternational, npiISDN
	case !plus && onlyDigits && len(rest) >= 3 && len(rest) <= 8: // a short code has no type of its own
		s.from.TON, s.from.NPI = tonUnknown, npiUnknown
	case !plus && !onlyDigits && c.From != "" && plain(c.From, 11):
		s.from.TON, s.from.NPI = tonAlphanumeric, npiUnknown
	default:
		problem("from must be a number with +, a short code or a name of at most 11 ASCII characters")
	}
	readType(c.FromType, &s.from, "from-type", problem)
	s.toType = pdu.Address{TON: tonInternational, NPI: npiISDN}
	readType(c.ToType, &s.toType, "to-type", problem)
}

// readType reads TON/NPI, if there is something to be read.
func readType(text string, into *pdu.Address, name string, problem func(string)) {
	if text == "" {
		return
	}
	const most = 18 // the greatest plan that is assigned
	ton, npi, ok := strings.Cut(text, "/")
	t, errT := strconv.ParseUint(ton, 10, 8)
	n, errN := strconv.ParseUint(npi, 10, 8)
	if !ok || errT != nil || errN != nil || t > 6 || n > most {
		problem(name + " must be TON/NPI, such as 5/0, with 0 to 6 for the first and 0 to 18 for the second")
		return
	}
	into.TON, into.NPI = byte(t), byte(n)
}
