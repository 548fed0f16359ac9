// Package phone reads telephone numbers: international ones only, checked against the numbering plan of the country
// that the whole number, not just its prefix, belongs to.
package phone

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/protobuf/proto"

	"github.com/thimble-auth/thimble/internal/errs"
)

const (
	maxDigits = 15  // ITU-T E.164 §6.2.1
	maxInput  = 256 // bytes: 15 digits of four bytes each and plenty of separators
	minDigits = 4   // country code, and a national number of at least two digits

	maxCountryDigits = 3
	visibleDigits    = 4
	prefixDigits     = 7
	wideDigits       = 5
)

// Causes, for the log only: they say what was wrong without showing the number.
var (
	errSpelling = errors.New("not an international number: a plus sign, then digits and separators")
	errCountry  = errors.New("no country has this calling code")
	errPlan     = errors.New("not a number of its country's numbering plan")
)

// Number is a valid number in E.164 form with the region that it belongs to. The zero Number is no number.
type Number struct {
	e164   string
	region string // "" until asked for, in numbers that come from our own rows
}

// Parse reads a number that is written internationally: '+', country code, national number. Digits of any script and
// the usual separators (spaces, hyphens, dots, slashes, parentheses, invisible marks) are accepted; a national form,
// a 00 prefix, a national prefix behind the country code, letters and extensions are not. The digits must be a valid
// number of a numbering plan, and no digit is ever added, dropped or changed. The error is errs.InvalidPhoneNumber.
func Parse(text string) (Number, error) {
	e164, ok := normalise(text)
	if !ok {
		return Number{}, errs.InvalidPhoneNumber.Because(errSpelling)
	}

	n, err := split(e164)
	if err != nil {
		return Number{}, errs.InvalidPhoneNumber.Because(err)
	}
	region, ok := regionOf(n)
	if !ok {
		return Number{}, errs.InvalidPhoneNumber.Because(errPlan)
	}
	return Number{e164: e164, region: region}, nil
}

// regionOf gives the region in whose numbering plan the number is valid, as the library decides it. The main region of
// the calling code and Canada are asked first, because the library's way checks each number twice or more; a test holds
// the two ways against each other.
func regionOf(n *phonenumbers.PhoneNumber) (string, bool) {
	main := phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	for _, likely := range [...]string{main, "CA"} {
		if phonenumbers.IsValidNumberForRegion(n, likely) {
			return likely, true
		}
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	return region, region != "" && phonenumbers.IsValidNumberForRegion(n, region)
}

// sandbox is the number to which test projects can send without anybody who reads texts. No plan has it, so that it can
// never be somebody's. It is of no country.
const (
	sandbox       = "+10000000000"
	sandboxRegion = "001"
)

// IsSandbox reports whether the number is the one that test projects send a known code to.
func (n Number) IsSandbox() bool { return n.e164 == sandbox }

// Stored takes a number from our own rows, where only parsed ones are written. "" gives the zero Number.
func Stored(e164 string) Number { return Number{e164: e164} }

// StoredIn is Stored for a row that names the number's region, too: it needs not be worked out again.
func StoredIn(e164, region string) Number { return Number{e164: e164, region: region} }

// split gives country code and national number as the library keeps them. Its own Parse is not used because it repairs
// what it reads: it drops national and carrier prefixes, so that two different texts become one number.
func split(e164 string) (*phonenumbers.PhoneNumber, error) {
	digits := e164[1:]
	if digits[0] == '0' { // 00 is how one dials abroad, not part of a number
		return nil, errCountry
	}
	code := 0
	for i := range min(maxCountryDigits, len(digits)) {
		code = code*10 + int(digits[i]-'0')
		if phonenumbers.GetRegionCodeForCountryCode(code) == phonenumbers.UNKNOWN_REGION {
			continue
		}
		return number(code, digits[i+1:]), nil
	}
	return nil, errCountry
}

func number(code int, national string) *phonenumbers.PhoneNumber {
	n := &phonenumbers.PhoneNumber{CountryCode: proto.Int32(int32(code))} //nolint:gosec // at most three digits
	var value uint64
	for _, digit := range []byte(national) {
		value = value*10 + uint64(digit-'0')
	}
	n.NationalNumber = proto.Uint64(value)

	// Some plans (Italy) have numbers that begin with zeros; the library counts them beside the value.
	significant := strings.TrimLeft(national, "0")
	if zeros := len(national) - max(1, len(significant)); zeros > 0 {
		n.ItalianLeadingZero = proto.Bool(true)
		n.NumberOfLeadingZeros = proto.Int32(int32(zeros)) //nolint:gosec // at most fifteen
	}
	return n
}

// String gives the number in E.164 form with its plus sign, "" for the zero Number.
func (n Number) String() string { return n.e164 }

// LogValue shows a log no more than Masked does.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// Region gives the ISO 3166-1 code of the country ("JM" for +1 876), "001" for numbers that belong to no country
// (satellite, international freephone), "" for the zero Number.
func (n Number) Region() string {
	if n.region != "" || len(n.e164) < minDigits {
		return n.region
	}
	if n.IsSandbox() {
		return sandboxRegion
	}
	parsed, err := split(n.e164)
	if err != nil {
		return ""
	}
	region, _ := regionOf(parsed)
	return region
}

// Placed gives the same number with its region worked out, for those who will ask more than once: each answer costs more
// than reading a row.
func (n Number) Placed() Number {
	n.region = n.Region()
	return n
}

// Prefix gives the first seven digits, by which sends to neighbouring numbers are counted together.
func (n Number) Prefix() string {
	digits := strings.TrimPrefix(n.e164, "+")
	return digits[:min(prefixDigits, len(digits))]
}

// Wide gives the first five digits: an area, or one operator's numbers.
func (n Number) Wide() string {
	digits := strings.TrimPrefix(n.e164, "+")
	return digits[:min(wideDigits, len(digits))]
}

// Block gives all digits but the last ones: the ten or hundred numbers around this one.
func (n Number) Block(last int) string {
	digits := strings.TrimPrefix(n.e164, "+")
	return digits[:max(0, len(digits)-last)]
}

// Masked gives the form for people who may not see the whole number: an X for each hidden digit, the last four digits,
// no plus sign ("XXXXXXX1234"). "" for the zero Number.
func (n Number) Masked() string {
	digits := strings.TrimPrefix(n.e164, "+")
	hidden := max(0, len(digits)-visibleDigits)
	return strings.Repeat("X", hidden) + digits[hidden:]
}

// Input is a number as a caller wrote it. A request keeps it unread until the rule asks, so that refusals come in the
// documented order.
type Input string

// Given reports whether the caller wrote a number at all.
func (in Input) Given() bool { return in != "" }

// Parse reads the number of a caller in a live or a test project; see the function Parse. Test projects can also name the
// sandbox number, which is errs.InvalidPhoneNumberSandbox in live ones.
func (in Input) Parse(live bool) (Number, error) {
	if e164, ok := normalise(string(in)); !ok || e164 != sandbox {
		return Parse(string(in))
	}
	if live {
		return Number{}, errs.InvalidPhoneNumberSandbox
	}
	return Number{e164: sandbox, region: sandboxRegion}, nil
}

// LogValue shows a log that there was a number and nothing of it.
func (in Input) LogValue() slog.Value {
	if !in.Given() {
		return slog.StringValue("")
	}
	return slog.StringValue("***")
}
