package phone

import "github.com/nyaruka/phonenumbers"

// Kind is what a number is for, as far as its country's numbering plan tells.
type Kind string

// The kinds. In plans that do not tell mobile numbers from landlines, such as that of the United States, all of both are
// Unknown.
const (
	Mobile     Kind = "mobile"
	Unknown    Kind = "unknown"
	Landline   Kind = "landline"
	VoIP       Kind = "voip"
	Personal   Kind = "personal" // follows its owner from line to line
	TollFree   Kind = "toll_free"
	SharedCost Kind = "shared_cost"
	Premium    Kind = "premium"
	Pager      Kind = "pager"
	UAN        Kind = "uan" // a company's number for all its places
	Voicemail  Kind = "voicemail"
)

// Kinds are all of them.
var Kinds = []Kind{Mobile, Unknown, Landline, VoIP, Personal, TollFree, SharedCost, Premium, Pager, UAN, Voicemail}

// Kind tells what the number is for. It asks the library's numbering plans and nobody outside.
func (n Number) Kind() Kind {
	if len(n.e164) < minDigits {
		return Unknown
	}
	parsed, err := split(n.e164)
	if err != nil {
		return Unknown
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.MOBILE:
		return Mobile
	case phonenumbers.FIXED_LINE:
		return Landline
	case phonenumbers.VOIP:
		return VoIP
	case phonenumbers.PERSONAL_NUMBER:
		return Personal
	case phonenumbers.TOLL_FREE:
		return TollFree
	case phonenumbers.SHARED_COST:
		return SharedCost
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.PAGER:
		return Pager
	case phonenumbers.UAN:
		return UAN
	case phonenumbers.VOICEMAIL:
		return Voicemail
	}
	return Unknown
}
