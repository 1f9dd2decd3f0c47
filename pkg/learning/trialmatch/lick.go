package trialmatch

import (
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/rng"
)

// Of the classifier of licks.
const (
	lickHidden = 128
	lickRate   = 1e-4
	lickDecay  = 0.1
	lickEpochs = 150
	lickBatch  = 32
)

// lickClassifier tells from the jaw's trace, after filter 1, whether a trial has a lick:
// a network with two hidden layers of 128 ReLU units and a logistic output, trained on the
// recorded training trials (2306.03603, section 7 of the method; batches of 32).
type lickClassifier struct {
	net             *perceptron
	mean, deviation float64 // of the traces: inputs are standardised
}

// classifier is that of the trainer's data, made when it is first wanted.
func (t *Trainer[F]) classifier() (*lickClassifier, error) {
	if t.licks != nil {
		return t.licks, nil
	}
	var traces [][]float64
	var licked []bool
	for i := range t.Set.Sessions {
		s := &t.Set.Sessions[i]
		for _, k := range s.Train {
			traces = append(traces, t.first.Apply(s.Trials[k].Behaviour))
			licked = append(licked, t.hasLick(s.Trials[k].Type))
		}
	}
	var all []float64
	for _, x := range traces {
		all = append(all, x...)
	}
	c := &lickClassifier{net: newPerceptron("licks", 0, t.seed, []int{len(traces[0]), lickHidden, lickHidden, 1}, 0, lickRate, lickDecay)}
	if c.mean, c.deviation = meanAndDeviation(all); !(c.deviation > 1e-9) {
		c.deviation = 1
	}
	c.standardise(traces)
	for epoch := range lickEpochs {
		order := rng.Stream(t.seed, "licks-order", uint64(epoch), 0).Perm(len(traces))
		for batch := range slices.Chunk(order, lickBatch) {
			x := make([][]float64, len(batch))
			for i, k := range batch {
				x[i] = traces[k]
			}
			g := c.net.logits(x)
			for i, k := range batch {
				wanted := 0.0
				if licked[k] {
					wanted = 1
				}
				g[i] = (1/(1+math.Exp(-g[i])) - wanted) / float64(len(batch))
			}
			c.net.back(g)
			if err := c.net.update(); err != nil {
				return nil, err
			}
		}
	}
	t.licks = c
	return c, nil
}

func (c *lickClassifier) standardise(traces [][]float64) {
	for _, x := range traces {
		for i := range x {
			x[i] = (x[i] - c.mean) / c.deviation
		}
	}
}

// tells reports for each trace, [trials][T], whether it has a lick.
func (c *lickClassifier) tells(filter Filter, traces [][]float64) []bool {
	x := make([][]float64, len(traces))
	for k, trace := range traces {
		x[k] = filter.Apply(trace)
	}
	c.standardise(x)
	licks := make([]bool, len(x))
	for k, logit := range c.net.logits(x) {
		licks[k] = logit > 0
	}
	return licks
}

// hasLick reports whether trials of a type have one.
func (t *Trainer[F]) hasLick(kind int) bool {
	return t.Set.Types[kind] == "Hit" || t.Set.Types[kind] == "FA"
}

// lickTypes adds the fractions of simulated trials of each type, which is told by the
// classifier and the stimulus: Hit and Miss with one, FA and CR without.
func (t *Trainer[F]) lickTypes(metrics map[string]float64, target *target, b *batch[F]) error {
	for _, name := range []string{"Hit", "Miss", "FA", "CR"} {
		if !slices.Contains(t.Set.Types, name) {
			return nil // other types: nothing is known of licks
		}
	}
	if len(b.run.Jaw) == 0 {
		return nil
	}
	c, err := t.classifier()
	if err != nil {
		return err
	}
	traces := make([][]float64, b.run.Trials)
	for k := range traces {
		traces[k] = b.jaw(k)
	}
	counts := map[string]float64{}
	for k, lick := range c.tells(t.first, traces) {
		name := map[[2]bool]string{{true, true}: "Hit", {true, false}: "Miss", {false, true}: "FA", {false, false}: "CR"}[[2]bool{b.stimuli[k] > 0, lick}]
		counts[name]++
	}
	for _, name := range t.Set.Types {
		metrics["lick_"+metricName(name)] = counts[name] / float64(len(traces))
	}
	right, all := 0.0, 0.0
	for _, s := range target.sessions {
		if len(s.recorded.Jaw) == 0 {
			continue
		}
		for k, lick := range c.tells(t.first, s.recorded.Jaw) {
			if lick == t.hasLick(s.types[k]) {
				right++
			}
			all++
		}
	}
	if all > 0 {
		metrics["lick_accuracy"] = right / all
	}
	return nil
}
