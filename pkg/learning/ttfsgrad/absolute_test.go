package ttfsgrad

import (
	"math"

	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// The equations as they are printed, in absolute time, neuron by neuron: what the
// package's layer-local operations must equal.

// absolute is the logits of one trial whose inputs fire at times t.
func absolute(n *Network[float64], t []float64) []float64 {
	shape := n.Spiking.Input
	start, end := 0.0, 1.0 // of the window that t lies in
	for i, stage := range n.Spiking.Stages {
		out := n.shapes[i+1]
		switch s := stage.(type) {
		case *ttfs.Neurons[float64]:
			fired := make([]float64, out.Size())
			last := end + s.Window
			for k := range fired {
				drive := n.layers[i].drive.Value.Data[k/(len(fired)/len(n.layers[i].drive.Value.Data))]
				weights, times := inputsOf(s.Synapses, shape, out, k, t, end)
				var sum, moment float64
				for j, w := range weights {
					sum += w
					moment += w * times[j]
				}
				if n.Spiking.Form == ttfs.B1 {
					theta := (last - end) - drive
					fired[k] = end + theta + moment - sum*end
				} else {
					theta := ttfs.Drive*(last-start) + (last-end)*sum - drive
					fired[k] = (theta + ttfs.Drive*start + moment) / (ttfs.Drive + sum)
				}
				fired[k] = math.Min(fired[k], last)
			}
			t, start, end = fired, end, last
		case *ttfs.MaxPool[float64]:
			t = earliest(s, shape, out, t)
		case *ttfs.Readout[float64]:
			logits := make([]float64, out.Size())
			for k := range logits {
				logits[k] = n.layers[i].drive.Value.Data[k/(len(logits)/len(n.layers[i].drive.Value.Data))]
				weights, times := inputsOf(s.Synapses, shape, out, k, t, end)
				for j, w := range weights {
					logits[k] += w * (end - times[j])
				}
			}
			return logits
		}
		shape = out
	}
	return nil
}

// inputsOf lists the synapses of neuron k, and when they fire: those in the padding
// at the end of the window.
func inputsOf(s ttfs.Synapses[float64], in, out ttfs.Shape, k int, t []float64, end float64) (weights, times []float64) {
	switch s := s.(type) {
	case *ttfs.Dense[float64]:
		for j := range t {
			weights, times = append(weights, s.Weights.Row(j)[k]), append(times, t[j])
		}
	case *ttfs.Conv[float64]:
		w := s.Weights.Shape
		channel, y, x := k/out.Places(), k%out.Places()/out.Width, k%out.Width
		group := channel / (out.Channels / s.Groups)
		for c := range w[1] {
			for u := range w[2] {
				for v := range w[3] {
					weights = append(weights, s.Weights.Data[((channel*w[1]+c)*w[2]+u)*w[3]+v])
					row, column := y*s.Height.Stride-s.Height.Padding+u*s.Height.Dilation, x*s.Width.Stride-s.Width.Padding+v*s.Width.Dilation
					if row < 0 || row >= in.Height || column < 0 || column >= in.Width {
						times = append(times, end)
					} else {
						times = append(times, t[((group*w[1]+c)*in.Height+row)*in.Width+column])
					}
				}
			}
		}
	case *ttfs.Average[float64]:
		channel, y, x := k/out.Places(), k%out.Places()/out.Width, k%out.Width
		eachOf(s.Height, s.Width, in, y, x, func(place int) {
			weights, times = append(weights, 0), append(times, t[channel*in.Places()+place])
		})
		count := len(weights)
		if s.CountPadding {
			count = s.Height.Size * s.Width.Size
		}
		for j := range weights {
			weights[j] = s.Gain / float64(count)
		}
		// α + Σ J counts the taps in the padding too.
		weights, times = append(weights, s.Gain*float64(count-len(weights))/float64(count)), append(times, end)
	}
	return weights, times
}

// eachOf calls f for the places of the window of output (y, x), without padding.
func eachOf(height, width relu.Window, in ttfs.Shape, y, x int, f func(place int)) {
	for u := range height.Size {
		for v := range width.Size {
			row, column := y*height.Stride-height.Padding+u, x*width.Stride-width.Padding+v
			if row >= 0 && row < in.Height && column >= 0 && column < in.Width {
				f(row*in.Width + column)
			}
		}
	}
}

// earliest is the first spike of each window, or in the channels of Latest the last.
func earliest(s *ttfs.MaxPool[float64], in, out ttfs.Shape, t []float64) []float64 {
	pooled := make([]float64, out.Size())
	for k := range pooled {
		channel, y, x := k/out.Places(), k%out.Places()/out.Width, k%out.Width
		best := math.Inf(1)
		if s.Latest[channel] {
			best = math.Inf(-1)
		}
		eachOf(s.Height, s.Width, in, y, x, func(place int) {
			v := t[channel*in.Places()+place]
			if s.Latest[channel] {
				best = math.Max(best, v)
			} else {
				best = math.Min(best, v)
			}
		})
		pooled[k] = best
	}
	return pooled
}

// entropy is the mean cross-entropy of trials whose inputs fire at times t
// [trials][input], plus the penalty l1·Σ x / trials of no layer.
func entropy(n *Network[float64], t []float64, classes []int) float64 {
	var total float64
	for trial, class := range classes {
		logits := absolute(n, part(t, len(classes), trial))
		var sum float64
		for _, z := range logits {
			sum += math.Exp(z - logits[class])
		}
		total += math.Log(sum)
	}
	return total / float64(len(classes))
}
