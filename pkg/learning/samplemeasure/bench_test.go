package samplemeasure

import (
	"testing"

	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// BenchmarkStep is a training step on the motif with hidden neurons: 60 trials of 100
// bins, 10 recorded and 5 hidden neurons, 3 bins of history.
func BenchmarkStep(b *testing.B) {
	data := motif(3, []float64{0.3, 0.6, 1}, 1)
	for name, loss := range map[string]Loss{
		"mle":                {Likelihood: 1, HiddenRate: 0.001, HiddenTarget: 0.17},
		"sample-and-measure": {Likelihood: 0.4, PSTH: 0.1, NoiseCorrelation: 50, HiddenRate: 0.001, HiddenTarget: 0.17},
		"consistent":         {Likelihood: 0.4, PSTH: 0.1, NoiseCorrelation: 50, Consistent: true, HiddenRate: 0.001, HiddenTarget: 0.17},
	} {
		b.Run(name, func(b *testing.B) {
			net := networkFor[float32](data, 5, 3)
			net.Threads = 1
			tr := New(net, fir.InitialWeights(net, fir.Start{Input: 0.1, Recurrent: 0.3}, 1), nil, data, Options[float32]{Loss: loss, BatchSize: 60,
				Options: plasticity.Options[float32]{Optimizer: &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(0.01)}})
			b.ReportAllocs()
			for step := 0; b.Loop(); step++ {
				if _, err := tr.Step(step); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
