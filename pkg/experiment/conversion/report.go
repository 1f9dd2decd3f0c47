package conversion

import (
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// Report is how exact a conversion is, and what the spiking network costs. Times are in
// units of τ_c.
type Report struct {
	Model  string           `json:"model"`
	Import *importer.Report `json:"import,omitempty"`
	Out    string           `json:"out"`

	Form       ttfs.Form  `json:"form"`
	Engine     string     `json:"engine"`
	InputRange [2]float64 `json:"input_range"`
	Window     string     `json:"window"` // sample or bound
	Zeta       float64    `json:"zeta,omitempty"`

	Calibration *Shown `json:"calibration,omitempty"`
	Nodes       []Node `json:"nodes"`

	Neurons               int     `json:"neurons"`
	Latency               float64 `json:"latency"`
	SpikesPerNeuron       float64 `json:"spikes_per_neuron"` // relays, inputs and the readout left out
	ForcedSpikesPerNeuron float64 `json:"spikes_per_neuron_with_forced"`
	SpikesPerInference    float64 `json:"spikes_per_inference"` // of neurons and relays
	InputSpikes           float64 `json:"input_spikes_per_inference"`
	SynapsesPerInference  float64 `json:"synaptic_operations_per_inference"`
	EarlyCrossings        *int64  `json:"early_crossings,omitempty"`

	Verification Verification `json:"verification"`
	Warnings     []string     `json:"warnings,omitempty"`
}

// Shown says which inputs were shown.
type Shown struct {
	Data    string `json:"data"`
	Inputs  int    `json:"inputs"`
	Outside int    `json:"values_outside_range"` // of [p, q]
}

// Verification is the comparison of both networks.
type Verification struct {
	Shown
	MaxLogitDifference float64  `json:"max_logit_difference"`
	Agreement          float64  `json:"agreement"` // of the classes
	Accuracy           *float64 `json:"accuracy,omitempty"`
	ReLUAccuracy       *float64 `json:"relu_accuracy,omitempty"`
}

// Node is one stage of the spiking network.
type Node struct {
	Stage    int    `json:"stage"`
	Name     string `json:"name"`
	Role     string `json:"role"` // input, spike, relay, max-pool, pad, flatten, readout
	Shape    string `json:"shape"`
	Neurons  int    `json:"neurons"`
	MinPools int    `json:"min_pool_channels,omitempty"` // whose latest spike is passed on

	Min     *float64 `json:"t_min,omitempty"`
	Max     *float64 `json:"t_max,omitempty"`
	Window  *float64 `json:"window,omitempty"`
	Largest *float64 `json:"largest_value,omitempty"` // X_n, on the calibration data

	SpikesPerNeuron *float64 `json:"spikes_per_neuron,omitempty"`
	MaxDifference   *float64 `json:"max_difference,omitempty"` // |x - x_ReLU|
	Beyond          int      `json:"values_beyond_window"`
	EarlyCrossings  *int64   `json:"early_crossings,omitempty"`
	Synapses        float64  `json:"synaptic_operations_per_inference,omitempty"` // in the stage's synapses
}

// nodes describes all stages after a comparison; membranes may be nil.
func (v *comparison) nodes(membranes *ttfs.Membranes[float64]) ([]Node, error) {
	n := v.conversion.Network
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	one, zero := 1.0, 0.0
	inputs := float64(v.activity.Inputs) / float64(max(1, v.activity.Trials)) / float64(n.Input.Size())
	nodes := []Node{{Name: "input", Role: "input", Shape: n.Input.String(), Neurons: n.Input.Size(), Min: &zero, Max: &one, Window: &one, SpikesPerNeuron: &inputs, Beyond: v.outside}}
	windows := n.Windows()
	compared := map[int]bool{}
	for _, p := range v.conversion.Counterparts {
		compared[p.Stage] = true
	}
	for i, stage := range n.Stages {
		node := Node{Stage: i + 1, Role: stage.Kind(), Shape: shapes[i+1].String(), Beyond: v.beyond[i],
			Synapses: float64(v.activity.Synapses[i]) / float64(max(1, v.activity.Trials))}
		switch s := stage.(type) {
		case *ttfs.Neurons[float64]:
			spikes := v.activity.SpikesPerNeuron(i)
			node.Name, node.Neurons, node.SpikesPerNeuron = s.Name, v.activity.Neurons(i), &spikes
			node.Min, node.Max, node.Window = &windows[i].Min, &windows[i].Max, &s.Window
			if v.conversion.Largest != nil {
				node.Largest = &v.conversion.Largest[i]
			}
			if membranes != nil {
				node.EarlyCrossings = &membranes.Early[i]
			}
		case *ttfs.Readout[float64]:
			node.Name, node.Neurons, node.Max = s.Name, shapes[i+1].Size(), &windows[i].Max
			node.MaxDifference = &v.logits
		case *ttfs.MaxPool[float64]:
			for _, latest := range s.Latest {
				if latest {
					node.MinPools++
				}
			}
		}
		if compared[i] {
			node.MaxDifference = &v.difference[i]
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// verification is the result of the comparison.
func (v *comparison) verification(data string) Verification {
	trials := int(v.activity.Trials)
	r := Verification{Shown: Shown{data, trials, v.outside}, MaxLogitDifference: v.logits, Agreement: float64(v.agree) / float64(max(1, trials))}
	if v.labelled > 0 {
		accuracy := func(right int) *float64 { a := float64(right) / float64(v.labelled); return &a }
		r.ReLUAccuracy, r.Accuracy = accuracy(v.right[0]), accuracy(v.right[1])
	}
	return r
}
