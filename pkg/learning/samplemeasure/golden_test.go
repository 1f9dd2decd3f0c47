package samplemeasure

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// vector is a golden vector of sample-and-measure; a kind leaves out what it has not.
type vector struct {
	Sizes struct {
		N    int `json:"n"`
		NVis int `json:"n_vis"`
		NHid int `json:"n_hid"`
		D, T int
		K, I int
	} `json:"sizes"`
	Thr      float64            `json:"thr"`
	Gamma    float64            `json:"gamma"`
	TargetFR float64            `json:"target_fr"`
	Weights  map[string]float64 `json:"weights"`
	Params   weights            `json:"params"`
	X        [][]float64        `json:"x"`
	Data     [][][]float64      `json:"data_spikes_with_history"`
	UFree    [][][]float64      `json:"U_free"`
	UClamped [][][]float64      `json:"U_clamped"`
	Free     run                `json:"free"`
	Clamped  run                `json:"clamped"`
	Losses   map[string]float64 `json:"losses"`
	LagCov   [][][]float64      `json:"lag_cov_data"`
	PSTHData [][]float64        `json:"psth_data"`

	U      [][][]float64   `json:"u"`
	LogLik float64         `json:"loglik"`
	Loss   float64         `json:"loss"`
	Grads  json.RawMessage `json:"grads"`
}

type run struct{ V, Z [][][]float64 }

type weights struct {
	WIn  [][]float64   `json:"w_in"`
	WRec [][][]float64 `json:"w_rec"` // [post][pre][d], d = D-1 the previous step
	B    []float64     `json:"b"`
}

func flat(x [][]float64) (all []float64) {
	for _, row := range x {
		all = append(all, row...)
	}
	return all
}

// order brings golden weights into the order of package fir.
func (w weights) order() fir.Weights[float64] {
	n, depth := len(w.WRec), len(w.WRec[0][0])
	out := fir.Weights[float64]{Recurrent: make([]float64, n*n*depth), Input: flat(w.WIn), Bias: append([]float64(nil), w.B...)}
	for post := range n {
		for pre := range n {
			for d := range depth {
				out.Recurrent[(pre*depth+depth-1-d)*n+post] = w.WRec[post][pre][d]
			}
		}
	}
	return out
}

func rasters(y [][][]float64) []tensor.Raster {
	all := make([]tensor.Raster, len(y))
	for k, trial := range y {
		all[k].Reset()
		for _, step := range trial {
			for i, z := range step {
				if z == 1 {
					all[k].Fire(i)
				}
			}
			all[k].EndStep()
		}
	}
	return all
}

// fixed are draws given in advance, [trials][T][n]; nil for zeros.
func fixed(u [][][]float64) fir.Draws {
	return func(trial int) func([]float64) {
		t := -1
		return func(to []float64) {
			if t++; u != nil {
				copy(to, u[trial][t])
			}
		}
	}
}

const tolerance = 1e-10

