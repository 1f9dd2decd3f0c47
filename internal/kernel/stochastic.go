package kernel

import "github.com/snnctl/snnctl/internal/tensor"

//go:generate sh -c "cd gen/stochastic && go run . -out ../../stochastic_amd64.s -stubs ../../stochastic_amd64.go -pkg kernel"

// Charge takes the potentials of a step of stochastic neurons to before their spikes, and
// tells how far above threshold they are:
//
//	v ← decay v + current + bias + scale ε,   logit = steep (v - θ)
func Charge[F tensor.Float](theta, steep F, v, decay, current, bias, scale, normal, logit []F) {
	if chargeFast(theta, steep, v, decay, current, bias, scale, normal, logit) {
		return
	}
	n := len(v)
	decay, current, bias, scale, normal, logit = decay[:n], current[:n], bias[:n], scale[:n], normal[:n], logit[:n]
	for i, x := range v {
		x = F(F(F(decay[i]*x)+current[i]) + bias[i])
		x = F(x + F(scale[i]*normal[i]))
		v[i], logit[i] = x, F(steep*F(x-theta))
	}
}

// Spiking are stochastic neurons in a step: P is the logistic function of their logits.
type Spiking[F tensor.Float] struct {
	Most       F       // a neuron fires with probability Most · P, but for refractory ones
	Slope      F       // of the derivative
	Refractory int32   // silent steps after a spike
	P, Uniform []F     // Uniform: draws from [0,1)
	V, Drop    []F     // potentials; what a spike takes from them
	Counter    []int32 // silent steps left
	Surrogate  []F     // Slope P (1-P), and 0 for refractory neurons; nil if it is not wanted
	Spikes     []uint16
}

// Fire draws the spikes of a step: bit l of Spikes[i] is neuron 16 i + l. The number of
// neurons is a multiple of 16.
func Fire[F tensor.Float](s *Spiking[F]) {
	if fireFast(s) {
		return
	}
	n := len(s.V)
	clear(s.Spikes[:n/Lanes])
	for i := range n {
		p, free := s.P[i], s.Counter[i] == 0
		fired := free && s.Uniform[i] < F(p*s.Most)
		s.Counter[i] = max(s.Counter[i]-1, 0)
		if fired {
			s.Spikes[i/Lanes] |= 1 << (i % Lanes)
			s.Counter[i] = s.Refractory
			s.V[i] -= s.Drop[i]
		}
		if s.Surrogate != nil {
			s.Surrogate[i] = 0
			if free {
				s.Surrogate[i] = F(F(s.Slope*p) * F(1-p))
			}
		}
	}
}

// Backward is a step back in time of stochastic neurons, all [N].
type Backward[F tensor.Float] struct {
	G         []F // out: ∂L/∂v before the spikes
	Back      []F // ∂L/∂v after the spikes, in and, one step earlier, out
	Spike     []F // ∂L/∂z without the reset
	Direct    []F // ∂L/∂v before the spikes as the loss itself has it; nil for none
	Surrogate []F // dz/dv
	Drop      []F
	Decay     []F
	Normal    []F // ε of the step
	Sum       []F // gets Σ G over steps
	Noise     []F // gets Σ ε G
}

// Discharge is
//
//	G = Back + Surrogate (Spike - Drop Back) + Direct,   Back ← Decay G
func Discharge[F tensor.Float](b *Backward[F]) {
	if dischargeFast(b) {
		return
	}
	for i, back := range b.Back {
		g := F(back + F(b.Surrogate[i]*F(b.Spike[i]-F(b.Drop[i]*back))))
		if b.Direct != nil {
			g += b.Direct[i]
		}
		b.G[i], b.Back[i] = g, F(b.Decay[i]*g)
		b.Sum[i] += g
		b.Noise[i] += F(b.Normal[i] * g)
	}
}
