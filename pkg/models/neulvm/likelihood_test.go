package neulvm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a problem with everything in it: three populations that differ, a delay, a
// refractory time of two bins, input, observed neurons that spike.
func small(g Grid, seed uint64) (*Network, *Problem, [][]float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	net := WinnerTakeAll()
	net.Neurons = []int{40, 50, 20}
	net.Refractory, net.Delay, net.Gain = 2*g.Dt, g.Dt, 0.7
	for p := range net.Leak {
		net.Leak[p] *= 0.8 + 0.4*r.Float64()
		net.Rest[p] += r.NormFloat64()
	}
	p := &Problem{Grid: g, Bins: 9, Spikes: make([][][]bool, 3), Input: make([]float64, 27)}
	for i := range p.Input {
		p.Input[i] = 30 * r.NormFloat64()
	}
	z := rows(3, g.Ages+p.Bins)
	for q := range z {
		for i := range z[q] {
			z[q][i] = float64(1+r.IntN(4)) / float64(net.Neurons[q])
		}
		for range q { // 0, 1 and 2 observed neurons
			train := make([]bool, p.Bins)
			for t := range train {
				train[t] = r.Float64() < 0.2
			}
			p.Spikes[q] = append(p.Spikes[q], train)
		}
	}
	var err error
	p.Initial, err = StationaryInitial(net, g, []float64{6, 8, 24}, [][]int{{}, {3}, {0, 7}}, false)
	if err != nil {
		panic(err)
	}
	return net, p, z
}

func TestGradientsByDifferences(t *testing.T) {
	for _, g := range []Grid{
		{Dt: 4e-3, Ages: 12}, {Dt: 4e-3, Ages: 12, Published: true}, {Dt: 1e-3, Ages: 12, Integrator: ExactLeak},
		{Dt: 4e-3, Ages: 12, Integrator: Exponential}, {Dt: 2e-3, Ages: 7, Integrator: Exponential},
	} {
		for _, unscored := range []int{0, 3} {
			t.Run(fmt.Sprintf("%+v,unscored %d", g, unscored), func(t *testing.T) {
				net, p, z := small(g, 5)
				p.Unscored, p.Slack = unscored, float64(2*unscored)
				l := NewLikelihood(p, 3)
				nll := l.NegLogLikelihood(net, z)
				grad := NewGradient(p, 3)
				l.Gradient(z, grad)
				check := func(what string, x *float64, got float64) {
					t.Helper()
					kept := *x
					at := func(by float64) float64 {
						*x = kept + by
						v := l.NegLogLikelihood(net, z)
						*x = kept
						return v
					}
					// Two central differences, extrapolated: the error is of fourth order.
					h := 1e-4 * max(math.Abs(kept), 1e-2)
					d1, d2 := (at(h)-at(-h))/(2*h), (at(2*h)-at(-2*h))/(4*h)
					want := (4*d1 - d2) / 3
					if math.Abs(got-want) > 1e-6*max(math.Abs(want), 1) {
						t.Errorf("∂NLL/∂%s = %.10g, by differences %.10g", what, got, want)
					}
				}
				for q := range 3 {
					check(fmt.Sprint("α", q), &net.Leak[q], grad.Leak[q])
					check(fmt.Sprint("μ", q), &net.Rest[q], grad.Rest[q])
					check(fmt.Sprint("θ", q), &net.Threshold[q], grad.Threshold[q])
					for i := range z[q] {
						check(fmt.Sprint("Z", q, i), &z[q][i], grad.Z[q][i])
					}
				}
				for i := range net.J {
					check(fmt.Sprint("J", i), &net.J[i], grad.J[i])
				}
				if again := l.NegLogLikelihood(net, z); again != nll {
					t.Errorf("evaluated again: %v, at first %v", again, nll)
				}
			})
		}
	}
}

