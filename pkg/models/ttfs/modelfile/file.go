package modelfile

import (
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// FileName is the file of a network in the directory of a conversion.
const FileName = "model.safetensors"

// The metadata keys of a model.
const (
	keyModel   = "model"
	keyNetwork = "network"
	modelName  = "ttfs"
)

// KeyInputs is the metadata key of an experiment (YAML) whose data section reads the inputs
// of the network, where somebody knows them.
const KeyInputs = "inputs"

// Write keeps a network in a file, with metadata of the caller's.
func Write[F tensor.Float](path string, n *ttfs.Network[F], metadata map[string]string) error {
	f, err := Encode(n, metadata)
	if err != nil {
		return err
	}
	return checkpoint.Write(path, f)
}

// Encode makes a checkpoint of a network. It shares the network's memory.
func Encode[F tensor.Float](n *ttfs.Network[F], metadata map[string]string) (*checkpoint.File, error) {
	text, err := describe(n)
	if err != nil {
		return nil, err
	}
	f := &checkpoint.File{Metadata: map[string]string{keyModel: modelName, keyNetwork: text}}
	for key, value := range metadata {
		f.Metadata[key] = value
	}
	add := func(stage int, array, unit, doc string, shape []int, data any) {
		f.Tensors = append(f.Tensors, checkpoint.Tensor{Name: name(stage, array), Shape: shape, Data: data, Unit: unit, Doc: doc})
	}
	connect := func(stage int, name string, s ttfs.Synapses[F], bias *tensor.Dense[F], symbol string) {
		switch s := s.(type) {
		case *ttfs.Dense[F]:
			add(stage, "weight", "1/τ_c", name+": "+symbol+", [in][out]", s.Weights.Shape, s.Weights.Data)
		case *ttfs.Conv[F]:
			add(stage, "weight", "1/τ_c", name+": "+symbol+", [out][in/groups][height][width]", s.Weights.Shape, s.Weights.Data)
		}
		add(stage, "bias", "τ_c", name+": b, of each channel or neuron", bias.Shape, bias.Data)
	}
	symbol, previous := map[ttfs.Form]string{ttfs.B1: "W", ttfs.Alpha: "J"}[n.Form], 1.0
	for i, s := range n.Stages {
		switch s := s.(type) {
		case *ttfs.Neurons[F]:
			connect(i, s.Name, s.Synapses, s.Bias, symbol)
			add(i, "threshold", "1", s.Name+": θ; it follows from weights, bias and windows", s.Bias.Shape, s.Thresholds(n.Form, previous))
			if s.Scale != nil {
				add(i, "scale", "1", s.Name+": its values are those of the ReLU network times this", []int{len(s.Scale)}, s.Scale)
			}
			previous = s.Window
		case *ttfs.Readout[F]:
			connect(i, s.Name, s.Synapses, s.Bias, "W")
		}
	}
	return f, nil
}

// Is reports whether a checkpoint is a network of package ttfs.
func Is(f *checkpoint.File) bool { return f.Metadata[keyModel] == modelName }

// Read reads a network in either precision, with the checkpoint that it came in.
func Read[F tensor.Float](path string) (*ttfs.Network[F], *checkpoint.File, error) {
	f, err := checkpoint.Read(path)
	if err != nil {
		return nil, nil, err
	}
	n, err := Decode[F](f)
	return n, f, err
}

// mostValues is more than a trial of any network that fits into memory has in one stage.
const mostValues = 1 << 28

// Decode makes a network of a checkpoint, in either precision.
func Decode[F tensor.Float](f *checkpoint.File) (*ttfs.Network[F], error) {
	if !Is(f) {
		return nil, fault.Inputf("%s is no network of neurons that fire once: its metadata have no key %q of value %q; snnctl convert relu-to-ttfs writes such files", f.Name(), keyModel, modelName)
	}
	d, err := parse(f.Metadata[keyNetwork])
	if err != nil {
		return nil, fault.Inputf("%s: %w", f.Name(), err)
	}
	n := &ttfs.Network[F]{Input: ttfs.Shape{Channels: d.Input[0], Height: d.Input[1], Width: d.Input[2]}, Low: d.Range[0], High: d.Range[1], Form: d.Form}
	for i, s := range d.Stages {
		decoded, err := decodeStage[F](f, i, s)
		if err != nil {
			return nil, err
		}
		n.Stages = append(n.Stages, decoded)
	}
	shapes, err := n.Shapes()
	if err != nil {
		return nil, fault.Inputf("%s: %w", f.Name(), err)
	}
	for i, s := range shapes {
		if values := float64(s.Channels) * float64(s.Height) * float64(s.Width); values > mostValues {
			return nil, fault.Inputf("%s: before stage %d a trial has %d×%d×%d values, expected at most %d", f.Name(), i, s.Channels, s.Height, s.Width, mostValues)
		}
	}
	return n, nil
}

func decodeStage[F tensor.Float](f *checkpoint.File, i int, s stage) (ttfs.Stage[F], error) {
	switch s.Kind {
	case "flatten":
		return &ttfs.Flatten[F]{}, nil
	case "pad":
		return &ttfs.Pad[F]{Top: s.Pads[0], Left: s.Pads[1], Bottom: s.Pads[2], Right: s.Pads[3]}, nil
	case "max-pool":
		p := &ttfs.MaxPool[F]{Height: s.Height.window(), Width: s.Width.window(), Latest: make([]bool, s.Channels)}
		for _, c := range s.Latest {
			p.Latest[c] = true
		}
		return p, nil
	}
	bias, err := array[F](f, i, "bias", 1, 3)
	if err != nil {
		return nil, err
	}
	var synapses ttfs.Synapses[F]
	switch s.Synapses {
	case "dense":
		w, err := array[F](f, i, "weight", 2)
		if err != nil {
			return nil, err
		}
		synapses = &ttfs.Dense[F]{Weights: w}
	case "conv":
		w, err := array[F](f, i, "weight", 4)
		if err != nil {
			return nil, err
		}
		synapses = &ttfs.Conv[F]{Weights: w, Height: s.Height.kernel(), Width: s.Width.kernel(), Groups: s.Groups}
	case "average":
		synapses = &ttfs.Average[F]{Height: s.Height.window(), Width: s.Width.window(), CountPadding: s.CountPadding, Gain: s.Gain, Channels: s.Channels}
	}
	if s.Kind == "readout" {
		return &ttfs.Readout[F]{Name: s.Name, Synapses: synapses, Bias: bias}, nil
	}
	n := &ttfs.Neurons[F]{Name: s.Name, Synapses: synapses, Bias: bias, Window: s.Window, Clipped: s.Clipped}
	if f.Tensor(name(i, "scale")) != nil {
		scale, err := array[float64](f, i, "scale", 1)
		if err != nil {
			return nil, err
		}
		n.Scale = scale.Data
	}
	return n, nil
}

func (a *axis) window() relu.Window {
	return relu.Window{Size: a.Size, Stride: a.Stride, Padding: a.Padding}
}
func (a *axis) kernel() relu.Axis {
	return relu.Axis{Stride: a.Stride, Padding: a.Padding, Dilation: a.Dilation}
}

// array reads finite numbers of either precision, in one of some numbers of axes.
func array[F tensor.Float](f *checkpoint.File, stage int, which string, axes ...int) (*tensor.Dense[F], error) {
	what := name(stage, which)
	t := f.Tensor(what)
	if t == nil {
		return nil, fault.Inputf("%s has no tensor %q, which its network names", f.Name(), what)
	}
	fits := false
	for _, n := range axes {
		fits = fits || len(t.Shape) == n
	}
	for _, n := range t.Shape {
		fits = fits && n > 0
	}
	if !fits {
		return nil, fault.Inputf("tensor %q in %s has the shape %v, expected %v axes, none of them empty", what, f.Name(), t.Shape, axes)
	}
	a := &tensor.Dense[F]{Shape: t.Shape}
	switch data := t.Data.(type) {
	case []F:
		a.Data = data
	case []float32:
		a.Data = converted[F](data)
	case []float64:
		a.Data = converted[F](data)
	default:
		return nil, fault.Inputf("tensor %q in %s holds %T, expected float32 or float64", what, f.Name(), t.Data)
	}
	for i, v := range a.Data {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fault.Inputf("tensor %q in %s has the value %v at place %d, expected finite numbers", what, f.Name(), v, i)
		}
	}
	return a, nil
}

func converted[F, G tensor.Float](x []G) []F {
	y := make([]F, len(x))
	for i, v := range x {
		y[i] = F(v)
	}
	return y
}
