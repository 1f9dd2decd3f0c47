package eprop

import (
	"testing"
)

var methods = map[string]Method{"online": OnlineTraces, "filtered": FilteredSignal, "adjoint": LocalAdjoint}

// The three computations give the gradient of the definition (oracle 5).
func TestMethodsAgreeWithTheDefinition(t *testing.T) {
	var spikes int64
	for seed := range uint64(60) {
		p := draw(seed, nil)
		want := expect(p, false)
		for name, method := range methods {
			got, r := solve[float64](p, 1+int(seed%2), method)
			same(t, name, got, want, 1e-12)
			spikes += r.Spikes
		}
	}
	if spikes < 1000 {
		t.Errorf("%d spikes in all: the networks are silent", spikes)
	}
}

// The method BPTT gives Σ dE/dz e with the total derivative dE/dz: the exact
// factorisation (oracle 2).
func TestFactorisationIsBackPropagation(t *testing.T) {
	for seed := range uint64(60) {
		p := draw(seed, func(p *problem) { p.Form = Form(seed % 2) }) // the form LSNN is held to pkg/models/lsnn
		got, _ := solve[float64](p, 1, BPTT)
		same(t, "BPTT", got, expect(p, true), 1e-12)
	}
}

func TestFloat32IsCloseToFloat64(t *testing.T) {
	for seed := range uint64(30) {
		p := draw(seed, nil)
		_, exact := solve[float64](p, 1, LocalAdjoint)
		for name, method := range methods {
			got, r := solve[float32](p, 1, method)
			if r.Spikes != exact.Spikes {
				continue // a potential was at the threshold to the last bit
			}
			same(t, name, got, expect(p, false), 2e-4)
		}
	}
}

// Memory that was used for other batches changes nothing, nor do threads: the
// bits are the same.
func TestBitsDependOnTheBatchAlone(t *testing.T) {
	big := draw(2, func(p *problem) { p.trials, p.steps = 40, 130 })
	little := draw(2, func(p *problem) { p.trials, p.steps = 5, 70 })
	little.Params, little.in, little.rec, little.out, little.feedback, little.bias = big.Params, big.in, big.rec, big.out, big.feedback, big.bias
	little.delayIn, little.delayRec = big.delayIn, big.delayRec
	methods := []Method{OnlineTraces, FilteredSignal, LocalAdjoint, BPTT}
	used := network[float32](big, 3)
	var g Gradients
	for _, method := range methods {
		for _, p := range []*problem{big, little, big} {
			if p.Inputs != big.Inputs {
				t.Fatal("the two problems have different inputs")
			}
			used.Gradient(&g, weights[float32](p), p.inputs, target[float32](p), p.penalty, method)
			fresh, _ := solve[float32](p, 1, method)
			same(t, "used memory", &g, fresh, 0)
		}
	}
}
