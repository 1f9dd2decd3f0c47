package audio

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
)

// Options say which recordings make a corpus.
type Options struct {
	DataDir, Dataset string
	Layout           string // auto, maestro, splits or folder
	Rate             int    // Hz
	Validation, Test float64
	MostBytes        int64  // of the decoded recordings in memory
	SpoolDir         string // where those are kept that are more; empty: they are an error
	Seed             uint64
	Threads          int
}

// source is a recording on disk.
type source struct{ path, notes, split string }

// Absolute makes a path to a directory independent of the working directory; the name of
// a data set in the data directory stays as it is.
func Absolute(dataDir, name string) (string, error) {
	if dir, err := directory(dataDir, name); err != nil || dir != name {
		return name, err
	}
	return filepath.Abs(name)
}

// directory finds the directory of a corpus: DATADIR/NAME, or a path.
func directory(dataDir, name string) (string, error) {
	for _, dir := range []string{filepath.Join(dataDir, name), name} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", fault.Inputf("there is no directory %s of recordings, neither in the data directory %s nor as a path", name, dataDir)
}

// Open reads the recordings of a directory, mixes each to one channel and brings it to
// the sampling rate. Errors are faults of the input.
func Open(o Options) (*Corpus, error) {
	dir, err := directory(o.DataDir, o.Dataset)
	if err != nil {
		return nil, err
	}
	layout := o.Layout
	tables, _ := filepath.Glob(filepath.Join(dir, "maestro-v*.csv"))
	if layout == "auto" {
		layout = "folder"
		if info, err := os.Stat(filepath.Join(dir, "train")); err == nil && info.IsDir() {
			layout = "splits"
		}
		if len(tables) > 0 {
			layout = "maestro"
		}
	}
	c := &Corpus{Rate: o.Rate, Seed: o.Seed, Pieces: map[string][]*Piece{}, Checksums: map[string]string{}}
	var sources []source
	switch layout {
	case "maestro":
		if len(tables) == 0 {
			return nil, fault.Inputf("%s holds no file maestro-v*.csv, which says what its recordings are", dir)
		}
		sources, err = c.maestro(dir, slices.Max(tables))
	case "splits":
		for _, split := range splits {
			var found []source
			if found, err = folder(filepath.Join(dir, split), dir); err != nil {
				break
			}
			for i := range found {
				found[i].split = split
			}
			sources = append(sources, found...)
		}
	default:
		if sources, err = folder(dir, dir); err == nil {
			err = divide(sources, dir, o.Validation, o.Test)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := c.load(sources, o); err != nil {
		return nil, err
	}
	for _, split := range splits {
		if len(c.Pieces[split]) == 0 {
			return nil, fault.Inputf("%s has no recordings for %s%s", dir, split, c.missing())
		}
	}
	return c, nil
}

// folder lists the sound files below a directory, in the order of their names.
func folder(dir, root string) (found []source, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".wav", ".flac", ".mp3", ".ogg", ".oga":
			s := source{path: path}
			stem := strings.TrimSuffix(path, filepath.Ext(path))
			for _, ext := range []string{".midi", ".mid", ".tsv"} {
				if _, err := os.Stat(stem + ext); err == nil {
					s.notes = stem + ext
					break
				}
			}
			found = append(found, s)
		}
		return nil
	})
	if err != nil {
		return nil, fault.Inputf("looking for recordings in %s: %w", root, err)
	}
	if len(found) == 0 {
		return nil, fault.Inputf("%s holds no wav, flac, ogg or mp3 files", dir)
	}
	return found, nil
}

// divide makes the last files the test and those before them the validation, so that
// recordings of one piece, which have names alike, stay together.
func divide(sources []source, dir string, validation, test float64) error {
	n := len(sources)
	if n < 3 {
		return fault.Inputf("%s holds %d recordings, expected at least 3: one to train on, one to validate and one for the test", dir, n)
	}
	count := func(part float64) int { return max(1, int(math.Round(part*float64(n)))) }
	t, v := count(test), count(validation)
	for i := range sources {
		switch {
		case i >= n-t:
			sources[i].split = "test"
		case i >= max(1, n-t-v):
			sources[i].split = "validation"
		default:
			sources[i].split = "train"
		}
	}
	return nil
}

