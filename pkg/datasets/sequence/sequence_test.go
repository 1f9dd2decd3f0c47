package sequence

import (
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/underrace"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/images"
)

var _ datasets.Source = (*Source)(nil)

// mnist is loaded once.
func mnist(t testing.TB) *images.Collection {
	dir := golden.Data(t, "mnist")
	loaded.Do(func() { mnistSet, mnistError = images.Load(filepath.Dir(dir), "mnist") })
	if mnistError != nil {
		t.Fatal(mnistError)
	}
	return mnistSet
}

var (
	loaded     sync.Once
	mnistSet   *images.Collection
	mnistError error
)

// numbered makes n images of 2×2 pixels, each of its own: image i is i, i, i, i+1.
func numbered(n int) *images.Collection {
	var pixels []uint8
	for i := range n {
		pixels = append(pixels, uint8(i), uint8(i), uint8(i), uint8(i+1))
	}
	return collection(2, 2, pixels...)
}

func grey() Options {
	return Options{Encoding: GreyLevel, Pool: 1, StepMS: 1, ReadoutSteps: 1, Seed: 1, Threads: 1}
}

// shown lists which of the numbered images a batch shows.
func shown(b *datasets.Batch) (list []int) {
	for i := range b.Trials {
		list = append(list, int(b.Groups[i/16].Currents.Line(0, 0)[i%16]*255+0.5))
	}
	return list
}

func TestGreyLevelsAreShownInTurn(t *testing.T) {
	o := grey()
	o.StepMS = 2
	s := mustNew(t, collection(2, 2, 0, 51, 102, 255), o)
	if want := (datasets.Shape{Steps: 8, Lines: 1, Classes: 10}); s.Shape() != want {
		t.Fatalf("shape %+v, want %+v", s.Shape(), want)
	}
	b := test(t, s, 0, 1)
	for step, want := range []float32{0, 0, 0.2, 0.2, 0.4, 0.4, 1, 1} {
		if got := b.Groups[0].Currents.Line(step, 0)[0]; got != want {
			t.Errorf("step %d shows %g, want %g", step, got, want)
		}
		if got := b.Groups[0].Currents.Line(step, 0)[1]; got != 0 {
			t.Errorf("step %d: the lane beyond the batch carries %g", step, got)
		}
	}
	if want := []datasets.Decision{{Trial: 0, Start: 7, End: 8, Class: 0}}; !reflect.DeepEqual(b.Decisions, want) {
		t.Errorf("decisions %v, want %v", b.Decisions, want)
	}
}

func TestPoolingAverages(t *testing.T) {
	o := grey()
	o.Pool = 2
	s := mustNew(t, collection(2, 4,
		10, 20, 255, 255,
		30, 40, 255, 254), o)
	b := test(t, s, 0, 1)
	for step, want := range []float32{100. / 1020, 1019. / 1020} {
		if got := b.Groups[0].Currents.Line(step, 0)[0]; got != want {
			t.Errorf("step %d shows %g, want %g", step, got, want)
		}
	}
	if s.Shape().Steps != 2 {
		t.Errorf("%d steps, want one for each of two blocks", s.Shape().Steps)
	}
}

func TestRowsAreShownAtOnce(t *testing.T) {
	o := grey()
	o.Encoding, o.StepMS = Rows, 3
	s := mustNew(t, collection(2, 3, 0, 51, 102, 153, 204, 255), o)
	if want := (datasets.Shape{Steps: 6, Lines: 3, Classes: 10}); s.Shape() != want {
		t.Fatalf("shape %+v, want %+v", s.Shape(), want)
	}
	c := test(t, s, 0, 1).Groups[0].Currents
	for step := range 6 {
		for line := range 3 {
			if got, want := c.Line(step, line)[0], float32(step/3*3+line)/5; got != want {
				t.Errorf("step %d, line %d carries %g, want %g", step, line, got, want)
			}
		}
	}
}

func TestShapeOfThePaper(t *testing.T) {
	blank := collection(28, 28, make([]uint8, 784)...)
	for stepMS, want := range map[int]int{1: 840, 2: 1680} {
		o := paper()
		o.StepMS = stepMS
		s := mustNew(t, blank, o)
		if want := (datasets.Shape{Steps: want, Lines: 80, Classes: 10}); s.Shape() != want {
			t.Errorf("step_ms %d: shape %+v, want %+v", stepMS, s.Shape(), want)
		}
		b := test(t, s, 0, 1)
		if d := b.Decisions[0]; d.End != want || d.Start != want-28 {
			t.Errorf("step_ms %d: decision over [%d, %d), want the last 28 of %d steps", stepMS, d.Start, d.End, want)
		}
		// A black image shows nothing but the cue.
		if got := len(events(b.Groups[0].Spikes, 0, want)); got != 56*stepMS {
			t.Errorf("step_ms %d: %d spikes, want the %d of the cue", stepMS, got, 56*stepMS)
		}
	}
}

