// Package cifar reads CIFAR-10 and CIFAR-100 (Krizhevsky, Learning multiple layers
// of features from tiny images, 2009) as they are published: the binary or the
// python version, in the archive or unpacked, single files also compressed by gzip.
//
//	cifar-10-binary.tar.gz   cifar-10-batches-bin/data_batch_1.bin … 5, test_batch.bin
//	cifar-10-python.tar.gz   cifar-10-batches-py/data_batch_1 … 5, test_batch
//	cifar-100-binary.tar.gz  cifar-100-binary/train.bin, test.bin
//	cifar-100-python.tar.gz  cifar-100-python/train, test
package cifar

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// version is one of the four forms in which the sets are published.
type version struct {
	set             string
	folder, archive string
	pickled         bool
	classes, coarse int      // numbers of classes; coarse ones are CIFAR-100's superclasses
	train           []member // in their order
	test            member
	names           []nameList // of classes; of the superclasses second
}

// member is a file of images.
type member struct {
	name    string
	records int
}

// nameList is a file of class names: a text, or a pickle that has them under key.
type nameList struct{ file, key string }

var versions = []version{
	{set: "CIFAR-10", folder: "cifar-10-batches-bin", archive: "cifar-10-binary.tar.gz", classes: 10,
		train: batches(".bin"), test: member{"test_batch.bin", 10000}, names: []nameList{{"batches.meta.txt", ""}}},
	{set: "CIFAR-10", folder: "cifar-10-batches-py", archive: "cifar-10-python.tar.gz", classes: 10, pickled: true,
		train: batches(""), test: member{"test_batch", 10000}, names: []nameList{{"batches.meta", "label_names"}}},
	{set: "CIFAR-100", folder: "cifar-100-binary", archive: "cifar-100-binary.tar.gz", classes: 100, coarse: 20,
		train: []member{{"train.bin", 50000}}, test: member{"test.bin", 10000},
		names: []nameList{{"fine_label_names.txt", ""}, {"coarse_label_names.txt", ""}}},
	{set: "CIFAR-100", folder: "cifar-100-python", archive: "cifar-100-python.tar.gz", classes: 100, coarse: 20, pickled: true,
		train: []member{{"train", 50000}}, test: member{"test", 10000},
		names: []nameList{{"meta", "fine_label_names"}, {"meta", "coarse_label_names"}}},
}

func batches(extension string) []member {
	var all []member
	for i := 1; i <= 5; i++ {
		all = append(all, member{fmt.Sprintf("data_batch_%d%s", i, extension), 10000})
	}
	return all
}

// images are the files of images, those of training first.
func (v version) images() []member { return append(slices.Clone(v.train), v.test) }

// Is reports whether Open would find a set at a path.
func Is(name string) bool {
	_, _, err := find(name)
	return err == nil
}

// Open reads the set in a directory or an archive. coarse takes the 20 superclasses
// of CIFAR-100 for its 100 classes.
//
// A directory may hold fewer files, or shorter ones, than the set: one of the
// training files and that of the test are enough, and Missing of the result says
// what there is not.
func Open(name string, coarse bool) (*pixels.Set, error) {
	v, place, err := find(name)
	if err != nil {
		return nil, err
	}
	if coarse && v.coarse == 0 {
		return nil, fault.Inputf("%s is %s, expected CIFAR-100 for coarse labels", place, v.set)
	}
	r := &reading{v: v, coarse: coarse, place: place, batches: map[string]*batch{}, checksums: map[string]string{}}
	if info, err := os.Stat(place); err == nil && !info.IsDir() {
		err = r.archive()
		if err != nil {
			return nil, err
		}
	} else if err := r.directory(); err != nil {
		return nil, err
	}
	return r.set()
}

// find says which version lies at a path, and the directory or archive it lies in.
func find(name string) (version, string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return version{}, "", fault.Inputf("opening CIFAR: %w", err)
	}
	for _, v := range versions {
		if !info.IsDir() {
			if v.inArchive(name) {
				return v, name, nil
			}
			continue
		}
		for _, place := range []string{name, filepath.Join(name, v.folder)} {
			if slices.ContainsFunc(v.images(), func(m member) bool { return locate(place, m.name) != "" }) {
				return v, place, nil
			}
		}
		if archive := filepath.Join(name, v.archive); isFile(archive) {
			return v, archive, nil
		}
	}
	var archives []string
	for _, v := range versions {
		archives = append(archives, v.archive)
	}
	return version{}, "", fault.Inputf("%s holds neither %s nor files of one of them", name, strings.Join(archives, ", "))
}

