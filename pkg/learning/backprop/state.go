package backprop

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// docs says what the tensors of a layer mean, by its kind and their name.
var docs = map[string]string{
	"dense.weight":            "weights of a dense layer [in][out]",
	"dense.bias":              "bias of a dense layer [out]",
	"conv.weight":             "filters of a convolution [out][in/groups][height][width]",
	"conv.bias":               "bias of a convolution [out]",
	"batch-norm.weight":       "scale of a batch normalisation [channels]",
	"batch-norm.bias":         "shift of a batch normalisation [channels]",
	"batch-norm.running_mean": "mean of a batch normalisation in evaluation [channels]",
	"batch-norm.running_var":  "variance of a batch normalisation in evaluation [channels]",
}

func doc(kind, name string) string {
	text, ok := docs[kind+"."+name]
	if !ok {
		panic(fmt.Sprintf("backprop: no meaning is given for %s of a layer of kind %s", name, kind))
	}
	return text
}

// Model gives the tensors that make the network, called LAYER.weight, LAYER.bias and
// so on. They are the trainer's own memory, not copies.
func (t *Trainer[F]) Model() []checkpoint.Tensor {
	tensors := t.weights.Model()
	for _, layer := range t.Network.Layers {
		norm, ok := layer.Layer.(*relu.BatchNorm[F])
		if !ok {
			continue
		}
		for _, p := range norm.Running() {
			tensors = append(tensors, checkpoint.Tensor{Name: layer.Name + "." + p.Name, Shape: p.Values.Shape, Data: p.Values.Data, Unit: "1", Doc: doc(layer.Kind(), p.Name)})
		}
	}
	return tensors
}

// Training gives the tensors that only going on with the training needs.
func (t *Trainer[F]) Training() []checkpoint.Tensor { return t.weights.Training() }

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (t *Trainer[F]) RestoreModel(f *checkpoint.File) error { return plasticity.Load(f, t.Model()) }

// RestoreTraining loads what Training gave.
func (t *Trainer[F]) RestoreTraining(f *checkpoint.File) error {
	return plasticity.Load(f, t.Training())
}
