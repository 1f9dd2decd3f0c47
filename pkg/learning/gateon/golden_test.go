package gateon

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/tasksequence"
	"github.com/snnctl/snnctl/pkg/learning/continual"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// trajectory is a golden vector: some steps of n- or p-GateON.
type trajectory struct {
	Variant, Optimizer, Loss string
	Sizes                    []int
	Contexts                 int `json:"n_contexts"`
	Batch                    int
	Eta, Epsilon, LR         float64
	Adam                     struct{ Beta1, Beta2, Eps float64 }
	ContextOf                []int         `json:"contexts"`
	SwitchAfter              int           `json:"switch_after_step"`
	W0                       [][][]float64 `json:"W0"`
	B0                       [][]float64   `json:"b0"`
	V0                       [][][]float64 `json:"V0"`
	Steps                    []step
}

type step struct {
	X      [][]float64
	Y      []int
	Logits [][]float64
	Loss   float64
	Layers []struct {
		A, U, N, R, H [][]float64
		G             []float64
	}
	Relevance  [][]float64
	RelevanceW [][][]float64     `json:"relevance_W"`
	RelevanceB [][]float64       `json:"relevance_b"`
	GradW      [][][]float64     `json:"grad_W"`
	GradB      [][]float64       `json:"grad_b"`
	GradV      [][][]float64     `json:"grad_V"`
	Used       []json.RawMessage `json:"availability_used"`
	Next       []json.RawMessage `json:"availability_next"`
	BiasUsed   [][]float64       `json:"availability_bias_used"`
	BiasNext   [][]float64       `json:"availability_bias_next"`
	W          [][][]float64
	B          [][]float64
	V          [][][]float64
}

// taught is a source of tasks that says nothing but what a golden vector shows: example i
// of task k is trial i of the step of the same number.
type taught struct{ t *trajectory }

func (s taught) Tasks() int                   { return len(s.t.Steps) }
func (s taught) Inputs() int                  { return s.t.Sizes[0] }
func (s taught) Classes() int                 { return s.t.Sizes[len(s.t.Sizes)-1] }
func (s taught) Size(int, string) int         { return s.t.Batch }
func (s taught) Name(int) string              { return "" }
func (s taught) Checksums() map[string]string { return nil }
func (s taught) Read([]float32, int, string, int) (int, error) {
	panic("golden inputs are shown as they are")
}

func rows(x [][]float64) (flat []float64) {
	for _, row := range x {
		flat = append(flat, row...)
	}
	return flat
}

// transposed lists x[trial][neuron] neuron by neuron.
func transposed(x [][]float64) (flat []float64) {
	for j := range x[0] {
		for _, row := range x {
			flat = append(flat, row[j])
		}
	}
	return flat
}

func numbers(t *testing.T, raw json.RawMessage) []float64 {
	t.Helper()
	var one []float64
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var two [][]float64
	if err := json.Unmarshal(raw, &two); err != nil {
		t.Fatal(err)
	}
	return rows(two)
}

// TestGoldenSteps takes the steps of golden trajectories, through the part of the network that
// is open and through the whole network.
func TestGoldenSteps(t *testing.T) {
	for _, file := range golden.Having(t, "gateon", "variant", "steps", "V0") {
		for name, whole := range map[string]bool{"/open": false, "/whole": true} {
			t.Run(file.Path+name, func(t *testing.T) {
				var v trajectory
				if err := json.Unmarshal(file.Bytes, &v); err != nil {
					t.Fatal(err)
				}
				follow(t, &v, whole)
			})
		}
	}
}

// wholly makes a method take the whole network.
type wholly struct{ continual.Method[float64] }

func (wholly) Whole() bool { return true }

