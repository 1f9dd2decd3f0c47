package clapp

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// trial is a layer with two steps of prediction on two images of 4×3 patches of 4×4 pixels.
func trial(seed uint64) (*Layer[float64], Grid, *tensor.Dense[float64], *Draws) {
	r := rand.New(rand.NewPCG(seed, 1))
	random := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return x
	}
	const channels, images, rows, columns = 5, 2, 4, 3
	l := &Layer[float64]{Pool: true, W: &tensor.Dense[float64]{Shape: []int{channels, 2, 3, 3}, Data: random(channels * 18)},
		B: &tensor.Dense[float64]{Shape: []int{channels}, Data: random(channels)}}
	for range 2 {
		l.Predict = append(l.Predict, random(channels*channels))
	}
	g := Grid{images, rows, columns, channels}
	d := &Draws{Positive: []bool{true, true}, Negative: []bool{true, true}, N: 1}
	for k := 1; k <= 2; k++ {
		var places []Place
		for row := range rows - k - Skip {
			for column := range columns {
				for range images {
					places = append(places, Place{row, column, r.IntN(images)})
				}
			}
		}
		d.Negatives = append(d.Negatives, places)
	}
	return l, g, &tensor.Dense[float64]{Shape: []int{images * rows * columns, 2, 4, 4}, Data: random(images * rows * columns * 32)}, d
}

func greatest(x []float64) (m float64) {
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

func TestUpdateIsTheGradientOfTheLayersLoss(t *testing.T) {
	l, g, x, d := trial(1)
	for k := range l.Predict { // so that terms of both kinds are within their margins
		for i := range l.Predict[k] {
			l.Predict[k][i] *= 0.2
		}
	}
	loss := func() float64 {
		var to Gradients[float64]
		l.Forward(1, x)
		return l.Learn(1, g, d, nil, &to)
	}
	var to Gradients[float64]
	l.Forward(2, x)
	l.Learn(2, g, d, nil, &to)
	compare := func(what string, values, gradient []float64) {
		t.Helper()
		const h = 1e-6
		for i, at := range values {
			values[i] = at + h
			up := loss()
			values[i] = at - h
			down := loss()
			values[i] = at
			if want := (up - down) / (2 * h); math.Abs(gradient[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Fatalf("∂L/∂%s[%d] is %v, by differences %v", what, i, gradient[i], want)
			}
		}
	}
	w, b := append([]float64(nil), to.W...), append([]float64(nil), to.B...)
	m := [][]float64{append([]float64(nil), to.Predict[0]...), append([]float64(nil), to.Predict[1]...)}
	if greatest(w) == 0 {
		t.Fatal("nothing is learned")
	}
	compare("W", l.W.Data, w)
	compare("b", l.B.Data, b)
	compare("M", l.Predict[0], m[0])
	compare("M", l.Predict[1], m[1])
}

func TestWithoutPredictionAllScoresAreZero(t *testing.T) {
	l, g, x, d := trial(2)
	for k := range l.Predict {
		clear(l.Predict[k])
	}
	var to Gradients[float64]
	l.Forward(1, x)
	if loss := l.Learn(1, g, d, nil, &to); math.Abs(loss-2) > 1e-12 {
		t.Errorf("loss is %v, expected 2", loss)
	}
	if greatest(to.W) != 0 || greatest(to.B) != 0 || greatest(to.Predict[0]) == 0 {
		t.Errorf("greatest updates of W, b and M are %v, %v and %v, expected 0, 0 and more", greatest(to.W), greatest(to.B), greatest(to.Predict[0]))
	}
}

func TestAnImageThatIsItsOwnNegativeTeachesNothing(t *testing.T) {
	l, g, x, d := trial(3)
	for k, places := range d.Negatives {
		for i := range places {
			d.Negatives[k][i].Image = i % g.Images
		}
		for i := range l.Predict[k] {
			l.Predict[k][i] *= 1e-3 // all scores within their margins
		}
	}
	var to Gradients[float64]
	l.Forward(1, x)
	if loss := l.Learn(1, g, d, nil, &to); math.Abs(loss-2) > 1e-12 {
		t.Errorf("loss is %v, expected 2", loss)
	}
	if m := max(greatest(to.W), greatest(to.B), greatest(to.Predict[0]), greatest(to.Predict[1])); m > 1e-15 {
		t.Errorf("greatest update is %v", m)
	}
}

// Terms beyond their margins have no third factor: no loss, no update.
func TestWithoutThirdFactorNothingMoves(t *testing.T) {
	l, g, x, d := trial(4)
	d.Negative = []bool{false, false}
	l.Forward(1, x)
	for k := range l.Predict { // a large multiple of the identity: all scores of vectors that are not 0 exceed 1
		clear(l.Predict[k])
		for c := range g.Channels {
			l.Predict[k][c*g.Channels+c] = 1e6
		}
	}
	var to Gradients[float64]
	if loss := l.Learn(1, g, d, nil, &to); loss != 0 {
		t.Fatalf("loss is %v, expected 0", loss)
	}
	if m := max(greatest(to.W), greatest(to.B), greatest(to.Predict[0])); m != 0 {
		t.Errorf("greatest update is %v", m)
	}
}

// With the same matrices and draws the two losses without weight transport move W as the one
// loss does, and each its own matrix as that does.
func TestWithoutWeightTransport(t *testing.T) {
	l, g, x, d := trial(5)
	var one, two Gradients[float64]
	l.Forward(1, x)
	loss := l.Learn(1, g, d, nil, &one)
	w, m := append([]float64(nil), one.W...), append([]float64(nil), one.Predict[1]...)
	l.Retro = l.Predict
	l.Forward(1, x)
	if both := l.Learn(1, g, d, d, &two); math.Abs(both-2*loss) > 1e-12 {
		t.Errorf("loss is %v, expected twice %v", both, loss)
	}
	for i := range w {
		if math.Abs(two.W[i]-w[i]) > 1e-12 {
			t.Fatalf("∂L/∂W[%d] is %v, with one matrix %v", i, two.W[i], w[i])
		}
	}
	for i := range m {
		if math.Abs(two.Predict[1][i]-m[i]) > 1e-12 || math.Abs(two.Retro[1][i]-m[i]) > 1e-12 {
			t.Fatalf("∂L/∂M[%d] are %v and %v, with one matrix %v", i, two.Predict[1][i], two.Retro[1][i], m[i])
		}
	}
}

// The positive and the negative part of the loss add up.
func TestPartsOfTheLossAddUp(t *testing.T) {
	l, g, x, d := trial(6)
	var sum float64
	var gradient []float64
	for _, part := range [][2][]bool{{{true, true}, {false, false}}, {{false, false}, {true, true}}} {
		half := *d
		half.Positive, half.Negative = part[0], part[1]
		var to Gradients[float64]
		l.Forward(1, x)
		sum += l.Learn(1, g, &half, nil, &to)
		if gradient == nil {
			gradient = make([]float64, len(to.W))
		}
		for i, v := range to.W {
			gradient[i] += v
		}
	}
	var to Gradients[float64]
	l.Forward(1, x)
	if loss := l.Learn(1, g, d, nil, &to); math.Abs(loss-sum) > 1e-12 {
		t.Errorf("loss is %v, of its parts %v", loss, sum)
	}
	for i, v := range to.W {
		if math.Abs(v-gradient[i]) > 1e-12 {
			t.Fatalf("∂L/∂W[%d] is %v, of the parts %v", i, v, gradient[i])
		}
	}
}
