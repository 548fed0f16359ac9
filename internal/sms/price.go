package sms

import (
	"math"
	"strconv"
	"strings"
)

// ParsePrice reads an amount such as 0.0051 and a currency such as USD. What is no price is the zero Price: that a
// provider miswrote it must not cost the rest of its report.
func ParsePrice(amount, currency string) Price {
	const most = 1e9
	units, err := strconv.ParseFloat(amount, 64)
	if err != nil || !(units >= 0 && units <= most) || !isCurrency(currency) {
		return Price{}
	}
	return Price{Micros: int64(math.Round(units * 1e6)), Currency: currency}
}

func isCurrency(text string) bool {
	return len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
