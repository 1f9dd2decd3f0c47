package importer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/onnx"
)

// constant is an array that does not depend on the input. One of a shape that
// import could not find out is unknown; that has been refused where it arose.
type constant struct {
	shape   []int
	real    bool // reals holds the values, otherwise whole
	reals   []float64
	whole   []int64
	unknown bool
}

func (c *constant) len() int {
	if c.real {
		return len(c.reals)
	}
	return len(c.whole)
}

// pick is an array of the values at those places.
func (c *constant) pick(shape, places []int) *constant {
	out := &constant{shape: shape, real: c.real}
	for _, p := range places {
		if c.real {
			out.reals = append(out.reals, c.reals[p])
		} else {
			out.whole = append(out.whole, c.whole[p])
		}
	}
	return out
}

// as is the same values in another shape.
func (c *constant) as(shape []int) *constant {
	return &constant{shape: shape, real: c.real, reals: c.reals, whole: c.whole}
}

// integers are the values of an array of whole numbers, for axes and shapes.
func (c *constant) integers() ([]int64, error) {
	if c.real {
		return nil, errors.New("has real numbers where whole ones belong")
	}
	return c.whole, nil
}

// at is value i as a real number.
func (c *constant) at(i int) float64 {
	if c.real {
		return c.reals[i]
	}
	return float64(c.whole[i])
}

func fromTensor(t *onnx.Tensor) (c *constant, err error) {
	c = &constant{shape: t.Dims, real: t.Type.IsReal()}
	if c.real {
		c.reals, err = t.Reals()
	} else {
		c.whole, err = t.Integers()
	}
	return c, err
}

// finite refuses weights that are no numbers.
func finite(values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("holds %v at place %d, expected finite numbers", v, i)
		}
	}
	return nil
}

// size is the product of a shape, or -1 if it is beyond limit.
func size(shape []int, limit int) int {
	product := 1
	for _, n := range shape {
		if n == 0 {
			return 0
		}
		if n < 0 || product > limit/n {
			return -1
		}
		product *= n
	}
	return product
}

// strides are the steps in memory along each axis of a row-major array.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = step
		step *= shape[i]
	}
	return s
}

// places lists start + Σ_k i_k steps[k] for all indices i of the shape, the last
// axis fastest.
func places(shape, steps []int, start int) []int {
	if slices.Contains(shape, 0) {
		return nil // the other lengths may be anything
	}
	list := []int{start}
	for k, n := range shape {
		next := make([]int, 0, len(list)*n)
		for _, p := range list {
			for i := range n {
				next = append(next, p+i*steps[k])
			}
		}
		list = next
	}
	return list
}

// transposed is the shape and the places of an array with its axes in another
// order.
func transposed(shape, order []int) (to []int, from []int) {
	steps, to := strides(shape), make([]int, len(shape))
	moved := make([]int, len(shape))
	for i, a := range order {
		to[i], moved[i] = shape[a], steps[a]
	}
	return to, places(to, moved, 0)
}

// broadcast repeats a constant to a larger shape, as NumPy does, and refuses what
// is no number.
func (c *constant) broadcast(shape []int) ([]float64, error) {
	if both, err := common(c.shape, shape); err != nil || !slices.Equal(both, shape) {
		return nil, fmt.Errorf("its constant of shape %v does not fit %v", c.shape, shape)
	}
	from := spread(c.shape, shape)
	values := make([]float64, len(from))
	for i, p := range from {
		values[i] = c.at(p)
	}
	return values, finite(values)
}

// spread lists for each place of a larger shape the one of a smaller shape that is
// repeated there.
func spread(from, to []int) []int {
	steps, lead := make([]int, len(to)), len(to)-len(from)
	for i, s := range strides(from) {
		if from[i] != 1 {
			steps[lead+i] = s
		}
	}
	return places(to, steps, 0)
}
