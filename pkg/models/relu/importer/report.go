package importer

import (
	"fmt"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// Report says where a network came from, and what became of the parts of the
// file that are no layers of it.
type Report struct {
	Path     string `json:"path"`
	Producer string `json:"producer,omitempty"` // the program that wrote the file
	Opset    int64  `json:"opset,omitempty"`    // the version of its operators

	// Input is the file's shape of one sample. Where its values are in another
	// order than in the network's input (channels, rows, columns), InputOrder gives
	// for each value of the network's input the place in the file's.
	Input      []int `json:"input"`
	InputOrder []int `json:"-"`

	// Output is "Softmax" or "LogSoftmax" if the file ends in one: it was dropped,
	// so the network gives the logits.
	Output string `json:"output,omitempty"`

	Steps  []Step   `json:"steps,omitempty"`
	Unused []string `json:"unused,omitempty"` // names of nodes and arrays that the network does not need
}

// Step is what became of a node that is no layer.
type Step struct {
	Node string `json:"node"`
	Op   string `json:"op"`
	Done string `json:"done"` // "dropped: it does nothing in evaluation"
}

// Refusal is why a part of a file cannot be imported.
type Refusal struct {
	Node   string `json:"node"` // its name, or for instance: input "x"
	Op     string `json:"op,omitempty"`
	Reason string `json:"reason"`
}

// Refused is the error that lists all that cannot be imported from a file. It
// wraps a fault.Input.
type Refused struct {
	Path     string
	Refusals []Refusal

	arrays bool // the file has arrays alone, no graph
}

func (r *Refused) Error() string {
	var lines strings.Builder
	for _, f := range r.Refusals {
		fmt.Fprintf(&lines, "\n  %s", f.Node)
		if f.Op != "" {
			fmt.Fprintf(&lines, " (%s)", f.Op)
		}
		fmt.Fprintf(&lines, ": %s", f.Reason)
	}
	if r.arrays {
		return fmt.Sprintf("cannot fill the network with the arrays of %s, %d of which do not fit:%s", r.Path, len(r.Refusals), &lines)
	}
	return fmt.Sprintf("cannot import %s as a chain of layers with ReLU, %d of its parts are not supported:%s\nsupported operators are %s",
		r.Path, len(r.Refusals), &lines, strings.Join(Supported(), ", "))
}

func (r *Refused) Unwrap() error {
	return fault.Inputf("%s cannot be imported", r.Path)
}
