package experiment

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/learning/em"
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

	// The same of uncoupled neurons, always as many, at several rates.
	Uncoupled    int       `json:"uncoupled_neurons"`
	RatesHz      []float64 `json:"uncoupled_rates_hz"`
	UncoupledCPU []float64 `json:"uncoupled_cpu_seconds"`

	// Seconds of a likelihood of T bins of three populations with its gradient.
	Bins          int     `json:"bins"`
	Ages          int     `json:"ages"`
	Likelihood    float64 `json:"likelihood_seconds_min"`
	LikelihoodCPU float64 `json:"likelihood_cpu_seconds_min"`

	// Seconds of a whole fit of them: published steps to the trajectory, then the parameters by L-BFGS.
	TrajectorySteps     int     `json:"fit_trajectory_steps"`
	ParameterIterations int     `json:"fit_parameter_iterations"`
	Fit                 float64 `json:"fit_seconds_min"`
	FitCPU              float64 `json:"fit_cpu_seconds_min"`
	FitLoss             float64 `json:"fit_loss"`
}

// BenchNeuLVM measures them; the least of repeats counts. What is fitted is written to the file
// problem, unless that is "", for other programs to fit.
func BenchNeuLVM(repeats int, problem string) (*NeuLVMBench, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	b := &NeuLVMBench{Job: "neulvm", SimulatedSeconds: 2, Bins: 2500, Ages: 250, Uncoupled: 10_000}
	for _, scale := range []int{1, 4, 16} {
		net := neulvm.WinnerTakeAll()
		neurons := 0
		for p := range net.Neurons {
			net.Neurons[p] *= scale
			neurons += net.Neurons[p]
		}
		wall, cpu, spikes := b.simulate(net, repeats)
		b.Neurons, b.SpikesSimulated = append(b.Neurons, neurons), append(b.SpikesSimulated, spikes)
		b.Simulation, b.SimulationCPU = append(b.Simulation, wall/b.SimulatedSeconds), append(b.SimulationCPU, cpu/b.SimulatedSeconds)
	}
	for _, rest := range []float64{4, 5, 6, 8, 10} {
		net := neulvm.Inhibited(0, rest)
		net.Neurons[0] = b.Uncoupled
		_, cpu, spikes := b.simulate(net, repeats)
		b.RatesHz = append(b.RatesHz, float64(spikes)/float64(b.Uncoupled)/b.SimulatedSeconds)
		b.UncoupledCPU = append(b.UncoupledCPU, cpu/b.SimulatedSeconds)
	}
	if err := b.likelihood(repeats); err != nil {
		return nil, err
	}
	return b, b.fit(repeats, problem)
}

// simulate takes the least of repeats.
func (b *NeuLVMBench) simulate(net *neulvm.Network, repeats int) (wall, cpu float64, spikes int) {
	grid := neulvm.Grid{Dt: 2e-4, Integrator: neulvm.ExactLeak}
	wall, cpu = math.Inf(1), math.Inf(1)
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
	return wall, cpu, spikes
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

// fit measures a whole fit from smoothed spikes and parameters at 0.9 of the truth.
func (b *NeuLVMBench) fit(repeats int, path string) error {
	b.TrajectorySteps, b.ParameterIterations = 20, 10
	net, grid := neulvm.WinnerTakeAll(), neulvm.Grid{Dt: 4e-3, Ages: b.Ages}
	r := neulvm.Record(neulvm.NewMicroscopic(net, neulvm.Grid{Dt: 2e-4, Integrator: neulvm.ExactLeak}, nil, 1, 0), 20, 250, b.Ages+b.Bins, 3)
	data := &em.Observations{Dt: grid.Dt, Spikes: r.Spikes, History: b.Ages}
	parameters, err := em.NewParameters(em.Parameters{Reference: net, Lower: 0.4, Upper: 2, Leak: true, Rest: true, Threshold: true, Weights: em.EachWeight})
	if err != nil {
		return err
	}
	ratios := make([]float64, parameters.Len())
	for i := range ratios {
		ratios[i] = 0.9
	}
	b.Fit, b.FitCPU = math.Inf(1), math.Inf(1)
	for k := range repeats {
		f, err := em.NewFit(em.Options{Grid: grid, Parameters: parameters, Sigma: 50}, data, ratios)
		if err != nil {
			return err
		}
		if k == 0 && path != "" {
			if err := b.writeProblem(path, f); err != nil {
				return err
			}
		}
		began, used := time.Now(), cpuSeconds()
		if _, _, err := f.EStep(em.Published{StepSize: 1e-3, Steps: b.TrajectorySteps, Patience: b.TrajectorySteps + 1, TotalLowest: true}); err != nil {
			return err
		}
		if b.FitLoss, _, err = f.MStep(b.ParameterIterations, 1); err != nil {
			return err
		}
		b.Fit, b.FitCPU = min(b.Fit, time.Since(began).Seconds()), min(b.FitCPU, cpuSeconds()-used)
	}
	return nil
}

// writeProblem writes what a fit starts from.
func (b *NeuLVMBench) writeProblem(path string, f *em.Fit) error {
	p, m := f.Problem(), len(f.Z)
	y := make([][][]float64, p.Bins)
	for t := range y {
		y[t] = make([][]float64, m)
		for q, trains := range p.Spikes {
			y[t][q] = make([]float64, len(trains))
			for i, train := range trains {
				if train[t] {
					y[t][q][i] = 1
				}
			}
		}
	}
	rows := make([][]float64, m)
	for q := range rows {
		rows[q] = f.Network.J[q*m : (q+1)*m]
	}
	net := f.Network
	content, err := json.Marshal(map[string]any{
		"params": map[string]any{"dt": p.Grid.Dt, "N": net.Neurons, "amem": net.Leak, "asyn": net.Synapse, "mu": net.Rest, "th": net.Threshold, "J": rows},
		"init":   map[string]any{"V": p.Initial.V, "S": p.Initial.S, "I": p.Initial.Trace, "v": p.Initial.U, "age": p.Initial.Age},
		"Z":      f.Z, "y": y, "A": b.Ages, "ref_bins": 1, "delay_bins": 0, "ratio": 0.9,
		"trajectory_steps": b.TrajectorySteps, "parameter_iterations": b.ParameterIterations,
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fault.Inputf("writing the problem: %w", err)
	}
	return nil
}
