package synthpiano

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
)

// Options say what is played.
type Options struct {
	Rate    int     // Hz
	Seconds float64 // of a piece
	Low     int     // the lowest and the highest key, MIDI numbers; the white keys between them are played
	High    int
	Seed    uint64
}

// Piece is music and its notes.
type Piece struct {
	Samples []float32 // mono, in [-1, 1]
	Notes   []midi.Note
}

const (
	voices = 4  // notes that sound at a time
	leap   = 4  // greatest step of the walk over the keys
	silent = .5 // s at the end without onsets
	noise  = -70
)

// Play plays piece number index: a walk over the white keys, a chord now and then.
func (o *Options) Play(index uint64) *Piece {
	p := &Piece{Samples: make([]float32, int(o.Seconds*float64(o.Rate)))}
	p.Notes = o.compose(index)
	mix := make([]float64, len(p.Samples))
	rate := float64(o.Rate)
	for i, n := range p.Notes {
		render(mix[min(len(mix), int(n.Onset*rate+0.5)):], n, rate, o.Seed, index, uint64(i))
	}
	floor := math.Pow(10, noise/20.0)
	hiss := rng.Stream(o.Seed, "hiss", index, 0)
	for i, x := range mix {
		p.Samples[i] = float32(min(max(0.5*x+floor*hiss.NormFloat64(), -1), 1))
	}
	return p
}

func (o *Options) compose(index uint64) []midi.Note {
	r := rng.Stream(o.Seed, "composition", index, 0)
	var keys []int
	for key := o.Low; key <= o.High; key++ {
		switch key % 12 {
		case 0, 2, 4, 5, 7, 9, 11:
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var notes []midi.Note
	at := len(keys) / 2
	for t := 0.1; t < o.Seconds-silent; {
		at = min(max(at+r.IntN(2*leap+1)-leap, 0), len(keys)-1)
		n := midi.Note{Key: keys[at], Onset: math.Round(t*float64(o.Rate)) / float64(o.Rate),
			Duration: min(max(math.Exp(math.Log(0.4)+0.5*r.NormFloat64()), 0.1), 1.5),
			Velocity: int(math.Round(min(max(72+16*r.NormFloat64(), 30), 115)))}
		sounding, busy := 0, false
		for i := len(notes) - 1; i >= 0 && notes[i].Onset > t-1.5; i-- {
			if notes[i].Onset+notes[i].Duration > t {
				sounding++
				busy = busy || notes[i].Key == n.Key
			}
		}
		if sounding < voices && !busy {
			notes = append(notes, n)
		}
		if r.Float64() < 0.75 {
			t += 0.25 * r.ExpFloat64()
		}
	}
	return notes
}
