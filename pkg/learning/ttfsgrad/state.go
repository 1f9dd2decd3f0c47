package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

const (
	windowsTensor    = "windows"
	windowRuleTensor = "window_rule"
)

// Model gives the tensors that make the network: what evaluation needs. Weights are
// the trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	windows := t.windows()
	return append(t.weights.Model(),
		checkpoint.Tensor{Name: windowsTensor, Shape: []int{len(windows)}, Data: windows, Unit: "tau_c",
			Doc: "lengths B_n of the windows of the layers that fire, in their order"},
		checkpoint.Tensor{Name: windowRuleTensor, Shape: []int{2}, Data: []float64{float64(t.Windows.Rule), t.Windows.Value}, Unit: "1",
			Doc: "rule of the windows (0: adaptive, 1: frozen, 2: scaled, 3: quantile) and its number"})
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
//
// Windows are those of the checkpoint, unless the experiment now wants them measured
// in another way than when it was written.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	wanted := t.Model()
	if err := plasticity.Load(f, wanted); err != nil {
		return err
	}
	n := len(wanted)
	windows, rule := wanted[n-2].Data.([]float64), wanted[n-1].Data.([]float64)
	for _, stage := range t.Network.Spiking.Stages {
		if s, ok := stage.(*ttfs.Neurons[F]); ok {
			s.Window, windows = windows[0], windows[1:]
		}
	}
	t.calibrated = rule[0] == float64(t.Windows.Rule) && rule[1] == t.Windows.Value
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}

// windows are B_n of the layers that fire.
func (t *Trainer[F]) windows() []float64 {
	var b []float64
	for _, stage := range t.Network.Spiking.Stages {
		if s, ok := stage.(*ttfs.Neurons[F]); ok {
			b = append(b, s.Window)
		}
	}
	return b
}
