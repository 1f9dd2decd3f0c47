package copyrepeat

import (
	"reflect"
	"testing"
)

var options = Options{Bits: 8, SymbolSteps: 1, SolvedBelow: 0.15, Longest: 200, EvaluationTrials: 256, Seed: 1}

// The first levels, and the two that the paper's lengths lie near.
func TestLevels(t *testing.T) {
	for level, want := range map[Level][3]int{0: {1, 1, 4}, 1: {2, 1, 6}, 2: {2, 2, 8}, 3: {3, 2, 11}, 9: {6, 5, 38}, 14: {8, 8, 74}} {
		if got := [3]int{level.Vectors(), level.Repeats(), level.Symbols()}; got != want {
			t.Errorf("level %d: N, R, symbols = %v, want %v", level, got, want)
		}
	}
}

// Each scored vector is the one shown R periods of N symbols before or further
// back, what is shown after the stop is nothing, and the end is said once.
func TestSequences(t *testing.T) {
	for _, steps := range []int{1, 3} {
		o := options
		o.SymbolSteps = steps
		for level := range Level(8) {
			var b Batch
			o.Train(&b, level, 5, 7)
			n, r := level.Vectors(), level.Repeats()
			if b.Steps != level.Symbols()*steps {
				t.Fatalf("level %d: %d steps, want %d", level, b.Steps, level.Symbols()*steps)
			}
			x := func(step, trial int) []float32 { return b.Inputs[(step*7+trial)*o.Lines():][:o.Lines()] }
			y := func(step, trial int) []float32 { return b.Targets[(step*7+trial)*o.Outputs():][:o.Outputs()] }
			for trial := range 7 {
				for step := range b.Steps {
					symbol := step / steps
					if want := symbol > n && step%steps == steps-1; b.Scored[step] != want {
						t.Fatalf("level %d: step %d scored: %v, want %v", level, step, b.Scored[step], want)
					}
					wantX, wantY := make([]float32, o.Lines()), make([]float32, o.Outputs())
					switch {
					case symbol == n:
						wantX[o.Bits], wantX[o.Bits+1] = 1, float32(r)/10
					case symbol == n+n*r+1 && b.Scored[step]:
						wantY[o.Bits] = 1
					case b.Scored[step]:
						copy(wantY, x((symbol-n-1)%n*steps, trial)[:o.Bits])
					}
					if symbol >= n && !reflect.DeepEqual(x(step, trial), wantX) {
						t.Fatalf("level %d: input of step %d = %v, want %v", level, step, x(step, trial), wantX)
					}
					if !reflect.DeepEqual(y(step, trial), wantY) {
						t.Fatalf("level %d: target of step %d = %v, want %v", level, step, y(step, trial), wantY)
					}
				}
			}
		}
	}
}

// A trial depends on its step and number alone, and bits are fair.
func TestBatches(t *testing.T) {
	var large, small, other Batch
	options.Train(&large, 6, 3, 400)
	options.Train(&small, 6, 3, 2)
	options.Train(&other, 6, 4, 2)
	if !reflect.DeepEqual(small.Inputs[:options.Lines()], large.Inputs[:options.Lines()]) {
		t.Error("the first trial depends on the size of its batch")
	}
	if reflect.DeepEqual(small.Inputs, other.Inputs) {
		t.Error("two steps have the same trials")
	}
	ones, n := 0, Level(6).Vectors()
	for _, x := range large.Inputs[:n*400*options.Lines()] {
		ones += int(x)
	}
	if share := float64(ones) / float64(n*400*options.Bits); share < 0.48 || share > 0.52 {
		t.Errorf("%g of the bits are 1", share)
	}
	if err := options.Evaluate(&small, 0, "weekly", 0, 1); err == nil {
		t.Error("a split of any name is taken")
	}
}

func TestCurriculum(t *testing.T) {
	var c Curriculum
	for _, step := range []struct {
		bits   float64
		level  Level
		solved int
	}{{0.9, 0, 0}, {0.15, 0, 0}, {0.149, 1, 4}, {0.5, 1, 4}, {0, 2, 6}} {
		if c.Learn(step.bits, &options); c.Level != step.level || c.Solved() != step.solved {
			t.Errorf("after an error of %g: level %d, solved %d, want %d and %d", step.bits, c.Level, c.Solved(), step.level, step.solved)
		}
	}
}

// At the end of the curriculum the last sequences go on, and count as solved.
func TestCurriculumEnds(t *testing.T) {
	o := options
	o.Longest = 8
	var c Curriculum
	for range 9 {
		if c.Current(&o).Symbols() > o.Longest {
			t.Errorf("sequences of %d symbols are learned, none longer than %d should be", c.Current(&o).Symbols(), o.Longest)
		}
		c.Learn(0, &o)
	}
	if c.Solved() != 8 || c.Current(&o) != 2 {
		t.Errorf("solved %d symbols, learning level %d, want 8 and 2", c.Solved(), c.Current(&o))
	}
}
