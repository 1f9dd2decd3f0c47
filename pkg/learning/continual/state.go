package continual

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// parameters are the tensors of the network itself.
func (l *Learner[F]) parameters() []checkpoint.Tensor { return parameterTensors(l.Network) }

func parameterTensors[F tensor.Float](n *gated.Network[F]) []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for k := range n.W {
		out, in := n.Sizes[k+1], n.Sizes[k]
		all = append(all,
			checkpoint.Tensor{Name: fmt.Sprintf("%d.weight", k), Shape: []int{out, in}, Data: n.W[k], Unit: "1", Doc: "weights of a layer [out][in]"},
			checkpoint.Tensor{Name: fmt.Sprintf("%d.bias", k), Shape: []int{out}, Data: n.B[k], Unit: "1", Doc: "bias of a layer [out]"})
	}
	for k, v := range n.V {
		all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("%d.gate", k), Shape: []int{n.Sizes[k+1], n.Contexts}, Data: v, Unit: "1", Doc: "gate parameters of a hidden layer [neuron][context]"})
	}
	if f := n.Front; f != nil {
		for k := range f.W {
			all = append(all,
				checkpoint.Tensor{Name: fmt.Sprintf("conv%d.weight", k), Shape: []int{f.Filters[k], len(f.W[k]) / f.Filters[k]}, Data: f.W[k], Unit: "1", Doc: "filters of a convolution [filter][channel·row·column]"},
				checkpoint.Tensor{Name: fmt.Sprintf("conv%d.bias", k), Shape: []int{f.Filters[k]}, Data: f.B[k], Unit: "1", Doc: "bias of a convolution [filter]"})
			if f.V[k] != nil {
				all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("conv%d.gate", k), Shape: []int{f.Filters[k], n.Contexts}, Data: f.V[k], Unit: "1", Doc: "gate parameters of a convolution [filter][context]"})
			}
		}
	}
	return all
}

// Model gives the tensors that make the network, what its method keeps, and the record of
// what it has learned.
func (l *Learner[F]) Model() []checkpoint.Tensor {
	l.Store()
	return l.modelTensors()
}

func (l *Learner[F]) modelTensors() []checkpoint.Tensor {
	return append(append(l.parameters(), l.Method.State()...), l.recordTensors()...)
}

func (l *Learner[F]) recordTensors() []checkpoint.Tensor {
	tasks := len(l.Record.Untrained)
	all := []checkpoint.Tensor{
		{Name: "record/untrained", Shape: []int{tasks}, Data: l.Record.Untrained, Unit: "1", Doc: "accuracy of the initial network on each task"},
		{Name: "record/curve", Shape: []int{tasks}, Data: l.Record.Curve, Unit: "1", Doc: "mean test accuracy of each task over its first steps, -1 where it is not measured"},
		{Name: "record/contexts", Shape: []int{tasks}, Data: l.Record.Contexts, Unit: "1", Doc: "context that each task ended in, -1 if it has not or contexts are given"},
	}
	for i, row := range l.Record.Available {
		all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("record/availability/%d", i), Shape: []int{len(row)}, Data: row, Unit: "1", Doc: "mean availability of each hidden layer after this task, -1 where there is none"})
	}
	for i, row := range l.Record.Accuracy {
		all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("record/accuracy/%d", i), Shape: []int{tasks}, Data: row, Unit: "1", Doc: "test accuracy on each task after this one, -1 before it was measured"})
	}
	if l.Inference != nil {
		all = append(all, l.Inference.State()...)
	}
	return all
}

// Training gives the tensors that only going on with the training needs.
func (l *Learner[F]) Training() []checkpoint.Tensor {
	l.Store()
	t := l.trainingTensors()
	mask := t.open
	for k := range l.Network.Hidden() {
		for _, j := range l.Part.Neurons(k) {
			mask[j] = 1
		}
		mask = mask[l.Network.Sizes[k+1]:]
	}
	for i, g := range l.optimizer.moments() {
		l.Part.Scatter(l.Threads, t.moments[i].W, g.W)
		for k := range g.B {
			l.Part.ScatterBias(k, t.moments[i].B[k], g.B[k])
		}
		for k := range t.moments[i].V {
			copy(t.moments[i].V[k], g.V[k])
		}
		if to := t.moments[i].Front; to != nil {
			copyFront(to.W, g.Front.W)
			copyFront(to.B, g.Front.B)
			copyFront(to.V, g.Front.V)
		}
	}
	return t.tensors
}

