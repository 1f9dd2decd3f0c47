package config

import "slices"

// AudioCodec is an auto-encoder of sound with a code of events (arXiv:2402.01571, sections 3, 6 and 12.3 of
// the method).
type AudioCodec struct {
	Front     string `yaml:"front" jsonschema:"enum=mdct,enum=seanet" jsonschema_description:"seanet: convolutions of the samples themselves; mdct: convolutions at the frame rate, between a lapped transform and its inverse, for a CPU"`
	Units     int    `yaml:"units" jsonschema:"minimum=1,maximum=4096" jsonschema_description:"N, units with an event or none in each frame; of rvq the dimension of the vectors"`
	Quantiser string `yaml:"quantiser" jsonschema:"enum=binary,enum=rvq" jsonschema_description:"binary: the events; rvq: a residual vector quantiser to compare with, of one stage VQ-VAE"`
	Stages    int    `yaml:"stages" jsonschema:"minimum=1,maximum=64" when:"quantiser=rvq" jsonschema_description:"codebooks"`
	Entries   int    `yaml:"entries" jsonschema:"minimum=2,maximum=65536" when:"quantiser=rvq" jsonschema_description:"of a codebook"`

	Nested     bool    `yaml:"nested" jsonschema_description:"in training the last units have no events, or the last codebooks are not used, a number drawn anew each time: one model for many rates"`
	BetaInit   float64 `yaml:"beta_init" jsonschema:"minimum=-10,maximum=10" when:"quantiser=binary" jsonschema_description:"β of batch normalisation at the start: 0 gives a density of 0.5, -1.2 of 0.12"`
	BNMomentum float64 `yaml:"bn_momentum" jsonschema:"exclusiveMinimum=0,maximum=1" when:"quantiser=binary" jsonschema_description:"of the running averages of batch normalisation"`

	HopSamples       int  `yaml:"hop_samples" jsonschema:"minimum=2,maximum=4096" when:"front=mdct" jsonschema_description:"samples a frame"`
	Channels         int  `yaml:"channels" jsonschema:"minimum=2,maximum=4096" when:"front=mdct" jsonschema_description:"of all layers"`
	EncoderResiduals int  `yaml:"encoder_residuals" jsonschema:"minimum=0,maximum=64" when:"front=mdct" jsonschema_description:"residual units of the encoder"`
	DecoderResiduals int  `yaml:"decoder_residuals" jsonschema:"minimum=0,maximum=64" when:"front=mdct" jsonschema_description:"residual units of the decoder"`
	Noise            bool `yaml:"noise" when:"front=mdct" jsonschema_description:"a model of magnitudes: the encoder sees and the decoder says how loud each coefficient is, and signs are left to chance, so that phases need no bits"`

	Ratios         []int  `yaml:"ratios,omitempty" jsonschema:"minimum=1,maximum=64,minItems=1,maxItems=8" when:"front=seanet" jsonschema_description:"strides of the decoder, in its order; the encoder has them turned around; their product is the samples a frame"`
	Widths         []int  `yaml:"widths,omitempty" jsonschema:"minimum=1,maximum=4096,minItems=2,maxItems=9" when:"front=seanet" jsonschema_description:"channels of the encoder before and after each stride"`
	Dimension      int    `yaml:"dimension" jsonschema:"minimum=1,maximum=4096" when:"front=seanet" jsonschema_description:"channels of the encoder's output"`
	Residuals      int    `yaml:"residuals" jsonschema:"minimum=0,maximum=16" when:"front=seanet" jsonschema_description:"residual units a level"`
	Kernel         int    `yaml:"kernel" jsonschema:"minimum=1,maximum=63" when:"front=seanet" jsonschema_description:"taps of the first and the last layer"`
	ResidualKernel int    `yaml:"residual_kernel" jsonschema:"minimum=1,maximum=63" when:"front=seanet" jsonschema_description:"taps within residual units"`
	DilationBase   int    `yaml:"dilation_base" jsonschema:"minimum=1,maximum=8" when:"front=seanet" jsonschema_description:"the dilation of residual unit j is its j-th power"`
	Compress       int    `yaml:"compress" jsonschema:"minimum=1,maximum=64" when:"front=seanet" jsonschema_description:"residual units are so many times narrower"`
	LSTMLayers     int    `yaml:"lstm_layers" jsonschema:"minimum=0,maximum=8" when:"front=seanet" jsonschema_description:"recurrent layers at the frame rate; a model that compresses files has none"`
	Causal         bool   `yaml:"causal" when:"front=seanet" jsonschema_description:"no sample depends on later ones"`
	Padding        string `yaml:"padding" jsonschema:"enum=reflect,enum=zeros" when:"front=seanet" jsonschema_description:"what lies before and behind the sound"`
	TrueSkip       bool   `yaml:"true_skip" when:"front=seanet" jsonschema_description:"residual units add their input itself, not a convolution of it"`
	WeightNorm     bool   `yaml:"weight_norm" when:"front=seanet" jsonschema_description:"weights are their direction times a learned length"`
}

