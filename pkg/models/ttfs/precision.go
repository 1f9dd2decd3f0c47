package ttfs

import "github.com/snnctl/snnctl/internal/tensor"

// Rounded is a copy of a network in precision F.
func Rounded[F, G tensor.Float](n *Network[G]) *Network[F] {
	r := &Network[F]{Input: n.Input, Low: n.Low, High: n.High, Form: n.Form}
	for _, stage := range n.Stages {
		r.Stages = append(r.Stages, roundedStage[F, G](stage))
	}
	return r
}

func roundedStage[F, G tensor.Float](stage Stage[G]) Stage[F] {
	switch s := stage.(type) {
	case *Neurons[G]:
		return &Neurons[F]{Name: s.Name, Synapses: roundedSynapses[F, G](s.Synapses), Bias: roundedArray[F, G](s.Bias),
			Window: s.Window, Clipped: s.Clipped, Scale: s.Scale}
	case *Readout[G]:
		return &Readout[F]{Name: s.Name, Synapses: roundedSynapses[F, G](s.Synapses), Bias: roundedArray[F, G](s.Bias)}
	case *MaxPool[G]:
		return &MaxPool[F]{Height: s.Height, Width: s.Width, Latest: s.Latest}
	case *Pad[G]:
		return &Pad[F]{Top: s.Top, Left: s.Left, Bottom: s.Bottom, Right: s.Right}
	case *Flatten[G]:
		return &Flatten[F]{}
	}
	panic("ttfs: a stage of no known kind")
}

func roundedSynapses[F, G tensor.Float](synapses Synapses[G]) Synapses[F] {
	switch s := synapses.(type) {
	case *Dense[G]:
		return &Dense[F]{Weights: roundedArray[F, G](s.Weights)}
	case *Conv[G]:
		return &Conv[F]{Weights: roundedArray[F, G](s.Weights), Height: s.Height, Width: s.Width, Groups: s.Groups}
	case *Average[G]:
		return &Average[F]{Height: s.Height, Width: s.Width, CountPadding: s.CountPadding, Gain: s.Gain, Channels: s.Channels}
	}
	panic("ttfs: synapses of no known kind")
}

func roundedArray[F, G tensor.Float](x *tensor.Dense[G]) *tensor.Dense[F] {
	r := tensor.New[F](x.Shape...)
	for i, v := range x.Data {
		r.Data[i] = F(v)
	}
	return r
}
