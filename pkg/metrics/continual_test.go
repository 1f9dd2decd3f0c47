package metrics

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
)

func TestGoldenContinual(t *testing.T) {
	for _, file := range golden.Having(t, "gateon", "metrics") {
		t.Run(file.Path, func(t *testing.T) {
			var v struct {
				Metrics struct {
					R             [][]float64
					Untrained     []float64 `json:"random_init_acc"`
					ACC, BWT, FWT float64
					Forgetting    float64 `json:"forgetting"`
				} `json:"metrics"`
			}
			if err := json.Unmarshal(file.Bytes, &v); err != nil {
				t.Fatal(err)
			}
			c := Continual{Accuracy: v.Metrics.R, Untrained: v.Metrics.Untrained}
			for name, x := range map[string][2]float64{
				"ACC": {c.Final(), v.Metrics.ACC}, "BWT": {c.BackwardTransfer(), v.Metrics.BWT},
				"FWT": {c.ForwardTransfer(), v.Metrics.FWT}, "forgetting": {c.Forgetting(), v.Metrics.Forgetting},
			} {
				if math.Abs(x[0]-x[1]) > 1e-9 {
					t.Errorf("%s is %v, golden has %v", name, x[0], x[1])
				}
			}
		})
	}
}

func TestContinualOfALearnerThatForgetsNothing(t *testing.T) {
	c := Continual{Accuracy: [][]float64{{0.9, 0.1, 0.1}, {0.9, 0.8, 0.1}, {0.9, 0.8, 0.7}}, Untrained: []float64{0.1, 0.1, 0.1}}
	for name, x := range map[string][2]float64{
		"final": {c.Final(), 0.8}, "learning": {c.Learning(), 0.8}, "learning of the last": {c.LearningOf(2, 3), 0.7}, "backward": {c.BackwardTransfer(), 0}, "forward": {c.ForwardTransfer(), 0},
		"forgetting": {c.Forgetting(), 0}, "authors' accuracy": {c.AuthorsAccuracy(), 0.8}, "authors' forgetting": {c.AuthorsForgetting(), 0},
	} {
		if math.Abs(x[0]-x[1]) > 1e-12 {
			t.Errorf("%s is %v, expected %v", name, x[0], x[1])
		}
	}
	c.Accuracy[2][0] = 0.6 // and now it does
	if got := c.Forgetting(); math.Abs(got-0.15) > 1e-12 {
		t.Errorf("forgetting is %v, expected (0.3 + 0)/2", got)
	}
	if got := c.AuthorsForgetting(); math.Abs(got-100*0.15/3) > 1e-12 {
		t.Errorf("the authors' forgetting is %v, expected 5", got)
	}
}
