package autodiff

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var poolShapes = map[string]struct {
	shape []int
	h, w  Pool
}{
	"single number":   {[]int{1, 1, 1, 1}, Pool{Size: 1}, Pool{Size: 1}},
	"2×2":             {[]int{2, 3, 4, 6}, Pool{Size: 2}, Pool{Size: 2}},
	"odd rest":        {[]int{1, 2, 5, 7}, Pool{Size: 2}, Pool{Size: 3}},
	"overlapping":     {[]int{2, 1, 5, 4}, Pool{Size: 3, Stride: 1, Padding: 1}, Pool{Size: 2, Stride: 1}},
	"stride > size":   {[]int{1, 2, 7, 9}, Pool{Size: 2, Stride: 3}, Pool{Size: 1, Stride: 4}},
	"mostly padding":  {[]int{1, 1, 2, 1}, Pool{Size: 4, Stride: 1, Padding: 3}, Pool{Size: 3, Stride: 2, Padding: 2}},
	"different sides": {[]int{1, 2, 1, 8}, Pool{Size: 1}, Pool{Size: 4, Stride: 2, Padding: 1}},
}

func TestPoolingGradients(t *testing.T) {
	for name, s := range poolShapes {
		t.Run(name, func(t *testing.T) {
			x := random(1, s.shape...)
			for _, f := range []func(tape *Tape[float64], threads int) *Var[float64]{
				func(tape *Tape[float64], threads int) *Var[float64] { return MaxPool2D(tape, threads, x, s.h, s.w) },
				func(tape *Tape[float64], threads int) *Var[float64] {
					return AvgPool2D(tape, threads, x, s.h, s.w, true)
				},
				func(tape *Tape[float64], threads int) *Var[float64] {
					return AvgPool2D(tape, threads, x, s.h, s.w, false)
				},
				func(tape *Tape[float64], threads int) *Var[float64] { return AdaptiveAvgPool2D(tape, threads, x, 3, 2) },
				func(tape *Tape[float64], threads int) *Var[float64] { return GlobalAvgPool(tape, threads, x) },
			} {
				checkGradients(t, one(f), inputs{"x": x})
			}
		})
	}
}

func TestPooling1DGradients(t *testing.T) {
	x := random(1, 2, 3, 7)
	p := Pool{Size: 3, Stride: 2, Padding: 1}
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return MaxPool1D(tape, threads, x, p) }), inputs{"x": x})
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return AvgPool1D(tape, threads, x, p, false) }), inputs{"x": x})
	checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] { return GlobalAvgPool(tape, threads, x) }), inputs{"x": x})
}

// Each window is looked at place by place; padding is met, and left out.
func TestPoolingEqualsItsEquation(t *testing.T) {
	draw := func(t *rapid.T, name string) (Pool, int) {
		size := rapid.IntRange(1, 4).Draw(t, name+" size")
		p := Pool{size, rapid.IntRange(0, 5).Draw(t, name+" stride"), rapid.IntRange(0, size-1).Draw(t, name+" padding")}
		return p, max(1, size-2*p.Padding) + rapid.IntRange(0, 6).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		h, height := draw(t, "height")
		w, width := draw(t, "width")
		x := random(1, 2, 2, height, width)
		for i, v := range x.Value.Data {
			x.Value.Data[i] = math.Round(v) // with ties
		}
		stride := func(p Pool) int {
			if p.Stride == 0 {
				return p.Size
			}
			return p.Stride
		}
		rows, columns := (height+2*h.Padding-h.Size)/stride(h)+1, (width+2*w.Padding-w.Size)/stride(w)+1
		var greatest, inside, counted []float64
		first := make([]float64, len(x.Value.Data)) // gradient of the sum of all greatest
		for plane := range 4 {
			for i := range rows {
				for j := range columns {
					peak, at, sum, n := math.Inf(-1), -1, 0.0, 0
					for u := range h.Size {
						for v := range w.Size {
							p, q := i*stride(h)-h.Padding+u, j*stride(w)-w.Padding+v
							if p < 0 || p >= height || q < 0 || q >= width {
								continue
							}
							value := x.Value.Data[(plane*height+p)*width+q]
							if value > peak {
								peak, at = value, (plane*height+p)*width+q
							}
							sum, n = sum+value, n+1
						}
					}
					first[at]++
					greatest = append(greatest, peak)
					inside, counted = append(inside, sum/float64(n)), append(counted, sum/float64(h.Size*w.Size))
				}
			}
		}
		var tape Tape[float64]
		y := MaxPool2D(&tape, 2, x, h, w)
		near(t, "maximum", y.Value.Data, greatest)
		near(t, "mean inside", AvgPool2D(new(Tape[float64]), 2, x, h, w, false).Value.Data, inside)
		near(t, "mean counting padding", AvgPool2D(new(Tape[float64]), 2, x, h, w, true).Value.Data, counted)
		ones := make([]float64, len(y.Value.Data))
		for i := range ones {
			ones[i] = 1
		}
		tape.Backward(project(&tape, []*Var[float64]{y}, [][]float64{ones}))
		near(t, "gradient of the first maximum", x.Grad.Data, first)
	})
}

func TestMaxPoolPassesNaNOn(t *testing.T) {
	x := Reshape(values(1, math.NaN(), 3, 2, 5, 4), 1, 1, 6)
	got := MaxPool1D(new(Tape[float64]), 1, x, Pool{Size: 3}).Value.Data
	if !math.IsNaN(got[0]) || got[1] != 5 {
		t.Errorf("maxima %v, want NaN and 5", got)
	}
}

// Into its own size nothing changes; into 1×1 it is the global mean; into a
// divisor it is the pooling of that stride.
func TestAdaptiveAvgPool(t *testing.T) {
	x := random(1, 2, 3, 6, 4)
	tape := new(Tape[float64])
	near(t, "own size", AdaptiveAvgPool2D(tape, 1, x, 6, 4).Value.Data, x.Value.Data)
	near(t, "one number", AdaptiveAvgPool2D(tape, 1, x, 1, 1).Value.Data, GlobalAvgPool(tape, 1, x).Value.Data)
	near(t, "divisor", AdaptiveAvgPool2D(tape, 1, x, 3, 2).Value.Data, AvgPool2D(tape, 1, x, Pool{Size: 2}, Pool{Size: 2}, true).Value.Data)
}

func TestPoolingRefusesWrongShapes(t *testing.T) {
	tape := new(Tape[float64])
	x := random(1, 1, 1, 3)
	panics(t, badPoolInput, func() { MaxPool2D(tape, 1, x, Pool{Size: 1}, Pool{Size: 1}) })
	panics(t, badPoolInput, func() { AvgPool1D(tape, 1, random(1, 3), Pool{Size: 1}, true) })
	panics(t, badPool, func() { MaxPool1D(tape, 1, x, Pool{}) })
	panics(t, badPool, func() { MaxPool1D(tape, 1, x, Pool{Size: 2, Padding: 2}) })
	panics(t, badWindow, func() { MaxPool1D(tape, 1, x, Pool{Size: 4}) })
	panics(t, badAxis, func() { MaxPool1D(tape, 1, x, Pool{Size: 1, Stride: -1}) })
	panics(t, badAdaptive, func() { AdaptiveAvgPool2D(tape, 1, random(1, 1, 1, 2, 2), 0, 1) })
	panics(t, badGlobal, func() { GlobalAvgPool(tape, 1, random(1, 2, 3)) })
}
