// Package speechframes reads utterances that are prepared for the recognition of
// phones frame by frame, and draws synthetic ones.
//
// A prepared corpus is a directory:
//
//	phones.txt                    the names of the phones, one a line; its number is from 0
//	train/NAME.features.npy       float32 [frames][features] of an utterance
//	train/NAME.labels.npy         int16 [frames], the number of each frame's phone
//	dev/…, test/…                 the same
//
// Utterances differ in length. Package speechfeatures makes such a directory from
// sound.
package speechframes

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

// The names in a prepared directory.
const (
	PhonesFile     = "phones.txt"
	FeaturesSuffix = ".features.npy"
	LabelsSuffix   = ".labels.npy"
)

// Folders are those of the splits, in their order.
var Folders = []string{"train", "dev", "test"}

// Utterance is a sequence of frames.
type Utterance struct {
	Name     string
	Features []float32 // [frames][features]
	Phones   []int16   // [frames]
}

// Corpus is a number of utterances for each split.
type Corpus struct {
	Features    int      // of a frame
	Phones      []string // names
	Train       []Utterance
	Development []Utterance // split "validation"
	Test        []Utterance
	Checksums   map[string]string // SHA-256 of phones.txt and of each folder's files, in their order
}

// directory finds a prepared directory: DATADIR/NAME, or NAME itself where it is a path.
func directory(dataDir, name string) (string, error) {
	candidates := []string{filepath.Join(dataDir, name), name}
	if filepath.IsAbs(name) {
		candidates = candidates[1:]
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, PhonesFile)); err == nil {
			return dir, nil
		}
	}
	wanted := candidates[0]
	return "", fault.Inputf("there are no prepared features %q, as %s does not exist; make them from a corpus of sound and phone labels, such as TIMIT, by: snnctl data features CORPUS %s",
		name, filepath.Join(wanted, PhonesFile), wanted)
}

// Absolute gives the name of a prepared directory under which it is found from any
// working directory: the absolute path of one that is not in the data directory.
func Absolute(dataDir, name string) (string, error) {
	if dir, err := directory(dataDir, name); err != nil || dir != name {
		return name, err
	}
	return filepath.Abs(name)
}

// Load reads a prepared directory, DATADIR/NAME or a path.
func Load(dataDir, name string) (*Corpus, error) {
	dir, err := directory(dataDir, name)
	if err != nil {
		return nil, err
	}
	c := &Corpus{Checksums: map[string]string{}}
	content, err := os.ReadFile(filepath.Join(dir, PhonesFile))
	if err != nil {
		return nil, fault.Inputf("reading prepared features: %w", err)
	}
	sum := sha256.Sum256(content)
	c.Checksums[PhonesFile] = hex.EncodeToString(sum[:])
	c.Phones = strings.Fields(string(content))
	if len(c.Phones) == 0 || len(c.Phones) > math.MaxInt16 {
		return nil, fault.Inputf("%s names %d phones, expected 1 to %d", filepath.Join(dir, PhonesFile), len(c.Phones), math.MaxInt16)
	}
	for i, to := range []*[]Utterance{&c.Train, &c.Development, &c.Test} {
		if *to, err = c.load(filepath.Join(dir, Folders[i])); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// load reads the utterances of a folder, in the order of their names.
func (c *Corpus) load(folder string) ([]Utterance, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.Inputf("reading prepared features: %w", err)
	}
	var all []Utterance
	digest := sha256.New()
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), FeaturesSuffix)
		if !ok {
			continue
		}
		var contents [2][]byte
		var paths [2]string
		for i, suffix := range []string{FeaturesSuffix, LabelsSuffix} {
			paths[i] = filepath.Join(folder, name+suffix)
			if contents[i], err = os.ReadFile(paths[i]); err != nil {
				return nil, fault.Inputf("reading prepared features: %w", err)
			}
			digest.Write(contents[i])
		}
		u, width, err := decode(contents[0], contents[1], paths[0], paths[1])
		if err != nil {
			return nil, err
		}
		if c.Features == 0 {
			c.Features = width
		}
		if width != c.Features {
			return nil, fault.Inputf("%s has %d features a frame, but the utterances before it have %d", paths[0], width, c.Features)
		}
		if most := slices.Max(u.Phones); int(most) >= len(c.Phones) {
			return nil, fault.Inputf("%s holds the phone %d, but %s names %d", paths[1], most, PhonesFile, len(c.Phones))
		}
		u.Name = name
		all = append(all, u)
	}
	if all == nil {
		return nil, fault.Inputf("%s holds no utterance, expected files that end in %s", folder, FeaturesSuffix)
	}
	c.Checksums[filepath.Base(folder)] = hex.EncodeToString(digest.Sum(nil))
	return all, nil
}

// decode reads the two files of an utterance.
func decode(features, labels []byte, featuresName, labelsName string) (u Utterance, width int, err error) {
	var shape, frames []int
	if u.Features, shape, err = npy.Decode[float32](features, featuresName, 2); err != nil {
		return u, 0, err
	}
	if u.Phones, frames, err = npy.Decode[int16](labels, labelsName, 1); err != nil {
		return u, 0, err
	}
	switch {
	case shape[0] == 0 || shape[1] == 0:
		return u, 0, fault.Inputf("%s has the shape %v, expected at least one frame and feature", featuresName, shape)
	case shape[0] != frames[0]:
		return u, 0, fault.Inputf("%s has %d frames, but %s has %d", featuresName, shape[0], labelsName, frames[0])
	case slices.Min(u.Phones) < 0:
		return u, 0, fault.Inputf("%s holds the phone %d, expected no negative number", labelsName, slices.Min(u.Phones))
	}
	for i, x := range u.Features {
		if x := float64(x); math.IsNaN(x) || math.IsInf(x, 0) {
			return u, 0, fault.Inputf("%s holds %v in frame %d, expected finite numbers", featuresName, x, i/shape[1])
		}
	}
	return u, shape[1], nil
}
