package ppo

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/navigation"
)

// episodeWith reaches the goal after so many steps, out of 100.
func episodeWith(reaches ...int) Episode {
	e := Episode{Steps: make([]Step, 100)}
	for _, at := range reaches {
		e.Steps[at-1].Outcome = navigation.Outcome{AtGoal: true, Reward: 1}
	}
	for t := range e.Steps {
		e.Steps[t].Length = 0.5
	}
	e.Steps[10].Hit, e.Steps[10].Reward = true, e.Steps[10].Reward-0.25
	return e
}

// Times by hand: episodes that end before count by the time that they have waited.
func TestScoreByHand(t *testing.T) {
	var s Score
	s.add(&Rollout{steps: 100, Episodes: []Episode{
		episodeWith(40, 60, 70), episodeWith(), episodeWith(80), episodeWith(20, 100),
	}})
	s.anew = [][]int{{50}, {10}, {5}, nil}
	m := s.metrics("")
	for name, want := range map[string]float64{
		"goals": 6.0 / 4, "return": (6 - 4*0.25) / 4, "path_length": 50, "wall_hits": 1, "without_goal": 0.25,
		"first_ms":  (40.0 + 100 + 80 + 20) / 3,
		"second_ms": (20.0 + 20 + 80) / 2,
		"later_ms":  (60.0 + 20 + 80) / 3,
		"anew_ms":   (2*50.0 + 100) / 2, // the first goal was found again twice, the last once
	} {
		if !closeTo(m[name], want, 1e-12) {
			t.Errorf("%s = %v, want %v", name, m[name], want)
		}
	}
	third, _ := s.Wait(3) // 10 in the first episode, 0 left in the last
	if !closeTo(third, 10, 1e-12) {
		t.Errorf("third: %v, want 10", third)
	}
	if fourth, _ := s.Wait(4); !math.IsNaN(fourth) {
		t.Errorf("fourth: %v, want no number", fourth)
	}
	if one, two, four := s.Reached(1), s.Reached(2), s.Reached(4); one != 3 || two != 2 || four != 0 {
		t.Errorf("%d, %d and %d episodes reached once, twice, four times", one, two, four)
	}
	if m["goals_se"] == 0 || m["first_ms_se"] == 0 {
		t.Errorf("no standard errors: %v", m)
	}
}

// What never came has no mean time, and is not told.
func TestNoGoalNoTime(t *testing.T) {
	var s Score
	s.add(&Rollout{steps: 100, Episodes: []Episode{episodeWith(), episodeWith()}})
	m := s.metrics("random_")
	if _, ok := m["random_first_ms"]; ok || m["random_without_goal"] != 1 || m["random_goals"] != 0 {
		t.Errorf("without a goal: %v", m)
	}
	for name, x := range m {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Errorf("%s is %v", name, x)
		}
	}
}
