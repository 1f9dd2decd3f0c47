package navigation

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

func options() Options {
	return Options{Steps: 300, GoalRadius: 0.3, MaxSpeed: 0.1, WallPenalty: 0.02, CodeNeurons: 40, CodeHz: 200,
		RewardNeurons: 40, RewardHz: 200, Seed: 3}
}

func arena(t *testing.T, o Options) *Arena {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func length(x [2]float64) float64 { return math.Hypot(x[0], x[1]) }

func distance(a, b [2]float64) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// The laws of the arena, under moves of all lengths: the agent stays in the disc, its
// goal on the rim; no move is longer than allowed; it is put elsewhere if and only if
// it has reached the goal, and is then paid; it pays if and only if its move would have
// led out.
func TestLawsOfTheArena(t *testing.T) {
	a := arena(t, options())
	goals, hits, clean := 0, 0, 0
	for index := range uint64(40) {
		e := a.Begin("test", 1, index)
		goal := e.Goal
		if math.Abs(length(goal)-1) > 1e-12 {
			t.Fatalf("the goal is %v from the centre", length(goal))
		}
		r := rng.Stream(9, "moves", 0, index)
		heading := r.Float64() * 2 * math.Pi
		for range a.Steps {
			from := e.Place
			if length(from) > 1+1e-12 || distance(from, goal) < a.GoalRadius || e.Goal != goal {
				t.Fatalf("the agent is at %v, its goal at %v, was %v", from, e.Goal, goal)
			}
			heading += 0.3 * r.NormFloat64()
			speed := 0.2 * r.Float64()
			o := e.Move([2]float64{speed * math.Cos(heading), speed * math.Sin(heading)})

			allowed := min(speed, a.MaxSpeed)
			to := [2]float64{from[0] + allowed*math.Cos(heading), from[1] + allowed*math.Sin(heading)}
			out := length(to) > 1
			want := 0.0
			if out {
				to[0], to[1] = to[0]/length(to), to[1]/length(to)
				want -= a.WallPenalty
			}
			reached := distance(to, goal) < a.GoalRadius
			if reached {
				want++
			}
			if distance(o.To, to) > 1e-12 || o.Hit != out || o.AtGoal != reached || math.Abs(o.Reward-want) > 1e-12 {
				t.Fatalf("from %v to %v: %+v, want to %v, hit %v, goal %v, reward %v", from, to, o, to, out, reached, want)
			}
			if math.Abs(o.Length-distance(from, to)) > 1e-12 || o.Length > a.MaxSpeed+1e-12 && !out {
				t.Fatalf("a way of %v", o.Length)
			}
			if moved := e.Place != o.To; moved != reached {
				t.Fatalf("goal reached: %v, put elsewhere: %v", reached, moved)
			}
			switch {
			case reached:
				goals++
			case out:
				hits++
			default:
				clean++
			}
		}
	}
	if goals < 50 || hits < 50 || clean < 1000 {
		t.Errorf("only %d goals, %d hits and %d other moves", goals, hits, clean)
	}
}

// Goals lie all around the rim, and agents start all over the disc.
func TestGoalsAndStartsAreUniform(t *testing.T) {
	a := arena(t, options())
	const n = 20000
	var quadrants [4]int
	inner := 0
	for index := range uint64(n) {
		e := a.Begin("uniform", 0, index)
		quadrants[int((math.Atan2(e.Goal[1], e.Goal[0])+math.Pi)/(math.Pi/2))%4]++
		if length(e.Place) < 0.5 {
			inner++
		}
	}
	for i, q := range quadrants {
		if math.Abs(float64(q)-n/4) > 5*math.Sqrt(n*0.25*0.75) {
			t.Errorf("%d of %d goals in quadrant %d", q, n, i)
		}
	}
	// The area of the goal that lies in the disc is no place to start from.
	rho := options().GoalRadius
	lens := rho*rho*math.Acos(rho/2) + math.Acos(1-rho*rho/2) - rho/2*math.Sqrt(4-rho*rho)
	want := 0.25 * math.Pi / (math.Pi - lens)
	if got := float64(inner) / n; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/n) {
		t.Errorf("%v start within half the radius, want %v", got, want)
	}
}

