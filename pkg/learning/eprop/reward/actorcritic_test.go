package reward

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

const lanes = tensor.Lanes

// act lets an agent act once in each of so many trials, at outputs y [K+1], and
// returns scores and direct errors of the first.
func act(a *ActorCritic[float64], y []float64, trials int, explore bool, seed uint64) (score, direct []float64) {
	var decisions []datasets.Decision
	for i := range trials {
		decisions = append(decisions, datasets.Decision{Trial: i, Start: 1, End: 3, Class: 1})
	}
	if explore {
		a.Explore(decisions, trials, 5, len(y)-1, seed, 0)
	} else {
		a.Exploit(decisions, trials, 5, len(y)-1)
	}
	for group := range tensor.Groups(trials) {
		used := min(lanes, trials-group*lanes)
		for t := range 5 {
			s, d, row := make([]float64, len(y)*lanes), make([]float64, len(y)*lanes), make([]float64, len(y)*lanes)
			for i := range row {
				row[i] = y[i/lanes]
			}
			a.Act(s, d, row, group, used, t)
			for k := range y {
				if group == 0 && t == 2 {
					score, direct = append(score, s[k*lanes]), append(direct, d[k*lanes])
				}
				if k < len(y)-1 && t != 2 && s[k*lanes] != 0 || used < lanes && s[k*lanes+used] != 0 {
					panic("a score without an action, or without a trial")
				}
			}
		}
	}
	return score, direct
}

// Actions come as often as the policy says, and an agent that exploits takes the
// best one always.
func TestActionsFollowThePolicy(t *testing.T) {
	y := []float64{0.3, -0.5, 1, 7}
	var a ActorCritic[float64]
	counts := make([]float64, 3)
	const trials = 20000
	act(&a, y, trials, true, 5)
	for _, action := range a.actions {
		counts[action]++
	}
	total := math.Exp(0.3) + math.Exp(-0.5) + math.Exp(1)
	for k, n := range counts {
		pi := math.Exp(y[k]) / total
		if math.Abs(n-trials*pi) > 5*math.Sqrt(trials*pi*(1-pi)) {
			t.Errorf("action %d came %g times, want about %g", k, n, trials*pi)
		}
	}
	if o := a.Outcome(); math.Abs(o.Accuracy-counts[1]/trials) > 1e-12 || math.Abs(o.Reward-(2*o.Accuracy-1)) > 1e-12 {
		t.Errorf("accuracy %g and reward %g for %g right actions", o.Accuracy, o.Reward, counts[1])
	}
	act(&a, y, 40, false, 5)
	for _, action := range a.actions {
		if action != 2 {
			t.Fatalf("action %d was taken, want the best", action)
		}
	}
}

// Scores are the derivatives of -log π_a and -c_V V, direct errors those of -c_H H.
func TestScoresAreDerivatives(t *testing.T) {
	const h = 1e-6
	for seed := range uint64(20) {
		r := rng.Stream(seed, "outputs", 0, 0)
		y := []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		a := ActorCritic[float64]{Constants: Constants{Discount: 0.9, Value: 0.6, Entropy: 0.2}}
		score, direct := act(&a, y, 1, true, seed)
		action := a.actions[0]
		at := func(k int, change float64) (minusLog, entropy float64) {
			x := append([]float64(nil), y...)
			x[k] += change
			act(&a, x, 1, true, seed)
			if a.actions[0] != action {
				t.Fatal("the action changed")
			}
			return -a.logs[0], a.entropies[0]
		}
		for k := range 3 {
			up, upH := at(k, h)
			down, downH := at(k, -h)
			if want := (up - down) / (2 * h); math.Abs(score[k]-want) > 1e-8 {
				t.Errorf("score %d is %g, want %g", k, score[k], want)
			}
			if want := -a.Entropy * (upH - downH) / (2 * h); math.Abs(direct[k]-want) > 1e-8 {
				t.Errorf("direct error %d is %g, want %g", k, direct[k], want)
			}
		}
		if score[3] != -0.6 || direct[3] != 0 {
			t.Errorf("the value has score %g and direct error %g", score[3], direct[3])
		}
	}
}

// With constant V the temporal-difference errors are known, and discounted they add
// up to return minus value.
func TestSurprises(t *testing.T) {
	a := ActorCritic[float64]{Constants: Constants{Discount: 0.9}}
	act(&a, []float64{5, 0, 0.25}, 2, false, 0) // action 0 is wrong: reward -1
	td := make([]float64, lanes)
	sum := 0.0
	for step := 4; step >= 0; step-- {
		a.Surprise(td, 0, 2, step)
		want := 0.9*0.25 - 0.25
		if step == 4 {
			want = -1 - 0.25
		}
		if math.Abs(td[1]-want/2) > 1e-15 || td[2] != 0 { // mean over two trials
			t.Errorf("δ[%d] is %g, want %g", step, td[1], want/2)
		}
		sum = 2*td[1] + 0.9*sum
		if want := -math.Pow(0.9, float64(4-step)) - 0.25; math.Abs(sum-want) > 1e-14 {
			t.Errorf("R - V is %g at %d, want %g", sum, step, want)
		}
	}
}
