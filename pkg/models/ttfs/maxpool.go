package ttfs

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// MaxPool passes on the earliest spike of each window, which carries its greatest
// value; in channels of Latest the latest, silent cells counting as firing at
// t_max (section 4.5). Padding is never chosen.
type MaxPool[F tensor.Float] struct {
	Height, Width relu.Window
	Latest        []bool // [channels]
}

// Kind is "max-pool".
func (*MaxPool[F]) Kind() string { return "max-pool" }

// Output has a place for each window.
func (p *MaxPool[F]) Output(in Shape) (Shape, error) {
	if in.Channels != len(p.Latest) {
		return Shape{}, fmt.Errorf("pools %d channels, but gets %d", len(p.Latest), in.Channels)
	}
	return (&relu.MaxPool[F]{Height: p.Height, Width: p.Width}).Output(in)
}
