package audiocodec

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

func quick(units int) Spec {
	return Spec{Front: "mdct", Rate: 8000, Units: units, Quantiser: "binary", MDCT: QuickMDCT(), BetaInit: -1.2, Momentum: .05}
}

func tiny() Spec {
	s := quick(6)
	s.MDCT = MDCT{Hop: 8, Channels: 10, EncoderResiduals: 1, DecoderResiduals: 1}
	return s
}

func noisy() Spec {
	s := tiny()
	s.MDCT.Noise = true
	return s
}

func seanet(n SEANet, units int) Spec {
	return Spec{Front: "seanet", Rate: 24000, Units: units, Quantiser: "binary", SEANet: n, BetaInit: -1.2, Momentum: .1}
}

// random numbers in a tensor, normal.
func random[F tensor.Float](seed uint64, shape ...int) *tensor.Dense[F] {
	r := rng.Stream(seed, "test", 0, 0)
	d := tensor.New[F](shape...)
	for i := range d.Data {
		d.Data[i] = F(r.NormFloat64())
	}
	return d
}

// The numbers of section 3 and 12.3, without the gains of weight normalisation; the paper's tables count neither L nor BN.
func TestParameterCounts(t *testing.T) {
	full := FullSEANet()
	full.WeightNorm = false
	skip := full
	skip.TrueSkip = true
	for _, c := range []struct {
		name             string
		spec             Spec
		encoder, decoder int
	}{
		{"SEANet", seanet(full, 128), 7_423_472, 7_423_345},
		{"SEANet with identity skips", seanet(skip, 128), 7_335_952, 0},
		{"Q1", quick(64), 123_072 + 2*74_016, 0},
		{"Q2", seanet(SmallSEANet(), 64), 0, 0},
	} {
		net := New[float32](c.spec, 1)
		var encoder, decoder int
		for _, p := range net.Parameters {
			switch {
			case strings.HasPrefix(p.Name, "encoder"):
				encoder += len(p.Value.Data)
			case strings.HasPrefix(p.Name, "decoder"):
				decoder += len(p.Value.Data)
			}
		}
		if c.encoder != 0 && encoder != c.encoder || c.decoder != 0 && decoder != c.decoder {
			t.Errorf("%s: encoder %d, decoder %d; want %d, %d", c.name, encoder, decoder, c.encoder, c.decoder)
		}
		// The method's Q1 has 714,848: 64 more, the bias of L that BN takes away again.
		if c.name == "Q1" && net.Count() != 714_848-64 {
			t.Errorf("Q1 has %d parameters, want %d", net.Count(), 714_848-64)
		}
	}
}

func TestShapes(t *testing.T) {
	small := SEANet{Ratios: []int{8, 5, 4, 2}, Widths: []int{2, 3, 4, 5, 6}, Dimension: 7, Residuals: 2, Kernel: 7, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, LSTMLayers: 1, Causal: true, Padding: "reflect", WeightNorm: true}
	zeros := small
	zeros.Causal, zeros.Padding, zeros.LSTMLayers, zeros.TrueSkip, zeros.WeightNorm = false, "zeros", 0, true, false
	for _, c := range []struct {
		spec    Spec
		samples int
		frames  int
	}{
		{seanet(small, 9), 24000, 75}, {seanet(small, 9), 1, 1}, {seanet(small, 9), 321, 2},
		{seanet(zeros, 9), 3200, 10}, {seanet(zeros, 9), 1, 1}, {seanet(zeros, 9), 319, 1},
		{tiny(), 64, 9}, {tiny(), 1, 2},
	} {
		net := New[float32](c.spec, 1)
		if got := c.spec.Frames(c.samples); got != c.frames {
			t.Errorf("%d samples have %d frames, want %d", c.samples, got, c.frames)
		}
		code, err := net.EncodeAll(2, random[float32](1, c.samples).Data, 0)
		if err != nil || code.Frames() != c.frames || code.Units() != c.spec.Units {
			t.Fatalf("%d samples: a code of %d frames and %d units, error %v", c.samples, code.Frames(), code.Units(), err)
		}
		y, err := net.DecodeAll(1, code, c.samples)
		if err != nil || len(y) != c.samples {
			t.Errorf("%d samples become %d, error %v", c.samples, len(y), err)
		}
	}
}

