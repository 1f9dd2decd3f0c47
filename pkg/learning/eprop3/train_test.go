package eprop3

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/snnctl/snnctl/pkg/datasets/copyrepeat"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

func TestTrial(t *testing.T) {
	num := func(k string, d float64) float64 {
		if v, err := strconv.ParseFloat(os.Getenv(k), 64); err == nil {
			return v
		}
		return d
	}
	its := int(num("ITS", 0))
	if its == 0 {
		t.Skip()
	}
	cells := int(num("CELLS", 32))
	seed := uint64(num("SEED", 1))
	bits := int(num("BITS", 8))
	task := copyrepeat.Options{Bits: bits, SymbolSteps: 1, SolvedBelow: 0.15, EvaluationTrials: 256, Seed: seed}
	c := lstm.Cells[float32](cells)
	net := recurrent.NewNetwork(recurrent.Params[float32]{Cell: c, Inputs: task.Lines(), Outputs: task.Outputs(), Biased: true, Gain: 1}, 1)
	c.Initialise(net.In, net.Rec, net.Bias, seed)
	tr := New(net, task, Options[float32]{Rule: Rule[float32]{Window: int(num("WINDOW", 4)), Traces: num("TRACES", 1) == 1}, Synthetic: num("SG", 1) == 1,
		BatchSize: int(num("BATCH", 256)), Optimizer: &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: optim.Constant(num("LR", 1e-3)), ClipNorm: num("CLIP", 0)})
	began := time.Now()
	for step := range its {
		m, err := tr.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		if (step+1)%(its/10) == 0 {
			fmt.Printf("%d %.1fs level %d solved %g loss %.3f sg %.3f norm %.4f\n", step+1, time.Since(began).Seconds(), tr.Curriculum.Level, m["solved_length"], m["loss"], m["synthetic_error"], m["gradient_norm"])
		}
	}
}
