package experiment

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// planMemory adds the parameters of a recurrent network of n neurons to the buffers
// that its trainer counts from the sizes alone, before anything is made.
func planMemory[F tensor.Float](trainer map[string]int64, n int, shape datasets.Shape) ([]Buffer, error) {
	var zero F
	width := int64(unsafe.Sizeof(zero))
	// value, gradient and two moments; with rewiring also θ, its gradient and its sign
	const copies = 7
	all := map[string]int64{parametersBuffer: copies * width * int64(n) * int64(n+shape.Lines+shape.Outputs())}
	maps.Copy(all, trainer)
	return planBuffers(all)
}

// parametersBuffer names the memory that grows with the number of parameters.
const parametersBuffer = "parameters and optimiser"

// planBuffers sorts what a training needs, and refuses what this machine cannot
// hold.
func planBuffers(all map[string]int64) ([]Buffer, error) {
	var buffers []Buffer
	for name, bytes := range all {
		buffers = append(buffers, Buffer{name, bytes})
	}
	return fitting(buffers)
}

// fitting sorts buffers by size and refuses what this machine cannot hold.
func fitting(buffers []Buffer) ([]Buffer, error) {
	slices.SortFunc(buffers, func(a, b Buffer) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	plan := Plan{Buffers: buffers}
	if have := availableMemory(); have > 0 && plan.Bytes() > have {
		return nil, fault.Inputf("the training needs about %d MiB of memory, of which %d MiB are for %s, but only %d MiB are free; "+
			"a smaller train.batch_size or fewer neurons need less", plan.Bytes()>>20, buffers[0].Bytes>>20, buffers[0].Name, have>>20)
	}
	return buffers, nil
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
