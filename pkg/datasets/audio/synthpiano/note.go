// Package synthpiano plays a simple piano whose notes are known: partials with
// inharmonicity and a double decay, hammer noise and a thump of the soundboard
// (arXiv:2402.01571, section 12.2 of the method). It needs no download, and what it plays
// may be passed on.
package synthpiano

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
)

const (
	partials    = 20
	damperTail  = 0.35 // s that a note is rendered after its key is let go
	damperTime  = 0.06 // s
	attack      = 0.002
	hammerLong  = 0.08
	hammerDecay = 0.012
	hammerCut   = 1500 // Hz
	thumpHz     = 90
	thumpDecay  = 0.04
)

// exponential is an exponentially decaying sequence a·qⁱ, computed by multiplication.
type exponential struct{ value, ratio float64 }

func decay(tau, rate float64) exponential { return exponential{1, math.Exp(-1 / (tau * rate))} }

func (e *exponential) next() float64 {
	v := e.value
	e.value *= e.ratio
	return v
}

// oscillator is sin(2πft), computed by rotation.
type oscillator struct{ sin, cos, s, c float64 }

func newOscillator(hz, rate float64) oscillator {
	s, c := math.Sincos(2 * math.Pi * hz / rate)
	return oscillator{0, 1, s, c}
}

func (o *oscillator) next() float64 {
	v := o.sin
	o.sin, o.cos = o.sin*o.c+o.cos*o.s, o.cos*o.c-o.sin*o.s
	return v
}

// render adds the sound of a note to samples, which begin at its onset; what lies
// behind their end is lost. number names the note among all of the seed.
func render(samples []float64, n midi.Note, rate float64, seed, piece, number uint64) {
	length := min(len(samples), int((n.Duration+damperTail)*rate))
	v := float64(n.Velocity) / 127
	key := float64(n.Key)
	level := math.Pow(10, (36*v-36)/20)
	f0 := 440 * math.Exp2((key-69)/12)
	inharmonicity := 1e-4 * math.Exp(0.08*(key-40))
	tau1 := 3 * math.Exp2(-(key-48)/18)
	tone := make([]float64, length)
	for k := 1; k <= partials; k++ {
		h := float64(k)
		f := h * f0 * math.Sqrt((1+inharmonicity*h*h)/(1+inharmonicity))
		if f > 0.45*rate {
			break
		}
		a := math.Pow(h, -(1.6-0.8*v)) * math.Abs(math.Sin(math.Pi*h/8))
		tau := tau1 / (1 + 0.25*(h-1))
		fast, slow, wave := decay(0.25*tau, rate), decay(tau, rate), newOscillator(f, rate)
		for i := range tone {
			tone[i] += a * (0.75*fast.next() + 0.25*slow.next()) * wave.next()
		}
	}
	released := decay(damperTime, rate)
	for i := range tone {
		t := float64(i) / rate
		tone[i] *= min(1, t/attack)
		if t > n.Duration {
			tone[i] *= released.next()
		}
	}
	noise := rng.Stream(seed, "hammer", piece, number)
	pole := math.Exp(-2 * math.Pi * hammerCut / rate)
	low, fading := 0.0, decay(hammerDecay, rate)
	for i := range min(length, int(hammerLong*rate)) {
		low = pole*low + (1-pole)*noise.NormFloat64()*fading.next()
		tone[i] += 0.25 * low
	}
	thump, board := newOscillator(thumpHz, rate), decay(thumpDecay, rate)
	for i := range tone {
		samples[i] += level * (tone[i] + 0.05*thump.next()*board.next())
	}
}
