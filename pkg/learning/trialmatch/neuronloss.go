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
	mean := make([][]float64, neurons)
	for i := range mean {
		mean[i] = make([]float64, trials[0].Steps())
	}
	for k := range trials {
		for t := range trials[k].Steps() {
			for _, i := range trials[k].At(t) {
				mean[i][t]++
			}
		}
	}
	for i := range mean {
		for t := range mean[i] {
			mean[i][t] /= float64(len(trials))
		}
	}
	return mean
}

// Loss returns the loss of simulated trials and its gradient with respect to the spikes
// of any one of them, [T][N]: it is the same for all.
func (l *NeuronLoss) Loss(trials []tensor.Raster) (loss float64, gradient []float64) {
	mean := meanResponse(trials, l.size)
	gradient = make([]float64, l.steps*l.size)
	count := float64(len(l.neurons) * l.filter.Length(l.steps))
	for r, i := range l.neurons {
		response := l.filter.Apply(mean[i])
		for t, x := range response {
			e := (x - l.wanted[r][t]) / l.deviation[r]
			loss += e * e
			response[t] = 2 * e / l.deviation[r] / count / float64(len(trials))
		}
		for t, g := range l.filter.Adjoint(response, l.steps) {
			gradient[t*l.size+i] += g
		}
	}
	return loss / count, gradient
}
