package lsnn

import (
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// paperSize is the network and the batch of the paper's sequential MNIST: 80
// lines, 220 neurons, 12 % of the synapses, 840 steps, 256 trials.
func paperSize[F tensor.Float](threads int, connectivity float64) (*Network[F], Weights[F], []tensor.Input, []Window) {
	p := Params{Inputs: 80, LIF: 120, ALIF: 100, TauMembrane: 20, TauAdaptation: []float64{700}, TauReadout: 20,
		Threshold: 0.01, Beta: 1.8, Refractory: 5, DelaySlots: 10, Dampening: 0.3}
	net := NewNetwork[F](p, 1, threads)
	w := InitialWeights[F](&p, 1)
	r := rng.Stream(1, "bench", 0, 0)
	for _, m := range [][]F{w.In, w.Rec} {
		for i := range m {
			m[i] *= 0.3
			if r.Float64() > connectivity {
				m[i] = 0
			}
		}
	}
	const steps, trials = 840, 256
	var inputs []tensor.Input
	var windows []Window
	for range trials / tensor.Lanes {
		in := tensor.Input{Trials: tensor.Lanes, Spikes: tensor.NewSpikes(steps, p.Inputs)}
		for t := range steps {
			for i := range p.Inputs {
				for l := range tensor.Lanes {
					if r.Float64() < 0.03 {
						in.Spikes.Set(t, i, l)
					}
				}
			}
		}
		inputs = append(inputs, in)
	}
	for trial := range trials {
		windows = append(windows, Window{trial, steps - 28, steps})
	}
	return net, w, inputs, windows
}

func BenchmarkForwardBackward(b *testing.B) {
	for _, c := range []struct {
		name         string
		threads      int
		connectivity float64
	}{{"deep-r/threads=1", 1, 0.12}, {"deep-r/threads=2", 2, 0.12}, {"dense/threads=2", 2, 1}} {
		b.Run(c.name, func(b *testing.B) {
			net, w, inputs, windows := paperSize[float32](c.threads, c.connectivity)
			var tr Trace[float32]
			var grads Gradients[float32]
			features := tensor.New[float32](len(windows), net.Neurons())
			for i := range features.Data {
				features.Data[i] = 1e-3
			}
			rates := make([]float32, net.Neurons())
			pass := func() {
				net.Forward(&tr, w, inputs, windows, nil, 0)
				net.Backward(&grads, &tr, features, rates)
			}
			for range 3 { // from here on the memory is there
				pass()
			}
			b.ReportAllocs()
			for b.Loop() {
				pass()
			}
			b.ReportMetric(float64(tr.Spikes)/float64(256*840*net.Neurons())*1000, "Hz")
		})
	}
}