// maestro reads the table of MAESTRO, v1 to v3. What it lists and the directory lacks is
// left out, and told of.
func (c *Corpus) maestro(dir, table string) ([]source, error) {
	content, err := os.ReadFile(table)
	if err != nil {
		return nil, fault.Inputf("reading the table of MAESTRO: %w", err)
	}
	sum := sha256.Sum256(content)
	c.Checksums[filepath.Base(table)] = hex.EncodeToString(sum[:])
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(content), "\ufeff")))
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fault.Inputf("%s is no table of MAESTRO: %w", table, err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, name := range []string{"split", "midi_filename", "audio_filename"} {
		if _, ok := column[name]; !ok {
			return nil, fault.Inputf("%s has no column %s, expected canonical_composer, canonical_title, split, year, midi_filename, audio_filename, duration", table, name)
		}
	}
	var sources []source
	for i, row := range rows[1:] {
		split, name := row[column["split"]], row[column["audio_filename"]]
		if !slices.Contains(splits, split) {
			return nil, fault.Inputf("%s, row %d, has the split %q, expected train, validation or test", table, i+2, split)
		}
		if !filepath.IsLocal(name) || !filepath.IsLocal(row[column["midi_filename"]]) {
			return nil, fault.Inputf("%s, row %d, names a file outside of its directory", table, i+2)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			c.Missing = append(c.Missing, name)
			continue
		}
		s := source{path: path, split: split}
		if notes := filepath.Join(dir, filepath.FromSlash(row[column["midi_filename"]])); exists(notes) {
			s.notes = notes
		}
		sources = append(sources, s)
	}
	return sources, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// missing says what the table lists and the directory lacks.
func (c *Corpus) missing() string {
	if len(c.Missing) == 0 {
		return ""
	}
	return fmt.Sprintf("; %d files that its table lists are missing, the first is %s", len(c.Missing), c.Missing[0])
}

// load decodes all recordings.
func (c *Corpus) load(sources []source, o Options) error {
	pieces, errs := make([]*Piece, len(sources)), make([]error, len(sources))
	sums := make([]string, len(sources))
	var used atomic.Int64
	parallel.For(o.Threads, len(sources), func(_, i int) {
		pieces[i], sums[i], errs[i] = decode(sources[i], o, func(bytes int64) bool {
			if used.Add(bytes) <= o.MostBytes {
				return true
			}
			used.Add(-bytes)
			return false
		})
	})
	if err := errors.Join(errs...); err != nil {
		return errors.Join(slices.DeleteFunc(errs, func(e error) bool { return e == nil })[:1]...)
	}
	for i, s := range sources {
		c.Pieces[s.split] = append(c.Pieces[s.split], pieces[i])
		c.Checksums[filepath.Base(s.path)] = sums[i]
	}
	return nil
}

// decode reads a recording and its notes; take says whether there is room in memory for so many bytes
// more. From where there is none, all of the recording goes into a file.
func decode(s source, o Options, take func(bytes int64) bool) (*Piece, string, error) {
	file, err := os.Open(s.path)
	if err != nil {
		return nil, "", fault.Inputf("reading a recording: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	tee := io.TeeReader(file, sum)
	r, err := NewReader(tee, s.path)
	if err != nil {
		return nil, "", err
	}
	p := &Piece{Name: filepath.Base(s.path)}
	var kept *spool // nil while all is in memory
	keep := func(x []float32) error {
		if kept == nil && take(4*int64(len(x))) {
			p.Samples = append(p.Samples, x...)
			return nil
		}
		if kept == nil {
			if o.SpoolDir == "" {
				return fault.Inputf("the recordings take more memory than data.max_memory_mb allows (at %s); a lower data.rate_hz or a part of them needs less, and data.spool_dir keeps them on a disk", s.path)
			}
			if kept, err = newSpool(o.SpoolDir); err != nil {
				return err
			}
			if err := kept.write(p.Samples); err != nil {
				return err
			}
			take(-4 * int64(len(p.Samples)))
			p.Samples = nil
		}
		return kept.write(x)
	}
	defer func() {
		if kept != nil {
			kept.close()
		}
	}()
	if err := r.Mono(o.Rate, keep); err != nil {
		return nil, "", err
	}
	if kept != nil {
		p.onDisk = true
		if p.Samples, err = kept.samples(); err != nil {
			return nil, "", err
		}
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return nil, "", fault.Inputf("reading a recording: %w", err)
	}
	if s.notes != "" {
		if p.Notes, err = readNotes(s.notes); err != nil {
			return nil, "", err
		}
	}
	return p, hex.EncodeToString(sum.Sum(nil)), nil
}

// Mono appends the means of the channels to mono.
func Mono(mono, interleaved []float32, channels int) []float32 {
	if channels == 1 {
		return append(mono, interleaved...)
	}
	for i := 0; i+channels <= len(interleaved); i += channels {
		var sum float32
		for _, v := range interleaved[i : i+channels] {
			sum += v
		}
		mono = append(mono, sum/float32(channels))
	}
	return mono
}

func readNotes(path string) ([]midi.Note, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Inputf("reading notes: %w", err)
	}
	defer file.Close()
	if filepath.Ext(path) == ".tsv" {
		return readTable(file, path)
	}
	m, err := midi.Read(file, path)
	if err != nil {
		return nil, err
	}
	return m.Notes, nil
}

// readTable reads lines of onset, offset (s), key and velocity, as the notes of MAPS are
// passed on; lines that begin with # are comments.
func readTable(r io.Reader, name string) ([]midi.Note, error) {
	var notes []midi.Note
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		var x [4]float64
		fields := strings.Fields(text)
		if len(fields) != 4 {
			return nil, fault.Inputf("%s, line %d, has %d entries, expected onset, offset, key and velocity", name, number, len(fields))
		}
		for i, f := range fields {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || v < 0 || v > 1e6 {
				return nil, fault.Inputf("%s, line %d, has the entry %q, expected a number of at least 0", name, number, f)
			}
			x[i] = v
		}
		if x[2] > 127 || x[3] > 127 {
			return nil, fault.Inputf("%s, line %d, has key %g and velocity %g, expected at most 127", name, number, x[2], x[3])
		}
		notes = append(notes, midi.Note{Onset: x[0], Duration: x[1] - x[0], Key: int(x[2]), Velocity: int(x[3])})
	}
	if err := lines.Err(); err != nil {
		return nil, fault.Inputf("reading %s: %w", name, err)
	}
	slices.SortStableFunc(notes, func(a, b midi.Note) int {
		switch {
		case a.Onset < b.Onset:
			return -1
		case a.Onset > b.Onset:
			return 1
		}
		return 0
	})
	return notes, nil
}
