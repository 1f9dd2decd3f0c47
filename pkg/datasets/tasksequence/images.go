package tasksequence

import (
	"fmt"
	"math"
	"sync"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// Kind is how a set of images becomes a sequence of tasks.
type Kind string

const (
	// Permuted shows the pixels of each task in another fixed random order.
	Permuted Kind = "permuted"
	// Rotated turns the images of each task by another whole number of degrees, taking
	// the nearest pixel, and black beyond the edges.
	Rotated Kind = "rotated"
	// ShuffledLabels renames the classes of each task.
	ShuffledLabels Kind = "shuffled-labels"
	// Split gives each task some of the classes, paired at random.
	Split Kind = "split"
)

// Options say how images become tasks.
type Options struct {
	Kind  Kind
	Tasks int
	Seed  uint64

	FirstUnchanged bool // task 0 is the images as they are
	LabelsPerTask  int  // of Split
	RelativeLabels bool // of Split: a task's classes count from 0, for a head per task
}

// images is a Source of images.
type images struct {
	set    pixels.Set
	norm   pixels.Normalisation
	splits map[string]pixels.Images
	tasks  []task
	labels int

	scratch sync.Pool // of images
}

// task is how the images of a set are seen in a task.
type task struct {
	name    string
	pixel   []int32            // of the image, for each input; -1 for black; nil for the same
	label   []int32            // for each label of the set; nil for the same
	members map[string][]int32 // images by split; nil for all
}

// FromImages makes tasks of a set, normalised as n says.
func FromImages(set pixels.Set, n pixels.Normalisation, o Options) (Source, error) {
	s := &images{set: set, norm: n, labels: set.Train.Classes(),
		splits: map[string]pixels.Images{"train": set.Train, "validation": set.Validation, "test": set.Test}}
	s.scratch.New = func() any {
		image := make([]float32, s.Inputs())
		return &image
	}
	if o.Kind == Split {
		return s, s.split(o)
	}
	shape := set.Train.Shape()
	for k := range o.Tasks {
		t := task{name: "as it is"}
		if k > 0 || !o.FirstUnchanged {
			r := rng.Stream(o.Seed, "task", uint64(k), 0)
			switch o.Kind {
			case Permuted:
				t.name, t.pixel = fmt.Sprintf("permutation %d", k), numbers(r.Perm(shape.Size()))
			case Rotated:
				degrees := r.IntN(360)
				t.name, t.pixel = fmt.Sprintf("rotated by %d°", degrees), rotation(shape, degrees)
			case ShuffledLabels:
				t.label = numbers(r.Perm(s.labels))
				t.name = fmt.Sprintf("labels %v", t.label)
			default:
				return nil, fmt.Errorf("kind of tasks is %q", o.Kind)
			}
		}
		s.tasks = append(s.tasks, t)
	}
	return s, nil
}

func numbers(x []int) []int32 {
	y := make([]int32, len(x))
	for i, v := range x {
		y[i] = int32(v)
	}
	return y
}

// rotation is which pixel of an image each pixel of the image turned counter-clockwise
// shows, in each channel.
func rotation(s pixels.Shape, degrees int) []int32 {
	sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
	middleX, middleY := float64(s.Width-1)/2, float64(s.Height-1)/2
	from := make([]int32, 0, s.Size())
	for c := range s.Channels {
		for y := range s.Height {
			for x := range s.Width {
				dx, dy := float64(x)-middleX, float64(y)-middleY
				u := int(math.RoundToEven(cos*dx - sin*dy + middleX))
				v := int(math.RoundToEven(sin*dx + cos*dy + middleY))
				at := int32(-1)
				if u >= 0 && u < s.Width && v >= 0 && v < s.Height {
					at = int32((c*s.Height+v)*s.Width + u)
				}
				from = append(from, at)
			}
		}
	}
	return from
}

// split gives each task its classes.
func (s *images) split(o Options) error {
	if o.LabelsPerTask < 1 || o.Tasks*o.LabelsPerTask > s.labels {
		return fault.Inputf("%d tasks of %d labels are more than the %d labels of the data", o.Tasks, o.LabelsPerTask, s.labels)
	}
	order := rng.Stream(o.Seed, "task", 0, 0).Perm(s.labels)
	of := make([]int, s.labels) // task of a label
	for i := range of {
		of[i] = -1
	}
	for k := range o.Tasks {
		labels := order[k*o.LabelsPerTask : (k+1)*o.LabelsPerTask]
		t := task{name: fmt.Sprintf("labels %v", labels), members: map[string][]int32{}}
		if o.RelativeLabels {
			t.label = make([]int32, s.labels)
		}
		for i, label := range labels {
			of[label] = k
			if o.RelativeLabels {
				t.label[label] = int32(i)
			}
		}
		s.tasks = append(s.tasks, t)
	}
	for split, set := range s.splits {
		for i := range set.Len() {
			if label := set.Label(i); label >= 0 && of[label] >= 0 {
				t := s.tasks[of[label]]
				t.members[split] = append(t.members[split], int32(i))
			}
		}
	}
	if o.RelativeLabels {
		s.labels = o.LabelsPerTask
	}
	return nil
}

func (s *images) Tasks() int           { return len(s.tasks) }
func (s *images) Inputs() int          { return s.set.Train.Shape().Size() }
func (s *images) Classes() int         { return s.labels }
func (s *images) Name(task int) string { return s.tasks[task].name }

// Shape is that of the images.
func (s *images) Shape() pixels.Shape { return s.set.Train.Shape() }

func (s *images) Checksums() map[string]string { return s.set.Checksums }

func (s *images) Size(task int, split string) int {
	if members := s.tasks[task].members; members != nil {
		return len(members[split])
	}
	return s.splits[split].Len()
}

func (s *images) Read(dst []float32, task int, split string, i int) (class int, err error) {
	t := &s.tasks[task]
	if t.members != nil {
		i = int(t.members[split][i])
	}
	set := s.splits[split]
	scratch := s.scratch.Get().(*[]float32)
	defer s.scratch.Put(scratch)
	image := *scratch
	if err := set.Read(image, i, pixels.Centre); err != nil {
		return 0, err
	}
	class = set.Label(i)
	if class == pixels.Unlabelled {
		return 0, fault.Inputf("image %d of the %s split has no label", i, split)
	}
	if t.label != nil {
		class = int(t.label[class])
	}
	pixels.Apply(s.norm, dst, image, set.Shape())
	if t.pixel == nil {
		return class, nil
	}
	copy(image, dst)
	for p, from := range t.pixel {
		dst[p] = 0
		if from >= 0 {
			dst[p] = image[from]
		}
	}
	return class, nil
}
