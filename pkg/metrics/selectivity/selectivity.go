// Package selectivity asks whether the units of a code choose piano keys, and whether their
// events come with the strokes of the keys (arXiv:2402.01571, section 10 of the method).
package selectivity

import (
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
)

// Onset is a stroke of a key, in frames.
type Onset struct{ Frame, Key int }

// Recording is the events of a code and the strokes of what was played.
type Recording struct {
	Units  int
	Frames int
	Events []Event // by frame
	Onsets []Onset // by frame
}

// Event is one of a unit.
type Event struct{ Frame, Unit int }

// The lags d, in frames after a stroke, at which events are counted; the fewest strokes of a
// key that counts; the rate below which a unit is silent; the share of shifts that a
// selective unit surpasses.
const (
	firstLag, lastLag = -3, 6
	lags              = lastLag - firstLag + 1
	fewestOnsets      = 5
	silentRate        = 1e-3
	surpassed         = 0.99
	shortestShift     = 2 // s
	syncFirst         = -1
	syncLast          = 3
)

// Unit is what is known of one.
type Unit struct {
	Rate      float64 // events a frame
	Silent    bool
	Selective bool
	Key       int     // preferred, where Z is greatest; -1 for silent units
	Lag       int     // frames after the stroke
	Z         float64 // there
	Limit     float64 // 99th percentile of the greatest Z under shifts
	Index     float64 // (r_k* - mean of the others)/(their sum), at the best lag, in [-1, 1]
}

// Result is of all units.
type Result struct {
	Units      []Unit
	Keys       []int       // those with strokes enough
	Response   [][]float64 // r at the unit's best lag, [units][keys]
	Synchrony  float64     // part of the events within -1 … +3 frames of a stroke
	Chance     float64     // its mean under shifts
	SynchronyZ float64     // by its standard deviation under shifts
	ROC        float64     // area under the curve of the number of events in a frame as a sign of a stroke
}

// Selective is the part of the units that are not silent that choose a key, and Keys how many keys
// they choose.
func (r *Result) Selective() (part float64, keys int) {
	active, chosen := 0, map[int]bool{}
	count := 0
	for _, u := range r.Units {
		if u.Silent {
			continue
		}
		active++
		if u.Selective {
			count++
			chosen[u.Key] = true
		}
	}
	if active == 0 {
		return 0, 0
	}
	return float64(count) / float64(active), len(chosen)
}

// Test computes
//
//	r_nk(d) = mean over strokes of key k of z[n, frame + d]
//	Z_nk(d) = (r - f_n)/√(f_n (1 - f_n)/m_k)
//
// for all units n, keys k of m_k ≥ 5 strokes and lags d = -3 … 6. A unit is selective if its greatest Z is above the 99th
// percentile of those under so many circular shifts of the events, all units by the same.
func Test(r *Recording, frameRate float64, shifts int, seed uint64, threads int) *Result {
	strokes := map[int][]int{}
	for _, o := range r.Onsets {
		strokes[o.Key] = append(strokes[o.Key], o.Frame)
	}
	res := &Result{Units: make([]Unit, r.Units)}
	for key, frames := range strokes {
		if len(frames) >= fewestOnsets {
			res.Keys = append(res.Keys, key)
		}
	}
	slices.Sort(res.Keys)
	rates := make([]float64, r.Units)
	for _, e := range r.Events {
		rates[e.Unit] += 1 / float64(max(1, r.Frames))
	}
	plain := newCounter(r, res.Keys, strokes)
	plain.count(0)
	best := func(c *counter, n int) (z float64, key, lag int) {
		z, key = math.Inf(-1), -1
		f := rates[n]
		for k := range res.Keys {
			m := float64(len(strokes[res.Keys[k]]))
			for d := range lags {
				if v := (c.sums[(n*len(res.Keys)+k)*lags+d]/m - f) / math.Sqrt(f*(1-f)/m); v > z {
					z, key, lag = v, k, d
				}
			}
		}
		return z, key, lag
	}
	// Under shifts.
	shifted := make([][]float64, shifts) // greatest Z of each unit
	apart := make([]float64, shifts)     // synchrony
	near := nearStrokes(r)
	least := max(1, int(shortestShift*frameRate))
	parallel.For(threads, shifts, func(_, i int) {
		random := rng.Stream(seed, "selectivity shifts", uint64(i), 0)
		by := least
		if room := r.Frames - 2*least; room > 0 {
			by += random.IntN(room)
		}
		c := newCounter(r, res.Keys, strokes)
		c.count(by)
		shifted[i] = make([]float64, r.Units)
		for n := range r.Units {
			shifted[i][n], _, _ = best(c, n)
		}
		apart[i] = synchrony(r, near, by)
	})
	for n := range res.Units {
		u := &res.Units[n]
		u.Rate, u.Key = rates[n], -1
		response := make([]float64, len(res.Keys))
		res.Response = append(res.Response, response)
		if rates[n] < silentRate || rates[n] >= 1 || len(res.Keys) == 0 {
			u.Silent = true
			continue
		}
		z, k, d := best(plain, n)
		u.Z, u.Key, u.Lag = z, res.Keys[k], d+firstLag
		others := 0.0
		for j, key := range res.Keys {
			response[j] = plain.sums[(n*len(res.Keys)+j)*lags+d] / float64(len(strokes[key]))
			if j != k {
				others += response[j] / float64(max(1, len(res.Keys)-1))
			}
		}
		if sum := response[k] + others; sum > 0 {
			u.Index = (response[k] - others) / sum
		}
		if shifts > 0 {
			all := make([]float64, shifts)
			for i := range all {
				all[i] = shifted[i][n]
			}
			slices.Sort(all)
			u.Limit = all[min(shifts-1, int(math.Ceil(surpassed*float64(shifts)))-1)]
			u.Selective = u.Z > u.Limit
		}
	}
	res.Synchrony = synchrony(r, near, 0)
	if shifts > 0 {
		squares := 0.0
		for _, a := range apart {
			res.Chance += a / float64(shifts)
		}
		for _, a := range apart {
			squares += (a - res.Chance) * (a - res.Chance) / float64(shifts)
		}
		if squares > 0 {
			res.SynchronyZ = (res.Synchrony - res.Chance) / math.Sqrt(squares)
		}
	}
	res.ROC = roc(r)
	return res
}

