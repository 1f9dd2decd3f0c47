package lsnn

import (
	"fmt"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// mixture is a problem of any kind, of five groups.
func mixture(seed uint64, trials, steps int) *problem {
	r := rng.Stream(seed, "mixture", 0, 0)
	p := &problem{Params: Params{Inputs: 7, LIF: 6, ALIF: 5, Refractory: int(seed % 4), DelaySlots: 1 + int(seed%5),
		ResetAtSpike: seed%3 == 2, DetachReset: seed%5 == 4}, seed: seed, trials: trials, steps: steps}
	if seed%2 == 1 {
		p.Noise = 0.5
	}
	p.fill(r, seed%4 == 3, seed%3 == 0)
	if seed%4 < 2 {
		p.drawStates(r, false)
	}
	p.drawWindows(r, 3*trials)
	return p
}

// The bits do not depend on the number of threads.
func TestThreadsDoNotMatter(t *testing.T) {
	t.Run("float32", threadsDoNotMatter[float32])
	t.Run("float64", threadsDoNotMatter[float64])
}

func threadsDoNotMatter[F tensor.Float](t *testing.T) {
	for seed := range uint64(6) {
		p := mixture(seed, 66, 70)
		want := answerOf[F](p)
		alive(t, want)
		for _, threads := range []int{1, 2, 3, 5} {
			net, w, states := network[F](p, threads)
			var tr Trace[F]
			var grads Gradients[F]
			for round := range 2 {
				sameBits(t, fmt.Sprintf("seed %d, %d threads, round %d", seed, threads, round), solve(p, net, &tr, &grads, w, states), want)
			}
		}
	}
}

// Nor on whether potentials are kept or computed again.
func TestKeptPotentialsAreThoseComputedAgain(t *testing.T) {
	for seed := range uint64(6) {
		p := mixture(seed, 66, 70)
		want := answerOf[float64](p)
		alive(t, want)
		net, w, states := network[float64](p, 2)
		net.KeepPotentials = true
		var tr Trace[float64]
		var grads Gradients[float64]
		for round := range 2 {
			sameBits(t, fmt.Sprintf("seed %d, round %d", seed, round), solve(p, net, &tr, &grads, w, states), want)
		}
	}
}

// Nor on what the memory was used for before: batches with more or fewer
// trials and steps, more or fewer windows, carried states or none.
func TestStaleMemoryDoesNotMatter(t *testing.T) {
	t.Run("float32", staleMemoryDoesNotMatter[float32])
	t.Run("float64", staleMemoryDoesNotMatter[float64])
}

func staleMemoryDoesNotMatter[F tensor.Float](t *testing.T) {
	for seed := range uint64(8) {
		batches := []struct{ trials, steps int }{{40, 200}, {3, 65}, {75, 20}, {16, 64}, {40, 200}, {1, 1}, {40, 200}, {17, 129}}
		base := mixture(seed, 1, 1)
		net, w, _ := network[F](base, 2)
		var tr Trace[F]
		var grads Gradients[F]
		for i, size := range batches {
			p := *base
			r := rng.Stream(seed, "stale", uint64(i), 0)
			drawn := &problem{Params: base.Params, seed: seed, trials: size.trials, steps: size.steps}
			drawn.fill(r, i%3 == 1, false)
			p.trials, p.steps, p.inputs = size.trials, size.steps, drawn.inputs
			p.windows, p.gFeatures, p.gRates, p.states = nil, nil, nil, nil
			if i%2 == 1 {
				p.drawStates(r, i%3 == 1)
			}
			p.drawWindows(r, []int{50, 3, 0, 200}[i%4])
			tr.Carry = i%3 == 2

			_, _, states := network[F](&p, 1)
			got := solve(&p, net, &tr, &grads, w, states)
			fresh, _, _ := network[F](&p, 1)
			var freshTrace Trace[F]
			var freshGrads Gradients[F]
			freshTrace.Carry = tr.Carry
			sameBits(t, fmt.Sprintf("seed %d, batch %d", seed, i), got, solve(&p, fresh, &freshTrace, &freshGrads, w, states))
			for k, s := range freshTrace.Final {
				bitsEqual(t, "final v", tr.Final[k].V, s.V)
				bitsEqual(t, "final z̄", tr.Final[k].Filtered, s.Filtered)
				for word := range s.Input.Words {
					if tr.Final[k].Input.Words[word] != s.Input.Words[word] {
						t.Fatalf("seed %d, batch %d: final input differs", seed, i)
					}
				}
			}
		}
	}
}

// A trial's features do not depend on which others share its group.
func TestNeighboursDoNotMatter(t *testing.T) {
	p := activity(small(), 33, 100)
	p.windows = nil
	for i := range p.trials {
		p.windows = append(p.windows, Window{i, 20, 90})
	}
	p.gFeatures = make([]float64, len(p.windows)*p.Neurons())
	together := answerOf[float32](p)
	missing := together.spikes
	n := p.Neurons()
	for i := range p.trials {
		one := *p
		one.trials, one.windows, one.gFeatures = 1, []Window{{0, 20, 90}}, make([]float64, n)
		s := tensor.NewSpikes(p.steps, p.Inputs)
		for k, word := range p.inputs[i/tensor.Lanes].Spikes.Words {
			s.Words[k] = word >> (i % tensor.Lanes) & 1
		}
		one.inputs = []tensor.Input{{Trials: 1, Spikes: s}}
		alone := answerOf[float32](&one)
		bitsEqual(t, fmt.Sprintf("features of trial %d", i), alone.features, together.features[i*n:(i+1)*n])
		missing -= alone.spikes
	}
	if missing != 0 || together.spikes < 1000 {
		t.Errorf("%d spikes together, %d more than apart", together.spikes, missing)
	}
}

// Noise is drawn anew for each step of training, and the same whenever one is
// asked for again; it differs between groups.
func TestNoiseHasAnAddress(t *testing.T) {
	p := activity(small(), 33, 100)
	p.Noise = 0.5
	first := answerOf[float64](p)
	sameBits(t, "again", first, answerOf[float64](p))
	p.step++
	if again := answerOf[float64](p); again.spikes == first.spikes && again.features[0] == first.features[0] {
		t.Error("another step has the same noise")
	}
	p.step--
	p.inputs[1] = p.inputs[0]
	p.windows = []Window{{0, 0, 100}, {16, 0, 100}}
	p.gFeatures = make([]float64, 2*p.Neurons())
	a := answerOf[float64](p)
	n, same := p.Neurons(), 0
	for j := range n {
		if a.features[j] == a.features[n+j] {
			same++
		}
	}
	if same == n {
		t.Error("two groups have the same noise")
	}
}
