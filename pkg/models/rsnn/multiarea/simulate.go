package multiarea

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Draws writes the random numbers of one step of a trial, for all N neurons: ε, normal,
// and U, uniform in [0,1). Steps are counted from 0 in each call of Simulate.
type Draws[F tensor.Float] func(trial, step int, normal, uniform []F)

// State is what a trial starts from.
type State[F tensor.Float] struct {
	Potential  []F            // v⁺, [N]
	Refractory []int32        // steps that the neuron is silent for still, [N]
	Recent     *tensor.Raster // spikes of the last steps before, as many as the longest delay
	Jaw        F              // log(jaw + b)
}

// Run is what a network did in a number of trials. Its memory is used again from
// run to run.
type Run[F tensor.Float] struct {
	Trials, Steps int
	Spikes        []tensor.Raster // of the neurons; one for each trial
	Jaw           []F             // [trials][T]; empty without a jaw
	Final         []State[F]      // after the last step

	inputs    []tensor.Raster
	start     []tensor.Raster // spikes before the first step
	surrogate []F             // dz/dv⁻, [trials][T][N]
	normal    []F             // ε, [trials][T][N]
	offset    []F             // o, [trials][N]
	xi        []F             // ξ, [trials][dimensions]
	hidden    []F             // relu(A1 ξ + c1), [trials][dimensions]
	jawStart  []F             // log(jaw + b) before the first step
}

type scratch[F tensor.Float] struct {
	potential, uniform, normal []F
	logistic                   []F
	current                    []F // [T + longest delay][N]
	refractory                 []int32
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
	n, trials, steps := net.Neurons, len(inputs), inputs[0].Steps()
	r.Trials, r.Steps, r.inputs = trials, steps, inputs
	r.Spikes, r.start, r.Final = grown(r.Spikes, trials), grown(r.start, trials), grown(r.Final, trials)
	r.surrogate, r.normal = r.surrogate[:0], r.normal[:0]
	if keep {
		r.surrogate, r.normal = grown(r.surrogate, trials*steps*n), grown(r.normal, trials*steps*n)
	}
	net.offsets(r, w, xi)
	r.Jaw = r.Jaw[:0]
	if len(net.Motor) > 0 {
		r.Jaw, r.jawStart = grown(r.Jaw, trials*steps), grown(r.jawStart, trials)
	}
	net.scratch = grown(net.scratch, max(1, net.Threads))
	parallel.For(net.Threads, trials, func(worker, k int) {
		var from *State[F]
		if start != nil {
			from = &start[k]
		}
		net.trial(&net.scratch[worker], r, w, k, from, draws)
		net.moveJaw(r, w, k, from)
	})
}

// trial runs trial k.
func (net *Network[F]) trial(s *scratch[F], r *Run[F], w *Weights[F], k int, from *State[F], draws Draws[F]) {
	n, longest := net.Neurons, net.maxDelay()
	s.potential, s.uniform, s.normal = grown(s.potential, n), grown(s.uniform, n), grown(s.normal, n)
	s.logistic, s.refractory = grown(s.logistic, n), grown(s.refractory, n)
	s.current = grown(s.current, (r.Steps+longest)*n)
	clear(s.current)
	v, theta := s.potential, F(net.Threshold)
	before := &r.start[k]
	before.Reset()
	if from == nil {
		copy(v, w.Rest)
		clear(s.refractory)
	} else {
		copy(v, from.Potential)
		copy(s.refractory, from.Refractory)
		for t := range from.Recent.Steps() {
			for _, i := range from.Recent.At(t) {
				before.Fire(int(i))
			}
			before.EndStep()
		}
	}
	for t := range before.Steps() {
		net.deliver(s.current, before.At(t), t-before.Steps(), r.Steps+longest)
	}
	spikes := &r.Spikes[k]
	spikes.Reset()
	amplitude, steep, most := F(net.amplitude()), F(net.Steepness), F(net.StepMS/2)
	slope := F(net.Dampening*net.Steepness/net.Threshold) * most
	offset := part(r.offset, k, r.Trials)
	for t := range r.Steps {
		current := s.current[t*n : (t+1)*n]
		for _, m := range r.inputs[k].At(t) {
			kernel.AddRow(current, net.input[int(m)*n:(int(m)+1)*n])
		}
		draws(k, t, s.normal, s.uniform)
		for i, rest := range w.Rest {
			v[i] = net.decay[i]*v[i] + current[i] + net.rise[i]*(offset[i]+rest) + (theta-rest)*amplitude*s.normal[i]
			s.logistic[i] = steep * (v[i] - theta) / theta
		}
		kernel.Sigmoid(s.logistic, s.logistic)
		first := len(spikes.Active)
		for i, p := range s.logistic {
			if s.refractory[i] > 0 {
				s.refractory[i]--
				s.logistic[i] = 0 // and with it the surrogate derivative
				continue
			}
			if s.uniform[i] < p*most {
				spikes.Fire(i)
				s.refractory[i] = int32(net.RefractorySteps)
				v[i] -= theta - w.Rest[i]
			}
		}
		spikes.EndStep()
		net.deliver(s.current, spikes.Active[first:], t, r.Steps+longest)
		if len(r.surrogate) > 0 {
			at := (k*r.Steps + t) * n
			for i, p := range s.logistic {
				r.surrogate[at+i] = slope * p * (1 - p)
			}
			copy(r.normal[at:at+n], s.normal)
		}
	}
	net.keep(&r.Final[k], s, before, spikes)
}

// deliver adds the spikes of step t to the currents of the steps that they reach.
func (net *Network[F]) deliver(current []F, active []int32, t, steps int) {
	n := net.Neurons
	for g, d := range net.Delays {
		if t+d < 0 || t+d >= steps {
			continue
		}
		to := current[(t+d)*n : (t+d+1)*n]
		for _, i := range active {
			row := (g*n + int(i)) * n
			kernel.AddRow(to, net.recurrent[row:row+n])
		}
	}
}

// keep writes the state after the last step.
func (net *Network[F]) keep(to *State[F], s *scratch[F], before, spikes *tensor.Raster) {
	to.Potential = append(to.Potential[:0], s.potential...)
	to.Refractory = append(to.Refractory[:0], s.refractory...)
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
