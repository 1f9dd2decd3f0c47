package importer

import (
	"math"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// forward is what a network gives for one sample, each layer's equation read
// aloud.
func forward(n *relu.Network[float64], x []float64) []float64 {
	shape := n.Input
	for _, layer := range n.Layers {
		out, err := layer.Output(shape)
		if err != nil {
			panic(err)
		}
		y := make([]float64, out.Size())
		at := func(c, i, j int) (v float64, inside bool) {
			if i < 0 || j < 0 || i >= shape.Height || j >= shape.Width {
				return 0, false
			}
			return x[(c*shape.Height+i)*shape.Width+j], true
		}
		each := func(value func(c, i, j int) float64) {
			for c := range out.Channels {
				for i := range out.Height {
					for j := range out.Width {
						y[(c*out.Height+i)*out.Width+j] = value(c, i, j)
					}
				}
			}
		}
		switch l := layer.Layer.(type) {
		case *relu.Dense[float64]:
			each(func(c, _, _ int) float64 {
				sum := l.Bias.Data[c]
				for k, v := range x {
					sum += v * l.Weights.Row(k)[c]
				}
				return sum
			})
		case *relu.Conv[float64]:
			w := l.Weights.Shape
			each(func(o, i, j int) float64 {
				sum := l.Bias.Data[o]
				group := o / (w[0] / l.Groups)
				for c := range w[1] {
					for u := range w[2] {
						for v := range w[3] {
							value, _ := at(group*w[1]+c, i*l.Height.Stride-l.Height.Padding+u*l.Height.Dilation, j*l.Width.Stride-l.Width.Padding+v*l.Width.Dilation)
							sum += value * l.Weights.Data[((o*w[1]+c)*w[2]+u)*w[3]+v]
						}
					}
				}
				return sum
			})
		case *relu.BatchNorm[float64]:
			each(func(c, i, j int) float64 {
				v, _ := at(c, i, j)
				return l.Scale.Data[c]*(v-l.Mean.Data[c])/math.Sqrt(l.Variance.Data[c]+l.Epsilon) + l.Shift.Data[c]
			})
		case *relu.ReLU[float64]:
			each(func(c, i, j int) float64 {
				v, _ := at(c, i, j)
				if v = max(0, v); l.Ceiling > 0 {
					v = min(v, l.Ceiling)
				}
				return v
			})
		case *relu.MaxPool[float64]:
			each(func(c, i, j int) float64 {
				best := math.Inf(-1)
				windowed(l.Height, l.Width, i, j, func(i, j int) {
					if v, inside := at(c, i, j); inside {
						best = max(best, v)
					}
				})
				return best
			})
		case *relu.AveragePool[float64]:
			each(func(c, i, j int) float64 {
				sum, count := 0.0, 0.0
				windowed(l.Height, l.Width, i, j, func(i, j int) {
					v, inside := at(c, i, j)
					if sum += v; inside || l.CountPadding {
						count++
					}
				})
				return sum / count
			})
		case *relu.GlobalAveragePool[float64]:
			each(func(c, _, _ int) float64 {
				sum := 0.0
				for _, v := range x[c*shape.Places() : (c+1)*shape.Places()] {
					sum += v
				}
				return sum / float64(shape.Places())
			})
		case *relu.Pad[float64]:
			each(func(c, i, j int) float64 {
				v, _ := at(c, i-l.Top, j-l.Left)
				return v
			})
		case *relu.Flatten[float64], *relu.Dropout[float64]:
			copy(y, x)
		}
		x, shape = y, out
	}
	return x
}

// windowed calls visit with the places of the window of output (i, j).
func windowed(height, width relu.Window, i, j int, visit func(i, j int)) {
	for u := range height.Size {
		for v := range width.Size {
			visit(i*height.Stride-height.Padding+u, j*width.Stride-width.Padding+v)
		}
	}
}