func TestInnovationGradientsByDifferences(t *testing.T) {
	for _, g := range []Grid{{Dt: 4e-3, Ages: 12}, {Dt: 4e-3, Ages: 12, Integrator: Exponential}} {
		net, p, z := small(g, 6)
		l := NewLikelihood(p, 3)
		xi, gxi := rows(3, p.Bins), rows(3, p.Bins)
		for q := range xi {
			for i := range xi[q] {
				xi[q][i] = 0.5 * math.Sin(float64(7*q+3*i))
			}
		}
		l.NegLogSpikes(net, xi, z)
		grad := NewGradient(p, 3)
		l.SpikesGradient(xi, z, gxi, grad)
		check := func(what string, x *float64, got float64) {
			t.Helper()
			kept := *x
			at := func(by float64) float64 {
				*x = kept + by
				v := l.NegLogSpikes(net, xi, z)
				*x = kept
				return v
			}
			h := 1e-4 * max(math.Abs(kept), 1)
			want := (4*(at(h)-at(-h))/(2*h) - (at(2*h)-at(-2*h))/(4*h)) / 3
			if math.Abs(got-want) > 1e-6*max(math.Abs(want), 1) {
				t.Errorf("∂/∂%s = %.10g, by differences %.10g", what, got, want)
			}
		}
		for q := range 3 {
			check(fmt.Sprint("α", q), &net.Leak[q], grad.Leak[q])
			check(fmt.Sprint("μ", q), &net.Rest[q], grad.Rest[q])
			check(fmt.Sprint("θ", q), &net.Threshold[q], grad.Threshold[q])
			for i := range xi[q] {
				check(fmt.Sprint("ξ", q, i), &xi[q][i], gxi[q][i])
			}
		}
		for i := range net.J {
			check(fmt.Sprint("J", i), &net.J[i], grad.J[i])
		}
	}
}

// The innovations of a trajectory make it again, and the likelihood is that of the spikes and
// of normal innovations, with the scale of the noise.
func TestInnovationsMakeTheTrajectory(t *testing.T) {
	net, p, z := small(Grid{Dt: 4e-3, Ages: 12}, 7)
	l := NewLikelihood(p, 3)
	nll := l.NegLogLikelihood(net, z)
	xi, rest := rows(3, p.Bins), 0.0
	for q := range xi {
		for bin := range xi[q] {
			v := Variance(l.Terms(bin, q).Zbar, net.Neurons[q], p.Grid.Dt)
			xi[q][bin] = (z[q][p.Grid.Ages+bin] - l.Terms(bin, q).Zbar) / math.Sqrt(v)
			rest += xi[q][bin]*xi[q][bin]/2 + 0.5*math.Log(v) + 0.5*math.Log(2*math.Pi)
		}
	}
	again := rows(3, p.Grid.Ages+p.Bins)
	for q := range again {
		copy(again[q], z[q][:p.Grid.Ages])
	}
	near(t, "-ln p", l.NegLogSpikes(net, xi, again)+rest, nll, 1e-12)
	for q := range z {
		for i := range z[q] {
			near(t, "Z", again[q][i], z[q][i], 1e-11)
		}
	}
}

// With one cohort only, the population spikes as it does, however many are left of it.
func TestOneCohortSpikesAsItsNeuronsDo(t *testing.T) {
	net, p, z := small(Grid{Dt: 4e-3, Ages: 12}, 3)
	for q := range z {
		clear(z[q])
		z[q][7] = 0.3
	}
	p.Bins = 1
	for q := range p.Spikes {
		for i := range p.Spikes[q] {
			p.Spikes[q][i] = p.Spikes[q][i][:1]
		}
	}
	for _, survival := range []float64{0.9, 0.4, 1e-3} {
		for q := range p.Initial.S {
			for k := range p.Initial.S[q] {
				p.Initial.S[q][k] = survival
			}
		}
		l := NewLikelihood(p, 3)
		l.NegLogLikelihood(net, z)
		for q := range 3 {
			near(t, "Zbar", l.Terms(0, q).Zbar, l.tape.p[q*12+7], 1e-13)
		}
	}
}

