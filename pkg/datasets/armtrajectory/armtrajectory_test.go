package armtrajectory

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
)

func paper(t *testing.T) *Source {
	t.Helper()
	s, err := New(Options{Steps: 500, ClockWindows: 5, ClockLines: 10, CodeNeurons: 100, EvaluationTrials: 10, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoldenArm(t *testing.T) {
	for _, file := range golden.Files(t, "eprop", "arm") {
		var want struct{ Omega, Phi, XY [][]float64 }
		if err := json.Unmarshal(file.Bytes, &want); err != nil {
			t.Fatal(err)
		}
		omega := slices.Concat(want.Omega...)
		angles, tip := make([]float64, len(omega)), make([]float64, len(omega))
		Move(angles, tip, omega)
		for name, pair := range map[string][2][]float64{"phi": {angles, slices.Concat(want.Phi...)}, "xy": {tip, slices.Concat(want.XY...)}} {
			if len(pair[0]) != len(pair[1]) || len(pair[0]) == 0 {
				t.Fatalf("%s: %d numbers, want %d", name, len(pair[0]), len(pair[1]))
			}
			for i, x := range pair[0] {
				if !(math.Abs(x-pair[1][i]) <= 1e-10) {
					t.Errorf("%s of step %d: %v, want %v", name, i/2, x, pair[1][i])
				}
			}
		}
	}
}

// The adjoint of the arm is its derivative.
func TestMoveAdjointFiniteDifferences(t *testing.T) {
	const n = 2 * 30
	r := rand.New(rand.NewPCG(1, 2))
	omega, pull := make([]float64, n), make([]float64, n)
	for i := range omega {
		omega[i], pull[i] = 80*r.NormFloat64(), r.NormFloat64()
	}
	angles, tip := make([]float64, n), make([]float64, n)
	value := func() (e float64) { // E = Σ pull·tip
		Move(angles, tip, omega)
		for i, x := range tip {
			e += pull[i] * x
		}
		return e
	}
	value()
	grad := make([]float64, n)
	MoveAdjoint(grad, slices.Clone(angles), pull)
	const h = 1e-4
	for i, w := range omega {
		omega[i] = w + h
		up := value()
		omega[i] = w - h
		down := value()
		omega[i] = w
		if want := (up - down) / (2 * h); !(math.Abs(grad[i]-want) <= 1e-9) {
			t.Errorf("∂E/∂ω[%d] = %v, finite difference %v", i, grad[i], want)
		}
	}
}

// The links keep their length, the joints their limits, and the target is what
// its velocities make of the arm.
func TestTargetsAreWithinReach(t *testing.T) {
	s := paper(t)
	var task Task
	limited := 0
	for index := range 200 {
		s.Train(&task, 3, index)
		angles, tip := make([]float64, len(task.Tip)), make([]float64, len(task.Tip))
		Move(angles, tip, task.Velocities)
		if !slices.Equal(tip, task.Tip) {
			t.Fatalf("task %d: the target is not where its velocities lead", index)
		}
		var furthest [2]float64
		for i := range tip {
			turned := angles[i] - [2]float64{shoulderStart, elbowStart}[i%2]
			furthest[i%2] = max(furthest[i%2], math.Abs(turned))
		}
		for k, f := range furthest {
			if f > math.Pi/2+1e-9 {
				t.Errorf("task %d: joint %d turns by %g", index, k+1, f)
			}
			if f > math.Pi/2-1e-9 {
				limited++
			}
		}
		for i := 0; i < len(tip); i += 2 {
			// Both links are ½ long: |tip|² = ½ (1 + cos φ_2).
			if d := tip[i]*tip[i] + tip[i+1]*tip[i+1] - (1+math.Cos(angles[i+1]))/2; math.Abs(d) > 1e-12 {
				t.Fatalf("task %d, step %d: the tip is off by %g", index, i/2, d)
			}
		}
	}
	if limited == 0 || limited == 400 {
		t.Errorf("%d of 400 joints were limited, want some", limited)
	}
}

// Each elbow sine ranges over 20, so the sum of five ranges over at most 100; the
// shoulder's amplitudes are uniform, with a mean square of 5·30²/3/2 as long as
// the joint's limit does not scale it.
func TestVelocitiesHaveTheirRanges(t *testing.T) {
	s := paper(t)
	var task Task
	largest := [2]float64{}
	for index := range 100 {
		s.Evaluate(&task, "validation", index)
		for i, w := range task.Velocities {
			largest[i%2] = max(largest[i%2], math.Abs(w))
		}
	}
	if !(largest[0] > 30 && largest[0] <= 150) || !(largest[1] > 20 && largest[1] <= 100) {
		t.Errorf("largest velocities %v rad/s", largest)
	}
}

func TestTasksHaveAddresses(t *testing.T) {
	s := paper(t)
	var a, b Task
	s.Train(&a, 4, 2)
	s.Train(&b, 9, 9) // memory that is used again must not show
	s.Train(&b, 4, 2)
	if !slices.Equal(a.Tip, b.Tip) || !slices.Equal(a.Code[1].Words, b.Code[1].Words) {
		t.Error("the same task was drawn differently the second time")
	}
	if slices.Equal(a.Code[0].Words, a.Code[1].Words) {
		t.Error("both trials have the same code spikes")
	}
	for name, other := range map[string]func(){
		"step": func() { s.Train(&b, 5, 2) }, "index": func() { s.Train(&b, 4, 3) },
		"split": func() { s.Evaluate(&b, "test", 2) },
	} {
		other()
		if slices.Equal(a.Tip, b.Tip) {
			t.Errorf("another %s gives the same task", name)
		}
	}
}

// The code is that of x in its first half and of y in its second: its spikes lie
// around the tip.
func TestCodeFollowsTheTip(t *testing.T) {
	s := paper(t)
	var task Task
	s.Train(&task, 0, 0)
	spikes := 0
	for trial, code := range task.Code {
		for step := range s.Steps {
			for i := range code.Cols {
				if !code.At(step, i) {
					continue
				}
				spikes++
				x, preferred := task.Tip[2*step+i/s.CodeNeurons], s.code.Preferred(i%s.CodeNeurons)
				if d := math.Abs(preferred - x); d > 7*s.code.Width() {
					t.Fatalf("trial %d, step %d: a neuron tuned to %.2f fires at %.2f", trial, step, preferred, x)
				}
			}
		}
	}
	if spikes < 1000 {
		t.Errorf("only %d spikes", spikes)
	}
}

// The clock's lines 2w and 2w+1 spike ten times each, in window w only.
func TestClock(t *testing.T) {
	clock := paper(t).Clock()
	if got := clock.Count(); got != 100 {
		t.Errorf("the clock has %d spikes, want 100", got)
	}
	for step := range 500 {
		for i := range 10 {
			if want := i/2 == step/100 && step%10 == 0; clock.At(step, i) != want {
				t.Fatalf("line %d in step %d: %t, want %t", i, step, !want, want)
			}
		}
	}
}

func TestNewRefusesWhatDoesNotFit(t *testing.T) {
	good := Options{Steps: 500, ClockWindows: 5, ClockLines: 10, CodeNeurons: 100, EvaluationTrials: 1}
	for name, change := range map[string]func(*Options){
		"windows": func(o *Options) { o.ClockWindows = 7 }, "no window": func(o *Options) { o.ClockWindows = 0 },
		"lines": func(o *Options) { o.ClockLines = 12 }, "code": func(o *Options) { o.CodeNeurons = 1 },
		"tasks": func(o *Options) { o.EvaluationTrials = 0 },
	} {
		o := good
		change(&o)
		if _, err := New(o); !fault.IsInput(err) {
			t.Errorf("%s: error %v, want one about the input", name, err)
		}
	}
}
