package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// windowSteps is how far time goes before the rows of pending currents are
// moved back to the start of their buffer: they must stay in the cache.
const windowSteps = 8

// pending holds the currents of the present step and, with delays, those that spikes
// have sent to later ones.
type pending[F tensor.Float] struct {
	rows   []F // of windowSteps steps and of the slots after them
	at     int // the present row
	stride int
}

func newPending[F tensor.Float](net *Network[F]) pending[F] {
	return pending[F]{rows: make([]F, (windowSteps+net.slots())*net.stride()), stride: net.stride()}
}

// reset empties all rows; next comes before the first step.
func (p *pending[F]) reset() {
	clear(p.rows)
	p.at = -1
}

// next moves to the next step and returns its row and the later ones.
func (p *pending[F]) next() []F {
	if p.at++; p.at == windowSteps {
		kept := copy(p.rows, p.rows[windowSteps*p.stride:])
		clear(p.rows[kept:])
		p.at = 0
	}
	return p.rows[p.at*p.stride:]
}

// send adds to the rows of current what the spikes of x and those of the step before
// cause, now and, with delays, later.
func (net *Network[F]) send(current []F, x frame, previous []uint16) {
	switch {
	case x.words != nil:
		kernel.ScatterSpikes(current, x.words, &net.in)
	case x.values != nil:
		kernel.ScatterCurrents(current, x.values, &net.in)
	}
	kernel.ScatterSpikes(current, previous, &net.rec)
}
