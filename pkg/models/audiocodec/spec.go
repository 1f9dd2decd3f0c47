// Package audiocodec is an auto-encoder of sound whose code is a matrix of events
// (arXiv:2402.01571):
//
//	l = BN(L(encoder(x)))        l ∈ R^(N×T)
//	z = H(l)                     z ∈ {0,1}^(N×T), H(l) = 1 for l > 0
//	x̂ = decoder(z)
//
// with the surrogate derivative H'(l) = max(0, 1 - |l|). Encoder and decoder are either the
// convolutional SEANet (section 3 of the method) or, small enough for a CPU, layers of
// convolutions between a lapped transform (MDCT) and its inverse (section 12.3). In place
// of H there may be a residual vector quantiser, which the paper compares with.
package audiocodec

import (
	"encoding/json"

	"github.com/snnctl/snnctl/internal/fault"
)

// Spec is the architecture of a model. Its JSON, with the keys in the order of the
// fields, is part of the model's identity.
type Spec struct {
	Front     string `json:"front"`            // "mdct" or "seanet"
	Rate      int    `json:"rate"`             // Hz of the sound that it takes and gives
	Units     int    `json:"units"`            // N; with "rvq" the dimension of the vectors
	Quantiser string `json:"quantiser"`        // "binary" or "rvq"
	Nested    bool   `json:"nested,omitempty"` // the first units of "binary", or the first stages of "rvq", make a code without the others
	Stages    int    `json:"stages"`           // of "rvq"
	Entries   int    `json:"entries"`          // of each of its codebooks

	MDCT   MDCT   `json:"mdct"`
	SEANet SEANet `json:"seanet"`

	BetaInit float64 `json:"beta_init"` // β of BN at the start: -1.2 gives a density of 0.12
	Momentum float64 `json:"momentum"`  // of BN's running averages
}

// MDCT are the sizes of the model at the frame rate.
type MDCT struct {
	Hop              int `json:"hop"`      // M samples
	Channels         int `json:"channels"` // of all layers
	EncoderResiduals int `json:"encoder_residuals"`
	DecoderResiduals int `json:"decoder_residuals"`

	// Noise makes the model one of magnitudes: the encoder sees how loud each coefficient is, the decoder says so, and
	// signs are left to chance.
	Noise bool `json:"noise,omitempty"`
}

// SEANet are the sizes and choices of section 3.1.
type SEANet struct {
	Ratios         []int  `json:"ratios"`    // of the decoder, in its order; the encoder's are these turned around
	Widths         []int  `json:"widths"`    // channels at each level of the encoder, one more than ratios
	Dimension      int    `json:"dimension"` // of the encoder's output
	Residuals      int    `json:"residuals"` // units a level
	Kernel         int    `json:"kernel"`    // of the first and the last layer
	ResidualKernel int    `json:"residual_kernel"`
	DilationBase   int    `json:"dilation_base"` // of residual unit j: its j-th power
	Compress       int    `json:"compress"`      // residual units are narrower by it
	LSTMLayers     int    `json:"lstm_layers"`
	Causal         bool   `json:"causal"`
	Padding        string `json:"padding"`   // "reflect" or "zeros"
	TrueSkip       bool   `json:"true_skip"` // residual units add their input itself, not a convolution of it
	WeightNorm     bool   `json:"weight_norm"`
}

// FullSEANet is the model of section 3.1.
func FullSEANet() SEANet {
	return SEANet{Ratios: []int{8, 5, 4, 2}, Widths: []int{32, 64, 128, 256, 512}, Dimension: 128, Residuals: 1, Kernel: 7, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, LSTMLayers: 2, Causal: true, Padding: "reflect", WeightNorm: true}
}

// SmallSEANet is Q2 of section 12.3.
func SmallSEANet() SEANet {
	return SEANet{Ratios: []int{2, 4, 4, 4}, Widths: []int{16, 32, 64, 128, 128}, Dimension: 128, Residuals: 1, Kernel: 7, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, Padding: "zeros", TrueSkip: true}
}

// QuickMDCT is Q1 of section 12.3.
func QuickMDCT() MDCT {
	return MDCT{Hop: 128, Channels: 192, EncoderResiduals: 2, DecoderResiduals: 3}
}

