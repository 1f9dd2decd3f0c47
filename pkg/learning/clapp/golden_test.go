package clapp

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// flat lists the numbers of nested lists in their order.
func flat(t *testing.T, raw json.RawMessage) (all []float64) {
	t.Helper()
	var one float64
	if json.Unmarshal(raw, &one) == nil {
		return []float64{one}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		all = append(all, flat(t, entry)...)
	}
	return all
}

func same(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, golden has %d", what, len(got), len(want))
	}
	for i, v := range want {
		if math.Abs(got[i]-v) > 1e-12+1e-9*math.Abs(v) {
			t.Errorf("%s[%d] is %.13g, golden has %.13g", what, i, got[i], v)
			return
		}
	}
}

// vector is a golden vector of layers on a grid of patches.
type vector struct {
	Batch, Image, Patch, K int
	Stride                 int `json:"patch_stride"`
	NNeg                   int `json:"n_neg"`
	Grid                   []int
	Images                 json.RawMessage
	Layers                 []goldenLayer
}

type goldenLayer struct {
	W, B           json.RawMessage
	Pool           bool
	OutShape       []int `json:"out_shape"`
	Pooled         json.RawMessage
	Predict        []json.RawMessage `json:"W_pred"`
	Retro          []json.RawMessage `json:"W_retro"`
	Negatives      []json.RawMessage
	NegativesRetro []json.RawMessage `json:"negatives_retro"`
	Which          []int
	WhichRetro     []int             `json:"which_retro"`
	ScorePositive  []json.RawMessage `json:"score_pos"`
	ScoreNegative  []json.RawMessage `json:"score_neg"`
	Loss           float64
	GradW          json.RawMessage   `json:"grad_W"`
	GradB          json.RawMessage   `json:"grad_b"`
	GradPredict    []json.RawMessage `json:"grad_W_pred"`
	GradRetro      []json.RawMessage `json:"grad_W_retro"`
}

// drawsOf are the draws of a golden loss.
func drawsOf(t *testing.T, images, n int, which []int, negatives []json.RawMessage) *Draws {
	d := &Draws{Positive: make([]bool, images), Negative: make([]bool, images), N: n}
	for s := range images {
		d.Positive[s], d.Negative[s] = which == nil || which[s] > 0, which == nil || which[s] < 0
	}
	for _, step := range negatives {
		numbers := flat(t, step)
		var places []Place
		for i := 0; i < len(numbers); i += 3 {
			places = append(places, Place{Row: int(numbers[i]), Column: int(numbers[i+1]), Image: int(numbers[i+2])})
		}
		d.Negatives = append(d.Negatives, places)
	}
	return d
}

func matrices(t *testing.T, raw []json.RawMessage) (all [][]float64) {
	for _, m := range raw {
		all = append(all, flat(t, m))
	}
	return all
}

// patchesOf cuts images of one channel into patches: [image][row][column] of the grid.
func patchesOf(images []float64, v *vector) *tensor.Dense[float64] {
	rows, columns := v.Grid[0], v.Grid[1]
	x := tensor.New[float64](v.Batch*rows*columns, 1, v.Patch, v.Patch)
	i := 0
	for s := range v.Batch {
		for gy := range rows {
			for gx := range columns {
				for y := range v.Patch {
					for p := range v.Patch {
						x.Data[i] = images[(s*v.Image+gy*v.Stride+y)*v.Image+gx*v.Stride+p]
						i++
					}
				}
			}
		}
	}
	return x
}

