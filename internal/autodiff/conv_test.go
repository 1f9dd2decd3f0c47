package autodiff

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// convShape is one convolution; the 1-D ones have height 1.
type convShape struct {
	batch, in, out, groups int
	height, width          int
	tapsHigh, tapsWide     int
	down, along            Axis
}

func (s convShape) random() (x, w, b *Var[float64]) {
	return random(1, s.batch, s.in, s.height, s.width), random(2, s.out, s.in/s.groups, s.tapsHigh, s.tapsWide), random(3, s.out)
}

var convShapes = map[string]convShape{
	"single number":         {1, 1, 1, 1, 1, 1, 1, 1, Axis{}, Axis{}},
	"1×1":                   {2, 3, 2, 1, 3, 2, 1, 1, Axis{}, Axis{}},
	"3×3 padded":            {2, 2, 3, 1, 4, 5, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}},
	"odd, mixed":            {1, 2, 2, 1, 7, 5, 2, 3, Axis{Stride: 2}, Axis{Padding: 1, Dilation: 2}},
	"stride > kernel":       {2, 1, 2, 1, 9, 8, 2, 1, Axis{Stride: 3}, Axis{Stride: 4}},
	"padding ≥ kernel":      {1, 2, 1, 1, 2, 3, 2, 2, Axis{Padding: 2}, Axis{Padding: 3}},
	"padding and stride":    {1, 1, 2, 1, 3, 3, 2, 2, Axis{Stride: 3, Padding: 4}, Axis{Stride: 2, Padding: 5}},
	"dilation":              {1, 2, 2, 1, 7, 8, 3, 2, Axis{Dilation: 3}, Axis{Dilation: 5, Padding: 2}},
	"dilation over padding": {1, 1, 1, 1, 1, 1, 3, 3, Axis{Dilation: 4, Padding: 4}, Axis{Dilation: 4, Padding: 5}},
	"groups":                {2, 4, 6, 2, 3, 4, 2, 3, Axis{Padding: 1}, Axis{Padding: 1}},
	"depthwise":             {2, 3, 3, 3, 4, 3, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}},
	"depthwise, multiplied": {1, 2, 4, 2, 3, 3, 2, 2, Axis{}, Axis{Stride: 2}},
	"1×1 of groups":         {3, 4, 2, 2, 2, 2, 1, 1, Axis{}, Axis{}},
	"1×1 strided":           {1, 2, 2, 1, 5, 4, 1, 1, Axis{Stride: 2}, Axis{Stride: 3}},
}

func TestConv2DGradients(t *testing.T) {
	for name, s := range convShapes {
		t.Run(name, func(t *testing.T) {
			x, w, b := s.random()
			checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
				return Conv2D(tape, threads, x, w, b, s.down, s.along, s.groups)
			}), inputs{"x": x, "w": w, "b": b})
		})
	}
}

// Rectified at once, values and gradients are those of ReLU after Conv2D, bit for bit.
func TestConv2DReLUIsReLUOfConv2D(t *testing.T) {
	for name, s := range convShapes {
		var values, gradients [2][]float64
		for k := range 2 {
			x, w, b := s.random()
			tape := new(Tape[float64])
			var y *Var[float64]
			if k == 0 {
				y = ReLU(tape, 1, Conv2D(tape, 1, x, w, b, s.down, s.along, s.groups))
			} else {
				y = Conv2DReLU(tape, 2, x, w, b, s.down, s.along, s.groups)
			}
			for i := range y.Grad.Data {
				y.Grad.Data[i] = float64(i%7) - 3
			}
			values[k] = slices.Clone(y.Value.Data)
			tape.Backward(tape.Result(1))
			gradients[k] = slices.Concat(x.Grad.Data, w.Grad.Data, b.Grad.Data)
		}
		if !slices.Equal(values[0], values[1]) || !slices.Equal(gradients[0], gradients[1]) {
			t.Errorf("%s: other values or gradients", name)
		}
	}
}

// naiveConv2D is the equation of Conv2D, read aloud.
func naiveConv2D(s convShape, x, w, b *Var[float64]) []float64 {
	rows := (s.height+2*s.down.Padding-max(1, s.down.Dilation)*(s.tapsHigh-1)-1)/max(1, s.down.Stride) + 1
	columns := (s.width+2*s.along.Padding-max(1, s.along.Dilation)*(s.tapsWide-1)-1)/max(1, s.along.Stride) + 1
	var y []float64
	for n := range s.batch {
		for o := range s.out {
			for i := range rows {
				for j := range columns {
					sum := 0.0
					if b != nil {
						sum = b.Value.Data[o]
					}
					for c := range s.in / s.groups {
						channel := o/(s.out/s.groups)*(s.in/s.groups) + c
						for u := range s.tapsHigh {
							for v := range s.tapsWide {
								p := i*max(1, s.down.Stride) - s.down.Padding + u*max(1, s.down.Dilation)
								q := j*max(1, s.along.Stride) - s.along.Padding + v*max(1, s.along.Dilation)
								if p >= 0 && p < s.height && q >= 0 && q < s.width {
									sum += w.Value.Data[((o*(s.in/s.groups)+c)*s.tapsHigh+u)*s.tapsWide+v] *
										x.Value.Data[((n*s.in+channel)*s.height+p)*s.width+q]
								}
							}
						}
					}
					y = append(y, sum)
				}
			}
		}
	}
	return y
}

