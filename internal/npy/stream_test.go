package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// file is an array as NumPy writes it.
func file(version byte, kind, shape string, values ...byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", kind, shape)
	b := []byte("\x93NUMPY" + string([]byte{version, 0}))
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	return append(append(b, header...), values...)
}

func stream(t *testing.T, content []byte) (*Stream, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(path)
}

func TestStreamsConvertEveryKind(t *testing.T) {
	for kind, c := range map[string]struct {
		bytes string
		want  []float64
	}{
		"<f8": {"\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", []float64{1.5, -2}},
		"<f4": {"\x00\x00\xc0\x3f\x00\x00\x00\xc0", []float64{1.5, -2}},
		"<f2": {"\x00\x3e\x01\x80", []float64{1.5, -math.Ldexp(1, -24)}},
		"<i8": {"\x02\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", []float64{2, -1}},
		"<i4": {"\x02\x00\x00\x00\xff\xff\xff\xff", []float64{2, -1}},
		"<i2": {"\x02\x00\xff\xff", []float64{2, -1}},
		"<u4": {"\x02\x00\x00\x00\xff\xff\xff\xff", []float64{2, 1<<32 - 1}},
		"<u2": {"\x02\x00\xff\xff", []float64{2, 65535}},
		"|i1": {"\x02\xff", []float64{2, -1}},
		"|u1": {"\x02\xff", []float64{2, 255}},
		"|b1": {"\x01\x00", []float64{1, 0}},
	} {
		for _, version := range []byte{1, 2, 3} {
			s, err := stream(t, file(version, kind, "2, 1", []byte(c.bytes)...))
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			got := make([]float64, 1)
			var all []float64
			for range 2 {
				if err := s.Next(got); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
				all = append(all, got...)
			}
			if !slices.Equal(all, c.want) || !slices.Equal(s.Shape, []int{2, 1}) {
				t.Errorf("%s, version %d: %v of shape %v, want %v", kind, version, all, s.Shape, c.want)
			}
			if err := s.Next(got); err == nil {
				t.Errorf("%s: values after the last", kind)
			}
			s.Close()
		}
	}
}

func TestStreamsRefuseDamage(t *testing.T) {
	for want, content := range map[string][]byte{
		"does not start like one":   []byte("RIFF"),
		"of version 9":              file(9, "<f4", "1", 0, 0, 0, 0),
		"ends within its header":    file(1, "<f4", "1")[:30],
		"of type |O, expected":      file(1, "|O", "1", 0, 0, 0, 0),
		"of type >f4":               file(1, ">f4", "1", 0, 0, 0, 0),
		"has 3 bytes of values":     file(1, "<f4", "1", 0, 0, 0),
		"asks for 400000000 values": file(1, "<f4", "20000, 20000", 0, 0, 0),
		"stored by columns":         nil,
	} {
		if len(content) == 0 {
			header := "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }\n"
			content = append(binary.LittleEndian.AppendUint16([]byte(start), uint16(len(header))), header+"\x00\x00\x00\x00"...)
		}
		if _, err := stream(t, content); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	s, err := stream(t, file(1, "<f4", "1", 0, 0, 0xc0, 0x7f))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Next(make([]float64, 1)); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("a NaN gives %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil || !fault.IsInput(err) {
		t.Errorf("a missing file gives %v", err)
	}
}

func FuzzStream(f *testing.F) {
	f.Add(file(1, "<f4", "1, 1", 0, 0, 0, 0))
	f.Add(file(2, "|u1", "3,", 1, 2, 3))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := newStream(bytes.NewReader(content), int64(len(content)), "x")
		if err == nil {
			err = s.Next(make([]float64, s.left))
		}
		if err != nil && !fault.IsInput(err) {
			t.Fatal(err)
		}
	})
}
