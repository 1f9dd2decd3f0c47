package clapp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// layerOf is a layer of a 3×3 convolution, ReLU and perhaps max-pooling.
func layerOf(w, b *tensor.Dense[float64], in relu.Shape, pool bool) *Layer[float64] {
	axis := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}
	block := &relu.Network[float64]{Input: in, Layers: []relu.Named[float64]{
		{Name: "conv", Layer: &relu.Conv[float64]{Weights: w, Bias: b, Height: axis, Width: axis, Groups: 1}}, {Name: "relu", Layer: &relu.ReLU[float64]{}}}}
	if pool {
		two := relu.Window{Size: 2, Stride: 2}
		block.Layers = append(block.Layers, relu.Named[float64]{Name: "pool", Layer: &relu.MaxPool[float64]{Height: two, Width: two}})
	}
	return &Layer[float64]{Block: block, Regions: 1}
}

// learn computes a layer's output, its loss and all gradients.
func learn(threads int, l *Layer[float64], p *Prediction[float64], g Grid, x *tensor.Dense[float64], draws, retro *Draws) (y *tensor.Dense[float64], loss float64) {
	var tape autodiff.Tape[float64]
	y = l.Forward(&tape, threads, autodiff.Constant(x)).Value
	l.ClearSignal()
	loss = p.Contrast(threads, g, l, l, draws, retro)
	l.gradients.Clear()
	l.Backward(&tape)
	return y, loss
}

// trial is a layer with two steps of prediction on two images of 4×3 patches of 4×4 pixels.
type trial struct {
	*Layer[float64]
	Prediction[float64]
	w, b  *tensor.Dense[float64]
	grid  Grid
	x     *tensor.Dense[float64]
	draws *Draws
}

func newTrial(seed uint64) *trial {
	r := rand.New(rand.NewPCG(seed, 1))
	random := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return x
	}
	const channels, images, rows, columns = 5, 2, 4, 3
	t := &trial{w: &tensor.Dense[float64]{Shape: []int{channels, 2, 3, 3}, Data: random(channels * 18)},
		b: &tensor.Dense[float64]{Shape: []int{channels}, Data: random(channels)}, grid: Grid{images, rows, columns, 0}}
	t.Layer = layerOf(t.w, t.b, relu.Shape{Channels: 2, Height: 4, Width: 4}, true)
	for k := range t.Losses {
		t.Losses[k].Skip = PatchSkip
	}
	for range 2 {
		t.Predict = append(t.Predict, random(channels*channels))
	}
	t.draws = &Draws{Positive: []bool{true, true}, Negative: []bool{true, true}, N: 1}
	for k := 1; k <= 2; k++ {
		var places []Place
		for row := range rows - k - PatchSkip {
			for column := range columns {
				for range images {
					places = append(places, Place{row, column, r.IntN(images)})
				}
			}
		}
		t.draws.Negatives = append(t.draws.Negatives, places)
	}
	t.x = &tensor.Dense[float64]{Shape: []int{images * rows * columns, 2, 4, 4}, Data: random(images * rows * columns * 32)}
	return t
}

// learned is the loss and copies of the gradients by W, b and the matrices.
func (t *trial) learned(threads int, retro *Draws) (loss float64, w, b []float64, m, back [][]float64) {
	_, loss = learn(threads, t.Layer, &t.Prediction, t.grid, t.x, t.draws, retro)
	for k := range t.GradPredict {
		m = append(m, slices.Clone(t.GradPredict[k]))
	}
	for k := range t.GradRetro {
		back = append(back, slices.Clone(t.GradRetro[k]))
	}
	return loss, slices.Clone(t.Gradient(t.w)), slices.Clone(t.Gradient(t.b)), m, back
}

