package storerecall

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
)

// letters writes the commands of a sequence as S, R and a dot for a digit.
func letters(sequence []symbol) string {
	text := make([]byte, len(sequence))
	for i, s := range sequence {
		text[i] = [populations]byte{noCommand: '.', store: 'S', recall: 'R'}[s.command]
	}
	return string(text)
}

// valid is the paper's definition, written on letters.
func valid(sequence string) bool {
	commands := strings.ReplaceAll(sequence, ".", "")
	pairs := strings.Count(commands, "SR")
	return pairs > 0 && len(commands) == 2*pairs && strings.HasPrefix(commands, "S") && !strings.Contains(sequence, "SR")
}

func TestEveryRandomSequenceIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		symbols := rapid.IntRange(3, 60).Draw(t, "symbols")
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		d, err := newRandomDelays(symbols, p)
		if err != nil {
			t.Fatal(err)
		}
		sequence := make([]symbol, symbols)
		d.draw(rng.Stream(rapid.Uint64().Draw(t, "seed"), "test", 0, 0), sequence)
		if !valid(letters(sequence)) {
			t.Errorf("%s is not valid", letters(sequence))
		}
		checkRecalls(t, sequence)
	})
}

func TestFixedDelaysFillTheTrial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		symbols := rapid.IntRange(2, 40).Draw(t, "symbols")
		delay := rapid.IntRange(1, symbols-1).Draw(t, "delay")
		f, err := newFixedDelay(symbols, delay)
		if err != nil {
			t.Fatal(err)
		}
		sequence := make([]symbol, symbols)
		f.draw(rng.Stream(rapid.Uint64().Draw(t, "seed"), "test", 0, 0), sequence)
		pair := "S" + strings.Repeat(".", delay-1) + "R"
		pairs := symbols / (delay + 1)
		got := letters(sequence)
		if strings.Trim(got, ".") != strings.Repeat(pair, pairs) {
			t.Errorf("%s, want %d times %s", got, pairs, pair)
		}
		checkRecalls(t, sequence)
	})
}

func TestFirstStoreIsAnywhereThereIsRoom(t *testing.T) {
	f, err := newFixedDelay(12, 6) // one pair of 7, five steps of room
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for i := range 600 {
		sequence := make([]symbol, 12)
		f.draw(rng.Stream(1, "test", 0, uint64(i)), sequence)
		seen[strings.Index(letters(sequence), "S")]++
	}
	for first := range 6 {
		if n := seen[first]; n < 60 || n > 140 { // 100, within more than four standard errors
			t.Errorf("%d of 600 trials start with the store at %d, want about 100", n, first)
		}
	}
}

// checkRecalls asks that each recall tells the bit of the store before it.
func checkRecalls(t *rapid.T, sequence []symbol) {
	var kept uint8
	for i, s := range sequence {
		switch {
		case s.command == store:
			kept = s.bit
		case s.command == recall && s.bit != kept:
			t.Errorf("the recall at %d asks for %d, stored is %d", i, s.bit, kept)
		}
	}
}

// The sequences have the distribution of the paper's procedure: commands by
// chance, redrawn until valid.
func TestSequencesAreDistributedAsIfRedrawn(t *testing.T) {
	for _, c := range []struct {
		symbols int
		p       float64
	}{{12, 1. / 7}, {5, 0.4}} {
		const n = 40_000
		d, err := newRandomDelays(c.symbols, c.p)
		if err != nil {
			t.Fatal(err)
		}
		direct, redrawn := map[string]float64{}, map[string]float64{}
		sequence := make([]symbol, c.symbols)
		r := rng.Stream(3, "test", 0, 0)
		for range n {
			d.draw(r, sequence)
			direct[letters(sequence)]++
			for {
				next := byte('S')
				text := []byte(strings.Repeat(".", c.symbols))
				for i := range text {
					if r.Float64() < c.p {
						text[i] = next
						next ^= 'S' ^ 'R'
					}
				}
				if valid(string(text)) {
					redrawn[string(text)]++
					break
				}
			}
		}
		if len(direct) < 5 {
			t.Fatalf("only %d different sequences", len(direct))
		}
		for text := range redrawn {
			a, b := direct[text], redrawn[text]
			if math.Abs(a-b) > 5.5*math.Sqrt(a+b) {
				t.Errorf("%s comes %g times of %d, if redrawn %g times", text, a, n, b)
			}
		}
		var pairs [2]float64
		for i, counts := range []map[string]float64{direct, redrawn} {
			for text, count := range counts {
				pairs[i] += count * float64(strings.Count(text, "S"))
			}
			pairs[i] /= n
		}
		if math.Abs(pairs[0]-pairs[1]) > 0.03 {
			t.Errorf("%d symbols: %.3f stores a trial, if redrawn %.3f", c.symbols, pairs[0], pairs[1])
		}
	}
}

// Neither the step after the store nor any other digit tells the stored bit,
// and the bits are fair.
func TestDigitsTellNothing(t *testing.T) {
	d, err := newRandomDelays(12, 1./7)
	if err != nil {
		t.Fatal(err)
	}
	var stores, ones, after, before, beforeSeen float64
	sequence := make([]symbol, 12)
	for i := range 20_000 {
		d.draw(rng.Stream(5, "test", 0, uint64(i)), sequence)
		for at, s := range sequence {
			if s.command != store {
				continue
			}
			stores++
			ones += float64(s.bit)
			if sequence[at+1].bit == s.bit {
				after++
			}
			if at > 0 && sequence[at-1].command == noCommand {
				beforeSeen++
				if sequence[at-1].bit == s.bit {
					before++
				}
			}
		}
	}
	for name, c := range map[string][2]float64{"stored bit is 1": {ones, stores},
		"digit after the store equals it": {after, stores}, "digit before the store equals it": {before, beforeSeen}} {
		if c[1] < 5000 || math.Abs(c[0]/c[1]-0.5) > 4*0.5/math.Sqrt(c[1]) {
			t.Errorf("%s: %g of %g, want half", name, c[0], c[1])
		}
	}
}