func (AudioCodec) isModel() {}

// The sizes that the method gives: of SEANet those of section 3.1, of mdct those of
// section 12.3.
func defaultAudioCodec() AudioCodec {
	return AudioCodec{Front: "seanet", Units: 128, Quantiser: "binary", Stages: 4, Entries: 1024, BetaInit: -1.2, BNMomentum: 0.1,
		HopSamples: 128, Channels: 192, EncoderResiduals: 2, DecoderResiduals: 3,
		Ratios: []int{8, 5, 4, 2}, Widths: []int{32, 64, 128, 256, 512}, Dimension: 128, Residuals: 1, Kernel: 7, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, LSTMLayers: 2, Causal: true, Padding: "reflect", WeightNorm: true}
}

func (m AudioCodec) check(e *Experiment, report reporter) {
	hop := m.HopSamples
	if m.Front == "seanet" {
		hop = 1
		for _, r := range m.Ratios {
			hop *= r
		}
		if len(m.Widths) != len(m.Ratios)+1 {
			report("model.widths", "model.widths has %d entries, expected %d: one more than model.ratios", len(m.Widths), len(m.Ratios)+1)
		}
		if hop < 2 || hop > 4096 {
			report("model.ratios", "the product of model.ratios is %d, expected 2 to 4096", hop)
		}
	}
	r, ok := e.Rule.(Autoencoder)
	if !ok {
		return
	}
	if r.SegmentSamples%max(hop, 1) != 0 {
		report("rule.segment_samples", "rule.segment_samples is %d, expected a multiple of the samples a frame (%d)", r.SegmentSamples, hop)
	}
	if m.Quantiser == "rvq" && r.Variant != "free" {
		report("rule.variant", "rule.variant is %s, expected free where model.quantiser is rvq: there are no events", r.Variant)
	}
}