func TestSurrogateDerivative(t *testing.T) {
	l := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{7}, Data: []float64{-2, -1, -.5, 0, .5, 1, 2}})
	var tape autodiff.Tape[float64]
	z := Heaviside(&tape, l)
	if want := []float64{0, 0, 0, 0, 1, 1, 1}; !slices.Equal(z.Value.Data, want) {
		t.Errorf("H = %v, want %v", z.Value.Data, want)
	}
	tape.Backward(autodiff.Sum(&tape, 1, z, 1./7))
	for i, want := range []float64{0, 0, .5, 1, .5, 0, 0} {
		if got := l.Grad.Data[i]; math.Abs(got-want/7) > 1e-15 {
			t.Errorf("the gradient at %v is %v, want %v", l.Value.Data[i], got, want/7)
		}
	}
	// The soft twin has the same derivative, and it is its own.
	for _, x := range []float64{-1.5, -.7, -.2, .3, .9, 1.2} {
		at := func(x float64) float64 {
			return SoftStep(new(autodiff.Tape[float64]), autodiff.Constant(&tensor.Dense[float64]{Shape: []int{1}, Data: []float64{x}})).Value.Data[0]
		}
		if got := (at(x+1e-6) - at(x-1e-6)) / 2e-6; math.Abs(got-max(0, 1-math.Abs(x))) > 1e-6 {
			t.Errorf("S'(%v) = %v", x, got)
		}
	}
}

func TestLappedTransformGivesTheSoundBack(t *testing.T) {
	const hop, frames = 16, 12
	tr := newTransform[float64](hop, false)
	x := random[float64](1, (frames+1)*hop).Data
	c := make([]float64, hop*frames)
	tr.analyse(tr.basis, c, x)
	y := make([]float64, len(x))
	tr.synthesise(y, c)
	for i := hop; i < frames*hop; i++ { // the ends lack a frame
		if math.Abs(x[i]-y[i]) > 1e-12 {
			t.Fatalf("sample %d is %v, was %v", i, y[i], x[i])
		}
	}
	// By the formula.
	for _, k := range []int{0, 5, 15} {
		want := 0.0
		for n := range 2 * hop {
			want += math.Sqrt(2./hop) * math.Sin(math.Pi/(2*hop)*(float64(n)+.5)) * math.Cos(math.Pi/hop*(float64(n)+.5+hop/2)*(float64(k)+.5)) * x[3*hop+n]
		}
		if got := c[k*frames+3]; math.Abs(got-want) > 1e-12 {
			t.Errorf("coefficient %d is %v, want %v", k, got, want)
		}
	}
	// The analysis is the adjoint of the synthesis: ⟨Ac, x⟩ = ⟨c, A'x⟩.
	d := random[float64](2, hop*frames).Data
	z := make([]float64, len(x))
	tr.synthesise(z, d)
	var left, right float64
	for i := range z {
		left += z[i] * x[i]
	}
	for i := range d {
		right += d[i] * c[i]
	}
	if math.Abs(left-right) > 1e-10 {
		t.Errorf("%v and %v", left, right)
	}
}