// The training batches run through one permutation of the training images after
// another, without a gap, and never show a validation image.
func TestTrainRunsThroughPermutations(t *testing.T) {
	o := grey()
	o.ValidationImages = 7
	s := mustNew(t, numbered(50), o)
	const perBatch, epoch = 9, 43
	var sequence []int
	for step := range 3*epoch/perBatch + 1 {
		var b datasets.Batch
		if err := s.Train(&b, step, perBatch); err != nil {
			t.Fatal(err)
		}
		for i, d := range b.Decisions {
			if d.Trial != i || d.Class != shown(&b)[i]%10 {
				t.Fatalf("step %d: decision %d is %+v for image %d", step, i, d, shown(&b)[i])
			}
		}
		sequence = append(sequence, shown(&b)...)
	}
	var epochs [][]int
	for e := range 3 {
		part := slices.Clone(sequence[e*epoch : (e+1)*epoch])
		epochs = append(epochs, slices.Clone(part))
		slices.Sort(part)
		for i, image := range part {
			if image != i+7 {
				t.Fatalf("epoch %d shows %d, want each of 7 to 49 once", e, part)
			}
		}
	}
	if slices.Equal(epochs[0], epochs[1]) || slices.Equal(epochs[1], epochs[2]) {
		t.Error("two epochs have the same order")
	}
}

// A batch depends on seed, step and size: not on what was asked before, on the
// memory it is written to, or on the threads.
func TestBatchesDependOnTheirAddressAlone(t *testing.T) {
	c := numbered(200)
	for name, o := range map[string]Options{"spikes": paper(), "currents": grey()} {
		o.ValidationImages = 20
		o.Threads = 3
		used := mustNew(t, c, o)
		var dst datasets.Batch
		for _, step := range []int{9, 0, 4, 2, 3, 4} {
			if err := used.Train(&dst, step, 50); err != nil {
				t.Fatal(err)
			}
			if err := used.Evaluate(&datasets.Batch{}, "train", step, 100); err != nil {
				t.Fatal(err)
			}
		}
		o.Threads = 1
		var want datasets.Batch
		if err := mustNew(t, c, o).Train(&want, 4, 50); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(dst, want) {
			t.Errorf("%s: the batch of step 4 depends on the past or the threads", name)
		}
		o.Seed++
		if err := mustNew(t, c, o).Train(&dst, 4, 50); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(dst.Decisions, want.Decisions) {
			t.Errorf("%s: another seed gives the same order", name)
		}
	}
}

func TestEvaluateGoesThroughTheFileInOrder(t *testing.T) {
	o := grey()
	o.ValidationImages = 20
	s := mustNew(t, numbered(50), o)
	for split, want := range map[string][2]int{"train": {20, 50}, "validation": {0, 20}, "test": {0, 50}} {
		if got := s.Size(split); got != want[1]-want[0] {
			t.Errorf("size of %s: %d, want %d", split, got, want[1]-want[0])
		}
		var b datasets.Batch
		next := want[0]
		for first := 0; ; first += 16 {
			if err := s.Evaluate(&b, split, first, 16); err != nil {
				t.Fatal(err)
			}
			if b.Trials == 0 {
				break
			}
			for _, image := range shown(&b) {
				if image != next {
					t.Fatalf("%s shows image %d, want %d", split, image, next)
				}
				next++
			}
		}
		if next != want[1] {
			t.Errorf("%s ends before image %d, want %d", split, next, want[1])
		}
	}
	if err := s.Evaluate(&datasets.Batch{}, "dev", 0, 1); !fault.IsInput(err) || !strings.Contains(err.Error(), `"dev"`) {
		t.Errorf("split dev: error %v, want an input error that names it", err)
	}
	if got := s.Size("dev"); got != 0 {
		t.Errorf("size of an unknown split: %d, want 0", got)
	}
}

func TestImpossibleOptionsAreNamed(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"encoding is \"morse\"":      func(o *Options) { o.Encoding = "morse" },
		"input_lines is 79":          func(o *Options) { o.InputLines = 79 },
		"input_lines is 2":           func(o *Options) { o.InputLines = 2 },
		"input_lines is 80":          func(o *Options) { o.Encoding, o.CueSteps = GreyLevel, 0 },
		"cue_steps is 56":            func(o *Options) { o.Encoding, o.InputLines = GreyLevel, 1 },
		"cue_steps is -1":            func(o *Options) { o.CueSteps = -1 },
		"pool is 3":                  func(o *Options) { o.Pool = 3 },
		"pool is 0":                  func(o *Options) { o.Pool = 0 },
		"step_ms is 0":               func(o *Options) { o.StepMS = 0 },
		"a trial of 1680000000":      func(o *Options) { o.StepMS = 1_000_000; o.CueSteps = 1664 },
		"readout_steps is 73":        func(o *Options) { o.ReadoutSteps = 73 },
		"readout_steps is 0":         func(o *Options) { o.ReadoutSteps = 0 },
		"validation_images is 3, ex": func(o *Options) { o.ValidationImages = 3 },
	} {
		o := paper()
		change(&o)
		_, err := New(collection(4, 4, make([]uint8, 48)...), o)
		if !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want an input error with %q", err, want)
		}
	}
}

// A batch is written into the memory of the last one.
func TestRefillTakesNoMemory(t *testing.T) {
	underrace.SkipAllocations(t)
	s := mustNew(t, numbered(100), paper())
	var b datasets.Batch
	step := 0
	next := func() {
		if err := s.Train(&b, step%2, 48); err != nil {
			t.Fatal(err)
		}
		step++
	}
	next()
	if got := testing.AllocsPerRun(50, next); got > 2 { // the closures of fill
		t.Errorf("%g allocations a batch, want at most 2", got)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	next()
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1024 {
		t.Errorf("%d bytes for a batch, want under 1 KiB", taken)
	}
}

func BenchmarkCrossing(b *testing.B) {
	s := mustNew(b, mnist(b), paper())
	var batch datasets.Batch
	for i := 0; b.Loop(); i++ {
		if err := s.Train(&batch, i%200, 256); err != nil {
			b.Fatal(err)
		}
	}
}
