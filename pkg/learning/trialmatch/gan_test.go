package trialmatch

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGradientOfTheGenerator(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	d := newDiscriminator(0, 7, 1, 1e-3, 0)
	x := cloud(r, 4, 7)
	_, gradient := d.Match(x, nil)
	const h = 1e-6
	for i := range x {
		for j := range x[i] {
			at := x[i][j]
			x[i][j] = at + h
			up, _ := d.Match(x, nil)
			x[i][j] = at - h
			down, _ := d.Match(x, nil)
			x[i][j] = at
			if g := (up - down) / (2 * h); math.Abs(g-gradient[i][j]) > 1e-8 {
				t.Errorf("∂L/∂x[%d][%d] is %v, by differences %v", i, j, gradient[i][j], g)
			}
		}
	}
}

func TestGradientOfTheDiscriminator(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	d := newDiscriminator(0, 5, 1, 1e-3, 0)
	x := cloud(r, 3, 5)
	loss := func() float64 {
		l, _ := crossEntropy(d.logits(x), false)
		return l
	}
	_, g := crossEntropy(d.logits(x), false)
	d.back(g)
	const h = 1e-6
	for i := range d.layers {
		for _, of := range [][2][]float64{{d.layers[i].w, d.layers[i].gradW}, {d.layers[i].b, d.layers[i].gradB}} {
			for j := 0; j < len(of[0]); j += 1 + len(of[0])/20 {
				at := of[0][j]
				of[0][j] = at + h
				up := loss()
				of[0][j] = at - h
				down := loss()
				of[0][j] = at
				if g := (up - down) / (2 * h); math.Abs(g-of[1][j]) > 1e-8 {
					t.Errorf("layer %d: gradient %v, by differences %v", i, of[1][j], g)
				}
			}
		}
	}
}

func TestDiscriminatorLearnsToTellTrialsApart(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	d := newDiscriminator(0, 4, 1, 1e-2, 0)
	recorded, simulated := cloud(r, 40, 4), cloud(r, 40, 4)
	for _, x := range simulated {
		x[0] += 3
	}
	before, _ := crossEntropy(d.logits(recorded), true)
	for range 50 {
		if err := d.learn(simulated, recorded); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := crossEntropy(d.logits(recorded), true)
	if !(after < before/2) {
		t.Errorf("the loss of recorded trials is %v after learning, %v before", after, before)
	}
}
