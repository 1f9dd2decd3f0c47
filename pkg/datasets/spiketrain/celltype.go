package spiketrain

import "strings"

// Excitatory reports whether the neuron's cell type says so: it contains exc, or is
// RS or RSU, a regularly spiking unit.
func (n *Neuron) Excitatory() bool { return n.is("exc", "rs", "rsu") }

// Inhibitory reports whether the cell type contains inh, or is FS or FSU, a fast
// spiking unit.
func (n *Neuron) Inhibitory() bool { return n.is("inh", "fs", "fsu") }

func (n *Neuron) is(part string, names ...string) bool {
	kind := strings.ToLower(strings.TrimSpace(n.CellType))
	if strings.Contains(kind, part) {
		return true
	}
	for _, name := range names {
		if kind == name {
			return true
		}
	}
	return false
}
