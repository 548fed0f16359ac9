package price

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/phone"
)

// rate is what stands in the place of the provider on a line that says what a currency is worth.
const rate = "rate"

// The most that a line may say: more is a slip of the point.
const (
	mostPrice = 100
	mostRate  = 1000
)

var (
	providerName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	currencyName = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Open reads an operator's file; "" gives the nil table. The error tells everything that is wrong with it, by lines.
func Open(path string) (*Table, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("sms-prices cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	t, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("sms-prices: %s: %w", path, err)
	}
	return t, nil
}

// Parse reads lines such as twilio,US,0.0083,USD: provider, country, what one segment costs, currency. * stands for all
// providers or all countries. A line rate,EUR,1.1,USD says what one euro is worth. Empty lines, those that begin with
// #, and a first line of titles mean nothing.
func Parse(r io.Reader) (*Table, error) {
	lines := csv.NewReader(r)
	lines.Comment, lines.FieldsPerRecord, lines.TrimLeadingSpace = '#', -1, true
	p := parser{t: &Table{prices: map[place]int64{}, rates: map[string]float64{}}}
	var prices []line
	for first := true; ; first = false {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(p.problems, err)...) // it names its line
		}
		n, _ := lines.FieldPos(0)
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		switch {
		case first && strings.EqualFold(strings.Join(fields, ","), "provider,country,price,currency"):
		case len(fields) != 4:
			p.add(n, "want provider,country,price,currency")
		case fields[0] == rate:
			p.rate(n, fields)
		default:
			prices = append(prices, line{n, fields})
		}
	}
	for _, l := range prices { // rates may stand below
		p.price(l.n, l.fields)
	}
	return p.t, errors.Join(p.problems...)
}

type line struct {
	n      int
	fields []string
}

type parser struct {
	t        *Table
	problems []error
}

func (p *parser) add(n int, format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf("line %d: %s", n, fmt.Sprintf(format, args...)))
}

func (p *parser) rate(n int, fields []string) {
	currency := fields[1]
	worth, ok := amount(fields[2], mostRate)
	switch {
	case !currencyName.MatchString(currency) || currency == "USD" || fields[3] != "USD":
		p.add(n, "want a currency and what one unit of it is worth, such as rate,EUR,1.1,USD")
	case !ok || worth == 0:
		p.add(n, "%q is no rate from 0 to %d", fields[2], mostRate)
	case p.t.rates[currency] != 0:
		p.add(n, "%s has two rates", currency)
	default:
		p.t.rates[currency] = worth
	}
}

func (p *parser) price(n int, fields []string) {
	at := place{fields[0], fields[1]}
	units, ok := amount(fields[2], mostPrice)
	_, twice := p.t.prices[at]
	inUSD, rated := p.t.InUSD(int64(math.Round(units*1e6)), fields[3])
	switch {
	case at.provider != Any && !providerName.MatchString(at.provider):
		p.add(n, "%q is no provider; want a name such as twilio, or *", at.provider)
	case at.country != Any && !phone.ValidRegion(at.country):
		p.add(n, "%q is no country; want two letters such as US, or *", at.country)
	case !ok:
		p.add(n, "%q is no price from 0 to %d", fields[2], mostPrice)
	case !rated:
		p.add(n, "%q has no rate; add a line such as rate,EUR,1.1,USD", fields[3])
	case twice:
		p.add(n, "%s to %s has two prices", at.provider, at.country)
	default:
		p.t.prices[at] = inUSD
	}
}

func amount(text string, most float64) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v >= 0 && v <= most
}
