package eprop

import (
	"math"
	"testing"
)

// What is recorded is what is learnt from: Σ L ē over the steps of a trial is its gradient.
func TestRecordingsHoldTheGradient(t *testing.T) {
	trainer := recallTrainer(t, func(o *Options[float64]) { o.Penalty, o.BatchSize = Penalty{}, 1 })
	net := trainer.Net
	const post = 5
	rec, batch, err := trainer.Record("test", 3, post)
	if err != nil {
		t.Fatal(err)
	}
	sums, filtered := make([]float64, net.Inputs), make([]float64, net.Inputs)
	for step := range rec.Spikes {
		for i := range sums {
			filtered[i] = net.kappa*filtered[i] + net.rise*rec.Trace.Row(step)[i]
			sums[i] += rec.Signal.Row(step)[post] * filtered[i]
		}
	}
	var g Gradients
	net.Gradient(&g, trainer.Weights(), batch.Groups, trainer.target(), Penalty{}, LocalAdjoint)
	moved := 0
	for i, want := range sums {
		if got := g.In[i*net.Neurons()+post]; math.Abs(got-want) > 1e-12 {
			t.Errorf("dWin[%d][%d] = %g, the recording says %g", i, post, got, want)
		}
		if want != 0 {
			moved++
		}
	}
	if moved == 0 {
		t.Error("all gradients are zero")
	}
}