func drawAxis(t *rapid.T, name string) Axis {
	return Axis{rapid.IntRange(0, 5).Draw(t, name+" stride"), rapid.IntRange(0, 5).Draw(t, name+" padding"), rapid.IntRange(0, 3).Draw(t, name+" dilation")}
}

// drawConv draws a convolution that has an output.
func drawConv(t *rapid.T) convShape {
	groups := rapid.IntRange(1, 3).Draw(t, "groups")
	s := convShape{
		batch:  rapid.IntRange(1, 3).Draw(t, "batch"),
		in:     groups * rapid.IntRange(1, 3).Draw(t, "in"),
		out:    groups * rapid.IntRange(1, 3).Draw(t, "out"),
		groups: groups, tapsHigh: rapid.IntRange(1, 4).Draw(t, "taps high"), tapsWide: rapid.IntRange(1, 4).Draw(t, "taps wide"),
		down: drawAxis(t, "down"), along: drawAxis(t, "along"),
	}
	least := func(a Axis, taps int) int { return max(1, max(1, a.Dilation)*(taps-1)+1-2*a.Padding) }
	s.height = least(s.down, s.tapsHigh) + rapid.IntRange(0, 6).Draw(t, "height")
	s.width = least(s.along, s.tapsWide) + rapid.IntRange(0, 6).Draw(t, "width")
	return s
}

func TestConv2DEqualsItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawConv(t)
		x, w, b := s.random()
		if rapid.Bool().Draw(t, "no bias") {
			b = nil
		}
		y := Conv2D(new(Tape[float64]), 2, x, w, b, s.down, s.along, s.groups)
		near(t, "y", y.Value.Data, naiveConv2D(s, x, w, b))
	})
}

// Convolutions too large for one tile, by rows and within a row. Since y is
// linear in x and in w, ⟨y, r⟩ = ⟨x, gradient of x⟩ = ⟨w, gradient of w⟩.
func TestConv2DInTiles(t *testing.T) {
	for name, s := range map[string]convShape{
		"rows":       {2, 64, 2, 1, 17, 30, 3, 3, Axis{Padding: 1}, Axis{Padding: 1}},
		"within row": {3, 70, 2, 1, 2, 251, 1, 16, Axis{}, Axis{Padding: 3, Dilation: 2}},
		"strided":    {5, 64, 2, 2, 2, 900, 2, 16, Axis{Padding: 1}, Axis{Stride: 3, Padding: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			x, w, _ := s.random()
			if c := newCorrelation[float64](1, s.batch, s.in, s.out, s.groups,
				newWindow(s.height, s.tapsHigh, s.down), newWindow(s.width, s.tapsWide, s.along)); len(c.tiles) < 2 {
				t.Fatalf("%d tile, want several", len(c.tiles))
			}
			op := one(func(tape *Tape[float64], threads int) *Var[float64] {
				return Conv2D(tape, threads, x, w, nil, s.down, s.along, s.groups)
			})
			in := inputs{"x": x, "w": w}
			got := gradients(op, in, 1)
			want := naiveConv2D(s, x, w, nil)
			near(t, "y", got["output 0"], want)
			y := op(new(Tape[float64]), 1)
			value := dot(want, projections(y)[0])
			near(t, "⟨x, gradient⟩", []float64{dot(x.Value.Data, got["gradient of x"])}, []float64{value})
			near(t, "⟨w, gradient⟩", []float64{dot(w.Value.Data, got["gradient of w"])}, []float64{value})
			sameBits(t, gradients(op, in, 3), got)
		})
	}
}

func TestConv1DIsConv2DOneRowHigh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawConv(t)
		s.height, s.tapsHigh, s.down = 1, 1, Axis{}
		x, w, b := s.random()
		x1, w1 := reshaped(x, s.batch, s.in, s.width), reshaped(w, s.out, s.in/s.groups, s.tapsWide)
		y := Conv1D(new(Tape[float64]), 1, x1, w1, b, s.along, s.groups)
		if len(y.Value.Shape) != 3 {
			t.Fatalf("y has shape %v, want three axes", y.Value.Shape)
		}
		near(t, "y", y.Value.Data, naiveConv2D(s, x, w, b))
	})
}

func TestConv1DGradients(t *testing.T) {
	for name, s := range map[string]convShape{
		"plain":    {batch: 2, in: 2, out: 3, groups: 1, width: 7, tapsWide: 3, along: Axis{Padding: 1}},
		"causal":   {batch: 1, in: 4, out: 2, groups: 2, width: 9, tapsWide: 2, along: Axis{Padding: 4, Dilation: 4}},
		"downward": {batch: 1, in: 1, out: 2, groups: 1, width: 10, tapsWide: 4, along: Axis{Stride: 3, Padding: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			x, w, b := random(1, s.batch, s.in, s.width), random(2, s.out, s.in/s.groups, s.tapsWide), random(3, s.out)
			checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
				return Conv1D(tape, threads, x, w, b, s.along, s.groups)
			}), inputs{"x": x, "w": w, "b": b})
		})
	}
}