func near(t *testing.T, what string, got, want []float64) {
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

func (w *vector) network() *fir.Network[float64] {
	s := w.Sizes
	return &fir.Network[float64]{Visible: s.N + s.NVis, Hidden: s.NHid, Delays: s.D, Inputs: s.I,
		Threshold: w.Thr, Steepness: 1, Dampening: w.Gamma, Threads: 2}
}

func each(t *testing.T, keys []string, test func(*testing.T, *vector)) {
	for _, f := range golden.Having(t, "rsnn", keys...) {
		t.Run(f.Path, func(t *testing.T) {
			var v vector
			if err := json.Unmarshal(f.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			test(t, &v)
		})
	}
}

func TestGoldenFullyObserved(t *testing.T) {
	each(t, []string{"loglik", "data_spikes_with_history"}, func(t *testing.T, v *vector) {
		net, w, data := v.network(), v.Params.order(), rasters(v.Data)
		x := flat(v.X)
		var r fir.Run[float64]
		net.Clamped(&r, &w, net.Drive(&w, x, v.Sizes.T), data, fixed(nil))
		for k := range v.U {
			near(t, "u", r.UAt(k), flat(v.U[k]))
		}
		gu := make([]float64, len(r.U))
		loss := Likelihood(net, &r, data, 1, gu)
		near(t, "loss", []float64{loss, -loss * float64(len(r.U))}, []float64{v.Loss, v.LogLik})
		grad := net.NewWeights()
		net.Backward(&grad, &r, &w, x, gu, nil)
		var want weights
		if err := json.Unmarshal(v.Grads, &want); err != nil {
			t.Fatal(err)
		}
		sameWeights(t, "loss", grad, want.order())
	})
}

func sameWeights(t *testing.T, what string, got, want fir.Weights[float64]) {
	t.Helper()
	near(t, "gradient of "+what+" for w_in", got.Input, want.Input)
	near(t, "gradient of "+what+" for w_rec", got.Recurrent, want.Recurrent)
	near(t, "gradient of "+what+" for b", got.Bias, want.Bias)
}

func TestGoldenHiddenNeurons(t *testing.T) {
	each(t, []string{"U_free", "U_clamped", "losses"}, func(t *testing.T, v *vector) {
		net, w, data := v.network(), v.Params.order(), rasters(v.Data)
		x := flat(v.X)
		drive := net.Drive(&w, x, v.Sizes.T)
		var free, clamped fir.Run[float64]
		net.Free(&free, &w, drive, v.Sizes.K, fixed(v.UFree))
		net.Clamped(&clamped, &w, drive, data, fixed(v.UClamped))
		checkRun(t, net, &free, v.Free)
		checkRun(t, net, &clamped, v.Clamped)

		psth := metrics.TrialAverage(data, net.Delays, net.Visible)
		near(t, "psth_data", psth, flat(v.PSTHData))
		lagged := LaggedCovariances[float64](net, data, psth, net.Delays)
		var wantLagged []float64
		for _, m := range v.LagCov {
			wantLagged = append(wantLagged, flat(m)...)
		}
		near(t, "lag_cov_data", lagged, wantLagged)

		var want map[string]weights
		if err := json.Unmarshal(v.Grads, &want); err != nil {
			t.Fatal(err)
		}
		for name, loss := range map[string]func(gu, gz []float64) (float64, *fir.Run[float64]){
			"mle": func(gu, _ []float64) (float64, *fir.Run[float64]) {
				return Likelihood(net, &clamped, data, 1, gu), &clamped
			},
			"psth_ce":  func(gu, _ []float64) (float64, *fir.Run[float64]) { return PSTH(net, &free, psth, 1, gu), &free },
			"psth_mse": func(gu, _ []float64) (float64, *fir.Run[float64]) { return SquaredPSTH(net, &free, psth, 1, gu), &free },
			"nc": func(gu, _ []float64) (float64, *fir.Run[float64]) {
				return NoiseCovariance(net, &free, lagged, 1, gu), &free
			},
			"fr": func(_, gz []float64) (float64, *fir.Run[float64]) {
				return HiddenRate(net, &free, v.TargetFR, 1, gz), &free
			},
		} {
			gu, gz := make([]float64, len(free.U)), make([]float64, net.Neurons())
			value, r := loss(gu, gz)
			near(t, "loss "+name, []float64{value}, []float64{v.Losses[name]})
			grad := net.NewWeights()
			net.Backward(&grad, r, &w, x, gu, gz)
			sameWeights(t, name, grad, want[name].order())
		}
	})
}

func checkRun(t *testing.T, net *fir.Network[float64], r *fir.Run[float64], want run) {
	t.Helper()
	for k := range want.V {
		u := flat(want.V[k])
		for i, v := range u {
			u[i] = (v - net.Threshold) / net.Threshold
		}
		near(t, "u", r.UAt(k), u)
		spikes := make([]float64, len(u))
		for step := range r.Steps {
			for _, i := range r.Spikes[k].At(step) {
				spikes[step*net.Neurons()+int(i)] = 1
			}
		}
		near(t, "z", spikes, flat(want.Z[k]))
	}
}