func greatest(x []float64) (m float64) {
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// Every variation of the loss has the gradient that differences give.
func TestUpdateIsTheGradientOfTheLayersLoss(t *testing.T) {
	for name, with := range map[string]func(*trial){
		"hinge": func(*trial) {}, "InfoNCE": func(l *trial) { l.Losses[0].Contrast = InfoNCE },
		"no third factor": func(l *trial) { l.Losses[0].Contrast = Constant }, "no prediction": func(l *trial) { l.Losses[0].Unpredicted = true },
		"four regions": func(l *trial) {
			l.Regions = 2
			l.Predict = nil
			for range 2 {
				m := make([]float64, 20*20)
				for i := range m {
					m[i] = 0.1 * math.Sin(float64(i))
				}
				l.Predict = append(l.Predict, m)
			}
		},
	} {
		l := newTrial(1)
		with(l)
		for k := range l.Predict { // so that terms of both kinds are within their margins
			for i := range l.Predict[k] {
				l.Predict[k][i] *= 0.2
			}
		}
		_, w, b, m, _ := l.learned(2, nil)
		compare := func(what string, values, gradient []float64) {
			t.Helper()
			const h = 1e-6
			for i, at := range values {
				values[i] = at + h
				up, _, _, _, _ := l.learned(1, nil)
				values[i] = at - h
				down, _, _, _, _ := l.learned(1, nil)
				values[i] = at
				if want := (up - down) / (2 * h); math.Abs(gradient[i]-want) > 1e-6*(1+math.Abs(want)) {
					t.Fatalf("%s: ∂L/∂%s[%d] is %v, by differences %v", name, what, i, gradient[i], want)
				}
			}
		}
		if greatest(w) == 0 {
			t.Fatal("nothing is learned")
		}
		compare("W", l.w.Data, w)
		compare("b", l.b.Data, b)
		compare("M", l.Predict[0], m[0])
		compare("M", l.Predict[1], m[1])
	}
}

func TestWithoutPredictionAllScoresAreZero(t *testing.T) {
	l := newTrial(2)
	for k := range l.Predict {
		clear(l.Predict[k])
	}
	loss, w, b, m, _ := l.learned(1, nil)
	if math.Abs(loss-2) > 1e-12 {
		t.Errorf("loss is %v, expected 2", loss)
	}
	if greatest(w) != 0 || greatest(b) != 0 || greatest(m[0]) == 0 {
		t.Errorf("greatest updates of W, b and M are %v, %v and %v, expected 0, 0 and more", greatest(w), greatest(b), greatest(m[0]))
	}
}

func TestAnImageThatIsItsOwnNegativeTeachesNothing(t *testing.T) {
	l := newTrial(3)
	for k, places := range l.draws.Negatives {
		for i := range places {
			l.draws.Negatives[k][i].Image = i % l.grid.Images
		}
		for i := range l.Predict[k] {
			l.Predict[k][i] *= 1e-3 // all scores within their margins
		}
	}
	loss, w, b, m, _ := l.learned(1, nil)
	if math.Abs(loss-2) > 1e-12 {
		t.Errorf("loss is %v, expected 2", loss)
	}
	if m := max(greatest(w), greatest(b), greatest(m[0]), greatest(m[1])); m > 1e-15 {
		t.Errorf("greatest update is %v", m)
	}
}

// Terms beyond their margins have no third factor: no loss, no update.
func TestWithoutThirdFactorNothingMoves(t *testing.T) {
	l := newTrial(4)
	l.draws.Negative = []bool{false, false}
	for k := range l.Predict { // a large multiple of the identity: all scores of vectors that are not 0 exceed 1
		clear(l.Predict[k])
		for c := range 5 {
			l.Predict[k][c*5+c] = 1e6
		}
	}
	loss, w, b, m, _ := l.learned(1, nil)
	if loss != 0 {
		t.Fatalf("loss is %v, expected 0", loss)
	}
	if m := max(greatest(w), greatest(b), greatest(m[0])); m != 0 {
		t.Errorf("greatest update is %v", m)
	}
}

// With the same matrices and draws the two losses without weight transport move W as the one
// loss does, and each its own matrix as that does.
func TestWithoutWeightTransport(t *testing.T) {
	l := newTrial(5)
	loss, w, _, m, _ := l.learned(1, nil)
	l.Retro = l.Predict
	both, w2, _, m2, back := l.learned(1, l.draws)
	if math.Abs(both-2*loss) > 1e-12 {
		t.Errorf("loss is %v, expected twice %v", both, loss)
	}
	for i := range w {
		if math.Abs(w2[i]-w[i]) > 1e-12 {
			t.Fatalf("∂L/∂W[%d] is %v, with one matrix %v", i, w2[i], w[i])
		}
	}
	for i := range m[1] {
		if math.Abs(m2[1][i]-m[1][i]) > 1e-12 || math.Abs(back[1][i]-m[1][i]) > 1e-12 {
			t.Fatalf("∂L/∂M[%d] are %v and %v, with one matrix %v", i, m2[1][i], back[1][i], m[1][i])
		}
	}
}

// The positive and the negative part of the loss add up.
func TestPartsOfTheLossAddUp(t *testing.T) {
	l := newTrial(6)
	loss, w, _, _, _ := l.learned(1, nil)
	whole := l.draws
	var sum float64
	gradient := make([]float64, len(w))
	for _, part := range [][2][]bool{{{true, true}, {false, false}}, {{false, false}, {true, true}}} {
		half := *whole
		half.Positive, half.Negative = part[0], part[1]
		l.draws = &half
		loss, w, _, _, _ := l.learned(1, nil)
		sum += loss
		for i, v := range w {
			gradient[i] += v
		}
	}
	if math.Abs(loss-sum) > 1e-12 {
		t.Errorf("loss is %v, of its parts %v", loss, sum)
	}
	for i, v := range w {
		if math.Abs(v-gradient[i]) > 1e-12 {
			t.Fatalf("∂L/∂W[%d] is %v, of the parts %v", i, v, gradient[i])
		}
	}
}

// In the mean over draws, CLAPP moves W as CLAPP-s does, where neither set is empty.
func TestEitherIsBothInTheMean(t *testing.T) {
	l := newTrial(7)
	_, want, _, _, _ := l.learned(1, nil)
	whole := l.draws
	mean := make([]float64, len(want))
	const halves = 2
	for _, positive := range [halves]bool{true, false} { // the two ways in which one of two images is in each set
		half := *whole
		half.Positive, half.Negative = []bool{positive, !positive}, []bool{!positive, positive}
		l.draws = &half
		_, w, _, _, _ := l.learned(1, nil)
		for i, v := range w {
			mean[i] += v / halves
		}
	}
	for i, v := range want {
		if math.Abs(mean[i]-v) > 1e-12 {
			t.Fatalf("∂L/∂W[%d] is %v on the mean of the draws, of CLAPP-s %v", i, mean[i], v)
		}
	}
}
