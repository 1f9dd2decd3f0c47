package continual

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12+1e-9*math.Abs(want[i]) {
			t.Errorf("%s[%d] is %.13g, golden has %.13g", what, i, got[i], want[i])
		}
	}
}

func TestGoldenEWC(t *testing.T) {
	for _, file := range golden.Having(t, "gateon", "ewc") {
		t.Run(file.Path, func(t *testing.T) {
			var v struct {
				EWC struct {
					Theta, Fisher, Grad []float64
					Star                []float64 `json:"theta_star"`
					Lambda              float64   `json:"lam"`
					Penalty             float64
				} `json:"ewc"`
			}
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			q := quadratic[float64]{least: []float64{0}, f: [][]float64{make([]float64, len(v.EWC.Theta))}, c: [][]float64{make([]float64, len(v.EWC.Theta))}}
			for i, f := range v.EWC.Fisher { // in two parts, as of two tasks
				q.add(0, i, f/4, v.EWC.Star[i])
				q.add(0, i, 3*f/4, v.EWC.Star[i])
			}
			g := [][]float64{make([]float64, len(v.EWC.Theta))}
			q.gradient(v.EWC.Lambda, [][]float64{v.EWC.Theta}, g)
			near(t, "gradient", g[0], v.EWC.Grad)
			near(t, "penalty", []float64{q.penalty(v.EWC.Lambda, [][]float64{v.EWC.Theta})}, []float64{v.EWC.Penalty})
		})
	}
}

func TestGoldenSI(t *testing.T) {
	for _, file := range golden.Having(t, "gateon", "si") {
		t.Run(file.Path, func(t *testing.T) {
			var v struct {
				SI struct {
					Theta, Grad [][]float64
					Omega       []float64 `json:"omega_small"`
					Xi          float64
					Increment   []float64 `json:"Omega_increment"`
				} `json:"si"`
			}
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			omega := make([]float64, len(v.SI.Omega))
			for i, g := range v.SI.Grad {
				pathIntegral(omega, g, v.SI.Theta[i+1], v.SI.Theta[i])
			}
			near(t, "ω", omega, v.SI.Omega)
			importance := make([]float64, len(omega))
			consolidate(importance, omega, v.SI.Theta[len(v.SI.Theta)-1], v.SI.Theta[0], v.SI.Xi)
			near(t, "Ω", importance, v.SI.Increment)
		})
	}
}

func TestGoldenHAT(t *testing.T) {
	for _, file := range golden.Having(t, "gateon", "hat") {
		t.Run(file.Path, func(t *testing.T) {
			var v struct {
				HAT struct {
					E, Gate     []float64
					S, SMax     float64
					In          []float64   `json:"a_cum_in"`
					Out         []float64   `json:"a_cum_out"`
					Mask        [][]float64 `json:"weight_grad_mask"`
					Grad        []float64   `json:"emb_grad"`
					Compensated []float64   `json:"emb_grad_compensated"`
					Used        []float64   `json:"a_prev"`
					Reg         float64
				} `json:"hat"`
			}
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			h := v.HAT
			n := gated.New[float64]([]int{1, len(h.E), 1}, 1, gated.Plain, gated.Sigmoid)
			n.GateSlope = h.S
			copy(n.V[0], h.E)
			near(t, "gate", n.Gates(0, 0), h.Gate)
			for j, row := range h.Mask {
				for i, want := range row {
					near(t, "mask", []float64{hatMask(h.Out[j], h.In[i])}, []float64{want})
				}
			}
			for j, g := range h.Grad {
				near(t, "compensated gradient", []float64{compensate(g, h.E[j], h.S, h.SMax)}, h.Compensated[j:j+1])
			}
			sum, room := newlyUsed(h.Gate, h.Used)
			near(t, "penalty", []float64{sum / room}, []float64{h.Reg})
		})
	}
}