// Hop is the number of samples a frame.
func (s *Spec) Hop() int {
	if s.Front == "mdct" {
		return s.MDCT.Hop
	}
	hop := 1
	for _, r := range s.SEANet.Ratios {
		hop *= r
	}
	return hop
}

// FrameRate is f_z in Hz.
func (s *Spec) FrameRate() float64 { return float64(s.Rate) / float64(s.Hop()) }

// Lead is how many samples before the first of the sound the first frame reaches.
func (s *Spec) Lead() int {
	if s.Front == "mdct" {
		return s.MDCT.Hop
	}
	return 0
}

// Frames is T of so many samples: of the lapped transform one frame more.
func (s *Spec) Frames(samples int) int {
	if samples == 0 {
		return 0
	}
	frames := (samples + s.Hop() - 1) / s.Hop()
	if s.Front == "mdct" {
		frames++
	}
	return frames
}

// Bits is how many bits a frame takes densely: N, or stages times ⌈log entries⌉.
func (s *Spec) Bits() int {
	if s.Quantiser == "rvq" {
		bits := 0
		for 1<<bits < s.Entries {
			bits++
		}
		return s.Stages * bits
	}
	return s.Units
}

// Check says what of a spec makes no model; a fault of the input.
func (s *Spec) Check() error {
	within := func(name string, x, least, most int) error {
		if x < least || x > most {
			return fault.Inputf("%s of the model is %d, expected %d to %d", name, x, least, most)
		}
		return nil
	}
	type limit struct {
		name      string
		x, lo, hi int
	}
	limits := []limit{{"rate", s.Rate, 1000, 192000}, {"units", s.Units, 1, 4096}}
	switch s.Front {
	case "mdct":
		m := s.MDCT
		limits = append(limits, limit{"mdct.hop", m.Hop, 2, 4096}, limit{"mdct.channels", m.Channels, 2, 4096},
			limit{"mdct.encoder_residuals", m.EncoderResiduals, 0, 64}, limit{"mdct.decoder_residuals", m.DecoderResiduals, 0, 64})
	case "seanet":
		n := s.SEANet
		if len(n.Ratios) == 0 || len(n.Widths) != len(n.Ratios)+1 {
			return fault.Inputf("the model has %d ratios and %d widths, expected one width more than ratios", len(n.Ratios), len(n.Widths))
		}
		for _, r := range n.Ratios {
			limits = append(limits, limit{"seanet.ratios", r, 1, 64})
		}
		for _, w := range n.Widths {
			limits = append(limits, limit{"seanet.widths", w, 1, 4096})
		}
		limits = append(limits, limit{"seanet.dimension", n.Dimension, 1, 4096}, limit{"seanet.residuals", n.Residuals, 0, 16},
			limit{"seanet.kernel", n.Kernel, 1, 63}, limit{"seanet.residual_kernel", n.ResidualKernel, 1, 63},
			limit{"seanet.dilation_base", n.DilationBase, 1, 8}, limit{"seanet.compress", n.Compress, 1, 64}, limit{"seanet.lstm_layers", n.LSTMLayers, 0, 8},
			limit{"hop", s.Hop(), 2, 4096})
		if n.Padding != "reflect" && n.Padding != "zeros" {
			return fault.Inputf("seanet.padding of the model is %q, expected reflect or zeros", n.Padding)
		}
	default:
		return fault.Inputf("front of the model is %q, expected mdct or seanet", s.Front)
	}
	switch s.Quantiser {
	case "binary":
	case "rvq":
		limits = append(limits, limit{"stages", s.Stages, 1, 64}, limit{"entries", s.Entries, 2, 1 << 16})
	default:
		return fault.Inputf("quantiser of the model is %q, expected binary or rvq", s.Quantiser)
	}
	for _, l := range limits {
		if err := within(l.name, l.x, l.lo, l.hi); err != nil {
			return err
		}
	}
	return nil
}

// JSON is the spec as it stands in files.
func (s *Spec) JSON() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("audiocodec: a spec without JSON: " + err.Error()) // numbers, strings and lists have one
	}
	return string(text)
}
