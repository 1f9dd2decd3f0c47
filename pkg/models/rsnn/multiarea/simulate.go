package multiarea

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Draws writes the random numbers of one step of a trial for the N neurons: ε, normal,
// and U, uniform in [0,1). There is room for a whole number of kernel.NoiseBlock; what
// lies beyond N is ignored. Steps are counted from 0 in each call of Simulate. Threads
// call it at the same time.
type Draws[F tensor.Float] func(trial, step int, normal, uniform []F)

// State is what a trial starts from.
type State[F tensor.Float] struct {
	Potential  []F            // v⁺, [N]
	Refractory []int32        // steps that the neuron is silent for still, [N]
	Recent     *tensor.Raster // spikes of the last steps before, as many as the longest delay
	Jaw        F              // q
	JawHistory []F            // the jaw in the last steps before, as many as the longest tap
}

// Run is what a network did in a number of trials. Its memory is used again from
// run to run.
type Run[F tensor.Float] struct {
	Trials, Steps int
	Spikes        []tensor.Raster // of the neurons; one for each trial
	Jaw           []F             // [trials][T]; empty without a jaw
	Final         []State[F]      // after the last step

	// Probability is p, (3), also of refractory neurons, [trials][T][row], if the network
	// keeps it.
	Probability []F

	inputs    []tensor.Raster
	start     []tensor.Raster // spikes before the first step
	surrogate []F             // dz/dv⁻, [trials][T][row]
	normal    []F             // ε, [trials][T][row]
	offset    []F             // o, [trials][N]
	xi        []F             // ξ, [trials][dimensions]
	hidden    []F             // relu(A1 ξ + c1), [trials][dimensions]
	// the jaw before the first step, of each trial
	jawHistory [][]F
}

// scratch is a worker's memory: rows.
type scratch[F tensor.Float] struct {
	potential, uniform, normal []F
	logistic, bias             []F
	current                    []F // a ring of rows for the steps to come, [longest delay + 1][row]
	refractory                 []int32
	fired                      []uint16
}

func (s *scratch[F]) fit(row, ring int) {
	for _, x := range []*[]F{&s.potential, &s.uniform, &s.normal, &s.logistic, &s.bias} {
		*x = grown(*x, row)
		clear(*x)
	}
	s.current = grown(s.current, ring*row)
	clear(s.current)
	s.refractory, s.fired = grown(s.refractory, row), grown(s.fired, row/kernel.Lanes)
	clear(s.refractory)
}

func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}

// part is the i-th of n equal parts of x.
func part[T any](x []T, i, n int) []T {
	size := len(x) / n
	return x[i*size : (i+1)*size : (i+1)*size]
}

// Simulate runs one trial for each of inputs, from start (nil: at rest, v⁺ = v_rest,
// with an empty history), and with trial noise xi, [trials][dimensions]. Without
// keep, nothing is kept for Backward. It needs SetWeights.
func (net *Network[F]) Simulate(r *Run[F], w *Weights[F], inputs []tensor.Raster, xi []F, start []State[F], draws Draws[F], keep bool) {
	trials, steps := len(inputs), inputs[0].Steps()
	r.Trials, r.Steps, r.inputs = trials, steps, inputs
	r.Spikes, r.start, r.Final = grown(r.Spikes, trials), grown(r.start, trials), grown(r.Final, trials)
	r.surrogate, r.normal = r.surrogate[:0], r.normal[:0]
	if keep {
		r.surrogate, r.normal = grown(r.surrogate, trials*steps*net.row), grown(r.normal, trials*steps*net.row)
	}
	r.Probability = r.Probability[:0]
	if keep && net.KeepProbabilities {
		r.Probability = grown(r.Probability, trials*steps*net.row)
	}
	net.offsets(r, w, xi)
	r.Jaw = r.Jaw[:0]
	if len(net.Motor) > 0 {
		r.Jaw, r.jawHistory = grown(r.Jaw, trials*steps), grown(r.jawHistory, trials)
	}
	net.scratch = grown(net.scratch, max(1, net.Threads))
	parallel.For(net.Threads, trials, func(worker, k int) {
		var from *State[F]
		if start != nil {
			from = &start[k]
		}
		net.trial(&net.scratch[worker], r, w, k, from, draws)
	})
}

