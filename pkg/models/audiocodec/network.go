package audiocodec

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Network is a model.
type Network[F tensor.Float] struct {
	Spec       Spec
	Parameters []Parameter[F] // of encoder, bottleneck and decoder, in a fixed order

	Running autodiff.Statistics[F] // of BN, for evaluation
	Front   autodiff.Statistics[F] // with MDCT.Noise: of the loudness of each coefficient, which the encoder and the decoder are normalised by
	Vectors *RVQ[F]                // nil where the quantiser is binary

	encoder, decoder chain[F]
	scale, shift     *autodiff.Var[F] // γ and β
	mdct             *transform[F]    // nil for SEANet
}

const bnEpsilon = 1e-5

// New draws a model. The spec must be right, see Spec.Check.
func New[F tensor.Float](s Spec, seed uint64) *Network[F] {
	n := &Network[F]{Spec: s}
	b := &builder[F]{random: rng.Stream(seed, "audiocodec weights", 0, 0)}
	if s.Front == "mdct" {
		n.buildMDCT(b)
	} else {
		n.buildSEANet(b)
	}
	n.Parameters = b.parameters
	if s.Quantiser == "rvq" {
		n.Vectors = NewRVQ[F](s.Stages, s.Entries, s.Units)
	}
	return n
}

func (n *Network[F]) buildMDCT(b *builder[F]) {
	m := n.Spec.MDCT
	if !b.counting {
		n.mdct = newTransform[F](m.Hop, m.Noise)
		if m.Noise {
			n.Front = autodiff.NewStatistics[F](m.Hop)
		}
	}
	n.encoder = chain[F]{b.conv("encoder.first", m.Hop, m.Channels, 5, 1, 1)}
	for i := range m.EncoderResiduals {
		n.encoder = append(n.encoder, b.residualUnit(fmt.Sprintf("encoder.residual%d", i), m.Channels, 2, 3, 1, true))
	}
	n.encoder = append(n.encoder, elu[F]{})
	n.bottleneck(b, m.Channels)
	n.decoder = chain[F]{b.conv("decoder.first", n.Spec.Units, m.Channels, 7, 1, 1)}
	for i := range m.DecoderResiduals {
		n.decoder = append(n.decoder, b.residualUnit(fmt.Sprintf("decoder.residual%d", i), m.Channels, 2, 3, 1, true))
	}
	n.decoder = append(n.decoder, elu[F]{}, b.conv("decoder.last", m.Channels, m.Hop, 5, 1, 1))
}

func (n *Network[F]) buildSEANet(b *builder[F]) {
	s := n.Spec.SEANet
	b.norm, b.causal, b.reflect = s.WeightNorm, s.Causal, s.Padding == "reflect"
	unit := func(name string, width, j int) layer[F] {
		dilation := 1
		for range j {
			dilation *= s.DilationBase
		}
		return b.residualUnit(fmt.Sprintf("%s.residual%d", name, j), width, s.Compress, s.ResidualKernel, dilation, s.TrueSkip)
	}
	levels := len(s.Ratios)
	n.encoder = chain[F]{b.conv("encoder.first", 1, s.Widths[0], s.Kernel, 1, 1)}
	for i := range levels {
		ratio := s.Ratios[levels-1-i]
		for j := range s.Residuals {
			n.encoder = append(n.encoder, unit(fmt.Sprintf("encoder.level%d", i), s.Widths[i], j))
		}
		n.encoder = append(n.encoder, elu[F]{}, b.conv(fmt.Sprintf("encoder.down%d", i), s.Widths[i], s.Widths[i+1], 2*ratio, ratio, 1))
	}
	widest := s.Widths[levels]
	if s.LSTMLayers > 0 {
		n.encoder = append(n.encoder, b.lstm("encoder.lstm", widest, s.LSTMLayers))
	}
	n.encoder = append(n.encoder, elu[F]{}, b.conv("encoder.last", widest, s.Dimension, s.Kernel, 1, 1))
	n.bottleneck(b, s.Dimension)
	n.decoder = chain[F]{b.conv("decoder.first", n.Spec.Units, widest, s.Kernel, 1, 1)}
	if s.LSTMLayers > 0 {
		n.decoder = append(n.decoder, b.lstm("decoder.lstm", widest, s.LSTMLayers))
	}
	for i, ratio := range s.Ratios {
		width := s.Widths[levels-1-i]
		n.decoder = append(n.decoder, elu[F]{}, b.transposed(fmt.Sprintf("decoder.up%d", i), s.Widths[levels-i], width, 2*ratio, ratio))
		for j := range s.Residuals {
			n.decoder = append(n.decoder, unit(fmt.Sprintf("decoder.level%d", i), width, j))
		}
	}
	n.decoder = append(n.decoder, elu[F]{}, b.conv("decoder.last", s.Widths[0], 1, s.Kernel, 1, 1))
}

