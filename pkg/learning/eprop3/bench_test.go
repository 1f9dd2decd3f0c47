package eprop3

import (
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// BenchmarkStep takes training steps of sequences of 32 symbols (5 vectors, 5
// times), batch 64, with 128 cells.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name   string
		change func(*Options[float32])
	}{
		{"e-prop 3", func(*Options[float32]) {}},
		{"traces", func(o *Options[float32]) { o.Synthetic = nil }},
		{"truncated", func(o *Options[float32]) { o.Synthetic, o.Rule.Traces = nil, false }},
		{"BPTT", func(o *Options[float32]) { o.Synthetic, o.Rule.Window, o.Rule.Traces = nil, 0, false }},
	} {
		b.Run(c.name, func(b *testing.B) {
			task := copyrepeat.Options{Bits: 8, SymbolSteps: 1, Longest: 200, EvaluationTrials: 1, Seed: 1}
			cells := lstm.Cells[float32](128)
			net := recurrent.NewNetwork(recurrent.Params[float32]{Cell: cells, Inputs: task.Lines(), Outputs: task.Outputs(), Biased: true, ReadoutBiased: true, Gain: 1}, 1)
			cells.Initialise(net.In, net.Rec, net.Bias, 1)
			synthetic := adam[float32](0.001)
			o := Options[float32]{Rule: Rule[float32]{Window: 4, Traces: true}, BatchSize: 64, Network: adam[float32](0.001), Synthetic: &synthetic}
			c.change(&o)
			t := New(net, task, o)
			t.Curriculum.Level = 8
			b.ReportAllocs()
			for step := 0; b.Loop(); step++ {
				if _, err := t.Step(step); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
