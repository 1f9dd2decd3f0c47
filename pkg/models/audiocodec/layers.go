package audiocodec

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Parameter is a trainable array of a model.
type Parameter[F tensor.Float] struct {
	Name string
	Doc  string
	*autodiff.Var[F]
}

// Pass is one way through a model.
type Pass[F tensor.Float] struct {
	Tape     *autodiff.Tape[F]
	Threads  int
	Training bool // BN normalises by the batch, and its running averages move
	Frame    int  // number of the first frame of the code in its sound, on which the signs of noise depend

	// With noise, ln of the root of the power of each coefficient, [batch][M][frames], of the sound that Encode took, and as
	// Decode gave it.
	Heard, Said *autodiff.Var[F]
}

// layer maps x [batch][channels][length].
type layer[F tensor.Float] interface {
	forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F]
}

type chain[F tensor.Float] []layer[F]

func (c chain[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	for i, l := range c {
		y := l.forward(p, x)
		if i > 0 {
			p.Tape.Release(x) // nobody goes back to it
		}
		x = y
	}
	return x
}

type elu[F tensor.Float] struct{}

func (elu[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.ELU(p.Tape, p.Threads, x)
}

// residual is y = skip(x) + body(x); skip is nil for the identity.
type residual[F tensor.Float] struct {
	body, skip chain[F]
}

func (r residual[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	return autodiff.Plus(p.Tape, p.Threads, r.skip.forward(p, x), r.body.forward(p, x))
}

// conv is a convolution with the padding of section 3.1, by whose rules its output has
// ⌈length/stride⌉ places.
type conv[F tensor.Float] struct {
	weights, bias, gain *autodiff.Var[F] // gain is of weight normalisation, or nil
	stride, dilation    int
	causal, reflect     bool
}

func (c *conv[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	w := normalised(p, c.weights, c.gain)
	taps, length := w.Value.Shape[2], x.Value.Shape[2]
	reach := (taps-1)*c.dilation + 1
	total := reach - c.stride
	right := 0
	if !c.causal {
		right = total / 2
	}
	left := total - right
	extra := (length+c.stride-1)/c.stride*c.stride - length
	axis := autodiff.Axis{Stride: c.stride, Dilation: c.dilation}
	if !c.reflect && left == right && extra == 0 {
		axis.Padding = left
		return autodiff.Conv1D(p.Tape, p.Threads, x, w, c.bias, axis, 1)
	}
	if left != 0 || right+extra != 0 {
		x = pad(p, x, left, right+extra, c.reflect)
	}
	return autodiff.Conv1D(p.Tape, p.Threads, x, w, c.bias, axis, 1)
}

// transposed is a transposed convolution whose output is cut to length·stride places.
type transposed[F tensor.Float] struct {
	weights, bias, gain *autodiff.Var[F]
	stride              int
	causal              bool
}

func (c *transposed[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	w := normalised(p, c.weights, c.gain)
	y := autodiff.ConvTranspose1D(p.Tape, p.Threads, x, w, c.bias, autodiff.Axis{Stride: c.stride}, 0, 1)
	total := w.Value.Shape[2] - c.stride
	right := total
	if !c.causal {
		right = total / 2
	}
	if total == 0 {
		return y
	}
	return pad(p, y, right-total, -right, false)
}

// pad puts places before and behind x [batch][channels][length], zeros or a reflection;
// negative numbers take places away. Where x is too short to be reflected, zeros are put
// behind it first, and are taken away again.
func pad[F tensor.Float](p *Pass[F], x *autodiff.Var[F], left, right int, reflect bool) *autodiff.Var[F] {
	s := x.Value.Shape
	length := s[2]
	out := left + length + right
	// from[i] is the place of x that place i of y is, -1 for a zero.
	from := make([]int, out)
	mirrored := length
	if reflect {
		mirrored = max(length, max(left, right)+1)
	}
	for i := range from {
		at := i - left
		if reflect {
			if at < 0 {
				at = -at
			} else if at >= mirrored {
				at = 2*(mirrored-1) - at
			}
		}
		if at < 0 || at >= length {
			at = -1
		}
		from[i] = at
	}
	y := p.Tape.Unset(p.Threads, s[0], s[1], out)
	rows := s[0] * s[1]
	for r := range rows {
		to, row := y.Value.Data[r*out:(r+1)*out], x.Value.Data[r*length:(r+1)*length]
		for i, at := range from {
			to[i] = 0
			if at >= 0 {
				to[i] = row[at]
			}
		}
	}
	if x.Grad == nil {
		return y
	}
	p.Tape.Record(func() {
		for r := range rows {
			g, row := y.Grad.Data[r*out:(r+1)*out], x.Grad.Data[r*length:(r+1)*length]
			for i, at := range from {
				if at >= 0 {
					row[at] += g[i]
				}
			}
		}
	})
	return y
}

// normalised is the weight g v/|v| of weight normalisation, where the norm is over all axes
// but the first; v itself where gain is nil.
func normalised[F tensor.Float](p *Pass[F], v, gain *autodiff.Var[F]) *autodiff.Var[F] {
	if gain == nil {
		return v
	}
	w := p.Tape.Unset(1, v.Value.Shape...)
	n := v.Value.Shape[0]
	size := len(v.Value.Data) / n
	norms := make([]float64, n)
	for o := range n {
		row := v.Value.Data[o*size : (o+1)*size]
		sum := 0.0
		for _, x := range row {
			sum += float64(x) * float64(x)
		}
		norms[o] = math.Sqrt(sum)
		scale := F(float64(gain.Value.Data[o]) / norms[o])
		for i, x := range row {
			w.Value.Data[o*size+i] = scale * x
		}
	}
	p.Tape.Record(func() {
		for o := range n {
			row, gw := v.Value.Data[o*size:(o+1)*size], w.Grad.Data[o*size:(o+1)*size]
			along := 0.0 // ⟨gw, v⟩/|v|
			for i, x := range row {
				along += float64(gw[i]) * float64(x)
			}
			along /= norms[o]
			if gain.Grad != nil {
				gain.Grad.Data[o] += F(along)
			}
			if v.Grad != nil {
				g := float64(gain.Value.Data[o]) / norms[o]
				for i, x := range row {
					v.Grad.Data[o*size+i] += F(g * (float64(gw[i]) - along*float64(x)/norms[o]))
				}
			}
		}
	})
	return w
}

// lstm is y = x + LSTM(…LSTM(x)).
type lstm[F tensor.Float] struct {
	layers []autodiff.RecurrentWeights[F]
}

func (l lstm[F]) forward(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	h := turned(p, x, true)
	for _, w := range l.layers {
		h, _, _ = autodiff.LSTM(p.Tape, p.Threads, h, w, nil, nil, 0)
	}
	return autodiff.Plus(p.Tape, p.Threads, x, turned(p, h, false))
}

// turned is x [batch][channels][length] as [length][batch][channels], or back.
func turned[F tensor.Float](p *Pass[F], x *autodiff.Var[F], there bool) *autodiff.Var[F] {
	s := x.Value.Shape
	a, b, c := s[0], s[1], s[2] // batch, channels, length
	shape := []int{c, a, b}
	if !there {
		a, b, c = s[1], s[2], s[0]
		shape = []int{a, b, c}
	}
	y := p.Tape.Unset(p.Threads, shape...)
	move := func(to, from []F, add bool, forth bool) {
		for i := range a {
			for j := range b {
				for k := range c {
					ours, theirs := (i*b+j)*c+k, (k*a+i)*b+j
					if forth {
						ours, theirs = theirs, ours
					}
					// ours indexes to, theirs from.
					if add {
						to[ours] += from[theirs]
					} else {
						to[ours] = from[theirs]
					}
				}
			}
		}
	}
	move(y.Value.Data, x.Value.Data, false, there)
	if x.Grad == nil {
		return y
	}
	p.Tape.Record(func() { move(x.Grad.Data, y.Grad.Data, true, !there) })
	return y
}

// builder makes layers and draws their initial weights: uniform within ±1/√fan-in, biases
// too, as torch.nn does.
type builder[F tensor.Float] struct {
	parameters []Parameter[F]
	random     *rand.Rand
	norm       bool
	causal     bool
	reflect    bool

	counting bool // nothing is made; counted is how many numbers there would be
	counted  int64
}

func (b *builder[F]) parameter(name, doc string, bound float64, shape ...int) *autodiff.Var[F] {
	if b.counting {
		n := int64(1)
		for _, d := range shape {
			n *= int64(d)
		}
		b.counted += n
		return &autodiff.Var[F]{Value: &tensor.Dense[F]{Shape: shape}}
	}
	v := autodiff.NewVar(tensor.New[F](shape...))
	for i := range v.Value.Data {
		v.Value.Data[i] = F(bound * b.draw())
	}
	b.parameters = append(b.parameters, Parameter[F]{name, doc, v})
	return v
}

// draw is uniform in [-1, 1).
func (b *builder[F]) draw() float64 {
	if b.counting {
		return 0
	}
	return 2*b.random.Float64() - 1
}

func (b *builder[F]) gain(name string, v *autodiff.Var[F]) *autodiff.Var[F] {
	if !b.norm {
		return nil
	}
	n := v.Value.Shape[0]
	size := len(v.Value.Data) / n
	g := b.parameter(name+".gain", "length of each first-axis slice of the weights", 0, n)
	if b.counting {
		return g
	}
	for o := range n {
		sum := 0.0
		for _, x := range v.Value.Data[o*size : (o+1)*size] {
			sum += float64(x) * float64(x)
		}
		g.Value.Data[o] = F(math.Sqrt(sum))
	}
	return g
}

func (b *builder[F]) conv(name string, in, out, taps, stride, dilation int) layer[F] {
	bound := 1 / math.Sqrt(float64(in*taps))
	w := b.parameter(name+".weights", "[out][in][taps]", bound, out, in, taps)
	return &conv[F]{weights: w, bias: b.parameter(name+".bias", "[out]", bound, out), gain: b.gain(name, w),
		stride: stride, dilation: dilation, causal: b.causal, reflect: b.reflect}
}

func (b *builder[F]) transposed(name string, in, out, taps, stride int) layer[F] {
	bound := 1 / math.Sqrt(float64(out*taps))
	w := b.parameter(name+".weights", "[in][out][taps]", bound, in, out, taps)
	return &transposed[F]{weights: w, bias: b.parameter(name+".bias", "[out]", bound, out), gain: b.gain(name, w), stride: stride, causal: b.causal}
}

func (b *builder[F]) lstm(name string, width, layers int) layer[F] {
	bound := 1 / math.Sqrt(float64(width))
	var l lstm[F]
	for i := range layers {
		at := name + "." + string(rune('0'+i))
		l.layers = append(l.layers, autodiff.RecurrentWeights[F]{
			Input:      b.parameter(at+".input", "[gates · hidden][in], gates i, f, g, o", bound, 4*width, width),
			Hidden:     b.parameter(at+".hidden", "[gates · hidden][hidden]", bound, 4*width, width),
			InputBias:  b.parameter(at+".input_bias", "[gates · hidden]", bound, 4*width),
			HiddenBias: b.parameter(at+".hidden_bias", "[gates · hidden]", bound, 4*width)})
	}
	return l
}

// residualUnit is y = skip(x) + conv1(ELU(conv(ELU(x)))), narrower in between.
func (b *builder[F]) residualUnit(name string, width, compress, taps, dilation int, trueSkip bool) layer[F] {
	inner := max(1, width/compress)
	r := residual[F]{body: chain[F]{elu[F]{}, b.conv(name+".inner", width, inner, taps, 1, dilation), elu[F]{}, b.conv(name+".outer", inner, width, 1, 1, 1)}}
	if !trueSkip {
		r.skip = chain[F]{b.conv(name+".skip", width, width, 1, 1, 1)}
	}
	return r
}
