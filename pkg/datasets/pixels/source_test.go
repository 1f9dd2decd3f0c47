package pixels

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
)

// numbered has the images 0 … n-1 of two pixels, n and 255-n, of class n mod 3.
func numbered(n int) *Bytes {
	b := &Bytes{Of: Shape{1, 1, 2}, Names: 3}
	for i := range n {
		b.Pixels, b.Labels = append(b.Pixels, uint8(i), uint8(255-i)), append(b.Labels, int32(i%3))
	}
	return b
}

func source(t *testing.T, o Options) *Source[float64] {
	t.Helper()
	if o.Normalisation.Divisor == nil {
		o.Normalisation = Unit()
	}
	s, err := NewSource[float64](Set{Train: numbered(20), Test: numbered(7)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEpochsShowEachTrainingImageOnce(t *testing.T) {
	s := source(t, Options{ValidationImages: 5, Seed: 1, Threads: 2})
	var batch Batch[float64]
	var orders [2][]int
	for step := range 6 { // two epochs of 15 in batches of 5
		if err := s.Train(&batch, step, 5); err != nil {
			t.Fatal(err)
		}
		for i, class := range batch.Classes {
			image := int(math.Round(batch.Values[2*i] * 255))
			if class != image%3 || math.Abs(batch.Values[2*i+1]-float64(255-image)/255) > 1e-15 {
				t.Errorf("image %d has class %d and values %v", image, class, batch.Values[2*i:2*i+2])
			}
			orders[step/3] = append(orders[step/3], image)
		}
	}
	if slices.Equal(orders[0], orders[1]) {
		t.Error("both epochs have the same order")
	}
	for epoch, order := range orders {
		slices.Sort(order)
		for i, image := range order {
			if image != 5+i {
				t.Fatalf("epoch %d shows %v, expected 5 to 19 once each", epoch, order)
			}
		}
	}
}

func TestEvaluationShowsASplitInItsOrder(t *testing.T) {
	s := source(t, Options{ValidationImages: 5, Augmentation: Augmentation{Flip: true}, Threads: 3})
	var batch Batch[float64]
	for split, first := range map[string]int{"train": 5, "validation": 0, "test": 0} {
		n := s.Size(split)
		if err := s.Evaluate(&batch, split, 1, n); err != nil {
			t.Fatal(err)
		}
		if batch.Trials != n-1 || len(batch.Classes) != n-1 || len(batch.Values) != 2*(n-1) {
			t.Fatalf("%s: %d of %d images", split, batch.Trials, n-1)
		}
		for i := range batch.Trials {
			if got := int(math.Round(batch.Values[2*i] * 255)); got != first+1+i {
				t.Errorf("%s: image %d is %d", split, i, got)
			}
		}
	}
	if err := s.Evaluate(&batch, "tset", 0, 1); err == nil {
		t.Error("a split that does not exist is evaluated")
	}
}

func TestBatchesDoNotDependOnThreadsOrOnThePast(t *testing.T) {
	o := Options{ValidationImages: 5, Seed: 4, Augmentation: Augmentation{Flip: true, Shift: 0.3}}
	o.Threads = 1
	one := source(t, o)
	o.Threads = 4
	four := source(t, o)
	var a, b Batch[float64]
	for step := range 4 {
		if err := one.Train(&a, step, 6); err != nil {
			t.Fatal(err)
		}
	}
	if err := four.Train(&b, 3, 6); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Values, b.Values) || !slices.Equal(a.Classes, b.Classes) {
		t.Errorf("step 3 after others on one thread: %v, alone on four: %v", a.Values, b.Values)
	}
}

func TestASplitOfNothingIsRefused(t *testing.T) {
	for _, n := range []int{0, 20, 21} {
		if _, err := NewSource[float32](Set{Train: numbered(20), Test: numbered(7)}, Options{ValidationImages: n}); err == nil {
			t.Errorf("%d of 20 images validate", n)
		}
	}
}

// failing cannot read image 3.
type failing struct{ *Bytes }

var errBroken = errors.New("broken")

func (f failing) Read(dst []float32, i int, at Window) error {
	if i == 3 {
		return errBroken
	}
	return f.Bytes.Read(dst, i, at)
}

func TestImagesThatCannotBeReadStopTheBatch(t *testing.T) {
	unlabelled := numbered(7)
	unlabelled.Labels[2] = Unlabelled
	s, err := NewSource[float32](Set{Train: failing{numbered(20)}, Test: unlabelled}, Options{ValidationImages: 5, Normalisation: Unit(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	var batch Batch[float32]
	if err := s.Evaluate(&batch, "validation", 0, 5); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want %v", err, errBroken)
	}
	if err := s.Evaluate(&batch, "test", 0, 5); err == nil {
		t.Error("an image without a label is evaluated")
	}
}

// Learning without classes sees the unlabelled images, each once in an epoch, and the training
// images where there are no others.
func TestUnsupervisedSeesTheUnlabelledImages(t *testing.T) {
	set := func(first uint8, n int, label int32) *Bytes {
		b := &Bytes{Of: Shape{1, 1, 1}, Names: 2}
		for i := range n {
			b.Pixels, b.Labels = append(b.Pixels, first+uint8(i)), append(b.Labels, label)
		}
		return b
	}
	for _, unlabelled := range []bool{true, false} {
		of := Set{Train: set(0, 5, 1), Test: set(50, 2, 0), Validation: set(60, 1, 0)}
		want := map[float32]bool{0: true, 1: true, 2: true, 3: true, 4: true}
		if unlabelled {
			of.Unlabelled = set(100, 3, Unlabelled)
			want = map[float32]bool{100: true, 101: true, 102: true}
		}
		source, err := NewSource[float32](of, Options{Normalisation: Normalisation{Offset: []float64{0}, Divisor: []float64{1}}, Seed: 1, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		var b Batch[float32]
		if err := source.Unsupervised(&b, 0, len(want)); err != nil {
			t.Fatal(err)
		}
		seen := map[float32]bool{}
		for trial, v := range b.Values {
			seen[v] = true
			if b.Classes[trial] != Unlabelled {
				t.Errorf("class %d", b.Classes[trial])
			}
		}
		if !maps.Equal(seen, want) {
			t.Errorf("an epoch shows %v, want %v", seen, want)
		}
	}
}
