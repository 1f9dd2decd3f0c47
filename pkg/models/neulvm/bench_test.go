package neulvm

import (
	"fmt"
	"testing"
)

// BenchmarkMicroscopic is a simulated second of the winner-take-all network in steps of
// 0.2 ms, with up to 16 times the paper's neurons.
func BenchmarkMicroscopic(b *testing.B) {
	for _, scale := range []int{1, 4, 16} {
		net := WinnerTakeAll()
		for p := range net.Neurons {
			net.Neurons[p] *= scale
		}
		b.Run(fmt.Sprintf("%d-neurons", 1000*scale), func(b *testing.B) {
			s := NewMicroscopic(net, Grid{Dt: 2e-4, Integrator: ExactLeak}, nil, 1, 0)
			for range 2500 {
				s.Advance(nil)
			}
			spikes := 0
			b.ReportAllocs()
			for b.Loop() {
				for range 5000 {
					s.Advance(nil)
					for p := range net.Neurons {
						spikes += len(s.Spiked(p))
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(spikes), "ns/spike")
		})
	}
}

// BenchmarkLikelihood is the likelihood of 10 s of three populations, and its gradient.
func BenchmarkLikelihood(b *testing.B) {
	const bins, ages = 2500, 250
	net := WinnerTakeAll()
	r := Record(NewMicroscopic(net, Grid{Dt: 2e-4, Integrator: ExactLeak}, nil, 1, 0), 20, 250, ages+bins, 3)
	p := &Problem{Grid: Grid{Dt: 4e-3, Ages: ages, Integrator: Exponential}, Bins: bins}
	for _, trains := range r.Spikes {
		var rest [][]bool
		for _, train := range trains {
			rest = append(rest, train[ages:])
		}
		p.Spikes = append(p.Spikes, rest)
	}
	var err error
	if p.Initial, err = StationaryInitial(net, p.Grid, []float64{19, 6, 24.5}, [][]int{{9, 9, 9}, {9, 9, 9}, {9, 9, 9}}, false); err != nil {
		b.Fatal(err)
	}
	l, g := NewLikelihood(p, 3), NewGradient(p, 3)
	b.ReportAllocs()
	for b.Loop() {
		l.NegLogLikelihood(net, r.Fractions)
		l.Gradient(r.Fractions, g)
	}
}