// A model of magnitudes hears the loudness of a tone in its coefficient in all frames, whatever its phase there; what it says
// becomes coefficients of that magnitude, with signs that depend on nothing but their place.
func TestMagnitudes(t *testing.T) {
	const hop, frames = 16, 20
	tr := newTransform[float64](hop, true)
	x := tensor.New[float64](1, (frames+1)*hop)
	for i := range x.Data {
		x.Data[i] = .5 * math.Cos(math.Pi/hop*(5+.5)*float64(i)+1) // in the middle of coefficient 5
	}
	tape := &autodiff.Tape[float64]{}
	loud := tr.forward(tape, 1, autodiff.Constant(x)).Value.Data
	for f := range frames {
		if d := loud[5*frames+f] - loud[5*frames]; math.Abs(d) > 3e-3 {
			t.Errorf("frame %d is %v louder than the first", f, d)
		}
		if loud[12*frames+f] > loud[5*frames+f]-3 {
			t.Errorf("coefficient 12 has %v, coefficient 5 %v", loud[12*frames+f], loud[5*frames+f])
		}
	}
	front := autodiff.NewStatistics[float64](hop)
	for k := range hop {
		front.Mean[k], front.Variance[k] = -2, 4
	}
	o := random[float64](3, 2, hop, frames)
	say := func(frame int) (gains, back []float64) {
		p := &Pass[float64]{Tape: &autodiff.Tape[float64]{}, Threads: 2, Frame: frame}
		g := tr.gains(p, autodiff.Constant(o), front)
		sound := tr.noise(p, g).Value.Data
		back = make([]float64, hop*frames)
		tr.analyse(tr.basis, back, sound[:(frames+1)*hop])
		return g.Value.Data, back
	}
	gains, first := say(1000)
	plus := 0
	for k := range hop {
		for f := 1; f < frames-1; f++ { // the ends lack a frame
			at := k*frames + f
			if want := -2 + math.Sqrt(4+bnEpsilon)*o.Data[at]; math.Abs(gains[at]-min(max(want, leastGain), mostGain)) > 1e-12 {
				t.Fatalf("the gain is %v, want %v", gains[at], want)
			}
			if got, want := math.Abs(first[at]), math.Exp(gains[at]); math.Abs(got-want) > 1e-10*(1+want) {
				t.Fatalf("coefficient %d of frame %d has the magnitude %v, want %v", k, f, got, want)
			}
			if first[at] > 0 {
				plus++
			}
		}
	}
	if n := hop * (frames - 2); plus < n/3 || plus > 2*n/3 {
		t.Errorf("%d of %d signs are positive", plus, n)
	}
	_, later := say(1003)
	for k := range hop {
		for f := 4; f < frames-1; f++ {
			if math.Signbit(first[k*frames+f]) != math.Signbit(later[k*frames+f-3]) {
				t.Fatalf("coefficient %d of frame %d has another sign where its frame is counted from another start", k, f)
			}
		}
	}
}

// The averages of the front follow the first batch at once, and later ones slowly.
func TestFrontFollowsTheSound(t *testing.T) {
	spec := noisy()
	net := New[float64](spec, 1)
	encode := func(by float64) {
		x := random[float64](7, 2, net.Padded(9))
		for i := range x.Data {
			x.Data[i] *= by
		}
		net.Encode(&Pass[float64]{Tape: &autodiff.Tape[float64]{}, Threads: 1, Training: true}, autodiff.Constant(x))
	}
	encode(1)
	before := slices.Clone(net.Front.Mean)
	encode(math.E)
	for k, m := range net.Front.Mean {
		if got := (m - before[k]) / spec.Momentum; math.Abs(got-1) > .02 {
			t.Errorf("e times as loud moves the mean of coefficient %d by %v of the momentum", k, got)
		}
	}
}

func TestNestedUnitsHaveNoThreshold(t *testing.T) {
	s := tiny()
	if s.Threshold(2, .3) != .3 {
		t.Error("units of a model that is not nested have other thresholds")
	}
	s.Nested, s.Units = true, 8
	for part, kept := range map[float64]int{0: 8, .125: 7, .5: 4, .99: 1, 1: 0} {
		for u := range 8 {
			if got := s.Threshold(u, part) == 0; got != (u < kept) {
				t.Errorf("without %v of the units, unit %d: %v", part, u, got)
			}
		}
	}
}

