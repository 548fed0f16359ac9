package password

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"unicode"

	"github.com/nbutton23/zxcvbn-go/data"
)

// The estimate is that of zxcvbn (Wheeler, USENIX Security 2016; the entropy form of its first edition): the cheapest way
// to put a password together out of common words, names, keyboard walks, sequences, repeats and dates. The word lists
// and keyboards are those of zxcvbn-go. Its matching is not used: it unpacks the lists whenever a process starts (100 ms
// and 10 MB, wanted or not), and it takes positions of letters for positions of bytes, which ends in a panic for some.

// estimated bounds what is looked at, in letters: matching grows with the square. What is longer is not weaker for it.
const estimated = 100

// The patterns that a password is made of.
const (
	patternBrute    = "bruteforce"
	patternWord     = "dictionary"
	patternKeyboard = "spatial"
	patternSequence = "sequence"
	patternRepeat   = "repeat"
	patternDate     = "date"
)

// fragment is a part of a password that follows a pattern: letters from to to, the last one excluded.
type fragment struct {
	pattern  string
	list     string // of a word
	leet     bool
	upper    bool
	from, to int
	bits     float64
}

// estimate is how hard a password is to guess: a score of 0 to 4, and what it is made of.
type estimate struct {
	score     int
	fragments []fragment
}

// estimateOf judges a password. The words are what an attacker knows about its owner.
func estimateOf(text string, words []string) estimate {
	letters := []rune(text)
	letters = letters[:min(len(letters), estimated)]
	dictionaries, keyboards := lists(), boards()

	var found []fragment
	own := map[string]int{}
	for i, w := range words {
		own[strings.ToLower(w)] = i + 1
	}
	all := append([]ranking{{"user_inputs", own}}, dictionaries...)
	found = append(found, wordsIn(letters, all, false)...)
	if plain, changed := unleet(letters); changed {
		found = append(found, wordsIn(plain, all, true)...)
	}
	for _, board := range keyboards {
		found = append(found, walks(letters, board)...)
	}
	found = append(found, sequences(letters)...)
	found = append(found, repeats(letters)...)
	found = append(found, dates(letters)...)

	bits, chain := cheapest(letters, found)
	return estimate{score: scoreOf(bits), fragments: chain}
}

// cheapest finds the chain of fragments, with brute force in between, that costs the fewest bits.
func cheapest(letters []rune, found []fragment) (float64, []fragment) {
	brute := math.Log2(cardinality(letters))
	ending := make([][]fragment, len(letters)+1)
	for _, f := range found {
		ending[f.to] = append(ending[f.to], f)
	}
	best, last := make([]float64, len(letters)+1), make([]fragment, len(letters)+1)
	for at := 1; at <= len(letters); at++ {
		best[at], last[at] = best[at-1]+brute, fragment{pattern: patternBrute, from: at - 1, to: at}
		for _, f := range ending[at] {
			if bits := best[f.from] + f.bits; bits < best[at] {
				best[at], last[at] = bits, f
			}
		}
	}

	var chain []fragment
	for at := len(letters); at > 0; at = last[at].from {
		chain = append(chain, last[at])
	}
	return best[len(letters)], chain
}

// scoreOf turns bits into a score: a hundred machines guess a hundred times a second each, and have tried half of it.
func scoreOf(bits float64) int {
	seconds := math.Exp2(bits) / 2 / 10_000
	for score, most := range []float64{1e2, 1e4, 1e6, 1e8} {
		if seconds < most {
			return score
		}
	}
	return 4
}

func cardinality(letters []rune) float64 {
	var lower, upper, digit, symbol float64
	for _, r := range letters {
		switch {
		case unicode.IsLower(r):
			lower = 26
		case unicode.IsUpper(r):
			upper = 26
		case unicode.IsDigit(r):
			digit = 10
		default:
			symbol = 33
		}
	}
	return max(lower+upper+digit+symbol, 10)
}

// ranking is a list of words by how common they are, from 1 on.
type ranking struct {
	name string
	rank map[string]int
}

// longestWord is that of the lists.
const longestWord = 32

// wordsIn finds the words of the lists in lower case.
func wordsIn(letters []rune, dictionaries []ranking, leet bool) []fragment {
	lower := make([]rune, len(letters))
	for i, r := range letters {
		lower[i] = unicode.ToLower(r) // letter by letter, so that positions stay
	}
	var found []fragment
	for from := range lower {
		for to := from + 1; to <= min(len(lower), from+longestWord); to++ {
			word := string(lower[from:to])
			for _, d := range dictionaries {
				rank, known := d.rank[word]
				if !known {
					continue
				}
				extra := upperBits(letters[from:to])
				if leet {
					extra++
				}
				found = append(found, fragment{
					pattern: patternWord, list: d.name, leet: leet, upper: extra > 0, from: from, to: to,
					bits: math.Log2(float64(rank)) + extra,
				})
			}
		}
	}
	return found
}

