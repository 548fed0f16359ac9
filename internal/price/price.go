// Package price knows what a text costs before its provider has said so: cautious figures of our own, and the
// operator's. All amounts are millionths of a US dollar.
package price

import (
	"math"
	"strings"
)

// Any stands for every provider, or every country, that has no line of its own.
const Any = "*"

// Unknown is what a text to a country without a figure costs: dear, so that a budget ends early rather than late.
const Unknown = 300_000

// figures are for one segment, rounded by us and rather too high than too low; nobody's price list. An operator's own
// prices replace them.
var figures = []struct {
	micros    int64
	countries string
}{
	{15_000, "US CA PR"},
	{60_000, "AU BR CZ DK ES FI GB IE LT LV MX PL PT RO SE ZA"},
	{120_000, "AR AT BE BG CH CL CO CR CY DE EE FR GR HK HR HU IL IN IS IT JP KR LI LU MT NL NO NZ PA PE SA SG " +
		"SI SK TH TR TW UY"},
}

var builtIn = func() map[string]int64 {
	all := map[string]int64{}
	for _, f := range figures {
		for country := range strings.FieldsSeq(f.countries) {
			all[country] = f.micros
		}
	}
	return all
}()

// place is what a price is for.
type place struct{ provider, country string }

// Table is what texts cost. The nil table has the built-in figures alone. It is not changed once it was made.
type Table struct {
	prices map[place]int64
	rates  map[string]float64 // what one unit of a currency is worth in dollars
}

// Of gives what one segment by a provider to a country costs, or one message where the channel knows no segments: by
// the operator's line for both, for the provider, for the country, for everything, and then by the built-in figures. A
// country of "" is unknown.
func (t *Table) Of(provider, country string) int64 {
	if t != nil {
		for _, p := range []place{{provider, country}, {provider, Any}, {Any, country}, {Any, Any}} {
			if micros, ok := t.prices[p]; ok {
				return micros
			}
		}
	}
	if micros, ok := builtIn[country]; ok {
		return micros
	}
	return Unknown
}

// InUSD converts an amount that a provider reported, in millionths of its currency. It reports false for a currency
// whose rate is not known.
func (t *Table) InUSD(micros int64, currency string) (int64, bool) {
	if currency == "USD" {
		return micros, true
	}
	if t == nil || t.rates[currency] == 0 {
		return 0, false
	}
	return int64(math.Round(float64(micros) * t.rates[currency])), true
}
