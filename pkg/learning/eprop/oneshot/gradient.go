package oneshot

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
)

// Gradients are those of the weights, in float64 whatever the networks' precision.
type Gradients = Weights[float64]

// Network holds both networks' constants and scratch memory, but no weights of its
// own and no state. Its methods may be called from one goroutine at a time.
type Network[F tensor.Float] struct {
	Params
	Threads int

	clock *tensor.Bits // input of the main network in every trial, [T][ClockLines]
	constants[F]
	main, errors *synapses[F]
	out          []F // [n][2]
	projection   []F // [width of the error module][width]

	workers []*worker[F]
	records []record
	units   []*Gradients
}

// NewNetwork returns a network that uses so many threads, for trials of the clock's
// length.
func NewNetwork[F tensor.Float](p Params, clock *tensor.Bits, threads int) *Network[F] {
	return &Network[F]{
		Params: p, Threads: threads, clock: clock, constants: newConstants[F](&p),
		main: newSynapses[F](p.ClockLines, p.Neurons), errors: newSynapses[F](p.ErrorInputs(), p.ErrorNeurons),
		out: make([]F, p.Neurons*motors), projection: make([]F, padded(p.ErrorNeurons)*padded(p.Neurons)),
	}
}

// Result is what a batch did.
type Result struct {
	Loss      float64         // E of equation (7), with Penalty
	Penalty   float64         // the part of the firing rates
	TipMSE    [trials]float64 // mean (tip - tip*)² in each trial
	MotorMSE  float64         // mean (ω - ω*)² in trial 2
	Rate      float64         // of the main network, spikes per step
	ErrorRate float64         // of the error module
}

// record is what is kept of a task between the two runs of its trials.
type record struct {
	squares
	counts, errorCounts []int // spikes of each neuron in both trials
}

// maxUnits is the number of parts into which a batch is cut: each adds up its
// tasks' gradients in their order, and then the parts are added in theirs.
const maxUnits = 16

// Gradient runs a batch of tasks and writes the gradient of the loss (7) to g.
//
// Each task is run twice, as the penalty's derivative asks for the rates in the
// whole batch: that takes less time than to keep all potentials takes memory.
func (net *Network[F]) Gradient(g *Gradients, w Weights[F], tasks []armtrajectory.Task) Result {
	net.runAll(w, tasks)
	result, rates, errorRates := net.summarize(len(tasks))
	samples := float64(len(tasks) * trials * net.clock.Rows)
	rateGrad := penaltyGradient[F](rates, net.TargetRate, net.RateStrength/samples)
	errorRateGrad := penaltyGradient[F](errorRates, net.ErrorTargetRate, net.RateStrength/samples)

	units := min(maxUnits, len(tasks))
	for len(net.units) < units {
		unit := NewWeights[float64](&net.Params)
		net.units = append(net.units, &unit)
	}
	parallel.For(net.Threads, units, func(worker, u int) {
		for _, m := range net.units[u].all() {
			clear(m)
		}
		for i := u * len(tasks) / units; i < (u+1)*len(tasks)/units; i++ {
			net.workers[worker].run(&tasks[i])
			net.workers[worker].back(net.units[u], &tasks[i], len(tasks), rateGrad, errorRateGrad)
		}
	})
	to := g.all()
	for k := range to {
		clear(to[k])
		for _, unit := range net.units[:units] {
			for i, x := range unit.all()[k] {
				to[k][i] += x
			}
		}
	}
	return result
}

// Evaluate runs a batch of tasks without learning to learn.
func (net *Network[F]) Evaluate(w Weights[F], tasks []armtrajectory.Task) Result {
	net.runAll(w, tasks)
	result, _, _ := net.summarize(len(tasks))
	return result
}

// Movement is what a network did with the arm, for pictures: [T][2] each.
type Movement struct{ Velocities, Tip []float64 }