// upperBits is what capitals add to a word: one bit for the usual places, more for others.
func upperBits(word []rune) float64 {
	var upper, lower float64
	for _, r := range word {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	switch {
	case upper == 0:
		return 0
	case lower == 0, upper == 1 && (unicode.IsUpper(word[0]) || unicode.IsUpper(word[len(word)-1])):
		return 1
	}
	return math.Log2(waysUpTo(upper+lower, min(upper, lower)))
}

// waysUpTo is in how many ways up to k of n can be chosen.
func waysUpTo(n, k float64) float64 {
	sum, ways := 0.0, 1.0
	for i := 0.0; i <= k; i++ {
		sum += ways
		ways = ways * (n - i) / (i + 1)
	}
	return max(sum, 2)
}

var leetLetters = map[rune]rune{
	'4': 'a', '@': 'a', '8': 'b', '(': 'c', '{': 'c', '[': 'c', '<': 'c', '3': 'e', '6': 'g', '9': 'g', '1': 'i', '!': 'i',
	'|': 'l', '0': 'o', '$': 's', '5': 's', '+': 't', '7': 't', '%': 'x', '2': 'z',
}

// unleet writes the letters that signs stand for, and reports whether there were any beside letters.
func unleet(letters []rune) ([]rune, bool) {
	plain, changed, words := make([]rune, len(letters)), false, false
	for i, r := range letters {
		plain[i] = r
		if letter, ok := leetLetters[r]; ok {
			plain[i], changed = letter, true
		} else if unicode.IsLetter(r) {
			words = true
		}
	}
	return plain, changed && words
}

// sequences finds runs such as abcd, 9876 and their like in any alphabet.
func sequences(letters []rune) []fragment {
	var found []fragment
	for from := 0; from+2 < len(letters); {
		step := letters[from+1] - letters[from]
		to := from + 1
		for step == 1 || step == -1 {
			if to == len(letters) || letters[to]-letters[to-1] != step {
				break
			}
			to++
		}
		if to-from > 2 {
			bits := math.Log2(float64(to - from))
			if !strings.ContainsRune("aA1", letters[from]) {
				bits += math.Log2(26)
			}
			if step < 0 {
				bits++
			}
			found = append(found, fragment{pattern: patternSequence, from: from, to: to, bits: bits})
		}
		from = max(to-1, from+1)
	}
	return found
}

// repeats finds the same one to eight letters said again and again: every beginning of a run is found by itself.
func repeats(letters []rune) []fragment {
	var found []fragment
	for size := 1; size <= min(8, len(letters)/2); size++ {
		for from := 0; from+2*size <= len(letters); {
			to := from + size
			for to < len(letters) && letters[to] == letters[to-size] {
				to++
			}
			if times := (to - from) / size; times >= 2 && times*size > 2 {
				bits := math.Log2(cardinality(letters[from:from+size]))*float64(size) + math.Log2(float64(times))
				found = append(found, fragment{pattern: patternRepeat, from: from, to: from + times*size, bits: bits})
			}
			from = max(from+1, to-size+1)
		}
	}
	return found
}

// dates finds four to eight digits, with or without a sign between, that can be a day, a month and a year, or a year.
func dates(letters []rune) []fragment {
	var found []fragment
	for from := range letters {
		for to := from + 4; to <= min(len(letters), from+10); to++ {
			if bits, ok := dateBits(string(letters[from:to])); ok {
				found = append(found, fragment{pattern: patternDate, from: from, to: to, bits: bits})
			}
		}
	}
	return found
}

// board is where the keys of a keyboard lie: what is next to each, in each direction.
type board struct {
	name string
	next map[rune][]string
}

// walks finds three and more keys that lie next to each other.
func walks(letters []rune, b board) []fragment {
	keys := float64(len(b.next))
	var found []fragment
	for from := 0; from+2 < len(letters); {
		to, turns, direction := from+1, 0.0, -1
		for to < len(letters) {
			next := b.direction(letters[to-1], letters[to])
			if next < 0 {
				break
			}
			if next != direction {
				turns, direction = turns+1, next
			}
			to++
		}
		if to-from > 2 {
			// A start, a length up to this one, and one of about five neighbours at each turn.
			bits := math.Log2(keys) + math.Log2(float64(to-from)) + turns*math.Log2(5)
			found = append(found, fragment{pattern: patternKeyboard, from: from, to: to, bits: bits})
		}
		from = max(to-1, from+1)
	}
	return found
}

func (b board) direction(from, to rune) int {
	for i, keys := range b.next[from] {
		if strings.ContainsRune(keys, to) {
			return i
		}
	}
	return -1
}

// lists unpacks the word lists when the first password is judged.
var lists = sync.OnceValue(func() []ranking {
	var all []ranking
	for _, name := range []string{"Passwords", "English", "MaleNames", "FemaleNames", "Surnames"} {
		var list struct{ List []string }
		unpack("data/"+name+".json", &list)
		r := ranking{name, make(map[string]int, len(list.List))}
		for i, word := range list.List {
			r.rank[strings.ToLower(word)] = i + 1
		}
		all = append(all, r)
	}
	return all
})

var boards = sync.OnceValue(func() []board {
	var all []board
	for _, name := range []string{"Qwerty", "Keypad"} {
		var graph struct{ Graph map[string][]string }
		unpack("data/"+name+".json", &graph)
		b := board{name, map[rune][]string{}}
		for key, next := range graph.Graph {
			for _, r := range key {
				b.next[r] = next
			}
		}
		all = append(all, b)
	}
	return all
})

func unpack(name string, into any) {
	text, err := data.Asset(name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic("password: the word lists are part of the binary: " + err.Error())
	}
}
