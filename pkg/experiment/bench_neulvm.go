package experiment

import (
	"math"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// NeuLVMBench is how long the parts of neuLVM take on one thread.
type NeuLVMBench struct {
	Job string `json:"job"`

	// Seconds of simulation of the winner-take-all network, neuron by neuron in steps of
	// 0.2 ms, for each simulated second, by how many times the paper's 1,000 neurons.
	Neurons          []int     `json:"neurons"`
	SimulationCPU    []float64 `json:"simulation_cpu_seconds"`
	Simulation       []float64 `json:"simulation_seconds"`
	SpikesSimulated  []int     `json:"spikes_simulated"`
	SimulatedSeconds float64   `json:"simulated_seconds"`

	// Seconds of a likelihood of T bins of three populations with its gradient.
	Bins          int     `json:"bins"`
	Ages          int     `json:"ages"`
	Likelihood    float64 `json:"likelihood_seconds_min"`
	LikelihoodCPU float64 `json:"likelihood_cpu_seconds_min"`
}

// BenchNeuLVM measures them; the least of repeats counts.
func BenchNeuLVM(repeats int) (*NeuLVMBench, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	b := &NeuLVMBench{Job: "neulvm", SimulatedSeconds: 2, Bins: 2500, Ages: 250}
	grid := neulvm.Grid{Dt: 2e-4, Integrator: neulvm.ExactLeak}
	for _, scale := range []int{1, 4, 16} {
		net := neulvm.WinnerTakeAll()
		neurons := 0
		for p := range net.Neurons {
			net.Neurons[p] *= scale
			neurons += net.Neurons[p]
		}
		wall, cpu, spikes := math.Inf(1), math.Inf(1), 0
		for range repeats {
			s := neulvm.NewMicroscopic(net, grid, nil, 1, 0)
			for range int(0.5 / grid.Dt) {
				s.Advance(nil)
			}
			spikes = 0
			began, used := time.Now(), cpuSeconds()
			for range int(math.Round(b.SimulatedSeconds / grid.Dt)) {
				s.Advance(nil)
				for p := range net.Neurons {
					spikes += len(s.Spiked(p))
				}
			}
			wall, cpu = min(wall, time.Since(began).Seconds()), min(cpu, cpuSeconds()-used)
		}
		b.Neurons, b.SpikesSimulated = append(b.Neurons, neurons), append(b.SpikesSimulated, spikes)
		b.Simulation, b.SimulationCPU = append(b.Simulation, wall/b.SimulatedSeconds), append(b.SimulationCPU, cpu/b.SimulatedSeconds)
	}
	return b, b.likelihood(repeats)
}

func (b *NeuLVMBench) likelihood(repeats int) error {
	net := neulvm.WinnerTakeAll()
	r := neulvm.Record(neulvm.NewMicroscopic(net, neulvm.Grid{Dt: 2e-4, Integrator: neulvm.ExactLeak}, nil, 1, 0), 20, 250, b.Ages+b.Bins, 3)
	p := &neulvm.Problem{Grid: neulvm.Grid{Dt: 4e-3, Ages: b.Ages}, Bins: b.Bins}
	ages := make([][]int, len(r.Spikes))
	for q, trains := range r.Spikes {
		var rest [][]bool
		for _, train := range trains {
			rest = append(rest, train[b.Ages:])
		}
		p.Spikes, ages[q] = append(p.Spikes, rest), make([]int, len(trains))
	}
	var err error
	if p.Initial, err = neulvm.StationaryInitial(net, p.Grid, []float64{19, 6, 24.5}, ages, false); err != nil {
		return err
	}
	l, g := neulvm.NewLikelihood(p, len(r.Spikes)), neulvm.NewGradient(p, len(r.Spikes))
	var walls, cpus []float64
	for range repeats + 1 { // the first fills the memory
		began, used := time.Now(), cpuSeconds()
		l.NegLogLikelihood(net, r.Fractions)
		l.Gradient(r.Fractions, g)
		walls, cpus = append(walls, time.Since(began).Seconds()), append(cpus, cpuSeconds()-used)
	}
	b.Likelihood, b.LikelihoodCPU = slices.Min(walls[1:]), slices.Min(cpus[1:])
	return nil
}