// Movements runs one task and returns the movements before and after the update.
func (net *Network[F]) Movements(w Weights[F], task *armtrajectory.Task) (all [trials]Movement) {
	net.runAll(w, []armtrajectory.Task{*task})
	for trial, m := range net.workers[0].movement {
		for i := range m.tip {
			all[trial].Tip = append(all[trial].Tip, float64(m.tip[i]))
			all[trial].Velocities = append(all[trial].Velocities, float64(m.velocities[i]))
		}
	}
	return all
}

// runAll fills in the records.
func (net *Network[F]) runAll(w Weights[F], tasks []armtrajectory.Task) {
	net.load(w)
	for len(net.workers) < max(net.Threads, 1) {
		net.workers = append(net.workers, newWorker(net))
	}
	for len(net.records) < len(tasks) {
		net.records = append(net.records, record{counts: make([]int, padded(net.Neurons)), errorCounts: make([]int, padded(net.ErrorNeurons))})
	}
	parallel.For(net.Threads, len(tasks), func(worker, i int) {
		w, r := net.workers[worker], &net.records[i]
		w.run(&tasks[i])
		r.squares = w.squares(&tasks[i])
		clear(r.counts)
		clear(r.errorCounts)
		for trial := range trials {
			count(r.counts, w.main[trial].spikes)
			count(r.errorCounts, w.errors[trial].spikes)
		}
	})
}

func (net *Network[F]) load(w Weights[F]) {
	net.main.load(w.In, w.Rec, net.Neurons)
	net.errors.load(w.ErrorIn, w.ErrorRec, net.ErrorNeurons)
	copy(net.out, w.Out)
	spread(net.projection, net.main.width, w.Projection, net.Neurons)
}

// summarize adds up the records of a batch; the rates are those of each neuron.
func (net *Network[F]) summarize(tasks int) (r Result, rates, errorRates []float64) {
	rates, errorRates = make([]float64, padded(net.Neurons)), make([]float64, padded(net.ErrorNeurons))
	samples := float64(tasks * net.clock.Rows)
	for i := range tasks {
		record := &net.records[i]
		for trial, s := range record.tip {
			r.TipMSE[trial] += s / (motors * samples)
		}
		r.MotorMSE += record.motor / (motors * samples)
		addRates(rates, record.counts, trials*samples)
		addRates(errorRates, record.errorCounts, trials*samples)
	}
	for j := range net.Neurons {
		r.Rate += rates[j] / float64(net.Neurons)
		r.Penalty += net.RateStrength * (rates[j] - net.TargetRate) * (rates[j] - net.TargetRate)
	}
	for i := range net.ErrorNeurons {
		r.ErrorRate += errorRates[i] / float64(net.ErrorNeurons)
		r.Penalty += net.RateStrength * (errorRates[i] - net.ErrorTargetRate) * (errorRates[i] - net.ErrorTargetRate)
	}
	r.Loss = (r.TipMSE[1]+net.MotorWeight*r.MotorMSE)/2 + r.Penalty
	return r, rates, errorRates
}

func addRates(rates []float64, counts []int, samples float64) {
	for j, c := range counts {
		rates[j] += float64(c) / samples
	}
}

// penaltyGradient is the derivative of strength·Σ (r_j - target)² with respect to a
// spike, but for a factor that strength has taken. The neurons of the padding do
// not matter: they never come near their threshold.
func penaltyGradient[F tensor.Float](rates []float64, target, strength float64) []F {
	g := make([]F, len(rates))
	for j, r := range rates {
		g[j] = F(2 * strength * (r - target))
	}
	return g
}

func count(counts []int, spikes *tensor.Bits) {
	stride := spikes.Stride()
	for i, word := range spikes.Words {
		for ; word != 0; word &= word - 1 {
			counts[i%stride*64+bits.TrailingZeros64(word)]++
		}
	}
}

// addMatrix adds rows of width numbers, of which the first n count, to rows of n.
func addMatrix[F tensor.Float](to []float64, n int, from []F, width int) {
	for i := 0; i*n < len(to); i++ {
		row := to[i*n : (i+1)*n]
		for j, x := range from[i*width : i*width+n] {
			row[j] += float64(x)
		}
	}
}