// RestoreModel loads what Model gave. Nothing is changed unless all fits.
func (l *Learner[F]) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, l.modelTensors()); err != nil {
		return err
	}
	l.enter(l.Context)
	return nil
}

// RestoreTraining loads what Training gave.
func (l *Learner[F]) RestoreTraining(f *checkpoint.File) error {
	t := l.trainingTensors()
	if err := plasticity.Load(f, t.tensors); err != nil {
		return err
	}
	l.Task, l.Context, l.optimizer.updates = int(t.position[0]), int(t.position[1]), 0
	mask := t.open
	var open [][]int32
	for k := range l.Network.Hidden() {
		var neurons []int32
		for j := range l.Network.Sizes[k+1] {
			if mask[j] == 1 {
				neurons = append(neurons, int32(j))
			}
		}
		mask = mask[l.Network.Sizes[k+1]:]
		open = append(open, neurons)
	}
	l.Part = l.Network.Of(l.Context, open)
	l.Method.Load(l)
	l.optimizer.reset(l.Part)
	l.optimizer.updates = int(t.position[2])
	for i, g := range l.optimizer.moments() {
		l.Part.Gather(l.Threads, g.W, t.moments[i].W)
		for k := range g.B {
			l.Part.GatherBias(k, g.B[k], t.moments[i].B[k])
		}
		for k := range t.moments[i].V {
			copy(g.V[k], t.moments[i].V[k])
		}
		if from := t.moments[i].Front; from != nil {
			copyFront(g.Front.W, from.W)
			copyFront(g.Front.B, from.B)
			copyFront(g.Front.V, from.V)
		}
	}
	if l.Inference != nil {
		l.Inference.active = l.Context
	}
	if l.BestSnapshot > 0 {
		l.best.none, l.best.error = t.position[3] != 0, t.position[4]
	}
	return nil
}

func copyFront[F tensor.Float](to, from [2][]F) {
	for k := range to {
		copy(to[k], from[k])
	}
}

// trainingTensors are the tensors of Training, of the shape of the whole network, and
// their memory.
type trainingTensors[F tensor.Float] struct {
	position []float64
	open     []uint8
	moments  [2]*gated.Network[F]
	tensors  []checkpoint.Tensor
}

func (l *Learner[F]) trainingTensors() *trainingTensors[F] {
	n := l.Network
	neurons := 0
	for k := range n.Hidden() {
		neurons += n.Sizes[k+1]
	}
	none := 0.0
	if l.best.none {
		none = 1
	}
	t := &trainingTensors[F]{position: []float64{float64(l.Task), float64(l.Context), float64(l.optimizer.updates), none, l.best.error}, open: make([]uint8, neurons)}
	t.tensors = []checkpoint.Tensor{
		{Name: "position", Shape: []int{len(t.position)}, Data: t.position, Unit: "1", Doc: "task, context, updates of the optimiser in it; 1 if there is no snapshot yet, and the error of the snapshot"},
		{Name: "open", Shape: []int{neurons}, Data: t.open, Unit: "1", Doc: "1 of hidden neurons that were open when the context began, layer by layer"},
	}
	for i, name := range []string{"m", "v"} {
		t.moments[i] = n.Empty()
		for _, p := range parameterTensors(t.moments[i]) {
			p.Name, p.Doc = "adam-"+name+"/"+p.Name, "moment of "+p.Doc
			t.tensors = append(t.tensors, p)
		}
	}
	if l.BestSnapshot > 0 {
		learned := l.learned()
		if len(l.best.state) != len(learned) {
			l.best.state = nil
			for _, p := range learned {
				l.best.state = append(l.best.state, make([]F, len(p.Data.([]F))))
			}
		}
		for i, p := range learned {
			t.tensors = append(t.tensors, checkpoint.Tensor{Name: "best/" + p.Name, Shape: p.Shape, Data: l.best.state[i], Unit: p.Unit, Doc: "best of the task: " + p.Doc})
		}
	}
	return t
}
