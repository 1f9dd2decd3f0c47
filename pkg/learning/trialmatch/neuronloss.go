package trialmatch

import "github.com/snnctl/snnctl/internal/tensor"

// NeuronLoss compares the trial-averaged response of each neuron after filter 1, with
// the one of its recorded twin:
//
//	L_neuron = mean_{t',n} [ (PSTH_model - PSTH_data) / sd_n ]²
//
// sd_n is the sample deviation over time of the data's response (below 0.001: 1).
type NeuronLoss struct {
	filter    Filter
	neurons   []int       // model neurons that were recorded
	wanted    [][]float64 // [recorded neurons][T']
	deviation []float64
	steps     int
	size      int // N

	mean, gradient     []float64 // [N][T], [T][N]
	response, backward []float64 // [T'], [T]
}

// NewNeuronLoss averages over the trials of each neuron's own session. Sessions without
// trials do not count.
func NewNeuronLoss(sessions []Session, neurons int, filter Filter) *NeuronLoss {
	l := &NeuronLoss{filter: filter, size: neurons}
	for s := range sessions {
		if len(sessions[s].Trials) == 0 {
			continue
		}
		l.steps = sessions[s].Trials[0].Steps()
		mean := meanResponse(sessions[s].Trials, neurons)
		for _, i := range sessions[s].Neurons {
			response := filter.Apply(mean[i])
			_, deviation := meanAndDeviation(response)
			if !(deviation >= 1e-3) {
				deviation = 1
			}
			l.neurons = append(l.neurons, i)
			l.wanted = append(l.wanted, response)
			l.deviation = append(l.deviation, deviation)
		}
	}
	return l
}

// meanResponse is the fraction of trials in which each neuron fired, [N][T].
func meanResponse(trials []tensor.Raster, neurons int) [][]float64 {
	steps := trials[0].Steps()
	flat := make([]float64, neurons*steps)
	countSpikes(flat, trials)
	mean := make([][]float64, neurons)
	for i := range mean {
		mean[i] = flat[i*steps : (i+1)*steps]
	}
	return mean
}

// countSpikes computes that into mean.
func countSpikes(mean []float64, trials []tensor.Raster) {
	steps := trials[0].Steps()
	clear(mean)
	for k := range trials {
		for t := range steps {
			for _, i := range trials[k].At(t) {
				mean[int(i)*steps+t]++
			}
		}
	}
	for i := range mean {
		mean[i] /= float64(len(trials))
	}
}

// Loss returns the loss of simulated trials and its gradient with respect to the spikes
// of any one of them, [T][N]: it is the same for all. The next call overwrites it.
func (l *NeuronLoss) Loss(trials []tensor.Raster) (loss float64, gradient []float64) {
	l.mean, l.gradient = grown(l.mean, l.size*l.steps), grown(l.gradient, l.size*l.steps)
	l.response, l.backward = grown(l.response, l.filter.Length(l.steps)), grown(l.backward, l.steps)
	countSpikes(l.mean, trials)
	clear(l.gradient)
	count := float64(len(l.neurons) * len(l.response))
	for r, i := range l.neurons {
		l.filter.apply(l.response, l.mean[i*l.steps:(i+1)*l.steps])
		for t, x := range l.response {
			e := (x - l.wanted[r][t]) / l.deviation[r]
			loss += e * e
			l.response[t] = 2 * e / l.deviation[r] / count / float64(len(trials))
		}
		clear(l.backward)
		l.filter.adjoint(l.backward, l.response)
		for t, g := range l.backward {
			l.gradient[t*l.size+i] += g
		}
	}
	return loss / count, l.gradient
}
