package em

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// goldenCase is a network, its bins and its state as the golden vectors write them.
type goldenCase struct {
	network *neulvm.Network
	problem *neulvm.Problem
	all     map[string]json.RawMessage
}

func (c *goldenCase) get(t *testing.T, key string, to any) {
	t.Helper()
	if err := json.Unmarshal(c.all[key], to); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
}

func openGolden(t *testing.T, file golden.File) *goldenCase {
	t.Helper()
	c := &goldenCase{all: map[string]json.RawMessage{}}
	if err := json.Unmarshal(file.Bytes, &c.all); err != nil {
		t.Fatal(err)
	}
	var p struct {
		Dt                    float64
		N, Amem, Asyn, Mu, Th []float64
		J                     [][]float64
		Ref, Delay, Eps       float64
	}
	c.get(t, "params", &p)
	c.network = &neulvm.Network{Leak: p.Amem, Synapse: p.Asyn, Rest: p.Mu, Threshold: p.Th, Refractory: p.Ref, Delay: p.Delay, Gain: p.Eps}
	for i, n := range p.N {
		c.network.Neurons = append(c.network.Neurons, int(n))
		c.network.J = append(c.network.J, p.J[i]...)
	}
	var ages, bins int
	c.get(t, "A", &ages)
	c.get(t, "T", &bins)
	var init map[string]json.RawMessage
	c.get(t, "init", &init)
	s := &neulvm.Initial{}
	for key, to := range map[string]any{"V": &s.V, "S": &s.S, "I": &s.Trace, "v": &s.U} {
		if err := json.Unmarshal(init[key], to); err != nil {
			t.Fatal(err)
		}
	}
	if init["age"] != nil {
		c.all["age"] = init["age"]
	}
	c.get(t, "age", &s.Age)
	var y [][][]float64
	c.get(t, "y", &y)
	c.problem = &neulvm.Problem{Grid: neulvm.Grid{Dt: p.Dt, Ages: ages}, Bins: bins, Initial: s, Spikes: make([][][]bool, len(p.N))}
	for q := range p.N {
		for i := range y[0][q] {
			train := make([]bool, bins)
			for b := range train {
				train[b] = y[b][q][i] == 1
			}
			c.problem.Spikes[q] = append(c.problem.Spikes[q], train)
		}
	}
	if c.all["I_ext"] != nil {
		var x [][]float64
		c.get(t, "I_ext", &x)
		for _, row := range x {
			c.problem.Input = append(c.problem.Input, row...)
		}
	}
	return c
}

// The published steps of Adam give the golden trajectories.
func TestGoldenAdam(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "params", "init", "Z", "adam_exact") {
		c := openGolden(t, file)
		var z [][]float64
		c.get(t, "Z", &z)
		var steps []struct {
			LossBefore float64     `json:"loss_before"`
			After      [][]float64 `json:"Z_after"`
		}
		c.get(t, "adam_exact", &steps)
		m := len(z)
		f := &Fit{Network: c.network, Z: z, options: Options{Grid: c.problem.Grid}, problem: c.problem,
			like: neulvm.NewLikelihood(c.problem, m), grad: neulvm.NewGradient(c.problem, m)}
		for k, want := range steps {
			if loss := f.Loss(); math.Abs(loss-want.LossBefore) > 1e-9*math.Abs(want.LossBefore) {
				t.Errorf("%s: loss before step %d is %.12g, want %.12g", file.Path, k, loss, want.LossBefore)
			}
			f.adamStep(1e-3)
			for p := range want.After {
				for i, x := range want.After[p] {
					if got := f.Trajectory()[p][i]; math.Abs(got-x) > 1e-9*x {
						t.Errorf("%s: after step %d Z[%d][%d] = %.12g, want %.12g", file.Path, k, p, i, got, x)
					}
				}
			}
		}
	}
}

// The most probable trajectory over real numbers is at least as probable as the best one of
// whole neurons.
func TestGoldenBestTrajectoryIsNoWorseThanEnumeration(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "top10", "Zhist", "logsumexp") {
		c := openGolden(t, file)
		var history [][]float64
		c.get(t, "Zhist", &history)
		var top []struct {
			N      []int
			LogLik float64
		}
		c.get(t, "top10", &top)
		like, grad := neulvm.NewLikelihood(c.problem, 1), neulvm.NewGradient(c.problem, 1)
		ages, bins := c.problem.Grid.Ages, c.problem.Bins
		best := math.Inf(1)
		for _, start := range top {
			// Fractions as squares stay positive.
			x := make([]float64, bins)
			for i, n := range start.N {
				x[i] = math.Sqrt(max(float64(n)/float64(c.network.Neurons[0]), 1e-5))
			}
			value, _ := minimise(x, 200, func(x, to []float64) float64 {
				z := append(append([]float64(nil), history[0]...), make([]float64, bins)...)
				for i, v := range x {
					z[ages+i] = v * v
				}
				nll := like.NegLogLikelihood(c.network, [][]float64{z})
				like.Gradient([][]float64{z}, grad)
				for i, v := range x {
					to[i] = 2 * v * grad.Z[0][ages+i]
				}
				return nll
			})
			best = min(best, value)
		}
		if -best < top[0].LogLik-1e-9 {
			t.Errorf("%s: the best trajectory has %v, the best of whole neurons %v", file.Path, -best, top[0].LogLik)
		}
	}
}
