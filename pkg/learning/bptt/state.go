package bptt

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// docs says what the tensors of a checkpoint mean.
var docs = map[string]string{
	"delay_in":   "delay slots of the input synapses [n_in][n]",
	"delay_rec":  "delay slots of the recurrent synapses [n][n]",
	"state/v":    "membrane potentials carried to the next batch [groups][n][lanes]",
	"state/b":    "adaptation carried to the next batch [groups][n][lanes]",
	"state/zbar": "filtered spikes carried to the next batch [groups][n][lanes]",
	"state/z":    "the last steps' spikes, a bit a lane [groups][steps][n]",
	"state/x":    "the last steps' input spikes, a bit a lane [groups][steps][n_in]",
	"state/i":    "the last steps' analogue input [groups][steps][n_in][lanes]",
}

// Model gives the tensors that make the network: what evaluation needs. They
// are the trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	net := t.Layer.Network
	n := net.Neurons()
	tensors := []checkpoint.Tensor{
		{Name: "delay_in", Shape: []int{net.Inputs, n}, Data: net.DelayIn, Unit: "ms"},
		{Name: "delay_rec", Shape: []int{n, n}, Data: net.DelayRec, Unit: "ms"},
	}
	return append(documented(tensors), t.weights.Model()...)
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor {
	tensors := t.weights.Training()
	if t.CarryState && t.states != nil {
		tensors = append(tensors, documented(t.carried())...)
	}
	return tensors
}

func documented(tensors []checkpoint.Tensor) []checkpoint.Tensor {
	for i := range tensors {
		if doc, ok := docs[tensors[i].Name]; ok {
			tensors[i].Doc = doc
		}
	}
	return tensors
}

// carried joins the states of all groups, array by array.
func (t *Trainer[F]) carried() []checkpoint.Tensor {
	net, groups := t.Layer.Network, len(t.states)
	n, past := net.Neurons(), t.states[0].Spikes.T
	var v, b, zbar []F
	var z, x []uint16
	var i []float32
	for _, s := range t.states {
		v, b, zbar = append(v, s.V...), append(b, s.B...), append(zbar, s.Filtered...)
		z = append(z, s.Spikes.Words...)
		if s.Input != nil {
			x = append(x, s.Input.Words...)
		} else {
			i = append(i, s.Currents.Values...)
		}
	}
	row := []int{groups, n, tensor.Lanes}
	tensors := []checkpoint.Tensor{
		{Name: "state/v", Shape: row, Data: v, Unit: "1"},
		{Name: "state/b", Shape: row, Data: b, Unit: "1"},
		{Name: "state/zbar", Shape: row, Data: zbar, Unit: "1"},
		{Name: "state/z", Shape: []int{groups, past, n}, Data: z, Unit: "spikes"},
	}
	if x != nil {
		return append(tensors, checkpoint.Tensor{Name: "state/x", Shape: []int{groups, past, net.Inputs}, Data: x, Unit: "spikes"})
	}
	return append(tensors, checkpoint.Tensor{Name: "state/i", Shape: []int{groups, past, net.Inputs, tensor.Lanes}, Data: i, Unit: "1"})
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	t.weights.Restored()
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	if t.CarryState {
		t.states = nil
		if f.Tensor("state/v") != nil {
			for range tensor.Groups(t.BatchSize) {
				t.states = append(t.states, t.Layer.ZeroState(f.Tensor("state/x") != nil))
			}
		}
	}
	wanted := t.Training()
	if err := plasticity.Load(f, wanted); err != nil {
		return err
	}
	for _, w := range wanted { // carried joins copies: hand them back to the groups
		t.split(w)
	}
	return nil
}

func (t *Trainer[F]) split(w checkpoint.Tensor) {
	for i, s := range t.states {
		switch w.Name {
		case "state/v":
			copyPart(s.V, w.Data, i)
		case "state/b":
			copyPart(s.B, w.Data, i)
		case "state/zbar":
			copyPart(s.Filtered, w.Data, i)
		case "state/z":
			copyPart(s.Spikes.Words, w.Data, i)
		case "state/x":
			copyPart(s.Input.Words, w.Data, i)
		case "state/i":
			copyPart(s.Currents.Values, w.Data, i)
		}
	}
}

func copyPart[T any](to []T, from any, i int) { copy(to, from.([]T)[i*len(to):]) }
