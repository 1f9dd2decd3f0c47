package ttfsgrad

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/defects"
)

// everything is all defects at once.
var everything = defects.Defects{Jitter: 0.05, TimeBits: 3, WeightBits: 4, WeightLow: -1, WeightHigh: 1, Readout: true, Slope: 0.02}

// outputs are the logits of an example under defects.
func outputs(t *testing.T, spiking *ttfs.Network[float64], threads int, p Pass) []float64 {
	t.Helper()
	n, err := New(spiking, threads)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := batch(spiking, 6)
	logits, _ := n.Forward(new(autodiff.Tape[float64]), x, 6, &p)
	return logits.Value.Data
}

func farthest(a, b []float64) float64 {
	var d float64
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// Each defect moves the logits, by less the smaller it is, and in both forms.
func TestSmallDefectsMoveLogitsLittle(t *testing.T) {
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		for name, spiking := range examples(form) {
			exact := outputs(t, spiking, 1, Pass{Bound: true})
			widest := defects.Defects{WeightLow: -40, WeightHigh: 40, Readout: true}
			for defect, scale := range map[string]func(d *defects.Defects, level int){
				"jitter":      func(d *defects.Defects, level int) { d.Jitter = math.Pow(10, float64(-2-2*level)) },
				"slope":       func(d *defects.Defects, level int) { d.Slope = math.Pow(10, float64(-2-2*level)) },
				"time bits":   func(d *defects.Defects, level int) { d.TimeBits = 4 + 8*level },
				"weight bits": func(d *defects.Defects, level int) { d.WeightBits = 10 + 7*level },
			} {
				last := math.Inf(1)
				for level := range 3 {
					d := widest
					scale(&d, level)
					apart := farthest(outputs(t, spiking, 1, Pass{Bound: true, Defects: d}), exact)
					if apart == 0 || apart > last/4 {
						t.Errorf("%s %s: %s at level %d moves logits by %g, after %g", form, name, defect, level, apart, last)
					}
					last = apart
				}
			}
		}
	}
}

// Noise depends on seed and step, not on threads or on the size of the batch.
func TestNoiseIsAddressed(t *testing.T) {
	spiking := examples(ttfs.B1)["conv, pools, map of biases"]
	p := Pass{Bound: true, Defects: everything, Seed: 3, Step: 5}
	want := outputs(t, spiking, 1, p)
	if !slices.Equal(outputs(t, spiking, 4, p), want) {
		t.Error("four threads give other logits than one")
	}
	for what, other := range map[string]Pass{"seed": {Defects: everything, Seed: 4, Step: 5, Bound: true}, "step": {Defects: everything, Seed: 3, Step: 6, Bound: true}} {
		if slices.Equal(outputs(t, spiking, 1, other), want) {
			t.Errorf("another %s gives the same noise", what)
		}
	}
	n, err := New(spiking, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := batch(spiking, 6)
	p.First = 2
	logits, _ := n.Forward(new(autodiff.Tape[float64]), part(x, 3, 1), 2, &p)
	if d := farthest(logits.Value.Data, part(want, 3, 1)); d > 1e-12 {
		t.Errorf("trials 2 and 3 by themselves have logits %g from those in the batch", d)
	}
}

// TestErrorBoundOfTimeBitsInANetwork: what enters the first layer is off by half a
// step at most, so each value is off by step/2·Σ|W| (section 6.1 of the method).
func TestErrorBoundOfTimeBitsInANetwork(t *testing.T) {
	spiking := examples(ttfs.B1)["dense"]
	n, err := New(spiking, 1)
	if err != nil {
		t.Fatal(err)
	}
	first := spiking.Stages[0].(*ttfs.Neurons[float64])
	x, _ := batch(spiking, 200)
	values := func(d defects.Defects) []float64 {
		v := autodiff.Constant(&tensor.Dense[float64]{Shape: n.batchShape(200, 0), Data: x})
		var tape autodiff.Tape[float64]
		if d.TimeBits != 0 {
			v = roundTimes(&tape, 1, v, 1, d.TimeBits)
		}
		return n.neurons(&tape, 0, first, v, 1, &Pass{Defects: d}).Value.Data
	}
	exact := values(defects.Defects{})
	for bits := 1; bits <= 8; bits++ {
		rounded := values(defects.Defects{TimeBits: bits})
		var used float64
		for i := range exact {
			var sum float64
			for j := range spiking.Input.Size() {
				sum += math.Abs(n.layers[0].weights.Value.Row(j)[i%7])
			}
			bound := sum / (math.Ldexp(1, bits) - 1) / 2
			used = max(used, math.Abs(rounded[i]-exact[i])/bound)
		}
		if used > 1 || used < 0.2 {
			t.Errorf("%d bits: the greatest error is %.2f of its bound", bits, used)
		}
	}
}

// Rounding passes gradients straight through inside its range, and none outside.
func TestRoundingPassesGradients(t *testing.T) {
	x := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{1, 5}, Data: []float64{-0.1, 0, 0.7, 2, 2.1}})
	var tape autodiff.Tape[float64]
	y := roundTimes(&tape, 1, x, 2, 2)
	for i := range y.Grad.Data {
		y.Grad.Data[i] = float64(i + 1)
	}
	tape.Backward(autodiff.NewVar(tensor.New[float64](1)))
	if want := []float64{0, 2, 3, 4, 0}; !slices.Equal(x.Grad.Data, want) {
		t.Errorf("gradients of spike times %v, want %v", x.Grad.Data, want)
	}

	w := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{1, 5}, Data: []float64{-1.1, -1, 0.2, 0.9, 1}})
	y = roundWeights(&tape, 1, w, &defects.Defects{WeightBits: 4, WeightLow: -1, WeightHigh: 1})
	for i := range y.Grad.Data {
		y.Grad.Data[i] = float64(i + 1)
	}
	tape.Backward(autodiff.NewVar(tensor.New[float64](1)))
	if want := []float64{0, 2, 3, 4, 0}; !slices.Equal(w.Grad.Data, want) {
		t.Errorf("gradients of weights %v, want %v", w.Grad.Data, want)
	}
}