func follow(t *testing.T, v *trajectory, whole bool) {
	tolerance := 1e-9
	if v.Optimizer == "adam" {
		tolerance = 1e-7
	}
	n := gated.New[float64](v.Sizes, v.Contexts, gated.BatchL2, gated.ReTanh2)
	for l := range n.W {
		copy(n.W[l], rows(v.W0[l]))
		copy(n.B[l], v.B0[l])
	}
	for l := range n.V {
		copy(n.V[l], rows(v.V0[l]))
	}
	o := Options{Eta: v.Eta, Epsilon: v.Epsilon}
	perNeuron, perWeight := NewNeurons(n, o), NewWeights(n, o)
	var method continual.Method[float64] = perNeuron
	if v.Variant == "p" {
		method = perWeight
	}
	if whole {
		method = wholly{method}
	}
	loss := gated.CrossEntropy
	if v.Loss == "ce_on_softmax" {
		loss = gated.DoubleSoftmax
	}
	l := continual.New(n, &tasksequence.Stream[float64]{Source: taught{v}, Threads: 1}, method, nil, continual.Options{
		BatchSize: v.Batch, StepsPerTask: 1, Loss: loss, Threads: 1,
		Optimizer: continual.Optimizer{Plain: v.Optimizer == "sgd", Rate: v.LR, Beta1: v.Adam.Beta1, Beta2: v.Adam.Beta2, Epsilon: v.Adam.Eps}})
	check := func(i int, what string, got, want []float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("step %d: %s has %d entries, golden has %d", i, what, len(got), len(want))
		}
		for k := range got {
			if math.Abs(got[k]-want[k]) > 1e-12+tolerance*math.Abs(want[k]) {
				t.Errorf("step %d: %s[%d] is %.13g, golden has %.13g", i, what, k, got[k], want[k])
				return
			}
		}
	}
	for i, s := range v.Steps {
		if i == 0 || i == v.SwitchAfter {
			if err := l.Enter(v.ContextOf[i]); err != nil {
				t.Fatal(err)
			}
		}
		available := func(raw []json.RawMessage, bias [][]float64, neurons [][]float64, weights state[float64], what string) {
			for layer := range raw {
				if v.Variant == "n" {
					check(i, what, neurons[layer], numbers(t, raw[layer]))
					continue
				}
				check(i, what, weights.W[layer], numbers(t, raw[layer]))
				check(i, what+" of biases", weights.B[layer], bias[layer])
			}
		}
		available(s.Used, s.BiasUsed, perNeuron.available, perWeight.available, "availability")
		shown := l.Show(transposed(s.X), s.Y)
		check(i, "loss", []float64{shown}, []float64{s.Loss})
		check(i, "logits", l.Pass.Logits, transposed(s.Logits))
		for layer, want := range s.Layers {
			spread := func(part []float64) []float64 { // over the whole layer
				all := make([]float64, n.Sizes[layer+1]*v.Batch)
				for k, j := range l.Part.Neurons(layer) {
					copy(all[int(j)*v.Batch:], part[k*v.Batch:(k+1)*v.Batch])
				}
				return all
			}
			check(i, "h", spread(l.Pass.Hidden[layer].Activity), transposed(want.H))
			gates := n.Gates(layer, v.ContextOf[i])
			check(i, "g", gates, want.G)
			if len(l.Part.Neurons(layer)) == n.Sizes[layer+1] {
				a := append([]float64(nil), l.Pass.Hidden[layer].Currents...)
				for j, b := range n.B[layer] {
					for k := range v.Batch {
						a[j*v.Batch+k] += b
					}
				}
				check(i, "a", a, transposed(want.A))
			}
		}
		// The gradients before they are masked.
		unmasked := gated.Gradients[float64]{}
		l.Pass.Backward(&unmasked, nil, nil)
		whole := gated.New[float64](n.Sizes, n.Contexts, n.Norm, n.Gate)
		l.Part.Scatter(1, whole.W, unmasked.W)
		for layer := range whole.W {
			check(i, "∂L/∂W", whole.W[layer], rows(s.GradW[layer]))
			l.Part.ScatterBias(layer, whole.B[layer], unmasked.B[layer])
			check(i, "∂L/∂b", whole.B[layer], s.GradB[layer])
		}
		for layer := range whole.V {
			for k, j := range l.Part.Neurons(layer) {
				whole.V[layer][int(j)*n.Contexts+l.Context] = unmasked.V[layer][k]
			}
			check(i, "∂L/∂V", whole.V[layer], rows(s.GradV[layer]))
		}
		l.Show(transposed(s.X), s.Y)
		if err := l.Learn(i); err != nil {
			t.Fatal(err)
		}
		l.Store()
		if v.Variant == "n" {
			for layer := range s.Relevance {
				relevance := make([]float64, n.Sizes[layer+1])
				for k, j := range l.Part.Neurons(layer) {
					relevance[j] = perNeuron.relevance[layer][k]
				}
				check(i, "relevance", relevance, s.Relevance[layer])
			}
		}
		available(s.Next, s.BiasNext, perNeuron.estimate, perWeight.estimate, "next availability")
		for layer := range n.W {
			check(i, "W", n.W[layer], rows(s.W[layer]))
			if layer == n.Hidden() { // hidden biases move by rounding only, and here not at all
				check(i, "b", n.B[layer], s.B[layer])
			}
		}
		for layer := range n.V {
			check(i, "V", n.V[layer], rows(s.V[layer]))
		}
	}
}
