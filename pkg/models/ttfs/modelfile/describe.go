// Package modelfile keeps networks of package ttfs in safetensors files.
//
// A file has a tensor for each array, "STAGE.weight", "STAGE.bias" and where values were
// rescaled "STAGE.scale", with stages counted from 0; and for readers that set up
// hardware "STAGE.threshold", which follows from the others. The chain itself is JSON in the
// metadata key "network":
//
//	{"form": "b1", "input": [1, 28, 28], "range": [0, 1], "stages": [
//	  {"kind": "spike", "name": "/0/Conv", "synapses": "conv", "window": 9.1, "height": {…}, "width": {…}, "groups": 1},
//	  {"kind": "max-pool", "height": {…}, "width": {…}, "channels": 6, "latest": [4]},
//	  {"kind": "readout", "name": "/4/Gemm", "synapses": "dense"}]}
package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// description is the JSON of a network.
type description struct {
	Form   ttfs.Form  `json:"form"`
	Input  [3]int     `json:"input"` // channels, height, width
	Range  [2]float64 `json:"range"`
	Stages []stage    `json:"stages"`
}

// stage is the JSON of a stage.
type stage struct {
	Kind         string  `json:"kind"`
	Name         string  `json:"name,omitempty"`
	Synapses     string  `json:"synapses,omitempty"` // dense, conv or average
	Window       float64 `json:"window,omitempty"`   // B_n, in units of τ_c
	Clipped      bool    `json:"clipped,omitempty"`
	Height       *axis   `json:"height,omitempty"`
	Width        *axis   `json:"width,omitempty"`
	Groups       int     `json:"groups,omitempty"`
	Channels     int     `json:"channels,omitempty"`
	CountPadding bool    `json:"count_padding,omitempty"`
	Gain         float64 `json:"gain,omitempty"`
	Latest       []int   `json:"latest,omitempty"` // channels whose latest spike is passed on
	Pads         []int   `json:"pads,omitempty"`   // top, left, bottom, right
}

// axis is how a kernel or a window moves along one axis.
type axis struct {
	Size     int `json:"size,omitempty"` // of a window
	Stride   int `json:"stride"`
	Padding  int `json:"padding"`
	Dilation int `json:"dilation,omitempty"` // of a kernel
}

func ofKernel(a relu.Axis) *axis {
	return &axis{Stride: a.Stride, Padding: a.Padding, Dilation: a.Dilation}
}
func ofWindow(w relu.Window) *axis { return &axis{w.Size, w.Stride, w.Padding, 0} }

// describe is the JSON of a network; arrays are left out.
func describe[F tensor.Float](n *ttfs.Network[F]) (string, error) {
	d := description{Form: n.Form, Input: [3]int{n.Input.Channels, n.Input.Height, n.Input.Width}, Range: [2]float64{n.Low, n.High}}
	for _, s := range n.Stages {
		e := stage{Kind: s.Kind()}
		switch s := s.(type) {
		case *ttfs.Neurons[F]:
			e.Name, e.Window, e.Clipped = s.Name, s.Window, s.Clipped
			describeSynapses(&e, s.Synapses)
		case *ttfs.Readout[F]:
			e.Name = s.Name
			describeSynapses(&e, s.Synapses)
		case *ttfs.MaxPool[F]:
			e.Height, e.Width, e.Channels = ofWindow(s.Height), ofWindow(s.Width), len(s.Latest)
			for c, latest := range s.Latest {
				if latest {
					e.Latest = append(e.Latest, c)
				}
			}
		case *ttfs.Pad[F]:
			e.Pads = []int{s.Top, s.Left, s.Bottom, s.Right}
		}
		d.Stages = append(d.Stages, e)
	}
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("describing the network: %w", err)
	}
	return string(b), nil
}

func describeSynapses[F tensor.Float](e *stage, s ttfs.Synapses[F]) {
	switch s := s.(type) {
	case *ttfs.Dense[F]:
		e.Synapses = "dense"
	case *ttfs.Conv[F]:
		e.Synapses, e.Groups, e.Height, e.Width = "conv", s.Groups, ofKernel(s.Height), ofKernel(s.Width)
	case *ttfs.Average[F]:
		e.Synapses, e.Height, e.Width = "average", ofWindow(s.Height), ofWindow(s.Width)
		e.Channels, e.CountPadding, e.Gain = s.Channels, s.CountPadding, s.Gain
	}
}

// largest keeps the products of sizes of one stage within an int.
const largest = 1 << 20

// parse reads a description and checks what the network's own shapes do not.
func parse(text string) (*description, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	var d description
	if err := decoder.Decode(&d); err != nil {
		return nil, fault.Inputf("its network cannot be read: %w", err)
	}
	if d.Form != ttfs.B1 && d.Form != ttfs.Alpha {
		return nil, fault.Inputf("its network has the form %q, expected b1 or alpha", d.Form)
	}
	for _, n := range d.Input {
		if n < 1 || n > largest {
			return nil, fault.Inputf("its network has an input of %v, expected 1 to %d along each axis", d.Input, largest)
		}
	}
	if !(d.Range[0] < d.Range[1]) {
		return nil, fault.Inputf("its network has the input range %v, expected the first number less than the second", d.Range)
	}
	for i, s := range d.Stages {
		if err := s.check(); err != nil {
			return nil, fault.Inputf("stage %d of its network %w", i, err)
		}
	}
	return &d, nil
}

func (s *stage) check() error {
	neurons := s.Kind == "spike" || s.Kind == "relay"
	if neurons && (!(s.Window > 0) || s.Window > math.MaxFloat32) {
		return fmt.Errorf("has a window of %g, expected more than 0", s.Window)
	}
	window := func(a *axis) bool {
		return a != nil && a.Size >= 1 && a.Size <= largest && a.Stride >= 1 && a.Stride <= largest && a.Padding >= 0 && a.Padding < a.Size && a.Dilation == 0
	}
	kernel := func(a *axis) bool {
		return a != nil && a.Size == 0 && a.Stride >= 1 && a.Stride <= largest && a.Padding >= 0 && a.Padding <= largest && a.Dilation >= 1 && a.Dilation <= largest
	}
	ok := false
	switch {
	case (s.Kind == "spike" || s.Kind == "readout") && s.Synapses == "dense", s.Kind == "flatten":
		ok = true
	case (s.Kind == "spike" || s.Kind == "readout") && s.Synapses == "conv":
		ok = kernel(s.Height) && kernel(s.Width) && s.Groups >= 1
	case s.Kind == "relay" && s.Synapses == "average":
		ok = window(s.Height) && window(s.Width) && s.Channels >= 1 && s.Channels <= largest && s.Gain > 0 && s.Gain < 1e6
	case s.Kind == "max-pool":
		ok = window(s.Height) && window(s.Width) && s.Channels >= 1 && s.Channels <= largest
		for _, c := range s.Latest {
			ok = ok && c >= 0 && c < s.Channels
		}
	case s.Kind == "pad":
		ok = len(s.Pads) == 4
		for _, p := range s.Pads {
			ok = ok && p >= 0 && p <= largest
		}
	}
	if !ok {
		return fmt.Errorf("of kind %q with synapses %q is not one that this program writes", s.Kind, s.Synapses)
	}
	return nil
}

// name is that of an array of a stage.
func name(stage int, array string) string { return strconv.Itoa(stage) + "." + array }
