package conversion

import (
	"fmt"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// ofArray are the inputs of a NumPy file, [trials] and then the shape that the model's
// file has for a sample, or all its values in a row.
func (m *Model) ofArray(path string) (*Inputs, error) {
	stream, err := npy.Open(path)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	input := m.Network.Input
	sample, order := []int{input.Channels, input.Height, input.Width}, []int(nil)
	if m.Import != nil {
		sample, order = m.Import.Input, m.Import.InputOrder
	} else if input.Places() == 1 {
		sample = sample[:1]
	}
	fits := len(stream.Shape) > 1 && (slices.Equal(stream.Shape[1:], sample) ||
		len(stream.Shape) == 2 && stream.Shape[1] == input.Size() ||
		order == nil && slices.Equal(stream.Shape[1:], []int{input.Channels, input.Height, input.Width}) ||
		order == nil && input.Channels == 1 && slices.Equal(stream.Shape[1:], []int{input.Height, input.Width}))
	if !fits {
		return nil, fault.Inputf("%s has the shape %v, expected inputs of the network: [N %s], or [N %d]", path, stream.Shape, listed(sample), input.Size())
	}
	if stream.Shape[0] == 0 {
		return nil, fault.Inputf("%s holds no inputs, as its shape is %v", path, stream.Shape)
	}
	in := &Inputs{Name: path, Trials: stream.Shape[0]}
	in.Each = func(batch int, f func(Batch) error) error {
		stream, err := npy.Open(path)
		if err != nil {
			return err
		}
		defer stream.Close()
		size := input.Size()
		raw := make([]float64, min(batch, in.Trials)*size)
		values := raw
		if order != nil {
			values = make([]float64, len(raw))
		}
		for first := 0; first < in.Trials; first += batch {
			n := min(batch, in.Trials-first)
			if err := stream.Next(raw[:n*size]); err != nil {
				return err
			}
			if order != nil {
				for i := range values[:n*size] {
					values[i] = raw[i/size*size+order[i%size]]
				}
			}
			if err := f(Batch{Trials: n, Values: values[:n*size]}); err != nil {
				return err
			}
		}
		return nil
	}
	return in, nil
}

// listed is a shape without brackets.
func listed(shape []int) string { return strings.Trim(fmt.Sprint(shape), "[]") }