// The agent sees where it is, and the reward of the step before; not the goal.
func TestObservations(t *testing.T) {
	a := arena(t, options())
	const steps = 4000
	for _, reward := range []float64{0, 1, -0.02} {
		e := a.Begin("observe", 0, 0)
		s := tensor.NewSpikes(steps, a.Lines())
		e.Place = [2]float64{0.5, -0.3}
		for step := range steps {
			e.Show(reward, s, 5, step)
		}
		var sums, counts [4]float64
		for step := range steps {
			for i, word := range s.Step(step) {
				if word&^(1<<5) != 0 {
					t.Fatal("another lane fires")
				}
				if word != 0 {
					counts[i/40]++
					sums[i/40] += a.code.Preferred(i % 40)
				}
			}
		}
		for k, x := range e.Place {
			if mean := sums[k] / counts[k]; math.Abs(mean-x) > 0.02 {
				t.Errorf("coordinate %d looks like %v, want %v", k, mean, x)
			}
		}
		for k, fires := range []bool{reward > 0, reward < 0} {
			want := 0.0
			if fires {
				want = 0.2 * 40 * steps
			}
			if math.Abs(counts[2+k]-want) > 5*math.Sqrt(want) {
				t.Errorf("reward %v: population %d has %v spikes, want %v", reward, k, counts[2+k], want)
			}
		}
	}
}

// An episode depends on its address and the moves alone.
func TestEpisodesHaveAddresses(t *testing.T) {
	a := arena(t, options())
	play := func(purpose rng.Purpose, step, index uint64) ([][2]float64, []uint16) {
		e := a.Begin(purpose, step, index)
		s := tensor.NewSpikes(a.Steps, a.Lines())
		var places [][2]float64
		for t := range a.Steps {
			e.Show(0, s, 0, t)
			e.Move([2]float64{0.1 * math.Cos(float64(t)/9), 0.1 * math.Sin(float64(t)/9)})
			places = append(places, e.Place)
		}
		return places, s.Words
	}
	places, words := play("train", 4, 2)
	again, wordsAgain := play("train", 4, 2)
	if !slices.Equal(places, again) || !slices.Equal(words, wordsAgain) {
		t.Error("an episode of the same address differs")
	}
	for name, address := range map[string]struct {
		purpose     rng.Purpose
		step, index uint64
	}{"purpose": {"test", 4, 2}, "step": {"train", 5, 2}, "index": {"train", 4, 3}} {
		if other, spikes := play(address.purpose, address.step, address.index); slices.Equal(places, other) || slices.Equal(words, spikes) {
			t.Errorf("another %s gives the same episode", name)
		}
	}
}

// An episode with the goal of another has nothing else of it.
func TestGoalOfAnotherEpisode(t *testing.T) {
	a := arena(t, options())
	e, other := a.Begin("test", 0, 7), a.BeginWithGoalOf("test", "again", 0, 7)
	if e.Goal != other.Goal || e.Place == other.Place {
		t.Errorf("goals %v and %v, places %v and %v", e.Goal, other.Goal, e.Place, other.Place)
	}
}

func TestNewRefusesWhatDoesNotFit(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"episode_ms": func(o *Options) { o.Steps = 1 }, "goal_radius": func(o *Options) { o.GoalRadius = math.NaN() },
		"max_speed": func(o *Options) { o.MaxSpeed = 0 }, "wall_penalty": func(o *Options) { o.WallPenalty = -1 },
		"code_neurons": func(o *Options) { o.CodeNeurons = 1 }, "code_hz": func(o *Options) { o.CodeHz = 1000 },
		"reward_neurons": func(o *Options) { o.RewardNeurons = -1 }, "reward_hz": func(o *Options) { o.RewardHz = 1001 },
	} {
		o := options()
		change(&o)
		if _, err := New(o); !fault.IsInput(err) {
			t.Errorf("%s: error %v, want one about the input", name, err)
		}
	}
}