// Autoencoder trains an audio codec end to end (section 4 of the method).
type Autoencoder struct {
	Optimizer      Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule       Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes; it counts iterations"`
	Average        float64   `yaml:"average" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"what is evaluated and exported are averages of the parameters, that follow each step by one less this; 0: the parameters themselves"`
	FinalDecay     float64   `yaml:"final_decay" jsonschema:"minimum=0,maximum=1" jsonschema_description:"in the last such part of the iterations the learning rate falls in a straight line to 5 %; 0: it does not"`
	ClipNorm       float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	SegmentSamples int       `yaml:"segment_samples" jsonschema:"minimum=1024,maximum=10000000" jsonschema_description:"length of the segments of a batch"`

	WaveWeight      float64 `yaml:"wave_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of mean|x - x̂|"`
	MagnitudeWeight float64 `yaml:"magnitude_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of mean|S - Ŝ|/mean(S), S the magnitudes of short-time spectra; the mean over four lengths of window"`
	LogWeight       float64 `yaml:"log_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of mean|log₁₀ S - log₁₀ Ŝ|"`

	MelWeight             float64 `yaml:"mel_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of the log-mel distance at three resolutions, which log_mel measures"`
	AdversarialWeight     float64 `yaml:"adversarial_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of a discriminator's score, -mean D(x̂), which learns along to tell sound from what the decoder makes; 0, and feature_weight 0: no discriminator"`
	FeatureWeight         float64 `yaml:"feature_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of the distance of its feature maps"`
	DiscriminatorWindows  []int   `yaml:"discriminator_windows,omitempty" jsonschema:"minimum=16,maximum=8192,minItems=1,maxItems=8" jsonschema_description:"samples of the windows of the spectra that it sees, powers of two"`
	DiscriminatorChannels int     `yaml:"discriminator_channels" jsonschema:"minimum=1,maximum=1024" jsonschema_description:"of its layers"`
	Balance               float64 `yaml:"balance" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"the gradients of these distances are divided by their mean lengths, which follow the batches by this average, 0.999 in EnCodec, so that weights are shares of the gradient; 0: they are not"`
	GainWeight            float64 `yaml:"gain_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of model.noise: weight of the distance of the logarithms of the magnitudes of coefficients, in decades"`
	EnCodecWeight         float64 `yaml:"encodec_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of EnCodec's distance of mel powers and their logarithms at five resolutions"`

	Variant       string    `yaml:"variant" jsonschema:"enum=free,enum=sparse,enum=mu" jsonschema_description:"free: no penalty on events; sparse: λ mean(z), raised in steps; mu: λ is moved until the rate is target_kbps"`
	Lambda        float64   `yaml:"lambda" jsonschema:"minimum=0,maximum=1000000" when:"variant=sparse|mu" jsonschema_description:"weight of the penalty; of mu at the start"`
	Starts        []float64 `yaml:"starts,omitempty" jsonschema:"minimum=0,maximum=1,minItems=1,maxItems=100" when:"variant=sparse" jsonschema_description:"parts of the iterations, rising, from which on λ has the factors beside them; before the first it is 0"`
	Factors       []float64 `yaml:"factors,omitempty" jsonschema:"minimum=0,maximum=1000000,minItems=1,maxItems=100" when:"variant=sparse" jsonschema_description:"of λ"`
	TargetKbps    float64   `yaml:"target_kbps" jsonschema:"exclusiveMinimum=0,maximum=10000" when:"variant=mu" jsonschema_description:"kbit/s of the storage format below"`
	TargetFormat  string    `yaml:"target_format" jsonschema:"enum=coo,enum=ccs,enum=crs" when:"variant=mu" jsonschema_description:"whose bits an event the target counts"`
	Floor         float64   `yaml:"floor" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"weight of a penalty on units with events in less than one of a thousand frames; 0: none"`
	Decorrelation float64   `yaml:"decorrelation" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"weight of the mean squared correlation of pairs of units, against copies; 0: none"`
	Commitment    float64   `yaml:"commitment" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of rvq: weight of the distance of vectors from their codes"`

	ChunkSeconds float64 `yaml:"chunk_seconds" jsonschema:"minimum=0.1,maximum=60" jsonschema_description:"length of the chunks whose bits are counted, s"`
	Shifts       int     `yaml:"shifts" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"circular shifts in the test whether units choose piano keys; 0: no test"`
}

func (Autoencoder) isRule() {}

func defaultAutoencoder() Autoencoder {
	return Autoencoder{Optimizer: Adam{LearningRate: 3e-4, Beta1: 0.5, Beta2: 0.9, Epsilon: 1e-8}, Schedule: ConstantRate{}, SegmentSamples: 24000,
		WaveWeight: 5, MagnitudeWeight: 2, LogWeight: 1,
		Variant: "sparse", Lambda: 1, Starts: []float64{0.4, 0.6}, Factors: []float64{0.3, 1}, TargetKbps: 2.59, TargetFormat: "crs", Commitment: 1,
		DiscriminatorWindows: []int{1024, 2048, 512}, DiscriminatorChannels: 32, ChunkSeconds: 10, Shifts: 200}
}

func (r Autoencoder) check(_ *Experiment, report reporter) {
	if r.Variant == "sparse" && len(r.Starts) != len(r.Factors) {
		report("rule.factors", "rule.factors has %d entries, expected %d, as rule.starts has", len(r.Factors), len(r.Starts))
	}
	for _, n := range r.DiscriminatorWindows {
		if n&(n-1) != 0 {
			report("rule.discriminator_windows", "rule.discriminator_windows has %d, expected powers of two", n)
		}
		if (r.AdversarialWeight > 0 || r.FeatureWeight > 0) && n > r.SegmentSamples {
			report("rule.discriminator_windows", "rule.discriminator_windows has %d, expected at most rule.segment_samples (%d)", n, r.SegmentSamples)
		}
	}
	if !slices.IsSorted(r.Starts) {
		report("rule.starts", "rule.starts is %v, expected rising numbers", r.Starts)
	}
}
