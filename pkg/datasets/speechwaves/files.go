package speechwaves

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/speechfeatures"
)

// What the classes of frames are.
const (
	Auto     = "auto"     // phones, if any recording has them, else speakers
	Phones   = "phones"   // of a file of TIMIT's form beside each recording, NAME.phn
	Speakers = "speakers" // what stands in a file's name before its first hyphen, as in LibriSpeech
)

// Options say which recordings make a corpus.
type Options struct {
	DataDir, Dataset string
	Rate             int    // Hz
	Classes          string // Auto, Phones or Speakers
	Test             float64
	MostBytes        int64 // of the recordings in memory
	Threads          int
}

// Open reads the recordings below a directory: DATADIR/NAME, or a path. Each is mixed to one channel
// and brought to the sampling rate. With folders train and test, and dev for validation if it
// is there, those are the splits; otherwise the end of each recording is held out.
func Open(o Options) (*Corpus, error) {
	dir := filepath.Join(o.DataDir, o.Dataset)
	if info, err := os.Stat(dir); filepath.IsAbs(o.Dataset) || err != nil || !info.IsDir() {
		dir = o.Dataset
	}
	files, err := list(dir)
	if err != nil {
		return nil, err
	}
	recordings, errs := make([]*Recording, len(files)), make([]error, len(files))
	sums := make([]string, len(files))
	parallel.For(o.Threads, len(files), func(_, i int) { recordings[i], sums[i], errs[i] = read(files[i], o.Rate, o.MostBytes) })
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	var bytes int64
	c := &Corpus{Rate: o.Rate, Checksums: map[string]string{}}
	for i, r := range recordings {
		bytes += 2 * int64(len(r.Samples))
		c.Checksums[r.Name] = sums[i]
	}
	if bytes > o.MostBytes {
		return nil, fault.Inputf("the recordings of %s take %d MB, expected at most %d; a lower rate or a part of them takes less", dir, bytes>>20, o.MostBytes>>20)
	}
	if err := c.classify(recordings, files, o.Classes); err != nil {
		return nil, err
	}
	c.Spans = c.split(recordings, files, dir, o.Test)
	return c, nil
}

// list finds the sound files below a directory, in the order of their names.
func list(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".wav", ".flac", ".mp3", ".ogg", ".oga"}, strings.ToLower(filepath.Ext(path))) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, fault.Inputf("looking for recordings: %w", err)
	}
	if files == nil {
		return nil, fault.Inputf("there is no wav, flac, ogg or mp3 file below %s", dir)
	}
	slices.Sort(files)
	return files, nil
}

// read decodes a recording, of at most so many bytes.
func read(path string, rate int, most int64) (*Recording, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", fault.Inputf("reading a recording: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	tee := io.TeeReader(file, sum)
	in, err := audio.NewReader(tee, path)
	if err != nil {
		return nil, "", err
	}
	r := &Recording{Name: filepath.Base(path), fileRate: in.Rate}
	take := func(x []float32) error {
		if 2*int64(len(r.Samples)+len(x)) > most {
			return fault.Inputf("%s alone takes more than the %d MB that recordings may", path, most>>20)
		}
		for _, v := range x {
			r.Samples = append(r.Samples, int16(math.Round(float64(min(max(v, -1), 1))*math.MaxInt16)))
		}
		return nil
	}
	if err := in.Mono(rate, take); err != nil {
		return nil, "", err
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return nil, "", fault.Inputf("reading a recording: %w", err)
	}
	return r, hex.EncodeToString(sum.Sum(nil)), nil
}

// labelsOf is the file of phones beside a recording, or "".
func labelsOf(path string) string {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	for _, ext := range []string{".phn", ".PHN"} {
		if _, err := os.Stat(stem + ext); err == nil {
			return stem + ext
		}
	}
	return ""
}

// classify gives the frames their classes. The phone of a frame is that of its centre; files of phones count
// the samples of the recording's own rate.
func (c *Corpus) classify(recordings []*Recording, files []string, classes string) error {
	if classes == Auto {
		classes = Speakers
		if slices.ContainsFunc(files, func(path string) bool { return labelsOf(path) != "" }) {
			classes = Phones
		}
	}
	names := make([][]string, len(recordings)) // of the frames
	for i, r := range recordings {
		frames := len(r.Samples) / c.Frame()
		names[i] = make([]string, frames)
		if classes == Speakers {
			speaker, _, _ := strings.Cut(r.Name, "-")
			for k := range names[i] {
				names[i][k] = strings.TrimSuffix(speaker, filepath.Ext(speaker))
			}
			continue
		}
		path := labelsOf(files[i])
		if path == "" {
			continue
		}
		phones, err := speechfeatures.ReadPhones(path)
		if err != nil {
			return err
		}
		for k := range names[i] {
			names[i][k] = phones.At((2*k + 1) * r.fileRate / (2 * FramesPerSecond))
		}
	}
	for _, of := range names {
		for _, name := range of {
			if at, found := slices.BinarySearch(c.ClassNames, name); name != "" && !found {
				c.ClassNames = slices.Insert(c.ClassNames, at, name)
			}
		}
	}
	if len(c.ClassNames) == 0 {
		return fault.Inputf("no recording has a file of phones beside it, NAME.phn, expected one for classes %s", Phones)
	}
	if len(c.ClassNames) > math.MaxInt16 {
		return fault.Inputf("the recordings have %d classes, expected at most %d", len(c.ClassNames), math.MaxInt16)
	}
	for i, r := range recordings {
		r.Classes = make([]int16, len(names[i]))
		for k, name := range names[i] {
			r.Classes[k] = Unlabelled
			if name != "" {
				at, _ := slices.BinarySearch(c.ClassNames, name)
				r.Classes[k] = int16(at)
			}
		}
	}
	return nil
}

// split takes the splits of the folders, or divides the recordings.
func (c *Corpus) split(recordings []*Recording, files []string, dir string, test float64) map[string][]Span {
	spans := map[string][]Span{}
	for i, r := range recordings {
		relative, err := filepath.Rel(dir, files[i])
		if err != nil {
			break
		}
		folder, _, _ := strings.Cut(strings.ToLower(filepath.ToSlash(relative)), "/")
		split := map[string]string{"train": "train", "dev": "validation", "validation": "validation", "test": "test"}[folder]
		if split != "" && len(r.Classes) > 0 {
			spans[split] = append(spans[split], Span{r, 0, len(r.Classes) * c.Frame()})
		}
	}
	if spans["train"] == nil || spans["test"] == nil {
		return Divide(recordings, c.Rate, test)
	}
	if spans["validation"] == nil {
		spans["validation"] = spans["test"]
	}
	return spans
}
