package password

import (
	"math"
	"strconv"
	"strings"
)

// dateBits is what a date costs an attacker: the days of about a hundred years, and a little for signs in between. It
// reports false for texts that are none.
func dateBits(text string) (float64, bool) {
	if parts := splitDate(text); len(parts) == 3 {
		return math.Log2(31*12*100) + 2, isDate(parts[0], parts[1], parts[2]) || isDate(parts[2], parts[1], parts[0])
	}
	if strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	if len(text) == 4 && isYear(text) {
		return math.Log2(120), true
	}
	for _, cut := range dateCuts[len(text)] {
		if isDate(text[:cut[0]], text[cut[0]:cut[1]], text[cut[1]:]) {
			return math.Log2(31 * 12 * 100), true
		}
	}
	return 0, false
}

// dateCuts are where digits without signs can be cut, by their number.
var dateCuts = map[int][][2]int{
	4: {{1, 2}, {2, 3}},
	5: {{1, 3}, {2, 3}},
	6: {{2, 4}, {1, 2}, {4, 5}},
	7: {{1, 3}, {2, 3}, {4, 5}, {4, 6}},
	8: {{2, 4}, {4, 6}},
}

func splitDate(text string) []string {
	for _, sign := range []string{"/", "-", ".", "_", " ", "\\"} {
		if parts := strings.Split(text, sign); len(parts) == 3 {
			return parts
		}
	}
	return nil
}

// isDate reports whether three numbers are a day, a month and a year, with the year at either end.
func isDate(a, b, c string) bool {
	small := func(text string) (int, bool) {
		n, err := strconv.Atoi(text)
		return n, err == nil && len(text) <= 2 && n >= 1 && n <= 31
	}
	year := func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && (len(text) == 2 && n >= 0 || isYear(text))
	}
	fits := func(x, y, z string) bool {
		d, okD := small(x)
		m, okM := small(y)
		return okD && okM && min(d, m) <= 12 && year(z)
	}
	return fits(a, b, c) || fits(b, c, a)
}

func isYear(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && len(text) == 4 && n >= 1900 && n <= 2050
}
