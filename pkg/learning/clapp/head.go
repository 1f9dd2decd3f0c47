package clapp

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// head is a linear readout of the classes from a layer's features, which are the means of its vectors over the trial, or
// over each frame of it.
type head[F tensor.Float] struct {
	layer, classes, size int
	w, b, gw, gb         []F // [size][classes], [classes]

	features, logits, back []F
}

// addHeads makes those of the layers that have a loss: U(±1/√size).
func (t *Trainer[F]) addHeads() {
	first := 0
	if t.EndToEnd {
		first = len(t.Layers) - 1
	}
	for i := first; i < len(t.Layers); i++ {
		h := &head[F]{layer: i, classes: t.Stream.Classes(), size: t.vectorSize(i)}
		r := rng.Stream(t.Seed, "clapp readout", uint64(i), 0)
		bound := 1 / math.Sqrt(float64(h.size))
		draw := func(n int) []F {
			x := make([]F, n)
			for k := range x {
				x[k] = F(bound * (2*r.Float64() - 1))
			}
			return x
		}
		h.w, h.b = draw(h.size*h.classes), draw(h.classes)
		h.gw, h.gb = make([]F, len(h.w)), make([]F, len(h.b))
		t.weights.Add(plasticity.Array[F]{Name: fmt.Sprintf("readout%d.weight", i+1), Shape: []int{h.size, h.classes}, Value: h.w, Grad: h.gw, Doc: fmt.Sprintf("readout of layer %d [vector][class]", i+1)})
		t.weights.Add(plasticity.Array[F]{Name: fmt.Sprintf("readout%d.bias", i+1), Shape: []int{h.classes}, Value: h.b, Grad: h.gb, Doc: fmt.Sprintf("readout of layer %d [class]", i+1), Undecayed: true})
		t.heads = append(t.heads, h)
	}
}

// learn adds the signal of the cross-entropy of a layer's features to its vectors, and returns that.
func (h *head[F]) learn(threads int, l *Layer[F], g Grid, b *Batch[F]) float64 {
	n, c := b.Trials*b.Frames, h.classes
	h.features = l.features(h.features, g, b.Frames)
	h.logits, h.back = fit(h.logits, n*c), fit(h.back, n*h.size)
	kernel.Gemm(threads, false, false, n, c, h.size, 1, h.features, h.size, h.w, c, 0, h.logits, c)
	loss := softmaxGradient(h.logits, h.b, b.Classes, h.gb)
	kernel.Gemm(threads, true, false, h.size, c, n, 1, h.features, h.size, h.logits, c, 0, h.gw, c)
	kernel.Gemm(threads, false, true, n, h.size, c, 1, h.logits, c, h.w, c, 0, h.back, h.size)
	l.spreadFeatures(h.back, g, b.Frames)
	return loss
}

// softmaxGradient turns logits, [n][classes], to which the bias is yet to be added, into the gradient of the mean cross-entropy
// of the known classes; it writes that by the bias, and returns the cross-entropy.
func softmaxGradient[F tensor.Float](logits, bias []F, classes []int, gradBias []F) (loss float64) {
	c, known := len(bias), 0
	for _, class := range classes {
		if class >= 0 {
			known++
		}
	}
	clear(gradBias)
	for i, class := range classes {
		row := logits[i*c : (i+1)*c]
		if class < 0 {
			clear(row)
			continue
		}
		most := math.Inf(-1)
		for k := range row {
			row[k] += bias[k]
			most = max(most, float64(row[k]))
		}
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - most)
		}
		loss += (math.Log(sum) + most - float64(row[class])) / float64(known)
		for k, v := range row {
			d := math.Exp(float64(v)-most) / sum
			if k == class {
				d--
			}
			row[k] = F(d / float64(known))
			gradBias[k] += row[k]
		}
	}
	return loss
}

// features are the means of the vectors of a grid over its trials, or over each frame of them, [trials][frames][vector].
func (l *Layer[F]) features(to []F, g Grid, frames int) []F {
	_, s := l.shape()
	size := l.VectorSize(s)
	to = fit(to, g.Images*frames*size)
	clear(to)
	l.eachPlace(g, frames, func(place, frame int, share F) {
		sum := to[frame*size : (frame+1)*size]
		for i, v := range l.vectors[place*size : (place+1)*size] {
			sum[i] += share * v
		}
	})
	return to
}

// spreadFeatures is its adjoint: it adds to the signal.
func (l *Layer[F]) spreadFeatures(back []F, g Grid, frames int) {
	_, s := l.shape()
	size := l.VectorSize(s)
	l.eachPlace(g, frames, func(place, frame int, share F) {
		signal := l.signal[place*size : (place+1)*size]
		for i, v := range back[frame*size : (frame+1)*size] {
			signal[i] += share * v
		}
	})
}

// eachPlace visits the vectors of a grid with the frame that each is in and its share of the frame's mean. A layer of
// fewer places than frames has one place in several.
func (l *Layer[F]) eachPlace(g Grid, frames int, visit func(place, frame int, share F)) {
	places := g.Rows * g.Columns
	for image := range g.Images {
		for frame := range frames {
			first, last := frame*places/frames, ((frame+1)*places+frames-1)/frames
			share := 1 / F(last-first)
			for place := first; place < last; place++ {
				visit(image*places+place, image*frames+frame, share)
			}
		}
	}
}
