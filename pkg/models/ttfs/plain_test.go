package ttfs

import (
	"math"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// plainReLU computes a ReLU network for one trial, from its definition, cell by cell. It
// returns the output of each layer.
func plainReLU(n *relu.Network[float64], x []float64) [][]float64 {
	shapes, err := n.Shapes()
	if err != nil {
		panic(err)
	}
	var outputs [][]float64
	for i, layer := range n.Layers {
		in, out := shapes[i], shapes[i+1]
		y := make([]float64, out.Size())
		at := func(c, row, column int) (float64, bool) {
			if row < 0 || column < 0 || row >= in.Height || column >= in.Width {
				return 0, false
			}
			return x[(c*in.Height+row)*in.Width+column], true
		}
		each := func(f func(c, row, column int) float64) {
			for k := range y {
				y[k] = f(k/out.Places(), k%out.Places()/out.Width, k%out.Width)
			}
		}
		switch l := layer.Layer.(type) {
		case *relu.Dense[float64]:
			for k := range y {
				y[k] = l.Bias.Data[k]
				for j, v := range x {
					y[k] += v * l.Weights.Data[j*len(y)+k]
				}
			}
		case *relu.Conv[float64]:
			filters, channels := out.Channels/l.Groups, in.Channels/l.Groups
			each(func(o, row, column int) float64 {
				sum := l.Bias.Data[o]
				for c := range channels {
					for u := range l.Weights.Shape[2] {
						for v := range l.Weights.Shape[3] {
							value, _ := at(o/filters*channels+c, row*l.Height.Stride-l.Height.Padding+u*l.Height.Dilation, column*l.Width.Stride-l.Width.Padding+v*l.Width.Dilation)
							sum += value * l.Weights.Data[((o*channels+c)*l.Weights.Shape[2]+u)*l.Weights.Shape[3]+v]
						}
					}
				}
				return sum
			})
		case *relu.BatchNorm[float64]:
			for k := range y {
				c := k / out.Places()
				y[k] = l.Scale.Data[c]*(x[k]-l.Mean.Data[c])/math.Sqrt(l.Variance.Data[c]+l.Epsilon) + l.Shift.Data[c]
			}
		case *relu.ReLU[float64]:
			for k := range y {
				if y[k] = max(0, x[k]); l.Ceiling > 0 {
					y[k] = min(y[k], l.Ceiling)
				}
			}
		case *relu.MaxPool[float64]:
			each(func(c, row, column int) float64 {
				best := math.Inf(-1)
				for u := range l.Height.Size {
					for v := range l.Width.Size {
						if value, inside := at(c, row*l.Height.Stride-l.Height.Padding+u, column*l.Width.Stride-l.Width.Padding+v); inside {
							best = max(best, value)
						}
					}
				}
				return best
			})
		case *relu.AveragePool[float64]:
			each(func(c, row, column int) float64 {
				sum, count := 0.0, 0
				for u := range l.Height.Size {
					for v := range l.Width.Size {
						value, inside := at(c, row*l.Height.Stride-l.Height.Padding+u, column*l.Width.Stride-l.Width.Padding+v)
						sum += value
						if inside || l.CountPadding {
							count++
						}
					}
				}
				return sum / float64(count)
			})
		case *relu.GlobalAveragePool[float64]:
			each(func(c, _, _ int) float64 {
				sum := 0.0
				for _, v := range x[c*in.Places() : (c+1)*in.Places()] {
					sum += v
				}
				return sum / float64(in.Places())
			})
		case *relu.Pad[float64]:
			each(func(c, row, column int) float64 {
				value, _ := at(c, row-l.Top, column-l.Left)
				return value
			})
		default:
			copy(y, x)
		}
		outputs = append(outputs, y)
		x = y
	}
	return outputs
}
