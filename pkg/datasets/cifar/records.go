package cifar

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

const (
	side   = 32
	values = 3 * side * side // of an image: red, then green, then blue, row by row
)

// batch is images of 3·32·32 bytes and their labels.
type batch struct {
	pixels []uint8
	labels []int32
}

// readRecords appends the images of a file of the binary version. A record is a
// label, of a CIFAR-100 file two, coarse and fine; then the values of the image.
func (b *batch) readRecords(r io.Reader, name string, most int, v version, coarse bool) error {
	labels := 1
	if v.coarse > 0 {
		labels = 2
	}
	// Where the label is that counts, and how many classes there are.
	at, classes := labels-1, v.classes
	if coarse {
		at, classes = 0, v.coarse
	}
	buffered := bufio.NewReaderSize(r, 1<<16)
	record := make([]byte, labels+values)
	for n := 0; ; n++ {
		got, err := io.ReadFull(buffered, record)
		switch {
		case err == io.EOF:
			if n == 0 {
				return fault.Inputf("%s is empty, expected records of %d bytes", name, len(record))
			}
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fault.Inputf("%s is truncated: record %d has %d of %d bytes", name, n, got, len(record))
		case err != nil:
			return fault.Inputf("%s is damaged in record %d: %w", name, n, err)
		case n == most:
			return fault.Inputf("%s goes on after the %d records that the file of %s has", name, n, v.set)
		case int(record[at]) >= classes:
			return fault.Inputf("%s holds the label %d in record %d, expected 0 to %d", name, record[at], n, classes-1)
		}
		b.labels = append(b.labels, int32(record[at]))
		b.pixels = append(b.pixels, record[labels:]...)
	}
}

// readPickle appends the images of a file of the python version: the dictionary
// {data: [n][3072] bytes, labels or fine_labels and coarse_labels: n numbers, …}.
func (b *batch) readPickle(r io.Reader, name string, most int, v version, coarse bool) error {
	content, err := readAll(r, name)
	if err != nil {
		return err
	}
	d, err := unpickle(content)
	if err != nil {
		return fault.Inputf("%s is no pickle of CIFAR: %w", name, err)
	}
	data, ok := d.items["data"].(*array)
	if !ok || len(data.shape) != 2 || data.shape[1] != values {
		return fault.Inputf("%s has %s under data, expected an array of n×%d bytes", name, kind(d.items["data"]), values)
	}
	key, classes := "labels", v.classes
	if v.coarse > 0 {
		key = "fine_labels"
	}
	if coarse {
		key, classes = "coarse_labels", v.coarse
	}
	labels, ok := d.items[key].(*list)
	n := data.shape[0]
	switch {
	case !ok:
		return fault.Inputf("%s has %s under %s, expected a list of labels", name, kind(d.items[key]), key)
	case n == 0 || n > most:
		return fault.Inputf("%s holds %d images, expected 1 to %d", name, n, most)
	case len(labels.items) != n:
		return fault.Inputf("%s holds %d images but %d labels, expected as many", name, n, len(labels.items))
	}
	for i, item := range labels.items {
		label, ok := item.(int)
		if !ok || label < 0 || label >= classes {
			return fault.Inputf("%s holds the label %s in record %d, expected 0 to %d", name, kind(item), i, classes-1)
		}
		b.labels = append(b.labels, int32(label))
	}
	if !data.fortran {
		b.pixels = append(b.pixels, data.bytes...)
		return nil
	}
	first := len(b.pixels)
	b.pixels = slices.Grow(b.pixels, len(data.bytes))[:first+len(data.bytes)]
	for i := range len(data.bytes) {
		b.pixels[first+i%n*values+i/n] = data.bytes[i]
	}
	return nil
}

// readNames reads the names of the classes from a text, a line each, or from the
// pickled dictionary under key.
func readNames(r io.Reader, name, key string) ([]string, error) {
	content, err := readAll(r, name)
	if err != nil {
		return nil, err
	}
	if key == "" {
		return strings.Fields(content), nil
	}
	d, err := unpickle(content)
	if err != nil {
		return nil, fault.Inputf("%s is no pickle of CIFAR: %w", name, err)
	}
	l, ok := d.items[key].(*list)
	if !ok {
		return nil, fault.Inputf("%s has %s under %s, expected a list of names", name, kind(d.items[key]), key)
	}
	names := make([]string, len(l.items))
	for i, item := range l.items {
		if names[i], ok = item.(string); !ok {
			return nil, fault.Inputf("%s has %s among the names of classes", name, kind(item))
		}
	}
	return names, nil
}

// largest is more than any file of CIFAR has.
const largest = 256 << 20

// readAll reads a file of bounded size.
func readAll(r io.Reader, name string) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, largest+1))
	switch {
	case err != nil:
		return "", fault.Inputf("%s is damaged: %w", name, err)
	case len(content) > largest:
		return "", fault.Inputf("%s has more than %d MiB, expected a file of CIFAR", name, largest>>20)
	}
	return string(content), nil
}
