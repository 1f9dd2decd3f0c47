package sequence

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/images"
)

// paper is the setting of arXiv:1803.09574.
func paper() Options {
	return Options{Encoding: ThresholdCrossing, InputLines: 80, Pool: 1, StepMS: 1, CueSteps: 56,
		ReadoutSteps: 28, ValidationImages: 0, Seed: 1, Threads: 1}
}

// collection makes a set of height×width images, for training and for the test.
func collection(height, width int, pixels ...uint8) *images.Collection {
	n := len(pixels) / (height * width)
	s := images.Set{N: n, H: height, W: width, Pixels: pixels, Labels: make([]uint8, n)}
	for i := range s.Labels {
		s.Labels[i] = uint8(i % images.Classes)
	}
	return &images.Collection{Train: s, Test: s}
}

func mustNew(t testing.TB, c *images.Collection, o Options) *Source {
	s, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// test yields trials of the test split.
func test(t testing.TB, s *Source, first, trials int) *datasets.Batch {
	var b datasets.Batch
	if err := s.Evaluate(&b, "test", first, trials); err != nil {
		t.Fatal(err)
	}
	return &b
}

// events lists the [step, line] of a lane's spikes before step end.
func events(s *tensor.Spikes, lane, end int) [][2]int {
	var list [][2]int
	for t := range end {
		for line := range s.N {
			if s.At(t, line, lane) {
				list = append(list, [2]int{t, line})
			}
		}
	}
	return list
}

func TestGoldenCrossing(t *testing.T) {
	for _, file := range golden.Files(t, "lsnn", "crossing") {
		t.Run(file.Path, func(t *testing.T) {
			var want struct {
				Lines      int       `json:"n_in"`
				Pixels     []float64 `json:"pixels"`
				Thresholds []float64 `json:"thresholds"`
				Events     [][2]int  `json:"events_time_channel"`
			}
			if err := json.Unmarshal(file.Bytes, &want); err != nil {
				t.Fatal(err)
			}
			pixels := make([]uint8, len(want.Pixels))
			for i, g := range want.Pixels {
				pixels[i] = byteOf(g, want.Thresholds)
			}
			o := paper()
			o.InputLines = want.Lines
			s := mustNew(t, collection(1, len(pixels), pixels...), o)
			got := events(test(t, s, 0, 1).Groups[0].Spikes, 0, len(pixels))
			if !slices.Equal(got, want.Events) {
				t.Errorf("events %v\n  want %v", got, want.Events)
			}
		})
	}
}

// byteOf is the byte of a grey value, or, where it is between two, the
// smallest byte that lies above the same thresholds.
func byteOf(g float64, thresholds []float64) uint8 {
	if b := g * 255; math.Abs(b-math.Round(b)) < 1e-9 {
		return uint8(math.Round(b))
	}
	below := 0
	for _, threshold := range thresholds {
		if threshold <= g {
			below++
		}
	}
	return uint8(math.Ceil(255*thresholds[below-1] - 1e-9))
}

// The spike counts that an independent implementation found.
func TestSpikeCountsOfMNIST(t *testing.T) {
	golden.Data(t, "mnist")
	s := mustNew(t, mnist(t), paper())
	batch := test(t, s, 0, 200)
	var counts []int
	total := 0
	for i := range batch.Trials {
		n := len(events(batch.Groups[i/tensor.Lanes].Spikes, i%tensor.Lanes, 784))
		counts = append(counts, n)
		total += n
	}
	if want := []int{1555, 1794, 1481, 2255, 2275}; !slices.Equal(counts[:5], want) {
		t.Errorf("spikes of the first five test images: %d, want %d", counts[:5], want)
	}
	if mean := float64(total) / 200; math.Abs(mean-1954.9) > 0.05 {
		t.Errorf("mean of the first 200: %.2f, want 1954.9", mean)
	}
}

// any draws options and an image to encode.
func drawCrossing(t *rapid.T) (Options, int, int, []uint8) {
	o := paper()
	o.Pool = rapid.IntRange(1, 3).Draw(t, "pool")
	o.StepMS = rapid.IntRange(1, 3).Draw(t, "step_ms")
	o.CueSteps = rapid.IntRange(0, 3).Draw(t, "cue_steps")
	o.InputLines = 2 * rapid.IntRange(2, 45).Draw(t, "thresholds")
	o.ReadoutSteps = 1
	height, width := o.Pool*rapid.IntRange(1, 3).Draw(t, "rows"), o.Pool*rapid.IntRange(1, 4).Draw(t, "columns")
	grey := rapid.OneOf(rapid.Uint8(), rapid.SampledFrom([]uint8{0, 84, 85, 86, 127, 170, 254, 255}))
	pixels := rapid.SliceOfN(grey, height*width, height*width).Draw(t, "pixels")
	return o, height, width, pixels
}

// Each spike is where the definition puts it: line by line, step by step, with
// thresholds as fractions.
func TestCrossingFollowsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, height, width, pixels := drawCrossing(t)
		s, err := New(collection(height, width, pixels...), o)
		if err != nil {
			t.Fatal(err)
		}
		var batch datasets.Batch
		if err := s.Evaluate(&batch, "test", 0, 1); err != nil {
			t.Fatal(err)
		}
		spikes := batch.Groups[0].Spikes

		var shown []int // sums over pooled pixels, one a step
		for y := 0; y < height; y += o.Pool {
			for x := 0; x < width; x += o.Pool {
				sum := 0
				for i := range o.Pool * o.Pool {
					sum += int(pixels[(y+i/o.Pool)*width+x+i%o.Pool])
				}
				for range o.StepMS {
					shown = append(shown, sum)
				}
			}
		}
		white, top := 255*o.Pool*o.Pool, o.InputLines/2-1
		reaches := func(sum, m int) bool { return sum*top >= white*m } // g ≥ θ_m
		steps := len(shown) + o.CueSteps*o.StepMS
		if spikes.T != steps || spikes.N != o.InputLines {
			t.Fatalf("%d steps of %d lines, want %d of %d", spikes.T, spikes.N, steps, o.InputLines)
		}
		for step := range steps {
			for line := range o.InputLines {
				m := line / 2
				var want bool
				switch {
				case line == o.InputLines-1:
					want = step >= len(shown)
				case step >= len(shown):
				case m == top:
					want = shown[step] == white
				case step+1 == len(shown):
				case line%2 == 0:
					want = !reaches(shown[step], m) && reaches(shown[step+1], m)
				default:
					want = reaches(shown[step], m) && !reaches(shown[step+1], m)
				}
				if got := spikes.At(step, line, 0); got != want {
					t.Fatalf("line %d, step %d: fires %v, want %v", line, step, got, want)
				}
			}
		}
	})
}

// A value that rises above a threshold must fall below it before it rises
// again; and nothing is below the threshold 0.
func TestOnAndOffCrossingsAlternate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, height, width, pixels := drawCrossing(t)
		s, err := New(collection(height, width, pixels...), o)
		if err != nil {
			t.Fatal(err)
		}
		var batch datasets.Batch
		if err := s.Evaluate(&batch, "test", 0, 1); err != nil {
			t.Fatal(err)
		}
		count := make([]int, o.InputLines)
		for _, e := range events(batch.Groups[0].Spikes, 0, batch.Groups[0].Spikes.T) {
			count[e[1]]++
		}
		if count[0] != 0 || count[1] != 0 {
			t.Errorf("lines 0 and 1 fire %d and %d times, want never", count[0], count[1])
		}
		for m := range o.InputLines/2 - 1 {
			if d := count[2*m] - count[2*m+1]; d < -1 || d > 1 {
				t.Errorf("threshold %d is crossed %d times upwards, %d downwards", m, count[2*m], count[2*m+1])
			}
		}
	})
}
