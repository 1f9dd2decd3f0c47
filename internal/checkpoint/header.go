package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// header is a checked header: the places follow each other without gap or
// overlap, in the order of the data, and fill the file.
type header struct {
	metadata map[string]string
	places   []place
}

// place says where a tensor lies in the data, and what it is.
type place struct {
	name       string
	kind       *kind
	shape      []int
	elements   int
	begin, end int64
}

// readHeader reads and checks the header of a file of size bytes, whose tensors
// are of those kinds, and returns it with its bytes.
func readHeader(r io.Reader, size int64, of []*kind) (*header, []byte, error) {
	var length uint64
	if size < 8 {
		return nil, nil, fmt.Errorf("it has %d bytes, too few for a safetensors file", size)
	}
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, nil, err
	}
	if length > maxHeader {
		return nil, nil, fmt.Errorf("its header would have %d bytes, at most %d are allowed: this is no safetensors file", length, maxHeader)
	}
	if rest := size - 8; int64(length) > rest {
		return nil, nil, fmt.Errorf("its header should have %d bytes and only %d follow: the file is truncated or no safetensors file", length, rest)
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, nil, err
	}
	h, err := parseHeader(raw, of)
	if err != nil {
		return nil, nil, err
	}
	if err := h.checkPlaces(size - 8 - int64(length)); err != nil {
		return nil, nil, err
	}
	return h, raw, nil
}

// parseHeader reads the JSON by token, because encoding/json lets the last of
// several equal names win.
func parseHeader(raw []byte, of []*kind) (*header, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("its header is no JSON object: this is no safetensors file")
	}
	h := &header{metadata: map[string]string{}}
	seen := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(raw))
	err := members(d, func(name string) error {
		if seen[name] {
			return fmt.Errorf("its header has %q twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			return h.parseMetadata(d)
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return fmt.Errorf("tensor %q in its header: %w", name, err)
		}
		p, err := e.place(name, of)
		if err != nil {
			return fmt.Errorf("tensor %q in its header: %w", name, err)
		}
		h.places = append(h.places, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := bytes.Trim(raw[d.InputOffset():], " "); len(rest) > 0 {
		return nil, fmt.Errorf("its header goes on for %d bytes after the JSON object", len(rest))
	}
	return h, nil
}

func (h *header) parseMetadata(d *json.Decoder) error {
	return members(d, func(key string) error {
		if _, ok := h.metadata[key]; ok {
			return fmt.Errorf("its metadata have %q twice", key)
		}
		var value *string
		if err := d.Decode(&value); err != nil || value == nil {
			return fmt.Errorf("its metadata key %q holds no string", key)
		}
		h.metadata[key] = *value
		return nil
	})
}

// members calls visit with the name of each member of the object that d
// stands before; visit decodes the value.
func members(d *json.Decoder, visit func(name string) error) error {
	start, err := d.Token()
	if err != nil {
		return fmt.Errorf("its header is broken JSON: %w", err)
	}
	if start != json.Delim('{') {
		return fmt.Errorf("its header has %v where an object belongs", start)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fmt.Errorf("its header is broken JSON: %w", err)
		}
		if err := visit(name.(string)); err != nil { // a name is a string, or Token fails
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("its header is broken JSON: %w", err)
	}
	return nil
}

func (e entry) place(name string, of []*kind) (place, error) {
	p := place{name: name, kind: kindNamed(e.Type, of), shape: e.Shape}
	if p.kind == nil {
		return p, fmt.Errorf("the type %q is not supported, expected one of %s", e.Type, kindNames(of))
	}
	if e.Shape == nil {
		return p, fmt.Errorf("it has no shape")
	}
	if len(e.Offsets) != 2 {
		return p, fmt.Errorf("it has %d data_offsets, expected 2", len(e.Offsets))
	}
	p.begin, p.end = int64(e.Offsets[0]), int64(e.Offsets[1])
	if p.begin < 0 || p.end < p.begin {
		return p, fmt.Errorf("its data_offsets are %v, expected the begin and the end", e.Offsets)
	}
	var err error
	if p.elements, err = elements(e.Shape); err != nil {
		return p, err
	}
	if expected := int64(p.elements) * int64(p.kind.size); p.end-p.begin != expected {
		return p, fmt.Errorf("it has %d bytes of data, its type %s and shape %v need %d", p.end-p.begin, e.Type, e.Shape, expected)
	}
	return p, nil
}

func kindNames(of []*kind) string {
	names := ""
	for i, k := range of {
		if i > 0 {
			names += ", "
		}
		names += k.name
	}
	return names
}

// checkPlaces sorts the places and checks that they fill size bytes of data.
// Only then may memory be taken for them.
func (h *header) checkPlaces(size int64) error {
	slices.SortStableFunc(h.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var end int64
	for _, p := range h.places {
		switch {
		case p.begin < end:
			return fmt.Errorf("tensor %q begins at byte %d, within the one before it, which ends at %d", p.name, p.begin, end)
		case p.begin > end:
			return fmt.Errorf("bytes %d to %d of its data belong to no tensor", end, p.begin)
		}
		end = p.end
	}
	switch {
	case end > size:
		return fmt.Errorf("its tensors need %d bytes and %d are there: the file is truncated", end, size)
	case end < size:
		return fmt.Errorf("its tensors need %d bytes and %d are there: something was appended", end, size)
	}
	return nil
}
