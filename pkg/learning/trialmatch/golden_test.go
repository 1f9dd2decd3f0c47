package trialmatch

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/rsnn/multiarea"
)

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: value %d is %.17g, want %.17g", what, i, got[i], want[i])
		}
	}
}

func flat[T any](x [][]T) (all []T) {
	for _, row := range x {
		all = append(all, row...)
	}
	return all
}

func TestGoldenOptimalTransport(t *testing.T) {
	for _, f := range golden.Having(t, "rsnn", "square", "rectangular", "divergence") {
		t.Run(f.Path, func(t *testing.T) {
			var v struct {
				Square []struct {
					Cost       [][]float64
					Assignment []int
					Total      float64

					Plan1       [][]float64 `json:"plan_eps1.0"`
					Transport1  float64     `json:"transport_cost_eps1.0"`
					Dual1       float64     `json:"dual_value_eps1.0"`
					Plan01      [][]float64 `json:"plan_eps0.1"`
					Transport01 float64     `json:"transport_cost_eps0.1"`
					Dual01      float64     `json:"dual_value_eps0.1"`
				}
				Rectangular struct {
					Cost    [][]float64
					Rows    []int `json:"assignment_rows"`
					Columns []int `json:"assignment_cols"`
				}
				Divergence struct {
					X, Y          [][]float64
					Blur, Scaling float64
					Value         float64
					Eps           []float64
					GradX         [][]float64 `json:"grad_x"`
					GradY         [][]float64 `json:"grad_y"`
				}
			}
			if err := json.Unmarshal(f.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			for _, c := range v.Square {
				got := Assign(c.Cost)
				if !slices.Equal(got, c.Assignment) {
					t.Errorf("assignment of %d: %v, want %v", len(c.Cost), got, c.Assignment)
				}
				for _, e := range []struct {
					eps, transport, dual float64
					plan                 [][]float64
				}{{1, c.Transport1, c.Dual1, c.Plan1}, {0.1, c.Transport01, c.Dual01, c.Plan01}} {
					plan, transport, dual := converged(c.Cost, e.eps)
					// A plan that was not iterated to the end has rows that do not sum to 1/n.
					tolerance := 1e-9
					for _, row := range e.plan {
						sum := -1 / float64(len(row))
						for _, p := range row {
							sum += p
						}
						tolerance = max(tolerance, 4*math.Abs(sum))
					}
					near(t, "plan", flat(plan), flat(e.plan), tolerance)
					near(t, "transport cost and dual value", []float64{transport, dual}, []float64{e.transport, e.dual}, tolerance)
				}
			}
			for i, j := range Assign(v.Rectangular.Cost) {
				if k := slices.Index(v.Rectangular.Rows, i); v.Rectangular.Columns[k] != j {
					t.Errorf("row %d gets column %d, want %d", i, j, v.Rectangular.Columns[k])
				}
			}
			d := v.Divergence
			s := Sinkhorn{Blur: d.Blur, Scaling: d.Scaling, Threads: 2}
			near(t, "eps", s.temperatures(d.X, d.Y), d.Eps, 1e-12)
			value, gx := s.Divergence(d.X, d.Y)
			swapped, gy := s.Divergence(d.Y, d.X)
			near(t, "value", []float64{value, swapped}, []float64{d.Value, d.Value}, 1e-10)
			near(t, "grad_x", flat(gx), flat(d.GradX), 1e-10)
			near(t, "grad_y", flat(gy), flat(d.GradY), 1e-10)
		})
	}
}

type lifVector struct {
	Sizes struct {
		N, I, T, G int
		Exc        int `json:"n_exc"`
		ExcIn      int `json:"n_exc_in"`
		KModel     int `json:"K_model"`
		KData      int `json:"K_data"`
	}
	Area       []int
	MinNeurons int `json:"min_neurons"`
	Consts     struct {
		DT, Thr, Sigma, Beta, Gamma, Blur, Scaling float64
		Delays                                     []int
		NRef                                       int `json:"n_ref"`
		Tau                                        []float64
		TauJaw                                     float64 `json:"tau_jaw"`
		Motor                                      []int
	}
	Params    lifWeights
	X         [][][]float64
	MemNoise  [][][]float64 `json:"mem_noise"`
	U         [][][]float64
	Xi        [][]float64
	Data      [][][]float64 `json:"data_spikes"`
	DataJaw   [][]float64   `json:"data_jaw"`
	V         [][][]float64 `json:"v_after_reset"`
	Z         [][][]float64
	Jaw       [][]float64
	FeatData  [][]float64 `json:"feat_data"`
	FeatModel [][]float64 `json:"feat_model"`
	Cost      [][]float64
	Pairs     []int `json:"assignment"`
	Losses    map[string]float64
	Grads     map[string]lifWeights
	Combined  [][]float64 `json:"task_grad_combined_step1"`
	RTrial    float64     `json:"R_trial"`
	RVariant  float64     `json:"R_trial_repo_variant"`
}

type lifWeights struct {
	WIn     [][]float64   `json:"w_in"`  // [post][input]
	WRec    [][][]float64 `json:"w_rec"` // [group][post][pre]
	VRest   []float64     `json:"v_rest"`
	A1      [][]float64
	C1      []float64
	A2      [][]float64
	WJaw    []float64 `json:"w_jaw"`
	JawBias float64   `json:"jaw_bias"`
}

func turned(x [][]float64) []float64 {
	out := make([]float64, 0, len(x)*len(x[0]))
	for j := range x[0] {
		for i := range x {
			out = append(out, x[i][j])
		}
	}
	return out
}

func (w *lifWeights) order() multiarea.Weights[float64] {
	out := multiarea.Weights[float64]{Input: turned(w.WIn), Rest: w.VRest, OffsetIn: flat(w.A1), OffsetBias: w.C1,
		OffsetOut: flat(w.A2), Jaw: w.WJaw, JawBias: []float64{w.JawBias}}
	for _, g := range w.WRec {
		out.Recurrent = append(out.Recurrent, turned(g)...)
	}
	return out
}

// rasters turns spikes [T][trials][n] into one raster a trial.
func rasters(z [][][]float64) []tensor.Raster {
	all := make([]tensor.Raster, len(z[0]))
	for k := range all {
		all[k].Reset()
		for t := range z {
			for i, x := range z[t][k] {
				if x == 1 {
					all[k].Fire(i)
				}
			}
			all[k].EndStep()
		}
	}
	return all
}

func TestGoldenTrialMatching(t *testing.T) {
	for _, f := range golden.Having(t, "rsnn", "mem_noise", "feat_model") {
		t.Run(f.Path, func(t *testing.T) {
			var v lifVector
			if err := json.Unmarshal(f.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			v.check(t)
		})
	}
}

func (v *lifVector) check(t *testing.T) {
	c, s := v.Consts, v.Sizes
	net := multiarea.New[float64](multiarea.Params{Neurons: s.N, Excitatory: s.Exc, Inputs: s.I, ExcitatoryInputs: s.ExcIn,
		Delays: c.Delays, Area: v.Area, StepMS: c.DT, Threshold: c.Thr, Noise: c.Sigma, Steepness: c.Beta, Dampening: c.Gamma,
		RefractorySteps: c.NRef, TauMS: c.Tau, TrialNoise: len(v.Xi[0]), Motor: c.Motor, TauJawMS: c.TauJaw}, 2)
	w := v.Params.order()
	net.SetWeights(&w)
	var r multiarea.Run[float64]
	net.Simulate(&r, &w, rasters(v.X), flat(v.Xi), nil, func(trial, step int, normal, uniform []float64) {
		copy(normal, v.MemNoise[step][trial])
		copy(uniform, v.U[step][trial])
	}, true)
	for k := range s.KModel {
		want := rasters(v.Z)[k]
		if !slices.Equal(r.Spikes[k].Active, want.Active) || !slices.Equal(r.Spikes[k].Start, want.Start) {
			t.Fatalf("spikes of trial %d differ", k)
		}
		near(t, "v_after_reset at the end", r.Final[k].Potential, v.V[s.T-1][k], 1e-12)
	}
	near(t, "jaw", r.Jaw, turned(v.Jaw), 1e-12)

	session := Session{Trials: rasters(v.Data), Jaw: make([][]float64, s.KData)}
	for k := range session.Jaw {
		session.Jaw[k] = turned(v.DataJaw)[k*s.T : (k+1)*s.T]
	}
	for i := range s.N {
		session.Neurons = append(session.Neurons, i)
	}
	first := First(c.DT)
	features := NewFeatures(&session, v.Area, v.MinNeurons, first, Second(2))
	data := features.OfSession(&session)
	model := make([][]float64, s.KModel)
	for k := range model {
		model[k] = features.Of(&r.Spikes[k], r.Jaw[k*s.T:(k+1)*s.T])
	}
	near(t, "feat_data", flat(data), flat(v.FeatData), 1e-10)
	near(t, "feat_model", flat(model), flat(v.FeatModel), 1e-10)
	near(t, "R_trial", []float64{Correlation(2, model, data, false), Correlation(2, model, data, true)}, []float64{v.RTrial, v.RVariant}, 1e-10)

	// The gradients of both losses, in the form that a training has them.
	g := spikeGradient[float64]{steps: s.T, neurons: s.N, group: make([]int32, s.N), average: make([]float64, s.T*s.N)}
	for a, neurons := range features.Areas {
		for _, i := range neurons {
			g.group[i] = int32(a)
		}
		g.sizes = append(g.sizes, len(neurons))
	}
	back := func(gjaw []float64) multiarea.Weights[float64] {
		grad := multiarea.NewWeights[float64](&net.Params)
		net.Backward(&grad, &r, &w, g.write, nil, gjaw)
		return grad
	}
	neuron := NewNeuronLoss([]Session{session}, s.N, first)
	loss, average := neuron.Loss(r.Spikes)
	near(t, "neuron loss", []float64{loss}, []float64{v.Losses["neuron"]}, 1e-10)
	g.reset(s.KModel)
	copy(g.average, average)
	v.sameGradient(t, "neuron", back(nil))
	for name, matching := range map[string]Matching{"hard": Hard{2}, "soft": Soft{Sinkhorn{c.Blur, c.Scaling, 2}}} {
		loss, gradient := matching.Match(model, data)
		near(t, name+" loss", []float64{loss}, []float64{v.Losses[name]}, 1e-10)
		g.reset(s.KModel)
		gjaw := make([]float64, len(r.Jaw))
		populations := func(weight float64) {
			for k := range gradient {
				features.back(new(featureScratch), gradient[k], func(a int, area []float64) {
					for step, x := range area {
						g.at(k, step)[a] = weight * x
					}
				}, func(jaw []float64) { copy(gjaw[k*s.T:], jaw) })
			}
		}
		populations(1)
		v.sameGradient(t, name, back(gjaw))
		if name != "hard" {
			continue
		}
		for i, x := range average {
			g.average[i] = 10 * x
		}
		populations(100)
		g.split(new(Splitter))
		row := make([]float64, s.N)
		for step := range s.T {
			g.write(0, step, row)
			near(t, "task_grad_combined_step1", row, v.Combined[step], 1e-10)
		}
	}
}

func (v *lifVector) sameGradient(t *testing.T, loss string, got multiarea.Weights[float64]) {
	t.Helper()
	g := v.Grads[loss]
	want := g.order()
	const tolerance = 1e-10
	near(t, loss+": w_jaw", got.Jaw, want.Jaw, tolerance)
	near(t, loss+": jaw_bias", got.JawBias, want.JawBias, tolerance)
	near(t, loss+": w_in", got.Input, want.Input, tolerance)
	near(t, loss+": w_rec", got.Recurrent, want.Recurrent, tolerance)
	near(t, loss+": A2", got.OffsetOut, want.OffsetOut, tolerance)
	near(t, loss+": A1", got.OffsetIn, want.OffsetIn, tolerance)
	near(t, loss+": c1", got.OffsetBias, want.OffsetBias, tolerance)
	near(t, loss+": v_rest", got.Rest, want.Rest, tolerance)
}