// bottleneck adds L, whose bias BN would take away again, and BN. A vector quantiser has
// L with its bias, and no BN.
func (n *Network[F]) bottleneck(b *builder[F], in int) {
	bound := 1 / math.Sqrt(float64(in))
	l := &conv[F]{weights: b.parameter("bottleneck.linear.weights", "[out][in][taps]", bound, n.Spec.Units, in, 1), stride: 1, dilation: 1}
	if n.Spec.Quantiser == "rvq" {
		l.bias = b.parameter("bottleneck.linear.bias", "[out]", bound, n.Spec.Units)
	} else {
		for range n.Spec.Units {
			b.draw() // of a bias, so that both quantisers begin with the same decoder
		}
		n.scale = b.parameter("bottleneck.scale", "γ of BN", 0, n.Spec.Units)
		n.shift = b.parameter("bottleneck.shift", "β of BN", 0, n.Spec.Units)
		for i := range n.scale.Value.Data { // none while counting
			n.scale.Value.Data[i], n.shift.Value.Data[i] = 1, F(n.Spec.BetaInit)
		}
		n.Running = autodiff.NewStatistics[F](n.Spec.Units)
	}
	n.encoder = append(n.encoder, l)
}

// Padded is how many samples Encode takes for so many frames.
func (n *Network[F]) Padded(frames int) int {
	if n.mdct != nil {
		return (frames + 1) * n.Spec.Hop()
	}
	return frames * n.Spec.Hop()
}

// Encode gives l [batch][N][T], or the vectors that RVQ quantises, of x [batch][samples]. Of
// the lapped transform, x begins Spec.Lead samples before the first frame's hop and has
// Padded(T) samples.
func (n *Network[F]) Encode(p *Pass[F], x *autodiff.Var[F]) *autodiff.Var[F] {
	var h *autodiff.Var[F]
	if n.mdct != nil {
		h = &autodiff.Var[F]{Value: n.mdct.forward(p.Tape, p.Threads, x).Value} // nobody asks for its gradient
		if n.Front.Mean != nil {
			p.Heard = h
			h = n.normalised(p, h)
		}
	} else {
		h = &autodiff.Var[F]{Value: &tensor.Dense[F]{Shape: []int{x.Value.Shape[0], 1, x.Value.Shape[1]}, Data: x.Value.Data}}
	}
	a := n.encoder.forward(p, h)
	if n.Spec.Quantiser == "rvq" {
		return a
	}
	if !p.Training {
		return autodiff.BatchNormEvaluate(p.Tape, p.Threads, a, n.scale, n.shift, n.Running, bnEpsilon)
	}
	l, batch := autodiff.BatchNorm(p.Tape, p.Threads, a, n.scale, n.shift, bnEpsilon)
	n.Running.Average(batch, F(n.Spec.Momentum))
	return l
}

// normalised is what the encoder takes of the loudness h [batch][M][frames]: u[k] = (h[k] - μ[k])/σ[k], less their mean over the
// coefficients of a frame, plus that mean divided by √M. Loud and quiet frames would differ by that mean more than
// by all else, and units would begin as copies of each other. In training μ and σ follow h first.
func (n *Network[F]) normalised(p *Pass[F], h *autodiff.Var[F]) *autodiff.Var[F] {
	s := h.Value.Shape
	batch, channels, frames := s[0], s[1], s[2]
	row := func(x *autodiff.Var[F], b, c int) []F { return x.Value.Data[(b*channels+c)*frames:][:frames] }
	if p.Training {
		now := autodiff.NewStatistics[F](channels)
		count := float64(batch * frames)
		parallel.For(p.Threads, channels, func(_, c int) {
			sum, squares := 0.0, 0.0
			for b := range batch {
				s, _ := kernel.CentredSums(row(h, b, c), 0)
				sum += s
			}
			mean := F(sum / count)
			for b := range batch {
				_, q := kernel.CentredSums(row(h, b, c), mean)
				squares += q
			}
			now.Mean[c], now.Variance[c] = mean, F(squares/count)
		})
		momentum := F(n.Spec.Momentum)
		if fresh(n.Front) {
			momentum = 1
		}
		n.Front.Average(now, momentum)
	}
	u := p.Tape.Unset(p.Threads, s...)
	root := F(math.Sqrt(float64(channels)))
	parallel.For(p.Threads, batch, func(_, b int) {
		means := make([]F, frames)
		for c := range channels {
			to := row(u, b, c)
			kernel.Affine(to, row(h, b, c), n.Front.Mean[c], 1/deviation(n.Front, c), 0)
			for t, v := range to {
				means[t] += v / F(channels)
			}
		}
		for c := range channels {
			to := row(u, b, c)
			for t, mean := range means {
				to[t] += mean/root - mean
			}
		}
	})
	return &autodiff.Var[F]{Value: u.Value}
}

