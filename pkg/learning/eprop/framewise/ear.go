package framewise

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

// ear is one of the two networks, which hears the utterances in its direction and
// has its half of the readout.
type ear[F tensor.Float] interface {
	// arrays are its weights, other than those of the readout.
	arrays() []plasticity.Array[F]

	// listen runs a batch, with its half of readout and feedback (nil where that is
	// the readout), and gives the outputs of each step to h.
	listen(inputs []tensor.Input, out, feedback []F, h *heard[F])

	// errors is where the errors of a group of utterances go, [T][K][Lanes], zeros
	// before; after listen.
	errors(group int) []F

	// learn writes the gradients of its arrays, and of its half of the readout to out.
	// It returns what it adds to the loss.
	learn(out []F) (penalty float64)

	// rate is the mean spikes of a unit in a step of the batch; 0 of units that do not
	// spike.
	rate() float64
}

// spiking is the ear of LIF and ALIF neurons.
type spiking[F tensor.Float] struct {
	net       *eprop.Network[F]
	method    eprop.Method
	penalty   eprop.Penalty
	in, rec   plasticity.Array[F]
	gradients eprop.Gradients
}

// newSpiking draws Win ~ N(0,1)/√n_in and Wrec ~ N(0,1)/√n.
func newSpiking[F tensor.Float](p eprop.Params, threads int, method eprop.Method, penalty eprop.Penalty, direction string, seed uint64) *spiking[F] {
	n := p.Neurons()
	w := lsnn.InitialWeights[F](&lsnn.Params{Inputs: p.Inputs, LIF: p.LIF, ALIF: p.ALIF}, seed)
	return &spiking[F]{net: eprop.NewNetwork[F](p, threads), method: method, penalty: penalty,
		in:  newArray("w_in_"+direction, "input weights [n_in][n]", w.In, p.Inputs, n),
		rec: newArray("w_rec_"+direction, "recurrent weights [n][n], the diagonal is ignored", w.Rec, n, n)}
}

func newArray[F tensor.Float](name, doc string, data []F, shape ...int) plasticity.Array[F] {
	return plasticity.Array[F]{Name: name, Shape: shape, Value: data, Grad: make([]F, len(data)), Doc: doc}
}

func (s *spiking[F]) arrays() []plasticity.Array[F] { return []plasticity.Array[F]{s.in, s.rec} }

func (s *spiking[F]) listen(inputs []tensor.Input, out, feedback []F, h *heard[F]) {
	s.net.Forward(eprop.Weights[F]{In: s.in.Value, Rec: s.rec.Value, Out: out, Feedback: feedback}, inputs, h)
}

func (s *spiking[F]) errors(group int) []F { return s.net.Errors(group) }

func (s *spiking[F]) learn(out []F) (penalty float64) {
	g := &s.gradients
	result := s.net.Backward(g, s.penalty, s.method)
	for _, m := range []struct {
		to   []F
		from []float64
	}{{s.in.Grad, g.In}, {s.rec.Grad, g.Rec}, {out, g.Out}} {
		for i, x := range m.from {
			m.to[i] = F(x)
		}
	}
	return result.Penalty
}

func (s *spiking[F]) rate() (mean float64) {
	rates := s.net.Rates()
	for _, r := range rates {
		mean += r / float64(len(rates))
	}
	return mean
}
