package tasksequence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// manifest lists tasks whose inputs are features that an encoder gave.
type manifest struct {
	Encoder string            `yaml:"encoder"` // as a note
	Pooling string            `yaml:"pooling"`
	Tasks   []manifestTask    `yaml:"tasks"`
	SHA256  map[string]string `yaml:"sha256"` // of files, by the name that they have here
}

type manifestTask struct {
	Name    string     `yaml:"name"`
	Classes int        `yaml:"classes"`
	File    string     `yaml:"features"` // safetensors with train.x, train.y, val.x, …
	Train   arrayFiles `yaml:"train"`
	Val     arrayFiles `yaml:"val"`
	Test    arrayFiles `yaml:"test"`
}

type arrayFiles struct {
	X string `yaml:"x"`
	Y string `yaml:"y"`
}

const (
	greatestManifest = 1 << 20
	greatestClasses  = 100_000
	// greatestFeatures is the most numbers that all tasks may have: 8 GiB.
	greatestFeatures = 1 << 31
)

// OpenFeatures reads the tasks of a manifest:
//
//	encoder: bert-base, first token
//	tasks:
//	  - {name: books, classes: 3, features: books.safetensors}   # train.x [n][d], train.y [n], val.x, …
//	  - {name: films, classes: 3, train: {x: fx.npy, y: fy.npy}, val: {x: …, y: …}, test: {x: …, y: …}}
//	sha256: {books.safetensors: 0f3c…}                            # if given, compared
//
// Paths are relative to the manifest. The features are standardised, each by mean and
// standard deviation over the training examples of the first task.
func OpenFeatures(path string) (Source, error) {
	m, err := readManifest(path)
	if err != nil {
		return nil, err
	}
	f := &featureFiles{dir: filepath.Dir(path), manifest: path, expected: m.SHA256}
	s := &listed{sums: map[string]string{}}
	f.sums = s.sums
	for k, task := range m.Tasks {
		t := listedTask{name: task.Name, splits: map[string]examples{}}
		s.classes = max(s.classes, task.Classes)
		for _, split := range []struct {
			name, short string
			arrays      arrayFiles
		}{{"train", "train", task.Train}, {"validation", "val", task.Val}, {"test", "test", task.Test}} {
			where := fmt.Sprintf("%s: %s of task %d (%s)", path, split.short, k, task.Name)
			e, inputs, err := f.read(task.File, split.arrays, split.short, where)
			if err != nil {
				return nil, err
			}
			if s.inputs == 0 {
				s.inputs = inputs
			}
			if inputs != s.inputs {
				return nil, fault.Inputf("%s has %d features, expected %d as the first task has", where, inputs, s.inputs)
			}
			if err := e.check(where, task.Classes); err != nil {
				return nil, err
			}
			t.splits[split.name] = e
		}
		s.tasks = append(s.tasks, t)
	}
	s.standardise()
	return s, nil
}

func readManifest(path string) (*manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Inputf("%v", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, greatestManifest+1))
	if err != nil {
		return nil, fault.Inputf("%s: %v", path, err)
	}
	if len(content) > greatestManifest {
		return nil, fault.Inputf("%s is longer than %d bytes, expected a manifest", path, greatestManifest)
	}
	return parseManifest(content, path)
}

func parseManifest(content []byte, path string) (*manifest, error) {
	var m manifest
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return nil, fault.Inputf("%s is no manifest: %s", path, strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", ""))
	}
	if len(m.Tasks) == 0 {
		return nil, fault.Inputf("%s lists no tasks", path)
	}
	for k, t := range m.Tasks {
		if t.Classes < 2 || t.Classes > greatestClasses {
			return nil, fault.Inputf("%s: classes of task %d (%s) is %d, expected 2 to %d", path, k, t.Name, t.Classes, greatestClasses)
		}
		arrays := t.Train != (arrayFiles{}) || t.Val != (arrayFiles{}) || t.Test != (arrayFiles{})
		if (t.File != "") == arrays {
			return nil, fault.Inputf("%s: task %d (%s) needs either features, or x and y of train, val and test", path, k, t.Name)
		}
	}
	return &m, nil
}

// featureFiles are the files of a manifest.
type featureFiles struct {
	dir, manifest  string
	expected, sums map[string]string
	numbers        int
}

