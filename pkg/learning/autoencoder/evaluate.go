package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/metrics/sound"
)

// Coded is a piece, its code and its sound after decoding.
type Coded struct {
	Piece *audio.Piece
	Code  *eventcode.Matrix
	Sound []float32
}

// priorSeconds is how much of the training pieces the entropy tables are learned from.
const priorSeconds = 1200

// Evaluate codes the pieces of a split, so many of them, 0 for all: distances of the
// sound, and the bits a second that the code takes in each storage format.
func (t *Trainer[F]) Evaluate(split string, pieces int) (map[string]float64, error) {
	coded, err := t.Code(split, pieces)
	if err != nil {
		return nil, err
	}
	return t.Measure(split, coded)
}

// Measure is Evaluate of what was coded. The range coder of the test begins with the entropy
// tables of the training codes.
func (t *Trainer[F]) Measure(split string, coded []Coded) (m map[string]float64, err error) {
	m = t.fidelity(coded)
	var prior *eventcode.Prior
	if split == "test" && t.Net.Spec.Bits() <= eventcode.MostRangeUnits {
		if prior, err = t.Prior(); err != nil {
			return nil, err
		}
	}
	for name, kbps := range t.rates(coded, prior) {
		m["kbps_"+name] = kbps
	}
	m["density"], m["silent_units"], m["copies"] = activity(coded)
	return m, nil
}

// Code codes pieces of a split, 0 for all.
func (t *Trainer[F]) Code(split string, pieces int) ([]Coded, error) {
	return t.codeAbove(split, pieces, 0)
}

// codeAbove is Code with events rarer by a part, see audiocodec.Spec.Threshold; of a nested residual vector quantiser with fewer stages.
func (t *Trainer[F]) codeAbove(split string, pieces int, part float64) ([]Coded, error) {
	all := t.Corpus.Pieces[split]
	if pieces > 0 {
		all = all[:min(pieces, len(all))]
	}
	if v := t.Net.Vectors; v != nil && t.Net.Spec.Nested {
		v.Used = max(1, int(math.Ceil((1-part)*float64(v.Stages))))
		defer func() { v.Used = 0 }()
	}
	var coded []Coded
	for _, p := range all {
		code, err := t.Net.EncodeAll(t.Threads, numbers[F](p.Samples), part)
		if err != nil {
			return nil, err
		}
		y, err := t.Net.DecodeAll(t.Threads, code, len(p.Samples))
		if err != nil {
			return nil, err
		}
		coded = append(coded, Coded{p, code, numbers[float32](y)})
	}
	return coded, nil
}

func numbers[G, F tensor.Float](x []F) []G {
	if same, ok := any(x).([]G); ok {
		return same
	}
	y := make([]G, len(x))
	for i, v := range x {
		y[i] = G(v)
	}
	return y
}

