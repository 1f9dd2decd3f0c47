package ppo

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// Memory says how many bytes training takes on batches of so many episodes and steps:
// the network's own, the outputs and their errors, and what was done and met. It
// allocates nothing.
func Memory[F tensor.Float](p *lsnn.Params, episodes, steps, threads int) map[string]int64 {
	m := lsnn.Memory[F](p, episodes, steps, threads)
	var number F
	m["outputs and their errors"] = 2 * outputs * int64(tensor.Groups(episodes)*tensor.Lanes) * int64(steps) * int64(unsafe.Sizeof(number))
	perStep := unsafe.Sizeof(Step{}) + unsafe.Sizeof(sample{}) + unsafe.Sizeof(float64(0)) // the last: the advantage
	m["episodes, and what is learned from them"] = int64(perStep) * int64(episodes) * int64(steps)
	return m
}