func TestGoldenLayers(t *testing.T) {
	for _, file := range golden.Having(t, "clapp", "patch", "layers", "K") {
		t.Run(file.Path, func(t *testing.T) {
			var v vector
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			if len(v.Grid) == 1 {
				v.Grid = append(v.Grid, v.Grid[0])
			}
			x := patchesOf(flat(t, v.Images), &v)
			for number, want := range v.Layers {
				b := flat(t, want.B)
				w := flat(t, want.W)
				in := x.Shape[1]
				wt, bt := &tensor.Dense[float64]{Shape: []int{len(b), in, 3, 3}, Data: w}, &tensor.Dense[float64]{Shape: []int{len(b)}, Data: b}
				l := layerOf(wt, bt, relu.Shape{Channels: in, Height: x.Shape[2], Width: x.Shape[3]}, want.Pool)
				p := Prediction[float64]{Predict: matrices(t, want.Predict), Retro: matrices(t, want.Retro)}
				p.Losses[0].Skip, p.Losses[1].Skip = PatchSkip, PatchSkip
				draws := drawsOf(t, v.Batch, v.NNeg, want.Which, want.Negatives)
				var retro *Draws
				if want.Retro != nil {
					retro = drawsOf(t, v.Batch, v.NNeg, want.WhichRetro, want.NegativesRetro)
				}
				y, loss := learn(2, l, &p, Grid{v.Batch, v.Grid[0], v.Grid[1], 0}, x, draws, retro)
				same(t, "m", l.Vectors(), flat(t, want.Pooled))
				same(t, "loss", []float64{loss}, []float64{want.Loss})
				for k := range p.Predict {
					same(t, "u⁺", p.Losses[0].ScorePositive[k], flat(t, want.ScorePositive[k]))
					same(t, "u⁻", p.Losses[0].ScoreNegative[k], flat(t, want.ScoreNegative[k]))
					same(t, "∂L/∂M", p.GradPredict[k], flat(t, want.GradPredict[k]))
				}
				for k := range p.Retro {
					same(t, "∂L/∂M of the retro loss", p.GradRetro[k], flat(t, want.GradRetro[k]))
				}
				same(t, "∂L/∂W", l.Gradient(wt), flat(t, want.GradW))
				same(t, "∂L/∂b", l.Gradient(bt), flat(t, want.GradB))
				if t.Failed() {
					t.Fatalf("layer %d", number+1)
				}
				x = &tensor.Dense[float64]{Shape: y.Shape, Data: append([]float64(nil), y.Data...)}
			}
		})
	}
}

func TestGoldenRule(t *testing.T) {
	for _, file := range golden.Having(t, "clapp", "W_pred", "W_retro", "x", "steps") {
		t.Run(file.Path, func(t *testing.T) {
			var v struct {
				W, B    json.RawMessage
				Predict json.RawMessage `json:"W_pred"`
				Retro   json.RawMessage `json:"W_retro"`
				X       [][]float64
				Steps   []struct {
					Y               float64
					DendritePredict []float64       `json:"dendrite_pred"`
					DendriteRetro   []float64       `json:"dendrite_retro"`
					ScorePredict    float64         `json:"u_pred"`
					ScoreRetro      float64         `json:"u_retro"`
					GammaPredict    float64         `json:"gamma_pred"`
					GammaRetro      float64         `json:"gamma_retro"`
					W               json.RawMessage `json:"dW"`
					B               []float64       `json:"db"`
					Predict         json.RawMessage `json:"dW_pred"`
					Retro           json.RawMessage `json:"dW_retro"`
				}
			}
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			b := flat(t, v.B)
			r := Rule[float64]{Inputs: len(v.X[0]), Units: len(b), W: flat(t, v.W), B: b, Predict: flat(t, v.Predict), Retro: flat(t, v.Retro)}
			var u Update[float64]
			for i, s := range v.Steps {
				r.Step(&u, v.X[i], v.X[i+1], s.Y)
				same(t, "dendrite of the prediction", u.DendritePredict, s.DendritePredict)
				same(t, "dendrite of the retrodiction", u.DendriteRetro, s.DendriteRetro)
				same(t, "scores and third factors", []float64{u.ScorePredict, u.ScoreRetro, u.GammaPredict, u.GammaRetro},
					[]float64{s.ScorePredict, s.ScoreRetro, s.GammaPredict, s.GammaRetro})
				same(t, "ΔW", u.W, flat(t, s.W))
				same(t, "Δb", u.B, s.B)
				same(t, "ΔW_pred", u.Predict, flat(t, s.Predict))
				same(t, "ΔW_retro", u.Retro, flat(t, s.Retro))
			}
		})
	}
}
