package experiment

import (
	"cmp"
	"slices"
	"time"
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
)

// planLSNN counts parameters and memory from the sizes alone.
func planLSNN[F tensor.Float](t *bptt.Trainer[F], e *config.Experiment, threads int) Plan {
	p := Plan{Parameters: t.Parameters()}
	var zero F
	width := int64(unsafe.Sizeof(zero))
	for name, bytes := range t.Layer.Memory(e.Train.BatchSize, t.Source.Shape().Steps, threads) {
		p.Buffers = append(p.Buffers, Buffer{name, bytes})
	}
	parameters := int64(0)
	for _, tensor := range t.Model() {
		size := int64(1)
		for _, d := range tensor.Shape {
			size *= int64(d)
		}
		parameters += size
	}
	p.Buffers = append(p.Buffers, Buffer{"parameters and optimiser", 4 * width * parameters})
	slices.SortFunc(p.Buffers, func(a, b Buffer) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return p
}

// Estimate times two training steps of x, which is of no use afterwards, and
// puts what the whole training will take into its plan.
func Estimate(x *Experiment, iterations int) error {
	best := time.Duration(0)
	for step := range 2 { // the first one also grows the buffers
		began := time.Now()
		if _, err := x.Step(step); err != nil {
			return astray(err, "nothing was written")
		}
		if d := time.Since(began); step == 0 || d < best {
			best = d
		}
	}
	x.Plan.StepTime = best.Seconds()
	x.Plan.TotalTime = best.Seconds() * float64(iterations)
	return nil
}
