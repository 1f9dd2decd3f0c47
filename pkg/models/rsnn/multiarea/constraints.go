package multiarea

// Allowed reports whether a synapse may exist: none onto the neuron itself, and no
// inhibitory one to another area.
func (p *Params) Allowed(pre, post int) bool {
	return pre != post && (pre < p.Excitatory || p.Area[pre] == p.Area[post])
}

// Constrain brings weights back to where they may be, after a step of the optimiser:
//
//	W ← max(W - shrinkage, 0),  0 where no synapse is allowed;  Win ← max(Win - shrinkage, 0)
//	v_rest ← clip(v_rest, -θ, θ)
//
// shrinkage is the l1 penalty times the learning rate (2306.03603, section 2.2 of the method).
func (net *Network[F]) Constrain(w *Weights[F], shrinkage float64) {
	n, l, theta := net.Neurons, F(shrinkage), F(net.Threshold)
	shrink := func(x []F) {
		for i, v := range x {
			x[i] = max(v-l, 0)
		}
	}
	shrink(w.Input)
	for row := range len(w.Recurrent) / n {
		pre := row % n
		synapses := w.Recurrent[row*n : (row+1)*n]
		shrink(synapses)
		synapses[pre] = 0
		if pre < net.Excitatory {
			continue
		}
		for post, area := range net.Area {
			if area != net.Area[pre] {
				synapses[post] = 0
			}
		}
	}
	for i, v := range w.Rest {
		w.Rest[i] = min(max(v, -theta), theta)
	}
}