// counter sums the events at lags from strokes.
type counter struct {
	r    *Recording
	at   [][]int32 // by frame: 1 + index of key and lag, for each stroke that reaches the frame
	sums []float64 // [units][keys][lags]
	keys int
}

func newCounter(r *Recording, keys []int, strokes map[int][]int) *counter {
	c := &counter{r: r, at: make([][]int32, r.Frames), sums: make([]float64, r.Units*len(keys)*lags), keys: len(keys)}
	for k, key := range keys {
		for _, frame := range strokes[key] {
			for d := range lags {
				if t := frame + d + firstLag; t >= 0 && t < r.Frames {
					c.at[t] = append(c.at[t], int32(k*lags+d))
				}
			}
		}
	}
	return c
}

// count counts with the events shifted by so many frames.
func (c *counter) count(by int) {
	for _, e := range c.r.Events {
		for _, i := range c.at[(e.Frame+by)%c.r.Frames] {
			c.sums[e.Unit*c.keys*lags+int(i)]++
		}
	}
}

// nearStrokes says of each frame whether a stroke is so near that its events count as
// synchronous.
func nearStrokes(r *Recording) []bool {
	near := make([]bool, r.Frames)
	for _, o := range r.Onsets {
		for d := syncFirst; d <= syncLast; d++ {
			if t := o.Frame + d; t >= 0 && t < r.Frames {
				near[t] = true
			}
		}
	}
	return near
}

func synchrony(r *Recording, near []bool, by int) float64 {
	if len(r.Events) == 0 {
		return 0
	}
	count := 0
	for _, e := range r.Events {
		if near[(e.Frame+by)%r.Frames] {
			count++
		}
	}
	return float64(count) / float64(len(r.Events))
}

// roc is the probability that a frame in which a key is struck has more events than one in
// which none is, ties by half.
func roc(r *Recording) float64 {
	counts := make([]int, r.Frames)
	for _, e := range r.Events {
		counts[e.Frame]++
	}
	struck := make([]bool, r.Frames)
	for _, o := range r.Onsets {
		if o.Frame >= 0 && o.Frame < r.Frames {
			struck[o.Frame] = true
		}
	}
	most := 0
	for _, c := range counts {
		most = max(most, c)
	}
	with, without := make([]float64, most+1), make([]float64, most+1)
	var a, b float64
	for t, c := range counts {
		if struck[t] {
			with[c]++
			a++
		} else {
			without[c]++
			b++
		}
	}
	if a == 0 || b == 0 {
		return math.NaN()
	}
	area, below := 0.0, 0.0
	for c := range with {
		area += with[c] * (below + without[c]/2)
		below += without[c]
	}
	return area / (a * b)
}
