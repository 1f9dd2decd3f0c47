package speechfeatures

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

// Options say what to make of what.
type Options struct {
	Kind    Kind
	From    string // the directory with sound and labels
	To      string // the directory to make
	Threads int
}

// Report is what was made.
type Report struct {
	Kind       Kind           `json:"kind"`
	Path       string         `json:"path"`
	Features   int            `json:"features"` // of a frame
	Phones     int            `json:"phones"`
	Utterances map[string]int `json:"utterances"` // of each split
	Frames     map[string]int `json:"frames"`
}

// utterance is one on its way.
type utterance struct {
	recording
	rate     int
	features []float32
	phones   []string // of each frame
}

// Prepare reads all utterances of a corpus and writes their features and phones in
// the form that package speechframes reads. The directory appears when it is
// complete, and must not be there before.
func Prepare(o Options) (*Report, error) {
	if _, err := os.Lstat(o.To); err == nil {
		return nil, fault.Inputf("%s is there already, expected the name of a new directory", o.To)
	}
	recordings, err := find(o.From)
	if err != nil {
		return nil, err
	}
	utterances, err := extract(recordings, o.Kind, o.Threads)
	if err != nil {
		return nil, err
	}
	normalise(utterances, o.Kind.Base())
	return write(utterances, o)
}

// extract computes the features before normalisation.
func extract(recordings []recording, kind Kind, threads int) ([]*utterance, error) {
	all := make([]*utterance, len(recordings))
	errs := make([]error, len(recordings))
	extractors := make([]map[int]*extractor, max(threads, 1)) // by sampling rate
	parallel.For(threads, len(recordings), func(worker, i int) {
		if extractors[worker] == nil {
			extractors[worker] = map[int]*extractor{}
		}
		all[i], errs[i] = load(recordings[i], kind, extractors[worker])
	})
	for i, err := range errs {
		if err != nil {
			return nil, err
		}
		if all[i].rate != all[0].rate {
			return nil, fault.Inputf("%s has a sampling rate of %d Hz, but %s has %d Hz, expected one for the whole corpus",
				all[i].sound, all[i].rate, all[0].sound, all[0].rate)
		}
	}
	return all, nil
}

func load(r recording, kind Kind, extractors map[int]*extractor) (*utterance, error) {
	sound, err := readSound(r.sound)
	if err != nil {
		return nil, err
	}
	labels, err := ReadPhones(r.labels)
	if err != nil {
		return nil, err
	}
	e := extractors[sound.rate]
	if e == nil {
		e = newExtractor(kind, sound.rate)
		extractors[sound.rate] = e
	}
	u := &utterance{recording: r, rate: sound.rate, features: e.features(sound.samples)}
	for i := range e.frames(len(sound.samples)) {
		u.phones = append(u.phones, labels.At(e.centre(i)))
	}
	if u.phones == nil {
		return nil, fault.Inputf("%s has %d samples, expected at least %d, a frame of 25 ms", r.sound, len(sound.samples), e.size)
	}
	return u, nil
}

// normalise takes each feature to mean 0 and standard deviation 1 over the frames
// of the training set. A feature that never changes there is only centred.
func normalise(utterances []*utterance, width int) {
	mean, square := make([]float64, width), make([]float64, width)
	frames := 0.0
	training := func(add func(i int, x float64)) {
		for _, u := range utterances {
			if u.split == "train" {
				for at, x := range u.features {
					add(at%width, float64(x))
				}
			}
		}
	}
	training(func(i int, x float64) {
		mean[i] += x
		if i == 0 {
			frames++
		}
	})
	for i := range mean {
		mean[i] /= frames
	}
	training(func(i int, x float64) { square[i] += (x - mean[i]) * (x - mean[i]) })
	for _, u := range utterances {
		for at, x := range u.features {
			i := at % width
			centred := float64(x) - mean[i]
			if deviation := math.Sqrt(square[i] / frames); deviation > 0 {
				centred /= deviation
			}
			u.features[at] = float32(centred)
		}
	}
}

// write makes the directory, under another name until it is complete.
func write(utterances []*utterance, o Options) (_ *Report, err error) {
	report := &Report{Kind: o.Kind, Path: o.To, Features: 3 * o.Kind.Base(), Utterances: map[string]int{}, Frames: map[string]int{}}
	phones := phoneNames(utterances)
	report.Phones = len(phones)
	parent := filepath.Dir(o.To)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, fault.Inputf("making the directory %s: %w", parent, err)
	}
	temporary, err := os.MkdirTemp(parent, "."+filepath.Base(o.To)+"-")
	if err != nil {
		return nil, fault.Inputf("making a directory in %s: %w", parent, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := os.Chmod(temporary, 0o755); err != nil {
		return nil, fmt.Errorf("opening %s to others: %w", temporary, err)
	}
	for _, split := range speechframes.Folders {
		if err := os.Mkdir(filepath.Join(temporary, split), 0o777); err != nil {
			return nil, fault.Inputf("making a directory in %s: %w", temporary, err)
		}
	}
	for _, u := range utterances {
		ids := make([]int16, len(u.phones))
		for i, p := range u.phones {
			ids[i] = int16(slices.Index(phones, p))
		}
		path := filepath.Join(temporary, u.split, u.name)
		joined := withSlopes(u.features, o.Kind.Base())
		if err := writeArray(path+speechframes.FeaturesSuffix, joined, len(ids), 3*o.Kind.Base()); err != nil {
			return nil, err
		}
		if err := writeArray(path+speechframes.LabelsSuffix, ids, len(ids)); err != nil {
			return nil, err
		}
		report.Utterances[u.split]++
		report.Frames[u.split] += len(ids)
	}
	if err := writeFile(filepath.Join(temporary, speechframes.PhonesFile), []byte(strings.Join(phones, "\n")+"\n")); err != nil {
		return nil, err
	}
	if err := os.Rename(temporary, o.To); err != nil {
		return nil, fault.Inputf("giving the directory its name: %w", err)
	}
	return report, nil
}

// phoneNames are all that occur, in the order of the alphabet.
func phoneNames(utterances []*utterance) []string {
	var names []string
	known := map[string]bool{}
	for _, u := range utterances {
		for _, p := range u.phones {
			if !known[p] {
				known[p] = true
				names = append(names, p)
			}
		}
	}
	slices.Sort(names)
	return names
}

func writeArray[E npy.Element](path string, values []E, shape ...int) error {
	var b bytes.Buffer
	if err := npy.Encode(&b, values, shape...); err != nil {
		return err
	}
	return writeFile(path, b.Bytes())
}

func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o666); err != nil {
		return fault.Inputf("writing features: %w", err)
	}
	return nil
}
