package neulvm

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/underrace"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// microscopicActivity is the activity of population 0 in Hz, after a second.
func microscopicActivity(net *Network, g Grid, seconds float64, trial uint64) []float64 {
	s := NewMicroscopic(net, g, nil, 11, trial)
	var a []float64
	for i := range int((1 + seconds) / g.Dt) {
		s.Advance(nil)
		if i >= int(1/g.Dt) {
			a = append(a, float64(len(s.Spiked(0)))/(float64(net.Neurons[0])*g.Dt))
		}
	}
	return a
}

func mesoscopicActivity(net *Network, g Grid, noise Noise, seconds float64, trial uint64) []float64 {
	history := [][]float64{synchronousHistory(g.Ages)}
	s := NewSimulation(net, g, SynchronousInitial(net, g, []int{0}), history)
	draws := NewDraws(net, noise, 12, trial)
	var a []float64
	for i := range int((1 + seconds) / g.Dt) {
		s.Advance(nil, draws.Draw)
		if i >= int(1/g.Dt) {
			a = append(a, s.Fraction(0)/g.Dt)
		}
	}
	return a
}

type goldenStats struct {
	Params goldenParams
	Micro  goldenModel `json:"micro_euler_1ms"`
	Gauss  goldenModel `json:"meso_gauss_1ms"`
	Binom  goldenModel `json:"meso_binom_1ms"`
}

type goldenModel struct {
	Rate, Std struct{ Mean float64 }
	Peak      struct{ Mean float64 } `json:"psd_peak"`
	Low       struct{ Mean float64 } `json:"psd_low_2_10Hz"`
	ACF       struct {
		Lags []int
		Mean []float64
	} `json:"acf"`
}

// The statistics of neurons and of populations are those of the golden simulations, and so
// each other's.
func TestGoldenStatistics(t *testing.T) {
	const trials, seconds = 4, 10.
	for _, file := range golden.Having(t, "neulvm", "uncoupled", "oscillation", "oscillation_weak") {
		all := decode[map[string]goldenStats](t, file.Bytes)
		for _, name := range []string{"uncoupled", "oscillation", "oscillation_weak"} {
			c := all[name]
			net := c.Params.network()
			g := Grid{Dt: c.Params.Dt, Ages: 300}
			for _, model := range []struct {
				name     string
				want     goldenModel
				activity func(trial uint64) []float64
			}{
				{"neurons", c.Micro, func(k uint64) []float64 { return microscopicActivity(net, g, seconds, k) }},
				{"populations, Gaussian", c.Gauss, func(k uint64) []float64 { return mesoscopicActivity(net, g, Gaussian, seconds, k) }},
				{"populations, binomial", c.Binom, func(k uint64) []float64 { return mesoscopicActivity(net, g, Binomial, seconds, k) }},
			} {
				t.Run(name+"/"+model.name, func(t *testing.T) {
					activities := make([][]float64, trials)
					parallel.For(trials, trials, func(_, i int) { activities[i] = model.activity(uint64(i)) })
					compareStatistics(t, activities, g.Dt, model.want, name == "oscillation")
				})
			}
		}
	}
}

// compareStatistics uses twice the tolerances of section 8.2 of the method, as it has a
// fraction of the golden time.
func compareStatistics(t *testing.T, activities [][]float64, dt float64, want goldenModel, peaked bool) {
	mean := func(f func(a []float64) float64) float64 {
		sum := 0.0
		for _, a := range activities {
			sum += f(a)
		}
		return sum / float64(len(activities))
	}
	within := func(what string, got, want, tolerance float64) {
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s is %.4g, want %.4g within %.2g", what, got, want, tolerance)
		}
	}
	within("rate", mean(func(a []float64) float64 { return stat.Mean(a, nil) }), want.Rate.Mean, 0.01*want.Rate.Mean)
	within("deviation", mean(func(a []float64) float64 { return stat.StdDev(a, nil) }), want.Std.Mean, 0.06*want.Std.Mean)
	frequency, power := metrics.PowerSpectrum(activities[0], 512, dt)
	for _, a := range activities[1:] {
		_, more := metrics.PowerSpectrum(a, 512, dt)
		for k := range power {
			power[k] += more[k]
		}
	}
	for k := range power {
		power[k] /= float64(len(activities))
	}
	if at, height := metrics.SpectralPeak(frequency, power); peaked {
		within("frequency of the peak", at, 27.34375, 2*1.95+1e-6)
		within("height of the peak", height, want.Peak.Mean, 0.12*want.Peak.Mean)
	}
	low, n := 0.0, 0.0
	for k, f := range frequency {
		if f >= 2 && f <= 10 {
			low += power[k]
			n++
		}
	}
	within("power from 2 to 10 Hz", low/n, want.Low.Mean, 0.3*want.Low.Mean)
	for i, lag := range want.ACF.Lags {
		within(fmt.Sprint("autocorrelation at lag ", lag), mean(func(a []float64) float64 { return metrics.Autocorrelation(a, lag) }), want.ACF.Mean[i], 0.06)
	}
}

