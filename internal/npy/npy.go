// Package npy reads and writes arrays in NumPy's file format, version 1.0:
//
//	offset  what
//	0       "\x93NUMPY", then the version, 1 and 0
//	8       uint16 little-endian, the length of the header
//	10      {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }, spaces, a line feed
//	…       the values, the last dimension fastest
//
// Decode and Encode know the kinds that data sets of sequences need, float32 ('<f4'),
// float64 ('<f8'), int16 ('<i2') and uint8 ('|u1'); a Stream converts any kind of number. (The libraries there are crash on a damaged header, and take what
// is missing at the end of a file for zeros.)
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// Element is a kind of value.
type Element interface {
	float32 | float64 | int16 | uint8
}

const (
	start  = "\x93NUMPY\x01\x00"
	prefix = len(start) + 2
)

var dictionary = regexp.MustCompile(`^\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\),? ?\} *\n$`)

// Decode reads a whole file; dimensions are how many it must have, and name is
// what errors call it. The values are a copy.
func Decode[E Element](content []byte, name string, dimensions int) (values []E, shape []int, err error) {
	kind, size := kindOf[E]()
	if !bytes.HasPrefix(content, []byte(start)) || len(content) < prefix {
		return nil, nil, fault.Inputf("%s is no NumPy file of version 1.0, as it does not start like one", name)
	}
	length := int(binary.LittleEndian.Uint16(content[len(start):]))
	if len(content) < prefix+length {
		return nil, nil, fault.Inputf("%s is cut short: it ends within its header", name)
	}
	match := dictionary.FindSubmatch(content[prefix : prefix+length])
	if match == nil {
		return nil, nil, fault.Inputf("%s has a header that NumPy does not write: %.80q", name, content[prefix:prefix+length])
	}
	body := content[prefix+length:]
	if found := string(match[1]); found != kind {
		return nil, nil, fault.Inputf("%s holds values of type %s, expected %s", name, found, kind)
	}
	shape, total, err := parseShape(string(match[3]), name)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(shape) != dimensions:
		return nil, nil, fault.Inputf("%s has the shape %v, expected %d dimensions", name, shape, dimensions)
	case string(match[2]) == "True" && dimensions > 1:
		return nil, nil, fault.Inputf("%s is stored by columns (fortran_order), expected rows", name)
	case total != len(body)/size || len(body)%size != 0:
		return nil, nil, fault.Inputf("%s has %d bytes of values, but its shape %v asks for %d", name, len(body), shape, total*size)
	}
	values = make([]E, total)
	if _, err := binary.Decode(body, binary.LittleEndian, values); err != nil {
		return nil, nil, fmt.Errorf("decoding %s: %w", name, err)
	}
	return values, shape, nil
}

// parseShape reads "3, 2" or "3,", and multiplies.
func parseShape(text, name string) (shape []int, total int, err error) {
	total = 1
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(text), ","), ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 32)
		if err != nil || total > math.MaxInt32 {
			return nil, 0, fault.Inputf("%s has the shape (%s), expected whole numbers that a file can hold", name, text)
		}
		shape = append(shape, int(n))
		total *= int(n)
	}
	return shape, total, nil
}

// Encode writes an array of that shape.
func Encode[E Element](w io.Writer, values []E, shape ...int) error {
	kind, _ := kindOf[E]()
	var sizes []string
	for _, n := range shape {
		sizes = append(sizes, strconv.Itoa(n))
	}
	if len(sizes) == 1 {
		sizes[0] += ","
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, strings.Join(sizes, ", "))
	const alignment = 64 // of the values
	header += strings.Repeat(" ", alignment-1-(prefix+len(header))%alignment) + "\n"
	b := binary.LittleEndian.AppendUint16([]byte(start), uint16(len(header)))
	b, err := binary.Append(append(b, header...), binary.LittleEndian, values)
	if err != nil {
		return fmt.Errorf("encoding an array of %d values: %w", len(values), err)
	}
	_, err = w.Write(b)
	return err
}

// kindOf is what NumPy calls an element, and its size in bytes.
func kindOf[E Element]() (kind string, size int) {
	switch any(E(0)).(type) {
	case float32:
		return "<f4", 4
	case uint8:
		return "|u1", 1
	case float64:
		return "<f8", 8
	}
	return "<i2", 2
}