// Uncoupled neurons say nothing of their population's trajectory.
func TestUncoupledNeuronsDoNotDependOnTrajectory(t *testing.T) {
	net, p, z := small(Grid{Dt: 4e-3, Ages: 12}, 4)
	clear(net.J)
	l := NewLikelihood(p, 3)
	_, before := l.Parts(net, z)
	for q := range z {
		for i := range z[q] {
			z[q][i] *= 1.7
		}
	}
	if _, after := l.Parts(net, z); after != before {
		t.Errorf("ln p(y | Z) = %v, with another trajectory %v", before, after)
	}
	// What remains of ∂/∂Z must be that of Z alone: without observed neurons it is the same.
	l.NegLogLikelihood(net, z)
	with := NewGradient(p, 3)
	l.Gradient(z, with)
	q := *p
	q.Spikes = [][][]bool{{}, {}, {}}
	alone := NewLikelihood(&q, 3)
	alone.NegLogLikelihood(net, z)
	without := NewGradient(&q, 3)
	alone.Gradient(z, without)
	if d := cmp.Diff(with.Z, without.Z); d != "" {
		t.Error(d)
	}
}

// No neuron is lost: the cohorts hold the whole population while none is older than the grid.
func TestNeuronsAreConserved(t *testing.T) {
	net := WinnerTakeAll()
	for _, i := range []Integrator{Euler, ExactLeak, Exponential} {
		g := Grid{Dt: 1e-3, Ages: 800, Integrator: i}
		history := rows(3, g.Ages)
		for p := range history {
			history[p][g.Ages-1] = 1
		}
		s := NewSimulation(net, g, SynchronousInitial(net, g, []int{0, 0, 0}), history)
		for bin := range g.Ages {
			s.Advance(nil, func(_ int, zbar float64) float64 { return zbar })
			for p := range 3 {
				if m := math.Abs(s.Mess(p)); m > 1e-9 {
					t.Fatalf("%v: bin %d lacks %g of population %d", i, bin, m, p)
				}
			}
		}
	}
}

// A very large population follows the deterministic trajectory, noise or not.
func TestLargePopulationsFollowTheMeanField(t *testing.T) {
	net, g := oscillation()
	net.Neurons[0] = 10_000_000
	history := [][]float64{synchronousHistory(g.Ages)}
	start := SynchronousInitial(net, g, []int{0})
	for _, noise := range []Noise{Gaussian, Binomial} {
		if noise == Binomial {
			net.Neurons[0] = 1_000_000 // costs a draw a spike
		}
		mean, noisy := NewSimulation(net, g, start, history), NewSimulation(net, g, start, history)
		draws := NewDraws(net, noise, 3, 0)
		for bin := range 300 {
			mean.Advance(nil, func(_ int, zbar float64) float64 { return zbar })
			noisy.Advance(nil, draws.Draw)
			if d := math.Abs(mean.Fraction(0) - noisy.Fraction(0)); d > 3e-3 {
				t.Fatalf("noise %d: bin %d differs by %g", noise, bin, d)
			}
		}
	}
}

func oscillation() (*Network, Grid) {
	theta := 6 - math.Log(10)
	return &Network{Neurons: []int{500}, Leak: []float64{50}, Synapse: []float64{1000. / 3}, Rest: []float64{14.4}, Threshold: []float64{theta},
		J: []float64{-20}, Refractory: 4e-3, Delay: 8e-3, Gain: 1}, Grid{Dt: 1e-3, Ages: 300}
}

// At the fixed point each population fires at the rate that its drive makes, and the
// deterministic model stays there, whatever the integrator.
func TestFixedPointStays(t *testing.T) {
	net := WinnerTakeAll()
	for _, i := range []Integrator{Euler, ExactLeak, Exponential} {
		g := Grid{Dt: 4e-3, Ages: 500, Integrator: i}
		rates, ok := net.FixedPoint(g, []float64{20, 5, 25})
		if !ok || rates[0] < rates[1]+10 {
			t.Fatalf("%v: rates %v, found: %v", i, rates, ok)
		}
		start, err := StationaryInitial(net, g, rates, [][]int{{}, {}, {}}, false)
		if err != nil {
			t.Fatal(err)
		}
		history := rows(3, g.Ages)
		for p := range history {
			for k := range history[p] {
				history[p][k] = rates[p] * g.Dt
			}
		}
		s := NewSimulation(net, g, start, history)
		for range 1500 {
			s.Advance(nil, func(_ int, zbar float64) float64 { return zbar })
		}
		for p, want := range rates {
			if got := s.Fraction(p) / g.Dt; math.Abs(got-want) > 0.01 {
				t.Errorf("%v: population %d goes to %g Hz from %g", i, p, got, want)
			}
		}
	}
}