// The same seed gives the same numbers, another trial others.
func TestSimulationsDependOnSeedAndTrial(t *testing.T) {
	net, g := oscillation()
	for name, activity := range map[string]func(trial uint64) []float64{
		"neurons":     func(k uint64) []float64 { return microscopicActivity(net, g, 0.5, k) },
		"populations": func(k uint64) []float64 { return mesoscopicActivity(net, g, Binomial, 0.5, k) },
	} {
		a, b, other := activity(0), activity(0), activity(1)
		same, differ := true, false
		for i := range a {
			same = same && a[i] == b[i]
			differ = differ || a[i] != other[i]
		}
		if !same || !differ {
			t.Errorf("%s: equal for one trial: %v, different for two: %v; want both", name, same, differ)
		}
	}
}

// A neuron's state and the thinning of spikes give the law of a direct simulation, neuron by
// neuron, with differing resting potentials, delays and input.
func TestMicroscopicAgainstDirectSimulation(t *testing.T) {
	net := WinnerTakeAll()
	net.Delay = 1e-3
	for _, i := range []Integrator{Euler, ExactLeak, Exponential} {
		g := Grid{Dt: 1e-3, Integrator: i}
		rest := make([][]float64, 3)
		for p, n := range net.Neurons {
			for j := range n {
				rest[p] = append(rest[p], net.Rest[p]*(1+0.1*math.Sin(float64(j))))
			}
		}
		const steps = 8_000
		input := func(t int) []float64 { return []float64{100 * math.Sin(float64(t)/300), 20, 0} }
		fast := NewMicroscopic(net, g, rest, 5, 0)
		direct := newDirect(net, g, rest)
		var got, want [3][]float64 // spikes of 100 ms
		for t := range steps {
			fast.Advance(input(t))
			counts := direct.advance(input(t))
			for p := range 3 {
				if t%100 == 0 {
					got[p], want[p] = append(got[p], 0), append(want[p], 0)
				}
				got[p][t/100] += float64(len(fast.Spiked(p)))
				want[p][t/100] += float64(counts[p])
			}
		}
		for p := range 3 {
			// The input drives both through the same states.
			se := math.Hypot(stat.StdDev(got[p], nil), stat.StdDev(want[p], nil)) / math.Sqrt(steps/100)
			if d := stat.Mean(got[p], nil) - stat.Mean(want[p], nil); math.Abs(d) > 4*se {
				t.Errorf("%v: population %d spikes %.4g times in 100 ms, directly %.4g (standard error %.2g)", i, p, stat.Mean(got[p], nil), stat.Mean(want[p], nil), se)
			}
			if r := stat.StdDev(got[p], nil) / stat.StdDev(want[p], nil); r < 0.75 || r > 1.33 {
				t.Errorf("%v: population %d deviates by %.4g, directly %.4g", i, p, stat.StdDev(got[p], nil), stat.StdDev(want[p], nil))
			}
		}
	}
}

