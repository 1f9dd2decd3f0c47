package trialmatch

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// likelihood is the loss of trial-matched maximum likelihood, the baseline of 2306.03603
// (section 4 of the method): simulated trials are paired with recorded ones by the mean
// squared difference over steps and neurons of the firing probabilities p and the spikes
// y, both in units of each neuron's standard deviation in the recording, and the loss is
//
//	L = mean_{pairs,t,n} -y ln p - (1-y) ln(1-p)
//
// Its gradient goes through the potentials, past the spikes.
type likelihood[F tensor.Float] struct {
	probability []F // p, [trials][T][row]
	steps, row  int
	most        float64 // p is at most Δt/2
	slope       float64 // β/θ
	pairs       []pairs
}

// pairs are those of one session.
type pairs struct {
	recorded *Session
	of       []int   // recorded trial of each simulated one; -1 for none
	scale    float64 // of the gradient
}

// least keeps logarithms finite.
const least = 1e-7

// match pairs the trials of a session and returns the loss; weight is that of its
// gradient.
func (l *likelihood[F]) match(threads, trials int, recorded *Session, weight float64) float64 {
	n := min(trials, len(recorded.Trials))
	inverse := inverseVariances(recorded)
	cost := make([][]float64, n)
	squares := make([]float64, n)
	parallel.For(threads, n, func(_, k int) {
		cost[k] = make([]float64, n)
		for t := range l.steps {
			p := l.at(k, t)
			for j, i := range recorded.Neurons {
				squares[k] += float64(p[i]) * float64(p[i]) * inverse[j]
			}
		}
		weighed := make([]float64, len(l.at(k, 0))) // 1/variance, by neuron
		for j, i := range recorded.Neurons {
			weighed[i] = inverse[j]
		}
		for other := range n { // Σ (p-y)²/σ² with y² = y
			sum := squares[k]
			for t := range l.steps {
				p := l.at(k, t)
				for _, i := range recorded.Trials[other].At(t) {
					sum += (1 - 2*float64(p[i])) * weighed[i]
				}
			}
			cost[k][other] = sum / float64(l.steps*len(recorded.Neurons))
		}
	})
	p := pairs{recorded: recorded, of: make([]int, trials)}
	for k := range p.of {
		p.of[k] = -1
	}
	copy(p.of, Assign(cost))
	count := float64(n * l.steps * len(recorded.Neurons))
	p.scale = weight / count
	l.pairs = append(l.pairs, p)
	losses := make([]float64, n)
	parallel.For(threads, n, func(_, k int) { losses[k] = l.cross(k, recorded, p.of[k]) })
	var loss float64
	for _, x := range losses {
		loss += x
	}
	return loss / count
}

// cross is the sum of the cross-entropies of a pair.
func (l *likelihood[F]) cross(trial int, recorded *Session, other int) (sum float64) {
	for t := range l.steps {
		p := l.at(trial, t)
		for _, i := range recorded.Neurons {
			sum -= math.Log1p(-min(float64(p[i]), 1-least))
		}
		for _, i := range recorded.Trials[other].At(t) {
			x := min(max(float64(p[i]), least), 1-least)
			sum += math.Log1p(-x) - math.Log(x)
		}
	}
	return sum
}

func (l *likelihood[F]) at(trial, step int) []F {
	return l.probability[(trial*l.steps+step)*l.row:][:l.row]
}

// write writes ∂L/∂v of a step of a trial, [N]: with p = s Δt/2 and s = S(β(v-θ)/θ),
//
//	∂/∂v = β/θ (p-y) (1-s)/(1-p)
func (l *likelihood[F]) write(trial, step int, to []F) {
	clear(to)
	p := l.at(trial, step)
	for _, pair := range l.pairs {
		other := pair.of[trial]
		if other < 0 {
			continue
		}
		for _, i := range pair.recorded.Neurons {
			to[i] = p[i]
		}
		for _, i := range pair.recorded.Trials[other].At(step) {
			to[i]--
		}
		for _, i := range pair.recorded.Neurons {
			rest := 1.0 // (1-s)/(1-p)
			if x := float64(p[i]); l.most != 1 {
				rest = (1 - x/l.most) / (1 - x)
			}
			to[i] *= F(pair.scale * l.slope * rest)
		}
	}
}

// inverseVariances are 1/σ² of each neuron's spikes over all steps and trials; 1 for a
// neuron that hardly ever fires.
func inverseVariances(s *Session) []float64 {
	count := map[int32]float64{}
	var bins float64
	for k := range s.Trials {
		bins += float64(s.Trials[k].Steps())
		for _, i := range s.Trials[k].Active {
			count[i]++
		}
	}
	inverse := make([]float64, len(s.Neurons))
	for j, i := range s.Neurons {
		mean := count[int32(i)] / bins
		inverse[j] = 1
		if variance := mean * (1 - mean); variance >= 1e-6 {
			inverse[j] = 1 / variance
		}
	}
	return inverse
}