func TestConvTranspose1DGradients(t *testing.T) {
	for name, s := range map[string]struct {
		batch, in, out, groups, length, taps, outputPadding int
		axis                                                Axis
	}{
		"single number":     {1, 1, 1, 1, 1, 1, 0, Axis{}},
		"upward":            {2, 3, 2, 1, 4, 4, 0, Axis{Stride: 2, Padding: 1}},
		"output padding":    {1, 2, 2, 1, 5, 3, 1, Axis{Stride: 2, Padding: 1}},
		"by the dilation":   {1, 2, 1, 1, 3, 2, 2, Axis{Stride: 1, Dilation: 3}},
		"stride > kernel":   {2, 1, 2, 1, 3, 2, 4, Axis{Stride: 5}},
		"padding ≥ kernel":  {1, 1, 1, 1, 6, 2, 0, Axis{Padding: 2}},
		"groups = channels": {1, 3, 3, 3, 4, 3, 0, Axis{Stride: 2, Dilation: 2}},
		"groups":            {2, 4, 6, 2, 2, 3, 0, Axis{}},
	} {
		t.Run(name, func(t *testing.T) {
			x, w, b := random(1, s.batch, s.in, s.length), random(2, s.in, s.out/s.groups, s.taps), random(3, s.out)
			checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
				return ConvTranspose1D(tape, threads, x, w, b, s.axis, s.outputPadding, s.groups)
			}), inputs{"x": x, "w": w, "b": b})
		})
	}
}

// ⟨conv(x), y⟩ = ⟨x, convT(y)⟩, with the same weights and the output padding
// that brings back the length of x.
func TestConvTranspose1DIsTheAdjointOfConv1D(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawConv(t)
		x, w := random(1, s.batch, s.in, s.width), random(2, s.out, s.in/s.groups, s.tapsWide)
		along := newWindow(s.width, s.tapsWide, s.along)
		left := s.width + 2*along.padding - along.dilation*(along.taps-1) - 1 - (along.out-1)*along.stride
		conv := Conv1D(new(Tape[float64]), 2, x, w, nil, s.along, s.groups)
		y := random(4, conv.Value.Shape...)
		back := ConvTranspose1D(new(Tape[float64]), 2, y, w, nil, s.along, left, s.groups)
		if fmt.Sprint(back.Value.Shape) != fmt.Sprint(x.Value.Shape) {
			t.Fatalf("convT(y) has shape %v, want that of x, %v", back.Value.Shape, x.Value.Shape)
		}
		near(t, "⟨x, convT(y)⟩", []float64{dot(x.Value.Data, back.Value.Data)}, []float64{dot(conv.Value.Data, y.Value.Data)})
	})
}

func TestConvolutionsRefuseWrongShapes(t *testing.T) {
	tape := new(Tape[float64])
	x, w, b := random(1, 2, 4, 5, 5), random(2, 6, 2, 3, 3), random(3, 6)
	conv := func(x, w, b *Var[float64], a Axis, groups int) func() {
		return func() { Conv2D(tape, 1, x, w, b, a, a, groups) }
	}
	panics(t, badConvInput, conv(random(1, 4, 5, 5), w, b, Axis{}, 2))
	panics(t, badConvInput, conv(random(1, 0, 4, 5, 5), w, b, Axis{}, 2))
	panics(t, badConvWeights, conv(x, w, b, Axis{}, 1))
	panics(t, badConvWeights, conv(x, random(2, 6, 2, 3), b, Axis{}, 2))
	panics(t, badConvGroups, conv(x, w, b, Axis{}, 3))
	panics(t, badConvGroups, conv(x, w, b, Axis{}, 0))
	panics(t, badConvBias, conv(x, w, random(3, 5), Axis{}, 2))
	panics(t, badAxis, conv(x, w, b, Axis{Padding: -1}, 2))
	panics(t, badWindow, conv(x, w, b, Axis{Dilation: 3}, 2))

	x1, w1 := random(1, 2, 4, 5), random(2, 4, 3, 2)
	panics(t, badTransposeWeights, func() { ConvTranspose1D(tape, 1, x1, random(2, 3, 4, 2), nil, Axis{}, 0, 1) })
	panics(t, badOutputPadding, func() { ConvTranspose1D(tape, 1, x1, w1, nil, Axis{Stride: 2}, 2, 1) })
	panics(t, badOutputLength, func() { ConvTranspose1D(tape, 1, x1, w1, nil, Axis{Padding: 3}, 0, 1) })
	panics(t, badConvBias, func() { ConvTranspose1D(tape, 1, x1, w1, random(3, 4), Axis{}, 0, 1) })
}
