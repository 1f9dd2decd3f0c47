package ttfsgrad

import (
	"math"

	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// WindowRule says how long windows are in training (2306.08744, method, sections 7.3 and
// 7.5).
type WindowRule int

const (
	// Adaptive windows grow after each step, by GrowWindows. Thresholds are not
	// bound to them: the batch that finds a window too short is computed as if it
	// were long enough.
	Adaptive WindowRule = iota
	// Frozen windows stay as the network has them. With these and those below,
	// neurons that would fire before their window fire at its start.
	Frozen
	// Scaled windows are (1 + ζ) X_n, with X_n the greatest value of the layer on
	// the calibration images.
	Scaled
	// Quantile windows are that quantile of the positive values of the layer.
	Quantile
)

// Windows is a rule with its numbers.
type Windows struct {
	Rule   WindowRule
	Value  float64 // γ, ζ or the quantile
	Images int     // of the training split that measure scaled windows and quantiles
}

// GrowWindows lengthens the windows, from what the last batch did, in the order of
// the layers (section 7.3 of the method):
//
//	B_n ← max(B_n, γ·(t_max - min t_i))
//
// so they only grow and stay γ times as long as the greatest value seen.
func (n *Network[F]) GrowWindows(gamma float64) {
	n.eachWindow(func(stage int, s *ttfs.Neurons[F]) {
		s.Window = max(s.Window, gamma*n.layers[stage].activity.Earliest)
	})
}

// eachWindow calls f for the neurons whose window is not part of what they compute.
func (n *Network[F]) eachWindow(f func(stage int, s *ttfs.Neurons[F])) {
	for i, stage := range n.Spiking.Stages {
		if s, ok := stage.(*ttfs.Neurons[F]); ok && !s.Clipped {
			f(i, s)
		}
	}
}

// leastWindow is the window of a layer that is silent on all calibration images.
const leastWindow = 1e-3

// calibrate sets scaled windows and quantiles, unless that has been done.
func (t *Trainer[F]) calibrate() error {
	if t.calibrated || t.Windows.Rule != Scaled && t.Windows.Rule != Quantile {
		return nil
	}
	greatest := make([]float64, len(t.Network.layers))
	err := t.eachCalibrationBatch(func() {
		t.Network.eachWindow(func(stage int, _ *ttfs.Neurons[F]) {
			greatest[stage] = max(greatest[stage], t.Network.layers[stage].activity.Earliest)
		})
	}, nil)
	if err != nil {
		return err
	}
	lengths := make([]float64, len(greatest))
	for i, x := range greatest {
		lengths[i] = (1 + t.Windows.Value) * x
	}
	if t.Windows.Rule == Quantile {
		if lengths, err = t.quantiles(greatest); err != nil {
			return err
		}
	}
	t.Network.eachWindow(func(stage int, s *ttfs.Neurons[F]) { s.Window = max(leastWindow, lengths[stage]) })
	t.calibrated = true
	return nil
}

// bins is how finely quantiles are told apart: their number is a memory bound that no
// sample exceeds.
const bins = 1 << 16

// quantiles counts the positive values of each layer in bins up to the greatest.
func (t *Trainer[F]) quantiles(greatest []float64) ([]float64, error) {
	counts := make([][]int64, len(greatest))
	totals := make([]int64, len(greatest))
	t.Network.eachWindow(func(stage int, _ *ttfs.Neurons[F]) { counts[stage] = make([]int64, bins) })
	err := t.eachCalibrationBatch(func() {}, func(stage int, x []F) {
		if counts[stage] == nil {
			return
		}
		for _, v := range x {
			if v > 0 {
				counts[stage][min(bins-1, int(float64(v)/greatest[stage]*bins))]++
				totals[stage]++
			}
		}
	})
	lengths := make([]float64, len(greatest))
	for stage, c := range counts {
		wanted, seen := int64(math.Ceil(t.Windows.Value*float64(totals[stage]))), int64(0)
		for bin := range c {
			if seen += c[bin]; seen >= wanted {
				lengths[stage] = greatest[stage] * float64(bin+1) / bins
				break
			}
		}
	}
	return lengths, err
}

// eachCalibrationBatch runs the calibration images without defects or bounds.
func (t *Trainer[F]) eachCalibrationBatch(done func(), observe func(stage int, x []F)) error {
	images := min(t.Windows.Images, t.Source.Size("train"))
	t.Network.observe = observe
	defer func() { t.Network.observe = nil }()
	return t.infer(func() error {
		for first := 0; first < images; first += evaluationBatch {
			if err := t.Source.Evaluate(&t.batch, "train", first, min(evaluationBatch, images-first)); err != nil {
				return err
			}
			t.code()
			t.tape.Reset()
			t.Network.Forward(&t.tape, t.coded, t.batch.Trials, &Pass{})
			done()
		}
		return nil
	})
}