// trial runs trial k.
func (net *Network[F]) trial(s *scratch[F], r *Run[F], w *Weights[F], k int, from *State[F], draws Draws[F]) {
	n, row, ring := net.Neurons, net.row, net.maxDelay()+1
	s.fit(row, ring)
	before := &r.start[k]
	before.Reset()
	if from == nil {
		copy(s.potential, w.Rest)
	} else {
		copy(s.potential, from.Potential)
		copy(s.refractory, from.Refractory)
		for t := range from.Recent.Steps() {
			before.Active = append(before.Active, from.Recent.At(t)...)
			before.EndStep()
		}
	}
	for t := range before.Steps() {
		net.deliver(s.current, before.At(t), t-before.Steps())
	}
	for i, offset := range part(r.offset, k, r.Trials) {
		s.bias[i] = net.rise[i] * (offset + w.Rest[i])
	}
	spikes := &r.Spikes[k]
	spikes.Reset()
	theta := F(net.Threshold)
	step := kernel.Spiking[F]{Most: F(net.StepMS / 2), Slope: F(net.Dampening * net.Steepness / net.Threshold * net.StepMS / 2), Refractory: int32(net.RefractorySteps),
		P: s.logistic, Uniform: s.uniform, V: s.potential, Drop: net.drop, Counter: s.refractory, Spikes: s.fired}
	hasJaw := len(net.Motor) > 0
	var q F
	if hasJaw {
		r.jawHistory[k] = r.jawHistory[k][:0]
		if q = net.jawAtRest(w); from != nil {
			q = from.Jaw
			r.jawHistory[k] = append(r.jawHistory[k], from.JawHistory...)
		}
	}
	normal := s.normal
	for t := range r.Steps {
		current := s.current[t%ring*row:][:row]
		net.feedback(current, r, k, t)
		for _, m := range r.inputs[k].At(t) {
			kernel.AddRow(current, net.input[int(m)*row:(int(m)+1)*row])
		}
		if len(r.surrogate) > 0 {
			at := (k*r.Steps + t) * row
			normal, step.Surrogate = r.normal[at:at+row], r.surrogate[at:at+row]
		}
		draws(k, t, normal, s.uniform)
		for i := n; i < row; i++ {
			s.uniform[i] = 1
		}
		kernel.Charge(theta, F(net.Steepness)/theta, s.potential, net.decay, current, s.bias, net.scale, normal, s.logistic)
		kernel.Sigmoid(s.logistic, s.logistic)
		if len(r.Probability) > 0 {
			for i, p := range s.logistic {
				r.Probability[(k*r.Steps+t)*row+i] = step.Most * p
			}
		}
		kernel.Fire(&step)
		clear(current)
		first := len(spikes.Active)
		for block, word := range s.fired {
			for ; word != 0; word &= word - 1 {
				spikes.Fire(block*kernel.Lanes + bits.TrailingZeros16(word))
			}
		}
		spikes.EndStep()
		net.deliver(s.current, spikes.Active[first:], t)
		if hasJaw {
			q, r.Jaw[k*r.Steps+t] = net.moveJaw(w, q, spikes.Active[first:])
		}
	}
	if hasJaw {
		net.keepJaw(&r.Final[k], r, k, q)
	}
	net.keep(&r.Final[k], s, before, spikes)
}

// deliver adds the spikes of step t to the currents of the steps that they reach: those
// of step t are in row t modulo the length of the ring.
func (net *Network[F]) deliver(current []F, active []int32, t int) {
	n, row, ring := net.Neurons, net.row, net.maxDelay()+1
	for g, d := range net.Delays {
		if t+d < 0 {
			continue
		}
		to := current[(t+d)%ring*row:][:row]
		for _, i := range active {
			kernel.AddRow(to, net.recurrent[(g*n+int(i))*row:][:row])
		}
	}
}

// keep writes the state after the last step.
func (net *Network[F]) keep(to *State[F], s *scratch[F], before, spikes *tensor.Raster) {
	to.Potential = append(to.Potential[:0], s.potential[:net.Neurons]...)
	to.Refractory = append(to.Refractory[:0], s.refractory[:net.Neurons]...)
	if to.Recent == nil {
		to.Recent = new(tensor.Raster)
	}
	to.Recent.Reset()
	longest, steps := net.maxDelay(), spikes.Steps()
	for t := steps - longest; t < steps; t++ {
		switch {
		case t >= 0:
			to.Recent.Active = append(to.Recent.Active, spikes.At(t)...)
		case before.Steps()+t >= 0:
			to.Recent.Active = append(to.Recent.Active, before.At(before.Steps()+t)...)
		}
		to.Recent.EndStep()
	}
}
