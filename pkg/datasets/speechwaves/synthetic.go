package speechwaves

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
)

// Synthetic is speech from a source and a filter: a train of pulses at a speaker's pitch, or noise, passes
// the resonances of one of ten phones, which follow each other at random.
type Synthetic struct {
	Rate       int // Hz
	Utterances int // of training; a quarter as many each validate and test
	Seconds    float64
	Seed       uint64
	Threads    int
}

// phone is how one sounds.
type phone struct {
	name     string
	noise    bool
	formants [3]float64 // Hz
	width    float64    // of the resonances, Hz
	level    float64    // that makes phones about as loud as each other
}

// phones are vowels with the formants of Peterson and Barney (1952), three sounds of noise and
// a nasal.
var phones = []phone{
	{"iy", false, [3]float64{270, 2290, 3010}, 80, 1},
	{"eh", false, [3]float64{530, 1840, 2480}, 80, 1},
	{"ae", false, [3]float64{660, 1720, 2410}, 80, 1},
	{"aa", false, [3]float64{730, 1090, 2440}, 80, 1},
	{"ao", false, [3]float64{570, 840, 2410}, 80, 1},
	{"uw", false, [3]float64{300, 870, 2240}, 80, 1},
	{"n", false, [3]float64{250, 1300, 2200}, 200, 1},
	{"s", true, [3]float64{4500, 5600, 6600}, 600, 0.5},
	{"sh", true, [3]float64{2300, 3200, 4800}, 500, 0.5},
	{"f", true, [3]float64{1200, 4200, 7000}, 2500, 0.25},
}

// Draw draws a corpus, a function of its description alone.
func Draw(d Synthetic) *Corpus {
	c := &Corpus{Rate: d.Rate, Spans: map[string][]Span{}}
	for _, p := range phones {
		c.ClassNames = append(c.ClassNames, p.name)
	}
	quarter := max(1, d.Utterances/4)
	for split, name := range []string{"train", "validation", "test"} {
		count := quarter
		if split == 0 {
			count = d.Utterances
		}
		spans := make([]Span, count)
		parallel.For(d.Threads, count, func(_, i int) {
			r := d.utterance(split, i)
			spans[i] = Span{r, 0, len(r.Classes) * c.Frame()}
		})
		c.Spans[name] = spans
	}
	return c
}

// utterance speaks phones of 60 to 160 ms, of any loudness, by a speaker of its own: pitch and
// length of the vocal tract differ.
func (d Synthetic) utterance(split, index int) *Recording {
	r := rng.Stream(d.Seed, "synthetic speech", uint64(split), uint64(index))
	frame := d.Rate / FramesPerSecond
	frames := int(d.Seconds * FramesPerSecond)
	rec := &Recording{Name: fmt.Sprintf("synthetic-%d-%d", split, index), Samples: make([]int16, frames*frame), Classes: make([]int16, frames)}
	pitch, tract := 90+130*r.Float64(), 0.9+0.25*r.Float64()
	var pulse float64
	var memory [3][2]float64 // of the resonators
	for at := 0; at < frames; {
		class := r.IntN(len(phones))
		end := min(frames, at+6+r.IntN(11))
		p := phones[class]
		glide := pitch * (0.9 + 0.2*r.Float64())
		loudness := 3000 * p.level * (0.7 + 0.6*r.Float64())
		var a, b, gain [3]float64
		for f, centre := range p.formants {
			// y = gain·x + a·y₁ + b·y₂ has its resonance at the centre, of the given width, and
			// the gain makes it 1 there.
			radius := math.Exp(-math.Pi * p.width / float64(d.Rate))
			angle := 2 * math.Pi * min(centre*tract, 0.48*float64(d.Rate)) / float64(d.Rate)
			a[f], b[f] = 2*radius*math.Cos(angle), -radius*radius
			gain[f] = (1 - radius) * math.Sqrt(1-2*radius*math.Cos(2*angle)+radius*radius)
		}
		for k := at * frame; k < end*frame; k++ {
			x := r.NormFloat64()
			if !p.noise {
				x *= 0.05
				if pulse += glide / float64(d.Rate); pulse >= 1 {
					pulse--
					x += 12
				}
			}
			var y float64
			for f := range memory {
				m := &memory[f]
				v := gain[f]*x + a[f]*m[0] + b[f]*m[1]
				m[0], m[1] = v, m[0]
				y += v / float64(f+1)
			}
			rec.Samples[k] = int16(math.Round(min(max(loudness*y, -32767), 32767)))
		}
		for k := at; k < end; k++ {
			rec.Classes[k] = int16(class)
		}
		at = end
	}
	return rec
}