// read reads one split of a task.
func (f *featureFiles) read(file string, arrays arrayFiles, short, where string) (e examples, inputs int, err error) {
	var x, y []float64
	var xShape, yShape []int
	if file != "" {
		path, err := f.open(file)
		if err != nil {
			return e, 0, err
		}
		all, err := checkpoint.OpenArrays(path)
		if err != nil {
			return e, 0, err
		}
		defer all.Close()
		if x, xShape, err = f.tensor(all, short+".x", path); err != nil {
			return e, 0, err
		}
		labels, err := all.Integers(short + ".y")
		if err != nil {
			return e, 0, err
		}
		yShape, _ = all.Shape(short + ".y")
		for _, v := range labels {
			y = append(y, float64(v))
		}
	} else {
		if x, xShape, err = f.array(arrays.X, where+": x"); err != nil {
			return e, 0, err
		}
		if y, yShape, err = f.array(arrays.Y, where+": y"); err != nil {
			return e, 0, err
		}
	}
	if len(xShape) != 2 || len(yShape) != 1 || xShape[0] != yShape[0] || xShape[0] == 0 || xShape[1] == 0 {
		return e, 0, fault.Inputf("%s has features of shape %v and labels of shape %v, expected [n d] and [n]", where, xShape, yShape)
	}
	e = examples{x: make([]float32, len(x)), y: make([]int32, len(y))}
	for i, v := range x {
		if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
			return e, 0, fault.Inputf("%s: feature %d of example %d is %g, expected a number", where, i%xShape[1], i/xShape[1], v)
		}
		e.x[i] = float32(v)
	}
	for i, v := range y {
		if v != math.Trunc(v) || v < 0 || v >= greatestClasses {
			return e, 0, fault.Inputf("%s: label %d is %g, expected a whole number from 0", where, i, v)
		}
		e.y[i] = int32(v)
	}
	return e, xShape[1], nil
}

// open checks a file's sum, once, and gives its path.
func (f *featureFiles) open(name string) (string, error) {
	if name == "" {
		return "", fault.Inputf("%s: a file is missing, expected x and y of train, val and test", f.manifest)
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.dir, name)
	}
	if _, done := f.sums[name]; done {
		return path, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fault.Inputf("%v", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fault.Inputf("%v", err)
	}
	f.sums[name] = hex.EncodeToString(sum.Sum(nil))
	if want, ok := f.expected[name]; ok && !strings.EqualFold(want, f.sums[name]) {
		return "", fault.Inputf("%s has the SHA-256 %s, %s says %s", path, f.sums[name], f.manifest, want)
	}
	return path, nil
}

// claim refuses more numbers than memory should hold.
func (f *featureFiles) claim(shape []int, where string) error {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > greatestFeatures/d {
			n = greatestFeatures + 1
			break
		}
		n *= d
	}
	if f.numbers += n; f.numbers > greatestFeatures {
		return fault.Inputf("%s: the features of all tasks are more than %d numbers", where, greatestFeatures)
	}
	return nil
}

func (f *featureFiles) tensor(all *checkpoint.Arrays, name, path string) ([]float64, []int, error) {
	shape, ok := all.Shape(name)
	if !ok {
		return nil, nil, fault.Inputf("%s has no tensor %s", path, name)
	}
	if err := f.claim(shape, path); err != nil {
		return nil, nil, err
	}
	x, err := all.Reals(name)
	return x, shape, err
}

func (f *featureFiles) array(name, where string) (x []float64, shape []int, err error) {
	path, err := f.open(name)
	if err != nil {
		return nil, nil, err
	}
	stream, err := npy.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	if err := f.claim(stream.Shape, where); err != nil {
		return nil, nil, err
	}
	n := 1
	for _, d := range stream.Shape {
		n *= d
	}
	x = make([]float64, n)
	return x, stream.Shape, stream.Next(x)
}

// standardise makes each feature have mean 0 and standard deviation 1 over the training
// examples of the first task; one that is constant there is only centred.
func (s *listed) standardise() {
	first := s.tasks[0].splits["train"]
	n := float64(len(first.y))
	mean, deviation := make([]float64, s.inputs), make([]float64, s.inputs)
	for i, v := range first.x {
		mean[i%s.inputs] += float64(v) / n
	}
	for i, v := range first.x {
		d := float64(v) - mean[i%s.inputs]
		deviation[i%s.inputs] += d * d / n
	}
	for j := range deviation {
		deviation[j] = math.Sqrt(deviation[j])
		if deviation[j] == 0 {
			deviation[j] = 1
		}
	}
	for _, t := range s.tasks {
		for _, e := range t.splits {
			for i, v := range e.x {
				e.x[i] = float32((float64(v) - mean[i%s.inputs]) / deviation[i%s.inputs])
			}
		}
	}
}
