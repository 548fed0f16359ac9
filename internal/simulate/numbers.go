package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/thimble-auth/thimble/internal/phone"
)

// block is the numbers behind one prefix: the first seven digits, and how many follow.
type block struct {
	prefix string // seven digits
	region string
	rest   int
	kind   phone.Kind // what the plan says about its numbers: asking for each would cost as much as deciding
}

// blockDigits is how many digits a prefix has: see phone.Number.Prefix.
const blockDigits = 7

// size is how many numbers the block has.
func (b block) size() int64 {
	n := int64(1)
	for range b.rest {
		n *= 10
	}
	return n
}

// number gives the n-th number of the block.
func (b block) number(n int64) phone.Number {
	digits := strconv.FormatInt(n%b.size(), 10)
	return phone.StoredIn("+"+b.prefix+strings.Repeat("0", b.rest-len(digits))+digits, b.region)
}

// blocks chooses n prefixes of mobile numbers in the regions given, in clusters of neighbours: those of a cluster share
// their first five digits.
func blocks(r *rand.Rand, regions []string, n, cluster int) ([]block, error) {
	var all []block
	seen := map[string]bool{}
	inVain := 0 // clusters in a row that gave nothing new: the regions have no more
	for tries := 0; len(all) < n && inVain < 20*len(regions); tries++ {
		before := len(all)
		region := regions[tries%len(regions)]
		first, err := anyBlock(r, region)
		if err != nil {
			return nil, err
		}
		for i := 0; i < cluster && len(all) < n; i++ {
			b := first
			if i > 0 {
				b.prefix = first.prefix[:blockDigits-2] + fmt.Sprintf("%02d", r.IntN(100))
			}
			if !seen[b.prefix] && b.mobile(r) {
				seen[b.prefix] = true
				all = append(all, b)
			}
		}
		if inVain++; len(all) > before {
			inVain = 0
		}
	}
	if len(all) < n {
		return nil, fmt.Errorf("%s have fewer than %d prefixes of mobile numbers", strings.Join(regions, ", "), n)
	}
	return all, nil
}

// anyBlock finds a prefix by changing digits of the library's example until the plan of the region has it.
func anyBlock(r *rand.Rand, region string) (block, error) {
	example := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
	if example == nil {
		return block{}, fmt.Errorf("nothing is known of mobile numbers in %s", region)
	}
	e164 := phonenumbers.Format(example, phonenumbers.E164)[1:]
	code := len(strconv.Itoa(int(example.GetCountryCode())))
	b := block{prefix: e164[:min(blockDigits, len(e164))], region: region, rest: len(e164) - blockDigits}
	if b.rest < 2 {
		return block{}, fmt.Errorf("numbers of %s are too short to be simulated", region)
	}

	const tries = 300
	for i := range tries * (blockDigits - code) {
		keep := code + i/tries // digits of the example: the more, the likelier the plan has the rest, and the less it is spread
		changed := []byte(b.prefix)
		for at := keep; at < blockDigits; at++ {
			changed[at] = byte('0' + r.IntN(10))
		}
		if other := (block{prefix: string(changed), region: region, rest: b.rest}); other.mobile(r) {
			other.kind = other.number(0).Kind()
			return other, nil
		}
	}
	b.kind = b.number(0).Kind()
	return b, nil
}

// restOf is how many digits follow the prefix of a mobile number of a region, as far as is known.
func restOf(region string) int {
	example := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
	if example == nil {
		return 4
	}
	return max(len(phonenumbers.Format(example, phonenumbers.E164))-1-blockDigits, 1)
}

// mobile reports whether numbers of the block are mobile ones of its region, as far as three of them tell.
func (b block) mobile(r *rand.Rand) bool {
	for range 3 {
		n, err := phone.Parse(b.number(r.Int64N(b.size())).String())
		if err != nil || n.Region() != b.region {
			return false
		}
		if kind := n.Kind(); kind != phone.Mobile && kind != phone.Unknown { // plans such as that of the US do not tell
			return false
		}
	}
	return true
}

// near gives prefixes that share their first five digits with those given, and are none of them.
func near(r *rand.Rand, attacked []block, n int) []block {
	taken := map[string]bool{}
	for _, b := range attacked {
		taken[b.prefix] = true
	}
	var all []block
	for tries := 0; len(all) < n && tries < 50*n; tries++ {
		b := attacked[tries%len(attacked)]
		b.prefix = b.prefix[:blockDigits-2] + fmt.Sprintf("%02d", r.IntN(100))
		if !taken[b.prefix] && b.mobile(r) {
			taken[b.prefix] = true
			all = append(all, b)
		}
	}
	return all
}
