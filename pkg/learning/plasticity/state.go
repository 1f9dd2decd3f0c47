package plasticity

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
)

// moments says what the arrays of optimisers mean.
var moments = map[string]string{
	"adam-m":   "Adam, first moment of the gradient",
	"adam-v":   "Adam, second moment of the gradient",
	"momentum": "SGD, momentum",
}

// Model gives the tensors of the weights: what evaluation needs. They are the
// trainer's own memory, not copies.
func (w *Weights[F]) Model() []checkpoint.Tensor {
	var tensors []checkpoint.Tensor
	for _, p := range w.params {
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value, Unit: "1", Doc: w.docs[p.Name]})
	}
	if w.rewiring != nil {
		for k, m := range w.rewiring.Matrices {
			tensors = append(tensors, checkpoint.Tensor{Name: "sign_" + m.Name, Shape: []int{m.Pre, m.Post}, Data: m.Sign, Unit: "1",
				Doc: "signs of " + w.rewired[k].Doc})
		}
	}
	return tensors
}

// Training gives the tensors that only going on with the training needs.
func (w *Weights[F]) Training() []checkpoint.Tensor {
	var tensors []checkpoint.Tensor
	arrays := w.Optimizer.Moments(w.params)
	for _, p := range w.params {
		for _, kind := range []string{"adam-m", "adam-v", "momentum"} {
			if data, ok := arrays[kind+"/"+p.Name]; ok {
				tensors = append(tensors, checkpoint.Tensor{Name: kind + "/" + p.Name, Shape: p.Shape, Data: data, Unit: "1", Doc: moments[kind]})
			}
		}
	}
	return tensors
}

// Restored makes the weights of rewired matrices follow from what was loaded into
// Model.
func (w *Weights[F]) Restored() { w.showWeights() }

// Load copies tensors of f into those wanted, after checking them all.
func Load(f *checkpoint.File, wanted []checkpoint.Tensor) error {
	var copies []func()
	for _, w := range wanted {
		var err error
		switch to := w.Data.(type) {
		case []float32:
			err = prepare(f, w, to, &copies)
		case []float64:
			err = prepare(f, w, to, &copies)
		case []uint8:
			err = prepare(f, w, to, &copies)
		case []uint16:
			err = prepare(f, w, to, &copies)
		}
		if err != nil {
			return err
		}
	}
	for _, c := range copies {
		c()
	}
	return nil
}

func prepare[T checkpoint.Element](f *checkpoint.File, w checkpoint.Tensor, to []T, copies *[]func()) error {
	from, err := checkpoint.Get[T](f, w.Name, w.Shape...)
	if err != nil {
		return err
	}
	*copies = append(*copies, func() { copy(to, from) })
	return checkFinite(f, w.Name, from)
}

func checkFinite[T checkpoint.Element](f *checkpoint.File, name string, data []T) error {
	for _, x := range data {
		if x != x { //nolint:staticcheck // true for NaN only
			return fault.Inputf("tensor %q in %s holds NaN", name, f.Name())
		}
	}
	return nil
}
