package lstm

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

const n = Cells[float64](3)

// draw returns u and c[t-1] of so many trials.
func draw(seed uint64, trials int) (u, c []float64) {
	r := rng.Stream(seed, "cell", 0, 0)
	u, c = make([]float64, trials*gates*int(n)), make([]float64, trials*int(n))
	for _, x := range [][]float64{u, c} {
		for i := range x {
			x[i] = 1.5 * r.NormFloat64()
		}
	}
	return u, c
}

// step returns c[t] and h[t], and leaves u and before as they are.
func step(u, before []float64) (gatesAfter, c, h []float64) {
	gatesAfter = append([]float64{}, u...)
	c, h = make([]float64, len(before)), make([]float64, len(before))
	n.Step(gatesAfter, before, c, h)
	return gatesAfter, c, h
}

// The equations of the package, one number at a time.
func TestStep(t *testing.T) {
	u, before := draw(1, 2)
	_, c, h := step(u, before)
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for trial := range 2 {
		for j := range int(n) {
			gate := func(g int) float64 { return u[trial*gates*int(n)+g*int(n)+j] }
			at := trial*int(n) + j
			wantC := sigma(gate(forgetGate))*before[at] + sigma(gate(inputGate))*math.Tanh(gate(candidate))
			wantH := sigma(gate(outputGate)) * math.Tanh(wantC)
			if math.Abs(c[at]-wantC) > 1e-15 || math.Abs(h[at]-wantH) > 1e-15 {
				t.Errorf("c, h = %g, %g, want %g, %g", c[at], h[at], wantC, wantH)
			}
		}
	}
}

// Adjoint and Jacobian are the derivatives of Step.
func TestDerivativesByFiniteDifferences(t *testing.T) {
	const trials = 2
	u, before := draw(2, trials)
	gh, gc := draw(3, trials)
	gh = gh[:len(before)]
	after, c, _ := step(u, before)
	jac := make([]float64, 2*(1+gates)*int(n))
	gu, gs := append([]float64{}, after...), append([]float64{}, gc...)
	n.Adjoint(gu, gs, gh, gu, before, c, make([]float64, n)) // in place
	const d = 1e-6
	slope := func(x *float64) (dc, dh []float64) {
		at := *x
		*x = at + d
		_, c1, h1 := step(u, before)
		*x = at - d
		_, c0, h0 := step(u, before)
		*x = at
		for i := range c1 {
			dc, dh = append(dc, (c1[i]-c0[i])/(2*d)), append(dh, (h1[i]-h0[i])/(2*d))
		}
		return dc, dh
	}
	for trial := range trials {
		n.Jacobian(jac, after[trial*gates*int(n):], before[trial*int(n):], c[trial*int(n):])
		for j := range int(n) {
			at := trial*int(n) + j
			for column := range 1 + gates {
				x, adjoint := &before[at], gs[at]
				if column > 0 {
					i := trial*gates*int(n) + (column-1)*int(n) + j
					x, adjoint = &u[i], gu[i]
				}
				dc, dh := slope(x)
				for row, want := range []float64{dc[at], dh[at]} {
					if got := jac[(row*(1+gates)+column)*int(n)+j]; math.Abs(got-want) > 1e-8 {
						t.Errorf("Jacobian[%d][%d] = %g, finite differences give %g", row, column, got, want)
					}
				}
				if want := gc[at]*dc[at] + gh[at]*dh[at]; math.Abs(adjoint-want) > 1e-8 {
					t.Errorf("adjoint of column %d = %g, finite differences give %g", column, adjoint, want)
				}
			}
		}
	}
}

func TestInitialise(t *testing.T) {
	const size = 100
	cells := Cells[float64](size)
	in, rec, bias := make([]float64, 5*gates*size), make([]float64, size*gates*size), make([]float64, gates*size)
	cells.Initialise(in, rec, bias, 1)
	largest := 0.0
	for _, w := range rec {
		largest = max(largest, math.Abs(w))
	}
	if largest > 0.1 || largest < 0.099 {
		t.Errorf("the largest recurrent weight of 100 cells is %g, want just below 1/√100", largest)
	}
	for i, b := range bias {
		if want := map[bool]float64{true: 1}[i/size == forgetGate]; b != want {
			t.Errorf("bias %d = %g, want %g", i, b, want)
		}
	}
}