// With the soft twin in the place of H, gradients of all parameters are central differences; with
// H the way back is the same code.
func TestGradientsOfAllParameters(t *testing.T) {
	sea := SEANet{Ratios: []int{2, 3}, Widths: []int{4, 5, 6}, Dimension: 4, Residuals: 2, Kernel: 5, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, LSTMLayers: 1, Causal: true, Padding: "reflect", WeightNorm: true}
	open := sea
	open.Causal, open.Padding, open.TrueSkip, open.LSTMLayers = false, "zeros", true, 0
	for name, spec := range map[string]Spec{"mdct": tiny(), "magnitudes": noisy(), "seanet": seanet(sea, 3), "seanet of zeros": seanet(open, 3)} {
		spec.BetaInit, spec.Momentum = 0, 0 // the front's averages would follow each pass
		net := New[float64](spec, 1)
		frames := 6
		x := random[float64](3, 2, net.Padded(frames))
		direction := random[float64](4, 2, net.Padded(frames)).Data
		loss := func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] {
			p := &Pass[float64]{Tape: tape, Threads: 2, Training: true}
			y := net.Decode(p, SoftStep(tape, net.Encode(p, autodiff.Constant(x))))
			sum := tape.Result(1)
			for i, v := range y.Value.Data {
				sum.Value.Data[0] += v * direction[i]
			}
			tape.Record(func() {
				for i, v := range direction {
					y.Grad.Data[i] += v * sum.Grad.Data[0]
				}
			})
			return sum
		}
		var tape autodiff.Tape[float64]
		tape.Backward(loss(&tape))
		for _, p := range net.Parameters {
			worst := 0.0
			norm := 0.0
			for _, g := range p.Grad.Data {
				norm = max(norm, math.Abs(g))
			}
			for i := 0; i < len(p.Value.Data); i += 1 + len(p.Value.Data)/12 {
				at := p.Value.Data[i]
				const h = 1e-5
				p.Value.Data[i] = at + h
				up := loss(new(autodiff.Tape[float64])).Value.Data[0]
				p.Value.Data[i] = at - h
				down := loss(new(autodiff.Tape[float64])).Value.Data[0]
				p.Value.Data[i] = at
				worst = max(worst, math.Abs((up-down)/(2*h)-p.Grad.Data[i]))
			}
			if norm == 0 || worst > 1e-4*norm+1e-9 {
				t.Errorf("%s, %s: the gradients are off by %g, their greatest is %g", name, p.Name, worst, norm)
			}
		}
	}
}