// A simulation of neurons allocates nothing once it runs.
func TestSimulationAllocatesNothing(t *testing.T) {
	underrace.SkipAllocations(t)
	s := NewMicroscopic(WinnerTakeAll(), Grid{Dt: 2e-4, Integrator: ExactLeak}, nil, 1, 0)
	for range 5000 {
		s.Advance(nil)
	}
	if n := testing.AllocsPerRun(500, func() { s.Advance(nil) }); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// Particles sum over trajectories as quadrature does: two bins of one population, whose first
// fraction is all that is not known.
func TestParticlesSumOverTrajectories(t *testing.T) {
	net, g := oscillation()
	net.Delay, net.Neurons[0] = 0, 20
	g.Dt, g.Ages = 4e-3, 30
	p := &Problem{Grid: g, Bins: 3, Spikes: [][][]bool{{{false, false, true}, {false, true, false}}}}
	var err error
	if p.Initial, err = StationaryInitial(net, g, []float64{18}, [][]int{{9, 14}}, false); err != nil {
		t.Fatal(err)
	}
	history := rows(1, g.Ages)
	for i := range history[0] {
		history[0][i] = 18 * g.Dt
	}
	// Fractions of bins 0 and 1 act on spikes of bin 2 and, but for the rule that the trace
	// waits, of bin 1; that of bin 2 acts on nothing.
	l := NewLikelihood(p, 1)
	z := append(append([]float64(nil), history[0]...), 0, 0, 0)
	xi := rows(1, 3)
	total, norm := 0.0, 0.0
	const points, reach = 81, 6.0
	for i := range points {
		for j := range points {
			a, b := reach*(2*float64(i)/(points-1)-1), reach*(2*float64(j)/(points-1)-1)
			xi[0][0], xi[0][1] = a, b
			w := math.Exp(-(a*a + b*b) / 2)
			total += w * math.Exp(-l.NegLogSpikes(net, xi, [][]float64{z}))
			norm += w
		}
	}
	want := math.Log(total / norm)
	e := NewEnsemble(net, p, history, 20_000, 10, 2)
	if got := e.Run(1, 0); math.Abs(got-want) > 0.01 {
		t.Errorf("ln p = %.4f by particles, %.4f by quadrature", got, want)
	}
	mean, deviation := e.Smoothed()
	for bin := range mean[0] {
		if m, d := mean[0][bin], deviation[0][bin]; m < 0.02 || m > 0.25 || d < 0.01 || d > 0.2 {
			t.Errorf("bin %d: mean %.3f, deviation %.3f", bin, m, d)
		}
	}
	// A push in any direction, for which the particles pay sooner or later, changes neither
	// likelihood nor means.
	for _, patience := range []int{1, 2, 50} {
		guided := NewEnsemble(net, p, history, 20_000, 10, 2)
		guided.Guide([][]float64{{0.8, -1, 1.2}}, patience)
		if got := guided.Run(2, 0); math.Abs(got-want) > 0.015 {
			t.Errorf("ln p = %.4f by particles of which half are pushed, patience %d; %.4f by quadrature", got, patience, want)
		}
		pushed, _ := guided.Smoothed()
		for bin := range mean[0] {
			if a, b := mean[0][bin], pushed[0][bin]; math.Abs(a-b) > 0.02*a+0.001 {
				t.Errorf("bin %d, patience %d: mean %.4f with a push, %.4f without", bin, patience, b, a)
			}
		}
	}
}

// Under a drive so strong that every neuron is looked at, neurons fire as renewal theory has it, and
// as quickly as under any.
func TestStrongDriveIsSimulatedNeuronByNeuron(t *testing.T) {
	net, g := Inhibited(0, 24), Grid{Dt: 2e-4, Integrator: ExactLeak, Ages: 500}
	s := NewMicroscopic(net, g, nil, 1, 0)
	const skip, steps = 500, 10_000
	spikes := 0
	for i := range skip + steps {
		s.Advance(nil)
		if i >= skip {
			spikes += len(s.Spiked(0))
		}
	}
	got := float64(spikes) / float64(net.Neurons[0]) / (steps * g.Dt)
	want := net.RenewalRate(0, 24, g)
	if math.Abs(got-want) > 0.005*want {
		t.Errorf("neurons fire at %.3f Hz, by renewal theory at %.3f", got, want)
	}
}
