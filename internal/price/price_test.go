package price_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/price"
)

func TestOf(t *testing.T) {
	t.Parallel()
	own, err := price.Parse(strings.NewReader(`provider,country,price,currency
# ours
twilio,US,0.0083,USD
twilio,*,0.2,USD
*,DE,0.07,EUR

rate,EUR,1.1,USD
file,*,0,USD
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table             *price.Table
		provider, country string
		want              int64
	}{
		{nil, "twilio", "US", 15_000},
		{nil, "twilio", "GB", 60_000},
		{nil, "twilio", "XX", price.Unknown},
		{nil, "", "", price.Unknown},
		{own, "twilio", "US", 8_300},
		{own, "twilio", "DE", 200_000},
		{own, "vonage", "DE", 77_000},
		{own, "vonage", "US", 15_000},
		{own, "vonage", "XX", price.Unknown},
		{own, "file", "XX", 0},
	} {
		if got := c.table.Of(c.provider, c.country); got != c.want {
			t.Errorf("Of(%q, %q) = %d, want %d", c.provider, c.country, got, c.want)
		}
	}

	if usd, ok := own.InUSD(100_000, "EUR"); !ok || usd < 109_999 || usd > 110_000 {
		t.Errorf("0.1 EUR = %d, %t", usd, ok)
	}
	if _, ok := own.InUSD(1, "GBP"); ok {
		t.Error("a currency without a rate was converted")
	}
	if usd, ok := (*price.Table)(nil).InUSD(5, "USD"); usd != 5 || !ok {
		t.Errorf("dollars became %d, %t", usd, ok)
	}
}

// A mistyped country would be the price of nobody.
func TestFiguresAreForCountries(t *testing.T) {
	t.Parallel()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			country := string(a) + string(b)
			if (*price.Table)(nil).Of("", country) != price.Unknown && !phone.ValidRegion(country) {
				t.Errorf("%s has a figure and is no country", country)
			}
		}
	}
}

func TestParseNamesEveryLine(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"twilio,US,0.01,USD",
		"Twilio,US,0.01,USD",   // 2: provider
		"twilio,USA,0.01,USD",  // 3: country
		"twilio,CA,-1,USD",     // 4: price
		"twilio,CA,1000,USD",   // 5: price
		"twilio,CA,NaN,USD",    // 6: price
		"twilio,GB,0.01,EUR",   // 7: no rate
		"twilio,US,0.02,USD",   // 8: twice
		"twilio,US",            // 9: fields
		"rate,USD,1,USD",       // 10: rate of the dollar
		"rate,GBP,0,USD",       // 11: worth nothing
		"rate,JPY,0.0065,USD",  //
		"rate,JPY,0.0066,USD",  // 13: twice
		"telnyx,US,0.01,JPY",   //
		"rate,CHF,1.1,EUR",     // 15: not in dollars
		"vonage,\"US,0.01,USD", // 16: a quote that does not end
	}, "\n")
	_, err := price.Parse(strings.NewReader(text))
	if err == nil {
		t.Fatal("taken")
	}
	broken := err.Error()
	if !strings.Contains(broken, "line 16") {
		t.Errorf("the open quote is not named: %s", broken)
	}

	_, err = price.Parse(strings.NewReader(text[:strings.LastIndex(text, "\n")]))
	if err == nil {
		t.Fatal("taken")
	}
	said := strings.Split(err.Error(), "\n")
	want := []string{"9", "10", "11", "13", "15", "2", "3", "4", "5", "6", "7", "8"}
	if len(said) != len(want) {
		t.Fatalf("%d problems, want %d:\n%s", len(said), len(want), err)
	}
	for i, n := range want {
		if !strings.HasPrefix(said[i], "line "+n+":") {
			t.Errorf("problem %d is %q, want one of line %s", i, said[i], n)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	if table, err := price.Open(""); table != nil || err != nil {
		t.Errorf("no file: %v, %v", table, err)
	}
	path := filepath.Join(t.TempDir(), "prices.csv")
	if _, err := price.Open(path); err == nil {
		t.Error("a file that is not there was read")
	}
	if err := os.WriteFile(path, []byte("*,*,0.05,USD\n*,*,x,USD\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := price.Open(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v", err)
	}
}