// inArchive looks at the first entries of an archive.
func (v version) inArchive(name string) bool {
	found := false
	_ = eachMember(name, nil, func(header *tar.Header, _ io.Reader) error {
		found = found || path.Base(path.Clean(path.Dir(header.Name))) == v.folder
		return io.EOF // one is enough
	})
	return found
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// locate finds a file of a directory as it is or compressed.
func locate(dir, name string) string {
	for _, candidate := range []string{filepath.Join(dir, name), filepath.Join(dir, name+".gz")} {
		if isFile(candidate) {
			return candidate
		}
	}
	return ""
}

// reading collects the files of a set.
type reading struct {
	v         version
	coarse    bool
	place     string
	batches   map[string]*batch
	names     []string
	checksums map[string]string
}

// directory reads the files that there are.
func (r *reading) directory() error {
	files := []string{r.nameList().file}
	for _, m := range r.v.images() {
		files = append(files, m.name)
	}
	for _, name := range files {
		found := locate(r.place, name)
		if found == "" {
			continue
		}
		if err := r.single(found, name); err != nil {
			return err
		}
	}
	return nil
}

// single reads one file, decompressing it if it starts like a gzip file.
func (r *reading) single(found, name string) error {
	f, err := os.Open(found)
	if err != nil {
		return fault.Inputf("opening a file of %s: %w", r.v.set, err)
	}
	defer f.Close()
	buffered := bufio.NewReaderSize(f, 1<<16)
	var content io.Reader = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		if content, err = gzip.NewReader(buffered); err != nil {
			return fault.Inputf("%s starts like a gzip file but is none: %w", found, err)
		}
	}
	digest := sha256.New()
	if err := r.member(name, found, io.TeeReader(content, digest)); err != nil {
		return err
	}
	r.checksums[name] = hex.EncodeToString(digest.Sum(nil))
	return nil
}

// archive reads all members.
func (r *reading) archive() error {
	digest := sha256.New()
	err := eachMember(r.place, digest, func(header *tar.Header, content io.Reader) error {
		base := path.Base(header.Name)
		return r.member(base, base+" in "+r.place, content)
	})
	r.checksums[filepath.Base(r.place)] = hex.EncodeToString(digest.Sum(nil))
	return err
}

// eachMember visits the files of a tar archive, which may be compressed; digest,
// if any, sees all of the archive. Visiting ends early, without an error, at io.EOF.
func eachMember(name string, digest io.Writer, visit func(*tar.Header, io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return fault.Inputf("opening an archive: %w", err)
	}
	defer f.Close()
	var raw io.Reader = f
	if digest != nil {
		raw = io.TeeReader(f, digest)
	}
	buffered := bufio.NewReaderSize(raw, 1<<16)
	var content io.Reader = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		if content, err = gzip.NewReader(buffered); err != nil {
			return fault.Inputf("%s starts like a gzip file but is none: %w", name, err)
		}
	}
	t := tar.NewReader(content)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.Inputf("%s is no whole tar archive: %w", name, err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(header, t); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	// The rest is padding, and the checksum of gzip.
	if _, err := io.Copy(io.Discard, io.LimitReader(content, largest)); err != nil {
		return fault.Inputf("%s is damaged at its end: %w", name, err)
	}
	if _, err := io.Copy(io.Discard, buffered); err != nil {
		return fault.Inputf("reading %s: %w", name, err)
	}
	return nil
}

// nameList is where the names of the classes that count are.
func (r *reading) nameList() nameList {
	if r.coarse {
		return r.v.names[1]
	}
	return r.v.names[0]
}

// member reads a file of images or names; path is what errors call it. Others are
// passed over.
func (r *reading) member(name, path string, content io.Reader) error {
	if list := r.nameList(); name == list.file {
		var err error
		r.names, err = readNames(content, path, list.key)
		return err
	}
	for _, m := range r.v.images() {
		if m.name != name {
			continue
		}
		b := &batch{}
		r.batches[name] = b
		if r.v.pickled {
			return b.readPickle(content, path, m.records, r.v, r.coarse)
		}
		return b.readRecords(content, path, m.records, r.v, r.coarse)
	}
	return nil
}

// set puts the files together.
func (r *reading) set() (*pixels.Set, error) {
	classes := r.v.classes
	if r.coarse {
		classes = r.v.coarse
	}
	if len(r.names) != classes {
		r.names = nil // missing, or of something else: names are only for people
	}
	s := &pixels.Set{ClassNames: r.names, Checksums: r.checksums}
	images := func(files []member) *pixels.Bytes {
		all := &batch{}
		for _, m := range files {
			b := r.batches[m.name]
			switch {
			case b == nil:
			case all.pixels == nil:
				*all = *b
			default:
				all.pixels, all.labels = append(all.pixels, b.pixels...), append(all.labels, b.labels...)
			}
			delete(r.batches, m.name)
		}
		return &pixels.Bytes{Of: pixels.Shape{Channels: 3, Height: side, Width: side}, Names: classes, Pixels: all.pixels, Labels: all.labels}
	}
	s.Missing = r.missing()
	train, test := images(r.v.train), images([]member{r.v.test})
	if train.Len() == 0 || test.Len() == 0 {
		return nil, fault.Inputf("%s holds %d training and %d test images of %s, expected some of both", r.place, train.Len(), test.Len(), r.v.set)
	}
	s.Train, s.Test = train, test
	return s, nil
}

// missing says what the published set has and this copy lacks.
func (r *reading) missing() string {
	var absent, short []string
	for _, m := range r.v.images() {
		switch b := r.batches[m.name]; {
		case b == nil:
			absent = append(absent, m.name)
		case len(b.labels) < m.records:
			short = append(short, fmt.Sprintf("%s has %d of %d images", m.name, len(b.labels), m.records))
		}
	}
	if absent != nil {
		short = append(short, "there is no "+strings.Join(absent, ", "))
	}
	if short == nil {
		return ""
	}
	return r.place + " is a part of " + r.v.set + ": " + strings.Join(short, "; ")
}
