package framewise

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/eprop3"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// memory is the ear of LSTM cells (section 3.3 of the method of 1901.09049): by e-prop 1,
// which is e-prop 3 with windows of one step and no synthetic gradients, or by
// back-propagation through time.
type memory[F tensor.Float] struct {
	net     *recurrent.Network[F]
	learner *eprop3.Learner[F]
	run     recurrent.Run[F]
	grads   recurrent.Weights[F]
	all     []plasticity.Array[F]

	lanes [][]F // errors of each group, [T][K][Lanes]
	delta []F   // the same, [T][B][K]
	row   [][]F // outputs of a step of each group, [K][Lanes]
}

// newMemory draws the weights as package lstm does.
func newMemory[F tensor.Float](cells, inputs, outputs, threads int, method eprop.Method, direction string, seed uint64) *memory[F] {
	units := lstm.Cells[F](cells)
	m := &memory[F]{net: recurrent.NewNetwork(recurrent.Params[F]{Cell: units, Inputs: inputs, Outputs: outputs, Biased: true, Gain: 1}, threads)}
	var rule eprop3.Rule[F]
	if method != eprop.BPTT {
		rule = eprop3.Rule[F]{Window: 1, Traces: true}
	}
	m.learner = eprop3.NewLearner(m.net, rule)
	units.Initialise(m.net.In, m.net.Rec, m.net.Bias, seed)
	m.grads = m.net.NewWeights()
	width := m.net.Width()
	m.all = []plasticity.Array[F]{
		{Name: "w_in_" + direction, Shape: []int{inputs, width}, Value: m.net.In, Grad: m.grads.In, Doc: "input weights [n_in][4n], of the gates i, f, g, o of all cells one after the other"},
		{Name: "w_rec_" + direction, Shape: []int{cells, width}, Value: m.net.Rec, Grad: m.grads.Rec, Doc: "recurrent weights [n][4n]"},
		{Name: "b_" + direction, Shape: []int{width}, Value: m.net.Bias, Grad: m.grads.Bias, Doc: "bias of the gates [4n]"},
	}
	return m
}

func (m *memory[F]) arrays() []plasticity.Array[F] { return m.all }

func (m *memory[F]) rate() float64 { return 0 }

func (m *memory[F]) listen(inputs []tensor.Input, out, feedback []F, h *heard[F]) {
	trials, steps := 0, inputs[0].Steps()
	for i := range inputs {
		trials += inputs[i].Trials
	}
	m.net.Out, m.learner.Feedback = out, feedback
	r, k, n := &m.run, m.net.Outputs, m.net.Inputs
	r.Resize(&m.net.Params, steps, trials)
	for len(m.lanes) < len(inputs) {
		m.lanes, m.row = append(m.lanes, nil), append(m.row, make([]F, k*lanes))
	}
	parallel.For(m.net.Threads, len(inputs), func(_, group int) {
		for t := range steps {
			for i := range n {
				for lane, x := range inputs[group].Currents.Line(t, i)[:inputs[group].Trials] {
					r.X[(t*trials+group*lanes+lane)*n+i] = F(x)
				}
			}
		}
	})
	m.net.Forward(r)
	parallel.For(m.net.Threads, len(inputs), func(_, group int) {
		m.lanes[group] = recurrent.Grow(m.lanes[group], steps*k*lanes)
		clear(m.lanes[group])
		row := m.row[group]
		for t := range steps {
			clear(row)
			for lane := range inputs[group].Trials {
				for i, y := range r.Y[(t*trials+group*lanes+lane)*k:][:k] {
					row[i*lanes+lane] = y
				}
			}
			h.Error(nil, row, group, inputs[group].Trials, t)
		}
	})
}

func (m *memory[F]) errors(group int) []F { return m.lanes[group] }

func (m *memory[F]) learn(out []F) (penalty float64) {
	r, k := &m.run, m.net.Outputs
	m.delta = recurrent.Grow(m.delta, r.Steps*r.Trials*k)
	parallel.For(m.net.Threads, tensor.Groups(r.Trials), func(_, group int) {
		for lane := range min(lanes, r.Trials-group*lanes) {
			for t := range r.Steps {
				to := m.delta[(t*r.Trials+group*lanes+lane)*k:][:k]
				for i := range to {
					to[i] = m.lanes[group][(t*k+i)*lanes+lane]
				}
			}
		}
	})
	m.grads.Out = out
	m.learner.Gradient(&m.grads, r, m.delta, 1, nil, nil)
	return 0
}
