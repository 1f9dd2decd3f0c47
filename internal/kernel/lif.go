package kernel

import "github.com/snnctl/snnctl/internal/tensor"

//go:generate sh -c "cd gen/feedforward && go run . -out ../../feedforward_amd64.s -stubs ../../feedforward_amd64.go -pkg kernel"

// LIF holds the constants of leaky integrate-and-fire neurons whose reset
// subtracts the threshold. Their potentials lie one after another, and their
// spikes are the bits of words, neuron i in bit i%64 of word i/64.
type LIF[F tensor.Float] struct {
	Beta      F // β, what remains of the potential after a step
	Threshold F // v_th
	Dampening F // γ of the surrogate
	Sharpness F // k of the fast sigmoid; 0: the triangle
	Detached  bool
	Ahead     int // how far behind the currents of LIFStep those of its next call lie, which are fetched into the cache
}

// LIFStep advances len(v) neurons by one step:
//
//	v' = β v + I - v_th z
//	z' = v' > v_th
//
// previous holds z, nil for silence, and spikes takes z'; bits past the last
// neuron become zero. vNext may be v.
func LIFStep[F tensor.Float](p *LIF[F], vNext, v, current []F, spikes, previous []uint64) {
	n := len(v)
	vNext, current, spikes = vNext[:n], current[:n], spikes[:(n+63)/64]
	if n%64 != 0 {
		spikes[n/64] = 0
	}
	done := lifStepFast(p, vNext, v, current, spikes, previous)
	for i := done; i < n; {
		end := min(n, i-i%64+64)
		var before, fired uint64
		if previous != nil {
			before = previous[i/64]
		}
		if i%64 != 0 {
			fired = spikes[i/64]
		}
		at := i / 64
		for ; i < end; i++ {
			x := F(p.Beta*v[i]) + current[i]
			if before>>(i%64)&1 != 0 {
				x -= p.Threshold
			}
			vNext[i] = x
			if x > p.Threshold {
				fired |= 1 << (i % 64)
			}
		}
		spikes[at] = fired
	}
}

// LIFAdjoint is the adjoint of LIFStep: it takes gv = ∂E/∂v, which is ∂E/∂I as
// well, from step t+1 to step t, where gz is ∂E/∂z of step t from outside:
//
//	gv = β gv⁺ + ψ(u) (gz - v_th gv⁺) / v_th,  u = v/v_th - 1
//
// without v_th gv⁺ if the reset is detached. ψ(u) is γ max(0, 1-|u|) or, with a
// sharpness k, γ/(1+k|u|)².
func LIFAdjoint[F tensor.Float](p *LIF[F], gv, v, gz []F) {
	n := len(gv)
	v, gz = v[:n], gz[:n]
	inverse, scale, reset := 1/p.Threshold, p.Dampening/p.Threshold, p.Threshold
	if p.Detached {
		reset = 0
	}
	for i := lifAdjointFast(p, gv, v, gz, inverse, scale, reset); i < n; i++ {
		u := F(v[i]*inverse) - 1
		if u < 0 {
			u = -u
		}
		var psi F
		if p.Sharpness == 0 {
			if psi = 1 - u; !(psi > 0) {
				psi = 0
			}
			psi = scale * psi
		} else {
			d := 1 + F(p.Sharpness*u)
			psi = scale / F(d*d)
		}
		gv[i] = F(p.Beta*gv[i]) + F(psi*(gz[i]-F(reset*gv[i])))
	}
}
