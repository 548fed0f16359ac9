package phone

import (
	"maps"
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// unsupported are the regions that an SMS allowlist refuses by default: places where carriers do not deliver reliably
// or toll fraud is frequent. The published list ends at the letter M.
var unsupported = map[string]bool{
	"AF": true, // Afghanistan
	"AL": true, // Albania
	"DZ": true, // Algeria
	"AD": true, // Andorra
	"AO": true, // Angola
	"AM": true, // Armenia
	"AW": true, // Aruba
	"AZ": true, // Azerbaijan
	"BS": true, // Bahamas
	"BH": true, // Bahrain
	"BD": true, // Bangladesh
	"BB": true, // Barbados
	"BY": true, // Belarus
	"BZ": true, // Belize
	"BM": true, // Bermuda
	"BT": true, // Bhutan
	"BA": true, // Bosnia and Herzegovina
	"BW": true, // Botswana
	"VG": true, // British Virgin Islands
	"BI": true, // Burundi
	"KH": true, // Cambodia
	"CV": true, // Cape Verde
	"KY": true, // Cayman Islands
	"TD": true, // Chad
	"CN": true, // China
	"HK": true, // Hong Kong
	"KM": true, // Comoros
	"CD": true, // Congo, Democratic Republic
	"CI": true, // Côte d'Ivoire
	"CU": true, // Cuba
	"CW": true, // Curaçao
	"BQ": true, // Caribbean Netherlands
	"CY": true, // Cyprus
	"DK": true, // Denmark
	"DJ": true, // Djibouti
	"DM": true, // Dominica
	"TL": true, // East Timor
	"EG": true, // Egypt
	"GQ": true, // Equatorial Guinea
	"ER": true, // Eritrea
	"EE": true, // Estonia
	"ET": true, // Ethiopia
	"FO": true, // Faroe Islands
	"FJ": true, // Fiji
	"PF": true, // French Polynesia
	"GA": true, // Gabon
	"GM": true, // Gambia
	"GE": true, // Georgia
	"GI": true, // Gibraltar
	"GL": true, // Greenland
	"GP": true, // Guadeloupe
	"GU": true, // Guam
	"GN": true, // Guinea
	"HT": true, // Haiti
	"HN": true, // Honduras
	"ID": true, // Indonesia
	"IR": true, // Iran
	"IQ": true, // Iraq
	"IL": true, // Israel
	"JE": true, // Jersey
	"JO": true, // Jordan
	"KZ": true, // Kazakhstan
	"KP": true, // Korea, North
	"XK": true, // Kosovo
	"KW": true, // Kuwait
	"KG": true, // Kyrgyzstan
	"LA": true, // Laos
	"LB": true, // Lebanon
	"LS": true, // Lesotho
	"LR": true, // Liberia
	"LY": true, // Libya
	"MO": true, // Macau
	"MK": true, // North Macedonia
	"MM": true, // Myanmar
}

// ValidRegion reports whether cc is the upper-case ISO 3166-1 code of a region with a numbering plan ("US", "JM"; also
// "XK" for Kosovo).
func ValidRegion(cc string) bool { return phonenumbers.GetSupportedRegions()[cc] }

// IsSupportedRegion reports whether a project may put the region on its SMS allowlist by default: a valid region that
// is not on the list above.
func IsSupportedRegion(cc string) bool { return ValidRegion(cc) && !unsupported[cc] }

// Regions lists all countries that have numbers, as ISO 3166-1 alpha-2 codes.
func Regions() []string { return slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) }