// A long sound in windows, in pieces of any length, is what it is at once, but for rounding.
func TestWindowsGiveWhatTheWholeGives(t *testing.T) {
	sea := SEANet{Ratios: []int{2, 4}, Widths: []int{3, 4, 5}, Dimension: 4, Residuals: 1, Kernel: 7, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, Causal: false, Padding: "zeros", TrueSkip: true}
	causal := sea
	causal.Causal, causal.Padding = true, "reflect"
	for name, spec := range map[string]Spec{"mdct": tiny(), "magnitudes": noisy(), "seanet": seanet(sea, 6), "causal seanet": seanet(causal, 6)} {
		net := New[float64](spec, 1)
		samples := 8*700 + 3
		x := random[float64](5, samples).Data
		frames := spec.Frames(samples)
		padded := x
		if spec.Front == "mdct" {
			padded = make([]float64, net.Padded(frames))
			copy(padded[spec.Lead():], x)
		}
		var tape autodiff.Tape[float64]
		tape.Inference = true
		whole := net.Encode(&Pass[float64]{Tape: &tape, Threads: 1}, autodiff.Constant(&tensor.Dense[float64]{Shape: []int{1, len(padded)}, Data: padded}))
		for _, piece := range []int{samples, 1000, 77} {
			next := 0
			e := &Encoder[float64]{Net: net, Threads: 2, Emit: func(first, count int, l []float64) error {
				if first != next {
					t.Errorf("%s: frames from %d on come after frame %d", name, first, next)
				}
				next = first + count
				for n := range spec.Units {
					for i := range count {
						if got, want := l[n*count+i], whole.Value.Data[n*frames+first+i]; math.Abs(got-want) > 1e-10 {
							t.Errorf("%s, pieces of %d: l of unit %d in frame %d is %v, want %v", name, piece, n, first+i, got, want)
							return nil
						}
					}
				}
				return nil
			}}
			for at := 0; at < samples; at += piece {
				if err := e.Write(x[at:min(at+piece, samples)]); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := e.Close(); err != nil || got != frames || next != frames {
				t.Errorf("%s: %d frames, %d emitted, want %d, error %v", name, got, next, frames, err)
			}
		}
		code, err := net.EncodeAll(1, x, 0)
		if err != nil {
			t.Fatal(err)
		}
		z := tensor.New[float64](1, spec.Units, frames)
		for cell := range code.Events {
			z.Data[cell%spec.Units*frames+cell/spec.Units] = 1
		}
		sound := net.Decode(&Pass[float64]{Tape: &tape, Threads: 1}, autodiff.Constant(z)).Value.Data[spec.Lead():]
		y, err := net.DecodeAll(2, code, samples)
		if err != nil || len(y) != samples {
			t.Fatalf("%s: %d samples, error %v", name, len(y), err)
		}
		for i, v := range y {
			if math.Abs(v-min(max(sound[i], -1), 1)) > 1e-10 {
				t.Errorf("%s: sample %d is %v, want %v", name, i, v, sound[i])
				break
			}
		}
		// From the middle, at a window's beginning.
		start := 2 * Alignment
		var late []float64
		d := &Decoder[float64]{Net: net, Threads: 1, Start: start, Emit: func(y []float64) error {
			late = append(late, y...)
			return nil
		}}
		row := make([]float64, spec.Units)
		for f := start; f < frames; f++ {
			net.Code(row, code, f)
			if err := d.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(samples); err != nil || len(late) != samples-start*spec.Hop() {
			t.Errorf("%s: %d samples from the middle on, error %v", name, len(late), err)
		}
		// Behind what the frames before would have added, it is the same sound.
		_, halo := net.Halo()
		for i := halo * spec.Hop(); i < len(late); i++ {
			if math.Abs(late[i]-y[start*spec.Hop()+i]) > 1e-10 {
				t.Errorf("%s: from the middle on, sample %d is %v, want %v", name, i, late[i], y[start*spec.Hop()+i])
				break
			}
		}
	}
}

func TestRVQ(t *testing.T) {
	// As many entries as points: k-means gives the points.
	points := random[float64](6, 40*3).Data
	codes := make([]float64, 40*3)
	counts := KMeans(1, codes, points, 3, 50, 1, 0)
	for k, n := range counts {
		if n != 1 {
			t.Errorf("entry %d has %d points", k, n)
		}
	}
	index := make([]int32, 40)
	nearest(1, index, points, codes, 3)
	for i, k := range index {
		if !slices.Equal(points[i*3:i*3+3], codes[k*3:k*3+3]) {
			t.Errorf("point %d is none of the entries", i)
		}
	}

	// The error falls with each stage, the commitment loss reaches all stages, and its gradient, with that of the
	// straight-through estimator, is as stated.
	e := autodiff.NewVar(random[float64](7, 2, 4, 50))
	v := NewRVQ[float64](3, 8, 4)
	v.Start(1, e.Value, 1)
	var tape autodiff.Tape[float64]
	p := &Pass[float64]{Tape: &tape, Threads: 1}
	q, commitment := v.Quantise(p, e)
	vectors := 100
	last, mean := math.Inf(1), 0.0
	for stage := range 4 {
		sum := 0.0
		for _, x := range v.residuals[stage*vectors*4 : (stage+1)*vectors*4] {
			sum += x * x
		}
		if sum >= last {
			t.Errorf("after stage %d there is left %v, before it %v", stage, sum, last)
		}
		last = sum
		if stage > 0 {
			mean += sum / float64(3*vectors*4)
		}
	}
	if got := commitment.Value.Data[0]; math.Abs(got-mean) > 1e-12 {
		t.Errorf("commitment %v, want %v", got, mean)
	}
	tape.Backward(autodiff.Add(&tape, commitment, autodiff.Sum(&tape, 1, q, .5)))
	for _, at := range []int{0, 123, 399} {
		b, k, f := at/200, at/50%4, at%50
		want := .5
		for stage := 1; stage <= 3; stage++ {
			want += 2 * v.residuals[(stage*vectors+b*50+f)*4+k] / float64(3*vectors*4)
		}
		if got := e.Grad.Data[at]; math.Abs(got-want) > 1e-12 {
			t.Errorf("gradient %d is %v, want %v", at, got, want)
		}
	}
}

// Entries that nobody uses are put where there are vectors, and live on: most of them are used in the end.
func TestDeadCodesAreRevived(t *testing.T) {
	const entries, d, n = 64, 4, 512
	r := rng.Stream(8, "mixture", 0, 0)
	centres := random[float64](9, entries*d).Data
	v := NewRVQ[float64](1, entries, d)
	for i := range v.Codes {
		v.Codes[i] = 100 // far from all
	}
	used := map[int32]bool{}
	for step := range 300 {
		e := tensor.New[float64](1, d, n)
		for t := range n {
			c := r.IntN(entries)
			for k := range d {
				e.Data[k*n+t] = 10*centres[c*d+k] + .05*r.NormFloat64()
			}
		}
		v.Quantise(&Pass[float64]{Tape: new(autodiff.Tape[float64]), Threads: 1}, autodiff.Constant(e))
		v.Follow(1, step)
		if step >= 280 {
			for _, k := range v.Indices() {
				used[k] = true
			}
		}
	}
	if len(used) < entries*9/10 {
		t.Errorf("%d of %d entries are used", len(used), entries)
	}
}

func TestVectorsSurviveTheirBits(t *testing.T) {
	s := tiny()
	s.Quantiser, s.Stages, s.Entries = "rvq", 3, 16
	net := New[float64](s, 1)
	for i, x := range random[float64](10, len(net.Vectors.Codes)).Data {
		net.Vectors.Codes[i] = x
	}
	if s.Bits() != 12 {
		t.Errorf("%d bits a frame, want 12", s.Bits())
	}
	code, err := net.EncodeAll(1, random[float64](11, 200).Data, 0)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float64, s.Units)
	for f := range code.Frames() {
		net.Code(z, code, f)
		index := make([]int32, s.Stages)
		for q := range index {
			for b := range 4 {
				if code.At(f, q*4+b) {
					index[q] |= 1 << b
				}
			}
		}
		want := net.Vectors.Lookup(index).Data
		for k := range z {
			if math.Abs(z[k]-want[k]) > 1e-12 {
				t.Fatalf("frame %d: %v, want %v", f, z, want)
			}
		}
	}
}

func TestSpecsThatMakeNoModel(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"front":     func(s *Spec) { s.Front = "fft" },
		"units":     func(s *Spec) { s.Units = 0 },
		"quantiser": func(s *Spec) { s.Quantiser = "ternary" },
		"hop":       func(s *Spec) { s.MDCT.Hop = 1 << 20 },
		"rate":      func(s *Spec) { s.Rate = 1 },
		"stages":    func(s *Spec) { s.Quantiser = "rvq" },
		"widths":    func(s *Spec) { s.Front, s.SEANet = "seanet", FullSEANet(); s.SEANet.Widths = nil },
		"padding":   func(s *Spec) { s.Front, s.SEANet = "seanet", FullSEANet(); s.SEANet.Padding = "none" },
	} {
		s := tiny()
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if change(&s); s.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