// Prior learns the entropy tables of the model from the codes of training pieces.
func (t *Trainer[F]) Prior() (*eventcode.Prior, error) {
	var codes []*eventcode.Matrix
	seconds := 0.0
	for _, p := range t.Corpus.Pieces["train"] {
		if seconds > priorSeconds {
			break
		}
		seconds += float64(len(p.Samples)) / float64(t.Corpus.Rate)
		code, err := t.Net.EncodeAll(t.Threads, numbers[F](p.Samples), 0)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return eventcode.Train(t.Net.Spec.Bits(), codes), nil
}

// fidelity are the means over pieces of the distances of section 8, and of the loss, each piece by
// its length.
func (t *Trainer[F]) fidelity(coded []Coded) map[string]float64 {
	m := map[string]float64{}
	total, heard := 0.0, 0.0
	for _, c := range coded {
		x, y := c.Piece.Samples, c.Sound
		w := float64(len(x))
		total += w
		m["reconstruction"] += w * t.reconstruction(x, y)
		m["si_snr"] += w * sound.SISNR(x, y, t.Corpus.Rate)
		m["snr"] += w * sound.SNR(x, y)
		m["log_mel"] += w * sound.LogMel(x, y, t.Corpus.Rate, sound.QuickBands())
		m["stft"] += w * sound.Spectra(x, y)
		if f := sound.OnsetF1(x, y, t.Corpus.Rate); f == f { //nolint:staticcheck // false for NaN only
			m["onset_f1"] += w * f
			heard += w
		}
	}
	for name := range m {
		m[name] /= total
	}
	if heard > 0 { // pieces without onsets have no F
		m["onset_f1"] *= total / heard
	}
	return m
}

// reconstruction is L_x of a piece, in segments of the length of the training's.
func (t *Trainer[F]) reconstruction(x, y []float32) float64 {
	var tape autodiff.Tape[F]
	sum, count := 0.0, 0
	for at := 0; at+t.Segment <= len(x); at += t.Segment {
		segment := func(x []float32) *autodiff.Var[F] {
			return autodiff.Constant(&tensor.Dense[F]{Shape: []int{1, t.Segment}, Data: numbers[F](x[at : at+t.Segment])})
		}
		tape.Reset()
		sum += float64(t.loss.loss(&tape, segment(x), segment(y)).Value.Data[0])
		count++
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}

// Chunks cuts a code into chunks of so many frames.
func Chunks(m *eventcode.Matrix, frames int) []*eventcode.Matrix {
	var all []*eventcode.Matrix
	for from := 0; from < m.Frames(); from += frames {
		c := eventcode.NewMatrix(min(frames, m.Frames()-from), m.Units())
		for cell := range m.Events {
			if t := cell/m.Units() - from; t >= 0 && t < c.Frames() {
				c.Set(t, cell%m.Units())
			}
		}
		all = append(all, c)
	}
	return all
}

// rates are the kbit/s of the codes in each storage format, chunk by chunk, without the
// container. "range" is that of the range coder with the prior, "range_untrained" without one, where there is a prior.
func (t *Trainer[F]) rates(coded []Coded, prior *eventcode.Prior) map[string]float64 {
	bits, frames := map[string]float64{}, 0
	codec := eventcode.NewCodec(t.Net.Spec.Bits(), prior)
	untrained := eventcode.NewCodec(t.Net.Spec.Bits(), nil)
	for _, c := range coded {
		frames += c.Code.Frames()
		for _, chunk := range Chunks(c.Code, max(1, int(t.ChunkS*t.Net.Spec.FrameRate()))) {
			for _, mode := range []eventcode.Mode{eventcode.Dense, eventcode.COO, eventcode.CCS, eventcode.CRS, eventcode.Enumerative, eventcode.Rice} {
				if n, ok := eventcode.Size(chunk, mode); ok {
					bits[mode.String()] += float64(n)
				}
			}
			if p, ok := codec.Encode(chunk, eventcode.Range); ok {
				bits["range"] += float64(p.Bits)
			}
			if prior != nil {
				p, _ := untrained.Encode(chunk, eventcode.Range)
				bits["range_untrained"] += float64(p.Bits)
			}
		}
	}
	kbps := map[string]float64{}
	for name, n := range bits {
		kbps[name] = n / (float64(frames) / t.Net.Spec.FrameRate()) / 1000
	}
	return kbps
}

// copyLimit is the correlation from which on two units are taken for copies.
const copyLimit = 0.95

// activity is the density of the codes, the number of units with an event in less than one of a thousand frames,
// and of the pairs of units whose correlation is above 0.95: a code can be sparse and carry
// nothing (section 12.4).
func activity(coded []Coded) (density, silent, copies float64) {
	units := coded[0].Code.Units()
	single := make([]float64, units)
	joint := make([]float64, units*units)
	frames := 0.0
	for _, c := range coded {
		var now []int
		at := -1
		flush := func() {
			for _, n := range now {
				single[n]++
				for _, o := range now {
					joint[n*units+o]++
				}
			}
			now = now[:0]
		}
		for cell := range c.Code.Events {
			if cell/units != at {
				flush()
				at = cell / units
			}
			now = append(now, cell%units)
		}
		flush()
		frames += float64(c.Code.Frames())
	}
	for n, k := range single {
		density += k / (frames * float64(units))
		if k < leastShare*frames {
			silent++
		}
		for o := range n {
			a, b := k/frames, single[o]/frames
			if v := a * (1 - a) * b * (1 - b); v > 0 && (joint[n*units+o]/frames-a*b)/math.Sqrt(v) > copyLimit {
				copies++
			}
		}
	}
	return density, silent, copies
}

// Point is what a code of some rate is worth.
type Point struct {
	Part          float64 // by which events are rarer, see audiocodec.Spec.Threshold
	Kbps          float64 // of the range coder
	LogMel, SISNR float64
}

// RateDistortion codes the first test piece with rarer and rarer events: what --target-kbps of compress audio
// does.
func (t *Trainer[F]) RateDistortion(parts []float64) ([]Point, error) {
	prior, err := t.Prior()
	if err != nil {
		return nil, err
	}
	var points []Point
	for _, part := range parts {
		coded, err := t.codeAbove("test", 1, part)
		if err != nil {
			return nil, err
		}
		m := t.fidelity(coded)
		points = append(points, Point{part, t.rates(coded, prior)["range"], m["log_mel"], m["si_snr"]})
	}
	return points, nil
}
