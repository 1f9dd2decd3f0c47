package autodiff

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

func (s convShape) operation(x, w, b *Var[float64]) operation {
	return one(func(tape *Tape[float64], threads int) *Var[float64] {
		return Conv2D(tape, threads, x, w, b, s.down, s.along, s.groups)
	})
}

// correlation is that of the shape.
func (s convShape) correlation() *correlation[float64] {
	return newCorrelation[float64](1, s.batch, s.in, s.out, s.groups, newWindow(s.height, s.tapsHigh, s.down), newWindow(s.width, s.tapsWide, s.along))
}

func TestWinogradGradients(t *testing.T) {
	for name, s := range map[string]convShape{
		"one output":     {1, leastChannels, leastChannels, 1, 3, 3, 3, 3, Axis{}, Axis{}},
		"parts of tiles": {1, leastChannels, leastChannels + 1, 1, 5, 3, 3, 3, Axis{Padding: 1}, Axis{Padding: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			if !s.correlation().suitsWinograd() {
				t.Fatal("not done by tiles")
			}
			x, w, b := s.random()
			checkGradients(t, s.operation(x, w, b), inputs{"x": x, "w": w, "b": b})
		})
	}
}

// With many runs of tiles, too, the result is the equation's, and ⟨y, r⟩ = ⟨x, gradient of x⟩ =
// ⟨w, gradient of w⟩, as y is linear in x and in w.
func TestWinogradEqualsTheEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.IntRange(1, 2).Draw(t, "groups")
		s := convShape{
			batch: rapid.IntRange(1, 2).Draw(t, "batch"), groups: groups,
			in:       groups * rapid.IntRange(leastChannels, leastChannels+1).Draw(t, "in"),
			out:      groups * rapid.IntRange(leastChannels, leastChannels+1).Draw(t, "out"),
			tapsHigh: 3, tapsWide: 3,
			down: Axis{Padding: rapid.IntRange(0, 2).Draw(t, "down")}, along: Axis{Padding: rapid.IntRange(0, 2).Draw(t, "along")},
		}
		s.height = rapid.IntRange(max(1, 3-2*s.down.Padding), 6).Draw(t, "height")
		s.width = rapid.IntRange(max(1, 3-2*s.along.Padding), 9).Draw(t, "width")
		s.checkLinear(t)
	})
	s := convShape{102, leastChannels, leastChannels, 1, 16, 34, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}}
	if v := newWinograd(s.correlation()); v.batch*v.down/sumRuns <= v.stripsAtOnce(2*cachedNumbers) {
		t.Fatal("each sum is one product over tiles, want several")
	}
	s.checkLinear(t)
}

func (s convShape) checkLinear(t interface {
	Helper()
	Fatalf(string, ...any)
}) {
	t.Helper()
	if !s.correlation().suitsWinograd() {
		t.Fatalf("%+v is not done by tiles", s)
	}
	x, w, b := s.random()
	op, in := s.operation(x, w, b), inputs{"x": x, "w": w}
	got := gradients(op, in, 1)
	want := naiveConv2D(s, x, w, nil)
	value := dot(want, projections(op(new(Tape[float64]), 1))[0])
	for i := range want {
		want[i] += b.Value.Data[i/(len(want)/s.batch/s.out)%s.out]
	}
	near(t, "y", got["output 0"], want)
	near(t, "⟨x, gradient⟩", []float64{dot(x.Value.Data, got["gradient of x"])}, []float64{value})
	near(t, "⟨w, gradient⟩", []float64{dot(w.Value.Data, got["gradient of w"])}, []float64{value})
	for _, threads := range []int{2, 3} {
		other := gradients(op, in, threads)
		for name, want := range got {
			for i := range want {
				if other[name][i] != want[i] {
					t.Fatalf("%s[%d] is %g on %d threads, %g on one", name, i, other[name][i], threads, want[i])
				}
			}
		}
	}
}

// In float32 the error of an output is at most 16·2⁻²⁴ (10⁻⁶) Σ|w||x| over its terms, for 64 channels
// of normal numbers (the sum itself, term by term, has a quarter of that), and so are
// the errors of gradients over theirs.
func TestErrorOfWinograd(t *testing.T) {
	s := convShape{4, 64, 64, 1, 16, 16, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}}
	const bound = 16 * 0x1p-24
	draw := func(name uint64, shape ...int) (*Var[float32], *Var[float64], *Var[float64]) {
		single, double, size := tensor.New[float32](shape...), tensor.New[float64](shape...), tensor.New[float64](shape...)
		r := rng.Stream(1, "winograd-error", 0, name)
		for i := range single.Data {
			single.Data[i] = float32(r.NormFloat64())
			double.Data[i] = float64(single.Data[i])
			size.Data[i] = math.Abs(double.Data[i])
		}
		return NewVar(single), NewVar(double), NewVar(size)
	}
	x32, x, sizeX := draw(1, s.batch, s.in, s.height, s.width)
	w32, w, sizeW := draw(2, s.out, s.in, 3, 3)
	g32, g, sizeG := draw(3, s.batch, s.out, s.height, s.width)
	var tape32 Tape[float32]
	y32 := Conv2D(&tape32, 1, x32, w32, nil, s.down, s.along, 1)
	run := func(x, w, g *Var[float64]) *Var[float64] {
		var tape Tape[float64]
		y := Conv2D(&tape, 1, x, w, nil, s.down, s.along, 1)
		copy(y.Grad.Data, g.Value.Data)
		tape.adjoints[0]()
		return y
	}
	copy(y32.Grad.Data, g32.Value.Data)
	tape32.adjoints[0]()
	y, sizeY := run(x, w, g), run(sizeX, sizeW, sizeG)
	for _, c := range []struct {
		name       string
		got        []float32
		want, size []float64
	}{
		{"y", y32.Value.Data, y.Value.Data, sizeY.Value.Data},
		{"gradient of x", x32.Grad.Data, x.Grad.Data, sizeX.Grad.Data},
		{"gradient of w", w32.Grad.Data, w.Grad.Data, sizeW.Grad.Data},
	} {
		most := 0.0
		for i, got := range c.got {
			most = max(most, math.Abs(float64(got)-c.want[i])/c.size[i])
		}
		t.Logf("%s: the greatest error is %.2g·2⁻²⁴ of the sum of the terms' sizes", c.name, most*0x1p24)
		if most > bound {
			t.Errorf("%s: error of %g of the sum of the terms' sizes, want at most %g", c.name, most, bound)
		}
	}
}

// A NaN or an infinity reaches every output whose window touches it, and no other image.
func TestWinogradDoesNotHideNaN(t *testing.T) {
	s := convShape{2, leastChannels, leastChannels, 1, 9, 9, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		for at := range s.height * s.width {
			x, w, b := s.random()
			x.Value.Data[at] = bad
			y := Conv2D(new(Tape[float64]), 1, x, w, b, s.down, s.along, 1).Value.Data
			for o := range s.out {
				for p := range s.height * s.width {
					v := y[o*s.height*s.width+p]
					touches := max(p/9-at/9, at/9-p/9) <= 1 && max(p%9-at%9, at%9-p%9) <= 1
					if touches && !math.IsNaN(v) && !math.IsInf(v, 0) {
						t.Fatalf("%g at %d is hidden in output %d of channel %d: %g", bad, at, p, o, v)
					}
				}
			}
			for i, v := range y[s.out*s.height*s.width:] {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%g at %d of the first image reached number %d of the second", bad, at, i)
				}
			}
		}
	}
}
