package oneshot

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
)

// Memory counts the bytes of the large buffers of a training with batches of so
// many tasks of so many steps, by name.
func Memory[F tensor.Float](p *Params, tasks, steps, threads int) map[string]int64 {
	var zero F
	float := int64(unsafe.Sizeof(zero))
	n, m, t := int64(padded(p.Neurons)), int64(padded(p.ErrorNeurons)), int64(steps)
	weights := n*(n+int64(p.ClockLines)) + m*(m+int64(p.ErrorInputs())) + m*n
	return map[string]int64{
		"parameters and optimiser": weights * (5*float + 8), // as trained, as read; gradients in float64 too; two moments
		"gradients of parts":       weights * 8 * int64(min(maxUnits, tasks)),
		"one task a thread":        int64(threads) * float * (7*t*n + 3*t*m + weights + 3*n*n),
		"tasks":                    int64(tasks) * t * (4*8 + int64(armtrajectory.Trials)*int64(p.CodeLines)/8),
	}
}
