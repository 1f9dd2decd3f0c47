package audiocodec

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// RVQ is a residual vector quantiser (section 6 of the method): stage q takes the nearest entry of its
// codebook to what the stages before have left over. One stage is VQ-VAE.
//
// The entries follow the vectors by exponential moving averages: with decay 0.99,
// n_i ← 0.99 n_i + 0.01 count_i, m_i ← 0.99 m_i + 0.01 Σ assigned, entry_i = m_i/n̂_i.
type RVQ[F tensor.Float] struct {
	Stages, Entries, Dimension int

	Codes  []F // [stages][entries][dimension]
	Counts []F // n_i, [stages][entries]
	Sums   []F // m_i, [stages][entries][dimension]
	Ready  []F // one number: 1 after the first batch has set the codebooks

	// Used is how many stages quantise, the first ones; 0 stands for all.
	Used int

	indices   []int32 // [stages][vectors] of the last Quantise
	residuals []F     // [stages][vectors][dimension]
	rows      []F     // e as [vectors][dimension]
}

// NewRVQ returns codebooks of zeros.
func NewRVQ[F tensor.Float](stages, entries, dimension int) *RVQ[F] {
	n := stages * entries
	return &RVQ[F]{Stages: stages, Entries: entries, Dimension: dimension,
		Codes: make([]F, n*dimension), Counts: make([]F, n), Sums: make([]F, n*dimension), Ready: make([]F, 1)}
}

const (
	rvqDecay      = 0.99
	rvqEpsilon    = 1e-5
	rvqIterations = 50 // of k-means
	rvqDead       = 2  // a code that is used less is put elsewhere
)

// used is how many stages quantise.
func (v *RVQ[F]) used() int {
	if v.Used == 0 {
		return v.Stages
	}
	return v.Used
}

// Quantise gives q(e) with the derivative of e itself (straight-through), and the
// commitment loss, the mean over stages of mean (r - sg(code))², for e [batch][D][T].
func (v *RVQ[F]) Quantise(p *Pass[F], e *autodiff.Var[F]) (quantised, commitment *autodiff.Var[F]) {
	s := e.Value.Shape
	batch, d, frames := s[0], s[1], s[2]
	vectors := batch * frames
	v.rows = resized(v.rows, vectors*d)
	for b := range batch {
		for k := range d {
			for t := range frames {
				v.rows[(b*frames+t)*d+k] = e.Value.Data[(b*d+k)*frames+t]
			}
		}
	}
	left := v.assign(p.Threads, v.rows)
	y := p.Tape.Unset(p.Threads, s...)
	for b := range batch {
		for k := range d {
			for t := range frames {
				at := (b*d+k)*frames + t
				y.Value.Data[at] = e.Value.Data[at] - left[(b*frames+t)*d+k]
			}
		}
	}
	// After stage q there is left over r_q - code: the next residual, or left after the last.
	over := func(q int) []F {
		if q+1 < v.used() {
			return v.residuals[(q+1)*vectors*d : (q+2)*vectors*d]
		}
		return left
	}
	stages := v.used()
	n := float64(stages * vectors * d)
	loss := 0.0
	for q := range stages {
		_, squares := kernel.CentredSums(over(q), 0)
		loss += squares / n
	}
	c := p.Tape.Result(1)
	c.Value.Data[0] = F(loss)
	if e.Grad != nil {
		p.Tape.Record(func() {
			weight := 2 / F(n) * c.Grad.Data[0]
			for b := range batch {
				for k := range d {
					for t := range frames {
						at := (b*d+k)*frames + t
						g := y.Grad.Data[at]
						for q := range stages {
							g += weight * over(q)[(b*frames+t)*d+k]
						}
						e.Grad.Data[at] += g
					}
				}
			}
		})
	}
	return y, c
}

// assign chooses the entries for rows [vectors][dimension], and returns what is left over.
func (v *RVQ[F]) assign(threads int, rows []F) []F {
	d := v.Dimension
	vectors := len(rows) / d
	v.indices = resized(v.indices, v.Stages*vectors)
	v.residuals = resized(v.residuals, (v.Stages+1)*vectors*d)
	copy(v.residuals, rows)
	for q := range v.used() {
		r, next := v.residuals[q*vectors*d:][:vectors*d], v.residuals[(q+1)*vectors*d:][:vectors*d]
		codes := v.Codes[q*v.Entries*d:][:v.Entries*d]
		index := v.indices[q*vectors:][:vectors]
		nearest(threads, index, r, codes, d)
		for i, k := range index {
			for j := range d {
				next[i*d+j] = r[i*d+j] - codes[int(k)*d+j]
			}
		}
	}
	return v.residuals[v.used()*vectors*d:][:vectors*d]
}

// nearest finds for each row the entry c with the least |c|² - 2⟨r, c⟩, the first of equals.
func nearest[F tensor.Float](threads int, index []int32, rows, codes []F, d int) {
	entries := len(codes) / d
	half := make([]F, entries)
	for k := range half {
		_, squares := kernel.CentredSums(codes[k*d:(k+1)*d], 0)
		half[k] = F(squares / 2)
	}
	const block = 256
	products := make([]F, min(block, len(index))*entries)
	for from := 0; from < len(index); from += block {
		to := min(len(index), from+block)
		kernel.Gemm(threads, false, true, to-from, entries, d, 1, rows[from*d:], d, codes, d, 0, products, entries)
		for i := from; i < to; i++ {
			best, at := F(math.Inf(1)), 0
			for k, x := range products[(i-from)*entries:][:entries] {
				if y := half[k] - x; y < best {
					best, at = y, k
				}
			}
			index[i] = int32(at)
		}
	}
}

