package tasksequence

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/fault"
)

// examples are inputs in memory with their classes.
type examples struct {
	x []float32 // [example][input]
	y []int32
}

// listed is a Source of tasks whose examples are in memory.
type listed struct {
	inputs, classes int
	tasks           []listedTask
	sums            map[string]string
}

type listedTask struct {
	name   string
	splits map[string]examples
}

func (s *listed) Tasks() int                      { return len(s.tasks) }
func (s *listed) Inputs() int                     { return s.inputs }
func (s *listed) Classes() int                    { return s.classes }
func (s *listed) Name(task int) string            { return s.tasks[task].name }
func (s *listed) Checksums() map[string]string    { return s.sums }
func (s *listed) Size(task int, split string) int { return len(s.tasks[task].splits[split].y) }
func (s *listed) Read(dst []float32, task int, split string, i int) (int, error) {
	e := s.tasks[task].splits[split]
	if i < 0 || i >= len(e.y) {
		return 0, fmt.Errorf("example %d of the %s split of task %d, which has %d", i, split, task, len(e.y))
	}
	copy(dst, e.x[i*s.inputs:(i+1)*s.inputs])
	return int(e.y[i]), nil
}

// check refuses labels beyond the classes of a task.
func (e examples) check(where string, classes int) error {
	for i, y := range e.y {
		if y < 0 || int(y) >= classes {
			return fault.Inputf("%s: label %d is %d, expected 0 to %d", where, i, y, classes-1)
		}
	}
	return nil
}
