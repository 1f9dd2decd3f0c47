package experiment

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
)

// buildRewiring returns nil for none.
func buildRewiring(w config.Rewiring) *plasticity.Rewiring {
	d, ok := w.(config.DeepR)
	if !ok {
		return nil
	}
	return &plasticity.Rewiring{Connectivity: d.Connectivity, L1: d.L1, Temperature: d.Temperature,
		Signed: d.Signed, ExcitatoryFraction: d.ExcitatoryFraction}
}

// buildOptimizer returns the optimiser and its learning rate at the start.
func buildOptimizer[F tensor.Float](o config.Optimizer) (optim.Optimizer[F], float64) {
	switch o := o.(type) {
	case config.SGD:
		return &optim.SGD[F]{Momentum: o.Momentum, Nesterov: o.Nesterov}, o.LearningRate
	case config.Adam:
		return &optim.Adam[F]{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}, o.LearningRate
	case config.AdamW:
		return &optim.Adam[F]{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon, WeightDecay: o.WeightDecay}, o.LearningRate
	}
	panic(fmt.Sprintf("no optimiser is built for %T", o))
}

func buildSchedule(s config.Schedule, rate float64, iterations int) optim.Schedule {
	switch s := s.(type) {
	case config.StepRate:
		if s.Decay == 0 {
			return optim.StepDecay(rate, s.Factor, s.Every)
		}
		return optim.InverseTime(optim.StepDecay(rate, s.Factor, s.Every), s.Decay)
	case config.ExponentialRate:
		return optim.ExponentialDecay(rate, s.Factor, s.Every)
	case config.RampRate:
		return optim.Ramp(rate, s.Iterations)
	case config.LinearRate:
		return optim.LinearDecay(rate, s.FinalFraction, iterations)
	}
	return optim.Constant(rate)
}
