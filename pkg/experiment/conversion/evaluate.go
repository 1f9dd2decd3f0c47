package conversion

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// Kept is a converted model that lies in a file.
type Kept struct {
	File *checkpoint.File
	path string
}

// OpenKept reads the model of a directory that Convert wrote, or a model file itself. It
// returns nil if target is something else.
func OpenKept(target string) (*Kept, error) {
	info, err := os.Stat(target)
	if err != nil {
		return nil, nil //nolint:nilerr // it may be the name of a run
	}
	path := target
	if info.IsDir() {
		path = filepath.Join(target, modelfile.FileName)
		if _, err := os.Stat(path); err != nil {
			return nil, nil //nolint:nilerr // a run
		}
	}
	f, err := checkpoint.Read(path)
	if err != nil {
		if info.IsDir() {
			return nil, err
		}
		return nil, nil //nolint:nilerr // whoever reads checkpoints will say why
	}
	if !modelfile.Is(f) {
		return nil, nil
	}
	return &Kept{f, path}, nil
}

// Path is the model's file.
func (k *Kept) Path() string { return k.path }

// EvalOptions say how to evaluate a kept model.
type EvalOptions struct {
	Split     string
	Trials    int    // 0: all
	Data      string // another data set, or an array of inputs; "": those of the conversion
	Sets      []string
	Engine    string
	Precision string // float32 or float64
}

// Evaluation is what a network does with a split.
type Evaluation struct {
	Shown
	Model           string    `json:"model"`
	Form            ttfs.Form `json:"form"`
	Engine          string    `json:"engine"`
	Precision       string    `json:"precision"`
	Accuracy        *float64  `json:"accuracy,omitempty"`
	SpikesPerNeuron float64   `json:"spikes_per_neuron"`
	Spikes          float64   `json:"spikes_per_inference"`
	Synapses        float64   `json:"synaptic_operations_per_inference"`
	Latency         float64   `json:"latency"`
	Beyond          int       `json:"values_beyond_window"`
}

// Inputs opens the inputs that an evaluation shows.
func (k *Kept) Inputs(input ttfs.Shape, o EvalOptions, s experiment.Settings) (*Inputs, error) {
	if isArray(o.Data) {
		in, err := (&Model{Network: &relu.Network[float64]{Input: input}}).ofArray(o.Data)
		if err != nil {
			return nil, err
		}
		return in.first(o.Trials), nil
	}
	sets, err := k.dataSets(o)
	if err != nil {
		return nil, err
	}
	yaml := []byte(k.File.Metadata[modelfile.KeyInputs])
	if len(yaml) == 0 {
		yaml = []byte(imagesOnly)
	}
	data, err := loadData(yaml, k.path, sets)
	if err != nil {
		return nil, err
	}
	in, err := ofImages(data, input, s, o.Split)
	if err != nil {
		return nil, err
	}
	return in.first(o.Trials), nil
}

// dataSets are the changes of the experiment file that name the data set to show.
func (k *Kept) dataSets(o EvalOptions) ([]string, error) {
	if o.Data != "" {
		return append([]string{"data.dataset=" + o.Data}, o.Sets...), nil
	}
	named := slices.ContainsFunc(o.Sets, func(set string) bool { return strings.HasPrefix(set, "data.dataset=") })
	if k.File.Metadata[modelfile.KeyInputs] == "" && !named {
		return nil, fault.Inputf("%s does not say which data it is for, as it was calibrated on an array: name a data set or an array of inputs (--data)", k.path)
	}
	return o.Sets, nil
}

// ExperimentSets are the changes of the experiment that simulates a kept model with
// defects of hardware (rule.defects), for the data of the options.
func (k *Kept) ExperimentSets(o EvalOptions) ([]string, error) {
	switch {
	case isArray(o.Data):
		return nil, fault.Inputf("--data %s: inputs without labels cannot show what defects do to the accuracy; name a data set", o.Data)
	case o.Engine != ClosedForm:
		return nil, fault.Inputf("--engine %s cannot have defects of hardware, nor a sweep; they are simulated in the closed form", o.Engine)
	}
	sets, err := k.dataSets(o)
	return append([]string{"precision=" + o.Precision}, sets...), err
}

// Evaluate shows a split to a kept model.
func (k *Kept) Evaluate(o EvalOptions, s experiment.Settings) (*Evaluation, error) {
	switch o.Precision {
	case "float32":
		return evaluate[float32](k, o, s)
	case "float64":
		return evaluate[float64](k, o, s)
	}
	return nil, fault.Inputf("--precision is %q, expected float32 or float64", o.Precision)
}

func evaluate[F tensor.Float](k *Kept, o EvalOptions, s experiment.Settings) (*Evaluation, error) {
	n, err := modelfile.Decode[F](k.File)
	if err != nil {
		return nil, err
	}
	in, err := k.Inputs(n.Input, o, s)
	if err != nil {
		return nil, err
	}
	var engine ttfs.Engine[F]
	switch o.Engine {
	case ClosedForm:
		engine, err = ttfs.NewClosedForm(n, s.Threads)
	case Events:
		engine, err = ttfs.NewMembranes(n, s.Threads)
	default:
		err = fault.Inputf("--engine is %q, expected %s or %s", o.Engine, ClosedForm, Events)
	}
	if err != nil {
		return nil, err
	}
	activity, err := ttfs.NewActivity(n)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Shown: Shown{Data: in.Name}, Model: k.path, Form: n.Form, Engine: o.Engine, Precision: o.Precision, Latency: n.Latency()}
	var values []F
	right, labelled := 0, 0
	err = in.Each(256, func(b Batch) error {
		values = values[:0]
		for _, v := range b.Values {
			values = append(values, F(v))
		}
		r := engine.Run(values, b.Trials)
		activity.Add(r)
		e.Inputs += b.Trials
		e.Outside += r.Outside
		for _, n := range r.Beyond {
			e.Beyond += n
		}
		if b.Classes != nil {
			labelled += b.Trials
			right += metrics.Correct(r.Logits, b.Classes)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.SpikesPerNeuron, e.Spikes, e.Synapses = activity.Total()
	if labelled > 0 {
		accuracy := float64(right) / float64(labelled)
		e.Accuracy = &accuracy
	}
	return e, nil
}
