package multiarea

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// moveJaw computes the jaw's trace of trial k, which the motor neurons move in the
// domain of logarithms:
//
//	(7) q(t) = a q(t-1) + (1-a) Σ_motor w_jaw z(t)/2,   a = exp(-Δt/τ_jaw)
//	(8) jaw(t) = exp(q(t)) - b,   jaw = 0 at the start
func (net *Network[F]) moveJaw(r *Run[F], w *Weights[F], k int, from *State[F]) {
	if len(net.Motor) == 0 {
		return
	}
	b := w.JawBias[0]
	q := log(b)
	if from != nil {
		q = from.Jaw
	}
	r.jawStart[k] = q
	a := net.jawDecay()
	jaw, spikes := part(r.Jaw, k, r.Trials), &r.Spikes[k]
	for t := range jaw {
		var drive F
		net.eachMotor(spikes.At(t), func(m int) { drive += w.Jaw[m] })
		q = a*q + (1-a)*drive/2
		jaw[t] = F(math.Exp(float64(q))) - b
	}
	r.Final[k].Jaw = q
}

// jawBackward adds to the gradients what ∂L/∂jaw, [T] of trial k, says of the jaw's
// weights and bias, and writes to back, [T], what it says of the spikes: ∂L/∂z of motor
// neuron m gets w_jaw,m times as much.
func (net *Network[F]) jawBackward(grad *Weights[F], r *Run[F], w *Weights[F], k int, gradient, back []F) {
	a := net.jawDecay()
	jaw, spikes := part(r.Jaw, k, r.Trials), &r.Spikes[k]
	b := w.JawBias[0]
	var gq F
	for t := r.Steps - 1; t >= 0; t-- {
		gq = a*gq + gradient[t]*(jaw[t]+b)
		grad.JawBias[0] -= gradient[t]
		back[t] = (1 - a) / 2 * gq
		net.eachMotor(spikes.At(t), func(m int) { grad.Jaw[m] += back[t] })
	}
	// q before the first step is log b.
	if r.jawStart[k] == log(b) {
		grad.JawBias[0] += a * gq / b
	}
}

func (net *Network[F]) jawDecay() F { return F(math.Exp(-net.StepMS / net.TauJawMS)) }

// eachMotor calls f for each motor neuron among active, with its place in Motor.
// Both are in ascending order.
func (net *Network[F]) eachMotor(active []int32, f func(m int)) {
	m := 0
	for _, i := range active {
		for m < len(net.Motor) && net.Motor[m] < int(i) {
			m++
		}
		if m < len(net.Motor) && net.Motor[m] == int(i) {
			f(m)
		}
	}
}

func log[F tensor.Float](x F) F { return F(math.Log(float64(x))) }
