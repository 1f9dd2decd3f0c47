package speechframes

import (
	"strconv"

	"github.com/snnctl/snnctl/internal/rng"
)

// Synthetic says what a corpus looks like that is drawn at random: each phone has a
// centre, N(0, spread²) in every feature, and a frame of it is its centre plus N(0, 1).
// A phone lasts some frames; the next one is any other.
type Synthetic struct {
	Phones, Features    int
	Frames              int // of the longest utterance; the shortest has half of them
	LeastHold, MostHold int // frames of a phone
	Spread              float64
	Train               int // utterances; the other two splits have a quarter as many each
	Seed                uint64
}

// Draw draws a corpus, a function of its description alone.
func Draw(d Synthetic) *Corpus {
	c := &Corpus{Features: d.Features}
	centres := make([]float64, d.Phones*d.Features)
	for i, r := 0, rng.Stream(d.Seed, "phones", 0, 0); i < len(centres); i++ {
		centres[i] = d.Spread * r.NormFloat64()
	}
	for phone := range d.Phones {
		c.Phones = append(c.Phones, strconv.Itoa(phone))
	}
	quarter := max(d.Train/4, 1)
	for split, to := range []*[]Utterance{&c.Train, &c.Development, &c.Test} {
		count := d.Train
		if split > 0 {
			count = quarter
		}
		for i := range count {
			*to = append(*to, d.utterance(centres, split, i))
		}
	}
	return c
}

// utterance draws one; its address is its split and its number.
func (d Synthetic) utterance(centres []float64, split, number int) Utterance {
	r := rng.Stream(d.Seed, "utterances", uint64(split), uint64(number))
	shortest := max(d.Frames/2, 1)
	frames := shortest + r.IntN(d.Frames-shortest+1)
	u := Utterance{Name: Folders[split] + "-" + strconv.Itoa(number)}
	phone := r.IntN(d.Phones)
	for len(u.Phones) < frames {
		for hold := d.LeastHold + r.IntN(d.MostHold-d.LeastHold+1); hold > 0 && len(u.Phones) < frames; hold-- {
			u.Phones = append(u.Phones, int16(phone))
			for _, centre := range centres[phone*d.Features : (phone+1)*d.Features] {
				u.Features = append(u.Features, float32(centre+r.NormFloat64()))
			}
		}
		if d.Phones > 1 { // another
			phone = (phone + 1 + r.IntN(d.Phones-1)) % d.Phones
		}
	}
	return u
}
