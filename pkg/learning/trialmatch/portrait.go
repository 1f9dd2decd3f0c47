package trialmatch

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
)

// Portrait is what simulated trials look like beside the recorded test trials.
type Portrait struct {
	TimesMS   []float64  // middles of the windows of filter 1, after the event
	Responses []Response // of the areas, then of some neurons, Hz

	Neurons              int // of the session that follows
	Recorded, Simulated  tensor.Raster
	Session              string
	Components           [2][2][]float64 // first two principal components of the features: of recorded, of simulated trials
	Types                []int           // of the recorded ones
	Weights              []float64       // signed, summed over delays, [post][pre]
	Borders              []int           // neurons at which an area or a cell type begins
	TypeNames, TypeSlugs []string
}

// Response is a mean over trials.
type Response struct {
	Name                string
	Recorded, Simulated []float64
}

// exampleNeurons is how many neurons a portrait shows.
const exampleNeurons = 4

// Portrait simulates as many trials as there are in an evaluation.
func (t *Trainer[F]) Portrait() *Portrait {
	target := newTarget(t, nil, func(s *trialset.Session) []int { return s.Test })
	var b batch[F]
	t.simulate(&b, address{"evaluation-test", 0}, target.stimuli, t.EvaluationTrials, false)
	p := &Portrait{TypeNames: t.Set.Types}
	for _, name := range t.Set.Types {
		p.TypeSlugs = append(p.TypeSlugs, metricName(name))
	}
	for i := range t.first.Length(t.Set.Steps) {
		lo, hi := t.first.window(i, t.Set.Steps)
		p.TimesMS = append(p.TimesMS, 1000*t.Set.FromS+t.Net.StepMS*float64(lo+hi)/2)
	}
	t.responses(p, target, &b)
	s := slices.MaxFunc(target.sessions, func(a, b *session) int { return cmp.Compare(len(a.recorded.Neurons), len(b.recorded.Neurons)) })
	if len(s.data) > 0 && s.features.Length() > 0 {
		t.trials(p, s, &b)
	}
	t.connectivity(p)
	return p
}

// responses are the mean responses of areas and of some neurons.
func (t *Trainer[F]) responses(p *Portrait, target *target, b *batch[F]) {
	n := t.Net.Neurons
	simulated, recorded := meanResponse(b.run.Spikes, n), make([][]float64, n)
	for _, s := range target.sessions {
		if len(s.recorded.Trials) == 0 {
			continue
		}
		mean := meanResponse(s.recorded.Trials, n)
		for _, i := range s.recorded.Neurons {
			recorded[i] = mean[i]
		}
	}
	hz := func(x []float64) []float64 {
		y := t.first.Apply(x)
		for i := range y {
			y[i] *= 1000 / t.Net.StepMS
		}
		return y
	}
	for a, name := range t.Set.Areas {
		of := func(all [][]float64) []float64 {
			sum, count := make([]float64, t.Set.Steps), 0.0
			for i, area := range t.Net.Area {
				if area != a || recorded[i] == nil {
					continue
				}
				for step, x := range all[i] {
					sum[step] += x
				}
				count++
			}
			for step := range sum {
				sum[step] /= max(count, 1)
			}
			return hz(sum)
		}
		p.Responses = append(p.Responses, Response{name, of(recorded), of(simulated)})
	}
	// The neurons whose recorded responses vary most.
	var order []int
	for i := range recorded {
		if recorded[i] != nil {
			order = append(order, i)
		}
	}
	spread := func(i int) float64 {
		_, deviation := meanAndDeviation(t.first.Apply(recorded[i]))
		return deviation
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(spread(j), spread(i)) })
	for _, i := range order[:min(exampleNeurons, len(order))] {
		kind := "excitatory"
		if i >= t.Net.Excitatory {
			kind = "inhibitory"
		}
		p.Responses = append(p.Responses, Response{fmt.Sprintf("%s %s %d", t.Set.Areas[t.Net.Area[i]], kind, i), hz(recorded[i]), hz(simulated[i])})
	}
}

// trials are a pair of trials of a session, and the features of all.
func (t *Trainer[F]) trials(p *Portrait, s *session, b *batch[F]) {
	model := t.featuresOf(s.features, b)
	n := min(len(model), len(s.data))
	pair := Assign(squaredDifferences(t.Net.Threads, s.data[:n], model[:n]))
	p.Session, p.Neurons = t.Set.Sessions[s.number].Name, len(s.recorded.Neurons)
	p.Recorded, p.Simulated = s.seen(&s.recorded.Trials[0]), s.seen(&b.run.Spikes[pair[0]])
	p.Types = s.types

	d := len(s.data[0])
	if d < 2 || len(s.data) < 2 {
		return
	}
	x := mat.NewDense(len(s.data), d, nil)
	for k, f := range s.data {
		x.SetRow(k, f)
	}
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	for set, trials := range [][][]float64{s.data, model} {
		for _, f := range trials {
			for c := range 2 {
				var dot float64
				for i, v := range f {
					dot += v * vectors.At(i, c)
				}
				p.Components[set][c] = append(p.Components[set][c], dot)
			}
		}
	}
}

// seen is a trial of the session's neurons alone, numbered from 0.
func (s *session) seen(trial *tensor.Raster) tensor.Raster {
	place := map[int32]int{}
	for i, n := range s.recorded.Neurons {
		place[int32(n)] = i
	}
	var out tensor.Raster
	out.Reset()
	for step := range trial.Steps() {
		for _, i := range trial.At(step) {
			if at, ok := place[i]; ok {
				out.Fire(at)
			}
		}
		out.EndStep()
	}
	return out
}

// connectivity is the signed matrix, and where areas begin.
func (t *Trainer[F]) connectivity(p *Portrait) {
	n := t.Net.Neurons
	p.Weights = make([]float64, n*n)
	for row := range len(t.w.Recurrent) / n {
		pre, sign := row%n, 1.0
		if pre >= t.Net.Excitatory {
			sign = -1
		}
		for post, w := range t.w.Recurrent[row*n : (row+1)*n] {
			p.Weights[post*n+pre] += sign * float64(w)
		}
	}
	for i := 1; i < n; i++ {
		if t.Net.Area[i] != t.Net.Area[i-1] || i == t.Net.Excitatory {
			p.Borders = append(p.Borders, i)
		}
	}
}
