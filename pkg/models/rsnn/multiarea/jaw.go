package multiarea

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// The motor neurons move a jaw, which they drive together:
//
//	(7) q(t) = a q(t-1) + (1-a) Σ_motor w_jaw z(t)/2,   a = exp(-Δt/τ_jaw)
//	(8) jaw(t) = exp(q(t)) - b,   jaw = 0 at the start
//	(9) linear: jaw(t) = (q(t) - mean)/deviation,   q = 0 at the start
//
// In a closed loop the jaw moves the neurons in turn, after the delays of JawTaps: the
// current of neuron n gets Σ_τ K_τn jaw(t-τ) (2306.03603, section 2.5 of the method).

// jawAtRest is q before any spike.
func (net *Network[F]) jawAtRest(w *Weights[F]) F {
	if net.JawLinear {
		return 0
	}
	return log(w.JawBias[0])
}

// moveJaw returns q and the jaw after a step in which some neurons fired.
func (net *Network[F]) moveJaw(w *Weights[F], q F, active []int32) (next, jaw F) {
	var drive F
	net.eachMotor(active, func(m int) { drive += w.Jaw[m] })
	a := net.jawDecay()
	q = a*q + (1-a)*drive/2
	if net.JawLinear {
		return q, (q - w.JawBias[0]) / w.JawBias[1]
	}
	return q, F(math.Exp(float64(q))) - w.JawBias[0]
}

// jawBefore is the jaw of trial k in step t, which may lie before the first.
func (r *Run[F]) jawBefore(k, t int) F {
	if t >= 0 {
		return r.Jaw[k*r.Steps+t]
	}
	if before := r.jawHistory[k]; len(before)+t >= 0 {
		return before[len(before)+t]
	}
	return 0
}

// feedback adds to the currents of step t, a row, what the jaw gives them.
func (net *Network[F]) feedback(current []F, r *Run[F], k, t int) {
	for i, tap := range net.JawTaps {
		if x := r.jawBefore(k, t-tap); x != 0 {
			for j, weight := range net.jawFeedback[i*net.row : (i+1)*net.row] {
				current[j] += weight * x
			}
		}
	}
}

// jawBackward goes back through the jaw of trial k in step t. gradient is ∂L/∂jaw as the
// loss itself has it, g are ∂L/∂v⁻ of the trial in later steps, and gq is ∂L/∂q of the
// step behind. It returns gq of this step, and what the jaw says of the spikes: ∂L/∂z of
// motor neuron m gets w_jaw,m times as much.
func (net *Network[F]) jawBackward(grad *Weights[F], r *Run[F], w *Weights[F], k, t int, gradient, gq F, g func(t int) []F) (next, back F) {
	for i, tap := range net.JawTaps {
		if t+tap >= r.Steps {
			continue
		}
		for j, x := range g(t + tap) {
			gradient += net.jawFeedback[i*net.row+j] * x
		}
	}
	a := net.jawDecay()
	jaw := r.Jaw[k*r.Steps+t]
	gq *= a
	if net.JawLinear {
		scaled := gradient / w.JawBias[1]
		gq += scaled
		grad.JawBias[0] -= scaled
		grad.JawBias[1] -= scaled * jaw
	} else {
		gq += gradient * (jaw + w.JawBias[0])
		grad.JawBias[0] -= gradient
	}
	back = (1 - a) / 2 * gq
	net.eachMotor(r.Spikes[k].At(t), func(m int) { grad.Jaw[m] += back })
	if t == 0 && !net.JawLinear && r.start[k].Steps() == 0 { // q before is log b
		grad.JawBias[0] += a * gq / w.JawBias[0]
	}
	return gq, back
}

// feedbackBackward adds to grad, a row for each tap, what ∂L/∂v⁻ of step t of trial k
// says of the weights of the feedback.
func (net *Network[F]) feedbackBackward(grad []F, r *Run[F], k, t int, g []F) {
	for i, tap := range net.JawTaps {
		if x := r.jawBefore(k, t-tap); x != 0 {
			for j, y := range g {
				grad[i*net.row+j] += x * y
			}
		}
	}
}

// jawHistory is the jaw in the last steps before the trial's end, as many as the longest
// tap.
func (net *Network[F]) keepJaw(to *State[F], r *Run[F], k int, q F) {
	to.Jaw = q
	longest := 0
	for _, tap := range net.JawTaps {
		longest = max(longest, tap)
	}
	to.JawHistory = to.JawHistory[:0]
	for t := r.Steps - longest; t < r.Steps; t++ {
		to.JawHistory = append(to.JawHistory, r.jawBefore(k, t))
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