// fresh reports whether running averages have not followed anything yet.
func fresh[F tensor.Float](s autodiff.Statistics[F]) bool {
	for c, v := range s.Variance {
		if v != 1 || s.Mean[c] != 0 {
			return false
		}
	}
	return true
}

// deviation is σ of a channel.
func deviation[F tensor.Float](s autodiff.Statistics[F], c int) F {
	return F(math.Sqrt(float64(s.Variance[c]) + bnEpsilon))
}

// Decode gives the sound [batch][Padded(T)] of z [batch][N][T]; of the lapped transform its first and
// last hop lack what frames before and behind would add.
func (n *Network[F]) Decode(p *Pass[F], z *autodiff.Var[F]) *autodiff.Var[F] {
	y := n.decoder.forward(p, z)
	switch {
	case n.mdct == nil:
	case n.Front.Mean != nil:
		p.Said = n.mdct.gains(p, y, n.Front)
		return n.mdct.noise(p, p.Said)
	default:
		return n.mdct.inverse(p, y)
	}
	s := y.Value.Shape
	flat := &autodiff.Var[F]{Value: &tensor.Dense[F]{Shape: []int{s[0], s[2]}, Data: y.Value.Data}}
	if y.Grad != nil {
		flat.Grad = &tensor.Dense[F]{Shape: flat.Value.Shape, Data: y.Grad.Data}
	}
	return flat
}

// Count is the number of trainable parameters.
func (n *Network[F]) Count() int {
	count := 0
	for _, p := range n.Parameters {
		count += len(p.Value.Data)
	}
	return count
}

// Halo is how many frames on either side of a frame its code, and its sound, depend on: no
// more than that. It is not for models with an LSTM, which has no end.
func (n *Network[F]) Halo() (encoder, decoder int) {
	s := &n.Spec
	if s.Front == "mdct" {
		return 2 + s.MDCT.EncoderResiduals, 3 + s.MDCT.DecoderResiduals + 2 + 1
	}
	// Radius in samples, of the encoder from the input on, of the decoder likewise.
	kernel := func(taps, dilation int) int { return (taps - 1) * dilation }
	units := func() int {
		sum, dilation := 0, 1
		for range s.SEANet.Residuals {
			sum += kernel(s.SEANet.ResidualKernel, dilation)
			dilation *= s.SEANet.DilationBase
		}
		return sum
	}
	reach, step := kernel(s.SEANet.Kernel, 1), 1
	for _, ratio := range slices.Backward(s.SEANet.Ratios) {
		reach += units() * step
		reach += kernel(2*ratio, 1) * step
		step *= ratio
	}
	ends := kernel(s.SEANet.Kernel, 1) * step
	frames := func(reach int) int { return (reach + step - 1) / step }
	return frames(reach + ends), frames(reach+ends) + len(s.SEANet.Ratios)
}

// Recurrent reports whether the model has an LSTM.
func (n *Network[F]) Recurrent() bool {
	return n.Spec.Front == "seanet" && n.Spec.SEANet.LSTMLayers > 0
}

// State gives the arrays that are not moved by gradients: the running averages of BN, the
// codebooks of the vector quantiser. They are the model's own memory.
func (n *Network[F]) State() []checkpoint.Tensor {
	units := []int{n.Spec.Units}
	var all []checkpoint.Tensor
	if n.Running.Mean != nil {
		all = append(all, checkpoint.Tensor{Name: "bottleneck.mean", Shape: units, Data: n.Running.Mean, Unit: "1", Doc: "running mean of BN"},
			checkpoint.Tensor{Name: "bottleneck.variance", Shape: units, Data: n.Running.Variance, Unit: "1", Doc: "running variance of BN"})
	}
	if n.Front.Mean != nil {
		channels := []int{len(n.Front.Mean)}
		all = append(all, checkpoint.Tensor{Name: "front.mean", Shape: channels, Data: n.Front.Mean, Unit: "1", Doc: "running mean of the loudness of each coefficient"},
			checkpoint.Tensor{Name: "front.variance", Shape: channels, Data: n.Front.Variance, Unit: "1", Doc: "running variance of the loudness of each coefficient"})
	}
	if v := n.Vectors; v != nil {
		counts, vectors := []int{v.Stages, v.Entries}, []int{v.Stages, v.Entries, v.Dimension}
		all = append(all, checkpoint.Tensor{Name: "rvq.codes", Shape: vectors, Data: v.Codes, Unit: "1", Doc: "entries of the codebooks"},
			checkpoint.Tensor{Name: "rvq.counts", Shape: counts, Data: v.Counts, Unit: "1", Doc: "average count of vectors of each entry"},
			checkpoint.Tensor{Name: "rvq.sums", Shape: vectors, Data: v.Sums, Unit: "1", Doc: "average sum of the vectors of each entry"},
			checkpoint.Tensor{Name: "rvq.ready", Shape: []int{1}, Data: v.Ready, Unit: "1", Doc: "1 after the first batch has set the codebooks"})
	}
	return all
}
