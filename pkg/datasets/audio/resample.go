package audio

import "math"

// Resampler brings a stream from one sampling rate to another, by a windowed sinc in as many
// phases as the rates have: cut-off at 0.92 of the lower Nyquist frequency, 32 zero crossings
// on either side, Kaiser window of β = 9. What comes out is not delayed, and n samples become ⌈n·to/from⌉ (section 7
// of the method).
type Resampler struct {
	up, down int         // to/from in lowest terms
	reach    int         // samples on either side
	taps     [][]float32 // by phase, [2·reach]

	buffer []float32 // samples from number start on
	start  int64
	seen   int64 // samples so far
	next   int64 // output
	out    []float32
}

const (
	cutOff    = 0.92
	crossings = 32
	kaiser    = 9
)

// NewResampler returns a resampler between two rates in Hz.
func NewResampler(from, to int) *Resampler {
	g := gcd(from, to)
	r := &Resampler{up: to / g, down: from / g}
	if r.up == r.down {
		return r
	}
	c := cutOff * min(1, float64(r.up)/float64(r.down)) // of the input's Nyquist frequency
	width := crossings / c
	r.reach = int(math.Ceil(width))
	r.taps = make([][]float32, r.up)
	for phase := range r.taps {
		taps := make([]float32, 2*r.reach)
		for i := range taps {
			// Tap i is of the sample i-reach+1 after the one at or before the output's place.
			t := float64(phase)/float64(r.up) - float64(i-r.reach+1)
			if u := t / width; u*u < 1 {
				taps[i] = float32(c * sinc(c*t) * bessel(kaiser*math.Sqrt(1-u*u)) / bessel(kaiser))
			}
		}
		r.taps[phase] = taps
	}
	return r
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel is I₀.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

// Length is how many samples come of n.
func (r *Resampler) Length(n int64) int64 {
	return (n*int64(r.up) + int64(r.down) - 1) / int64(r.down)
}

// Reach is how many samples on either side of its place an output is made of.
func (r *Resampler) Reach() int { return r.reach }

// Skip lets the stream begin with sample number n. It returns the number of the first output,
// the first that is made of none before.
func (r *Resampler) Skip(n int64) int64 {
	r.start, r.seen = n, n
	if r.up == r.down {
		return n
	}
	r.next = ((n+int64(r.reach))*int64(r.up) + int64(r.down) - 1) / int64(r.down)
	return r.next
}

// Write takes samples and returns those that come of them so far. They are valid until the next call.
func (r *Resampler) Write(x []float32) []float32 {
	if r.up == r.down {
		r.seen += int64(len(x))
		return x
	}
	r.buffer = append(r.buffer, x...)
	r.seen += int64(len(x))
	// An output at input place p reads up to sample ⌊p⌋ + reach.
	return r.produce(func(place int64) bool { return place+int64(r.reach) < r.seen })
}

// Close returns the rest.
func (r *Resampler) Close() []float32 {
	if r.up == r.down {
		return nil
	}
	total := r.Length(r.seen)
	return r.produce(func(int64) bool { return r.next < total })
}

func (r *Resampler) produce(ready func(place int64) bool) []float32 {
	r.out = r.out[:0]
	for {
		at := r.next * int64(r.down)
		place, phase := at/int64(r.up), int(at%int64(r.up))
		if !ready(place) {
			break
		}
		var sum float32
		first := place - int64(r.reach) + 1 - r.start // in the buffer
		taps := r.taps[phase]
		lo, hi := max(0, -first), min(int64(len(taps)), int64(len(r.buffer))-first)
		if lo < hi {
			samples := r.buffer[first+lo : first+hi]
			for i, w := range taps[lo:hi] {
				sum += w * samples[i]
			}
		}
		r.out = append(r.out, sum)
		r.next++
	}
	// What no output to come reads is forgotten.
	if keep := r.next*int64(r.down)/int64(r.up) - int64(r.reach) + 1; keep > r.start {
		drop := min(keep-r.start, int64(len(r.buffer)))
		r.buffer = r.buffer[:copy(r.buffer, r.buffer[drop:])]
		r.start += drop
	}
	return r.out
}

// Resample is a whole sound at another rate.
func Resample(x []float32, from, to int) []float32 {
	r := NewResampler(from, to)
	if from == to {
		return x
	}
	y := append([]float32(nil), r.Write(x)...)
	return append(y, r.Close()...)
}
