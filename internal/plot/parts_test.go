package plot

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/tensor"
)

func TestTicksAreRoundAndInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
		length := math.Pow(10, rapid.Float64Range(-3, 6).Draw(t, "log10 of the length"))
		count := rapid.IntRange(3, 8).Draw(t, "count")
		marks := ticks(count)(low, low+length)
		if len(marks) < 2 || len(marks) > 2*count {
			t.Fatalf("%d marks, asked for around %d", len(marks), count)
		}
		step := marks[1].Value - marks[0].Value
		near := 1e-6*step + 1e-12*math.Abs(low) // what rounding allows
		for i, m := range marks {
			if m.Value < low-near || m.Value > low+length+near {
				t.Errorf("mark %v is out of range", m.Value)
			}
			if i > 0 && math.Abs(m.Value-marks[i-1].Value-step) > near {
				t.Errorf("marks are not evenly spaced")
			}
			if said, err := strconv.ParseFloat(m.Label, 64); err != nil || math.Abs(said-m.Value) > near {
				t.Errorf("mark %v is labelled %q", m.Value, m.Label)
			}
		}
	})
}

func TestLogTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      []string
	}{
		{0.1, 1, []string{"0.1", "0.2", "0.5", "1"}},
		{90, 2100, []string{"100", "200", "500", "1000", "2000"}},
		{0.001, 10, []string{"0.001", "0.01", "0.1", "1", "10"}},
		{1e-6, 1e6, []string{"1e-06", "", "0.0001", "", "0.01", "", "1", "", "100", "", "10000", "", "1000000"}},
	} {
		var got []string
		for _, m := range logTicks(test.low, test.high) {
			got = append(got, m.Label)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v to %v: %q, expected %q", test.low, test.high, got, test.want)
		}
	}
}

// What is left out changes no extreme and no end, so the picture stays.
func TestThinKeepsTheOutline(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	points := make([]vg.Point, 50_000)
	for i := range points {
		points[i] = vg.Point{X: vg.Length(i) / 100, Y: vg.Length(r.NormFloat64())}
	}
	kept := thin(points)
	if len(kept) > 4*1600 {
		t.Errorf("%d points are kept", len(kept))
	}
	if kept[0] != points[0] || kept[len(kept)-1] != points[len(points)-1] {
		t.Error("an end is lost")
	}
	byY := func(a, b vg.Point) int { return int(math.Copysign(1, float64(a.Y-b.Y))) }
	for _, extreme := range []vg.Point{slices.MinFunc(points, byY), slices.MaxFunc(points, byY)} {
		if !slices.Contains(kept, extreme) {
			t.Errorf("the extreme %v is lost", extreme)
		}
	}
	if !slices.IsSortedFunc(kept, func(a, b vg.Point) int { return int(a.X*1e6 - b.X*1e6) }) {
		t.Error("the order is lost")
	}

	sparse := []vg.Point{{X: 0, Y: 1}, {X: 5, Y: 2}, {X: 3, Y: 0}, {X: 9, Y: 9}} // x goes back
	if got := thin(sparse); !slices.Equal(got, sparse) {
		t.Errorf("points far apart changed to %v", got)
	}
}

func TestSmoothKeepsALineAndGaps(t *testing.T) {
	y := make([]float64, 400)
	for i := range y {
		y[i] = 3 * float64(i)
	}
	for i, v := range smooth(y, 30)[30:370] {
		if math.Abs(v-y[i+30]) > 1e-9 {
			t.Fatalf("a straight line is bent at %d", i+30)
		}
	}
	y[200] = math.NaN()
	mean := smooth(y, 30)
	for i, v := range mean {
		if math.IsNaN(v) != (i == 200) {
			t.Errorf("point %d of the mean is %v", i, v)
		}
	}
	if got := smooth([]float64{1, 5, 9}, 0); !slices.Equal(got, []float64{1, 5, 9}) {
		t.Errorf("without a window, the data change to %v", got)
	}
}

func TestNewRasterTakesOneTrialAndItsNeurons(t *testing.T) {
	s := tensor.NewSpikes(5, 6)
	s.Set(0, 2, 3)
	s.Set(4, 4, 3)
	s.Set(1, 1, 3) // another neuron
	s.Set(2, 2, 0) // another trial
	r := NewRaster("LIF", s, 3, 2, 3)
	if want := []Spike{{0, 0}, {4, 2}}; !slices.Equal(r.Spikes, want) || r.Neurons != 3 || r.Name != "LIF" {
		t.Errorf("got %+v, expected the spikes %v", r, want)
	}
}

func TestManySpikesMakeSmallFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	spikes := make([]Spike, 400_000)
	for i := range spikes {
		spikes[i] = Spike{r.IntN(2400), r.IntN(220)}
	}
	for _, count := range []int{strokesAtMost, len(spikes)} {
		trial := Trial{Steps: 2400, Recurrent: []Raster{{"LIF", 220, spikes[:count]}}}
		for _, extension := range []string{".svg", ".png"} {
			if size := len(content(t, trial, extension)); size > 2_000_000 {
				t.Errorf("%d spikes make a %s of %d bytes", count, extension, size)
			}
		}
	}
}

func TestASessionIsMarkedInSeconds(t *testing.T) {
	marks := thousandths(ticks(8)).Ticks(0, 20_000)
	if last := marks[len(marks)-1]; last.Value != 20_000 || last.Label != "20" {
		t.Errorf("the last mark is %+v, want 20 at 20000 ms", last)
	}
	path := filepath.Join(t.TempDir(), "session.svg")
	s := Session{Title: "a session", Duration: 20_000, Populations: []Raster{{Name: "CA1", Neurons: 2, Spikes: []Spike{{10, 0}, {19_000, 1}}}}}
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), ">CA1</text>") || !strings.Contains(string(b), ">time (s)</text>") {
		t.Errorf("the picture does not say what it shows (%v)", err)
	}
}