// Indices are those of the last Quantise, [stages][vectors].
func (v *RVQ[F]) Indices() []int32 { return v.indices }

// Lookup gives the vectors [batch = 1][D][T] of indices [stages][T].
func (v *RVQ[F]) Lookup(indices []int32) *tensor.Dense[F] {
	frames := len(indices) / v.Stages
	e := tensor.New[F](1, v.Dimension, frames)
	for q := range v.Stages {
		for t, k := range indices[q*frames:][:frames] {
			code := v.Codes[(q*v.Entries+int(k))*v.Dimension:][:v.Dimension]
			for j, x := range code {
				e.Data[j*frames+t] += x
			}
		}
	}
	return e
}

// Start sets the codebooks by k-means over the vectors e [batch][D][T], before the first
// Quantise.
func (v *RVQ[F]) Start(threads int, e *tensor.Dense[F], seed uint64) {
	batch, d, frames := e.Shape[0], e.Shape[1], e.Shape[2]
	vectors := batch * frames
	rows := make([]F, vectors*d)
	for b := range batch {
		for k := range d {
			for t := range frames {
				rows[(b*frames+t)*d+k] = e.Data[(b*d+k)*frames+t]
			}
		}
	}
	index := make([]int32, vectors)
	for q := range v.Stages {
		codes := v.Codes[q*v.Entries*d:][:v.Entries*d]
		counts := KMeans(threads, codes, rows, d, rvqIterations, seed, uint64(q))
		nearest(threads, index, rows, codes, d)
		for i, k := range index {
			for j := range d {
				rows[i*d+j] -= codes[int(k)*d+j]
			}
		}
		for k, n := range counts {
			at := q*v.Entries + k
			v.Counts[at] = F(n)
			for j := range d {
				v.Sums[at*d+j] = F(n) * v.Codes[at*d+j]
			}
		}
	}
	v.Ready[0] = 1
}

// KMeans sets codes [entries][d] by k-means over rows, from rows drawn at random, and
// returns how many rows each has. An entry without rows keeps its place.
func KMeans[F tensor.Float](threads int, codes, rows []F, d, iterations int, seed, stream uint64) []int {
	entries, vectors := len(codes)/d, len(rows)/d
	r := rng.Stream(seed, "k-means", stream, 0)
	order := r.Perm(vectors)
	for k := range entries {
		from := order[k%vectors]
		copy(codes[k*d:(k+1)*d], rows[from*d:(from+1)*d])
	}
	index := make([]int32, vectors)
	counts := make([]int, entries)
	sums := make([]float64, entries*d)
	for range iterations {
		nearest(threads, index, rows, codes, d)
		clear(counts)
		clear(sums)
		for i, k := range index {
			counts[k]++
			for j := range d {
				sums[int(k)*d+j] += float64(rows[i*d+j])
			}
		}
		moved := false
		for k, n := range counts {
			if n == 0 {
				continue
			}
			for j := range d {
				x := F(sums[k*d+j] / float64(n))
				moved = moved || x != codes[k*d+j]
				codes[k*d+j] = x
			}
		}
		if !moved {
			break
		}
	}
	return counts
}

// Follow moves the codebooks towards the vectors of the last Quantise. An entry that is
// hardly used is put on a vector of the batch, with a count that lets it live: n_i = 2 and
// m_i = 2·vector.
func (v *RVQ[F]) Follow(seed uint64, step int) {
	d := v.Dimension
	vectors := len(v.indices) / v.Stages
	for q := range v.used() {
		counts, sums := v.Counts[q*v.Entries:][:v.Entries], v.Sums[q*v.Entries*d:][:v.Entries*d]
		codes := v.Codes[q*v.Entries*d:][:v.Entries*d]
		for k := range counts {
			counts[k] *= rvqDecay
		}
		for k := range sums {
			sums[k] *= rvqDecay
		}
		rows := v.residuals[q*vectors*d:][:vectors*d]
		for i, k := range v.indices[q*vectors:][:vectors] {
			counts[k] += 1 - rvqDecay
			for j := range d {
				sums[int(k)*d+j] += (1 - rvqDecay) * rows[i*d+j]
			}
		}
		r := rng.Stream(seed, "dead codes", uint64(step), uint64(q))
		total := 0.0
		for k, n := range counts {
			if n < rvqDead {
				from := r.IntN(vectors)
				counts[k] = rvqDead
				for j := range d {
					sums[k*d+j] = rvqDead * rows[from*d+j]
				}
			}
			total += float64(counts[k])
		}
		for k, n := range counts {
			smooth := F((float64(n) + rvqEpsilon) / (total + float64(v.Entries)*rvqEpsilon) * total)
			for j := range d {
				codes[k*d+j] = sums[k*d+j] / smooth
			}
		}
	}
}

func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
