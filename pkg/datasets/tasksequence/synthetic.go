package tasksequence

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/rng"
)

// Synthetic says how to make up features of an encoder (section 14 of the method): the mean of
// a class lies in a basis that all tasks share, a task adds an offset of its own, and each
// number has noise.
type Synthetic struct {
	Tasks, Classes, Features, Rank int
	Noise, Offset                  float64 // standard deviations
	ShuffledLabels                 bool    // each task names the classes anew
	Examples                       map[string]int
	Seed                           uint64
}

// Source makes the examples.
func (o Synthetic) Source() Source {
	s := &listed{inputs: o.Features, classes: o.Classes}
	r := rng.Stream(o.Seed, "feature-basis", 0, 0)
	basis := make([]float64, o.Rank*o.Features)
	for i := range basis {
		basis[i] = r.NormFloat64()
	}
	means := make([]float64, o.Classes*o.Features)
	for c := range o.Classes {
		for k := range o.Rank {
			weight := r.NormFloat64() / float64(o.Rank)
			for i, b := range basis[k*o.Features : (k+1)*o.Features] {
				means[c*o.Features+i] += 2 * weight * b
			}
		}
	}
	for task := range o.Tasks {
		r := rng.Stream(o.Seed, "feature-task", uint64(task), 0)
		offset := make([]float64, o.Features)
		for i := range offset {
			offset[i] = o.Offset * r.NormFloat64()
		}
		label := make([]int, o.Classes)
		for c := range label {
			label[c] = c
		}
		if o.ShuffledLabels {
			label = r.Perm(o.Classes)
		}
		t := listedTask{name: fmt.Sprintf("features %d", task), splits: map[string]examples{}}
		for index, split := range []string{"train", "validation", "test"} {
			r := rng.Stream(o.Seed, "feature-examples", uint64(task), uint64(index))
			n := o.Examples[split]
			e := examples{x: make([]float32, n*o.Features), y: make([]int32, n)}
			for i := range n {
				c := r.IntN(o.Classes)
				e.y[i] = int32(label[c])
				for j := range o.Features {
					e.x[i*o.Features+j] = float32(means[c*o.Features+j] + offset[j] + o.Noise*r.NormFloat64())
				}
			}
			t.splits[split] = e
		}
		s.tasks = append(s.tasks, t)
	}
	return s
}