// Where noise alone is added, gradients are those of the network with its noise held
// fixed: finite differences.
func TestGradientsUnderNoise(t *testing.T) {
	const h = 1e-6
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		spiking := examples(form)["conv, pools, map of biases"]
		n, err := New(spiking, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, classes := batch(spiking, 3)
		v := autodiff.Constant(&tensor.Dense[float64]{Shape: n.batchShape(3, 0), Data: x})
		p := Pass{Defects: defects.Defects{Jitter: 0.1, Slope: 0.05}, Seed: 2}
		value := func() float64 { return loss(n, new(autodiff.Tape[float64]), v, classes, &p).Value.Data[0] }
		var tape autodiff.Tape[float64]
		tape.Backward(loss(n, &tape, v, classes, &p))
		for _, l := range n.layers {
			if l == nil {
				continue
			}
			w, g := l.weights.Value.Data, l.weights.Grad.Data
			for i, at := range w {
				w[i] = at + h
				up := value()
				w[i] = at - h
				down := value()
				w[i] = at
				if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-6*math.Abs(want)+1e-9 {
					t.Errorf("%s: gradient of W[%d] of %s is %v, finite difference %v", form, i, l.name, g[i], want)
				}
			}
		}
	}
}

// An offset ε of the slope acts while the potential rises: in absolute time, with the
// threshold of the exact slope, from t_min on (B1) or from t_min_prev on (alpha).
func TestSlopeNoiseInAbsoluteTime(t *testing.T) {
	const sigma, previous = 0.1, 1.0
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		spiking := examples(form)["dense"]
		n, err := New(spiking, 1)
		if err != nil {
			t.Fatal(err)
		}
		s, l := spiking.Stages[0].(*ttfs.Neurons[float64]), n.layers[0]
		x, _ := batch(spiking, 1)
		v := autodiff.Constant(&tensor.Dense[float64]{Shape: n.batchShape(1, 0), Data: x})
		got := n.neurons(new(autodiff.Tape[float64]), 0, s, v, previous, &Pass{Seed: 1, Defects: defects.Defects{Slope: sigma}}).Value.Data
		offsets := make([]float64, 7)
		defects.SlopeOffsets(offsets, sigma, rng.Stream(1, "ttfs-slope/a", 0, 0))
		for i, epsilon := range offsets {
			last := 1 + s.Window
			var sum, moment float64
			for j, value := range x {
				w := l.weights.Value.Row(j)[i]
				sum, moment = sum+w, moment+w*(1-value)
			}
			var at float64
			if form == ttfs.B1 {
				theta, potential := s.Window-l.drive.Value.Data[i], sum-moment
				at = 1 + (theta-potential)/(1+epsilon)
			} else {
				theta := last + s.Window*sum - l.drive.Value.Data[i]
				at = (theta + moment) / (1 + epsilon + sum)
			}
			if want := max(0, last-at); math.Abs(got[i]-want) > 1e-12 {
				t.Errorf("%s: x[%d] is %v, in absolute time %v", form, i, got[i], want)
			}
		}
	}
}

// Thresholds stay those of the exact weights when weights are rounded.
func TestRoundedWeightsKeepThresholds(t *testing.T) {
	for _, form := range []ttfs.Form{ttfs.B1, ttfs.Alpha} {
		spiking := examples(form)["dense"]
		n, err := New(spiking, 1)
		if err != nil {
			t.Fatal(err)
		}
		s, l := spiking.Stages[0].(*ttfs.Neurons[float64]), n.layers[0]
		theta := s.Thresholds(form, 1)
		d := defects.Defects{WeightBits: 5, RangePerLayer: true}
		x, _ := batch(spiking, 1)
		v := autodiff.Constant(&tensor.Dense[float64]{Shape: n.batchShape(1, 0), Data: x})
		got := n.neurons(new(autodiff.Tape[float64]), 0, s, v, 1, &Pass{Defects: d}).Value.Data
		rounded := slices.Clone(l.weights.Value.Data)
		defects.RoundWeights(&d, rounded, rounded)
		for i := range theta {
			var sum, moment float64
			for j, value := range x {
				sum, moment = sum+rounded[j*7+i], moment+rounded[j*7+i]*(1-value)
			}
			at := 1 + theta[i] + moment - sum
			if form == ttfs.Alpha {
				at = (theta[i] + moment) / (1 + sum)
			}
			if want := max(0, 1+s.Window-at); math.Abs(got[i]-want) > 1e-12 {
				t.Errorf("%s: x[%d] is %v, in absolute time %v", form, i, got[i], want)
			}
		}
	}
}
