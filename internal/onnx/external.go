package onnx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// place says where the data of a tensor lie outside the model's file.
type place struct {
	used           bool // the tensor's data_location is EXTERNAL
	location       string
	offset, length int64
	hasLength      bool
}

// decode reads a StringStringEntryProto of external_data.
func (p *place) decode(f field) error {
	var key, value string
	err := f.message("an external_data", func(f field) error {
		switch f.number {
		case 1:
			return f.text(&key)
		case 2:
			return f.text(&value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch key {
	case "location":
		p.location = value
	case "offset":
		p.offset, err = strconv.ParseInt(value, 10, 64)
	case "length":
		p.length, err = strconv.ParseInt(value, 10, 64)
		p.hasLength = true
	}
	if err != nil || p.offset < 0 || p.length < 0 {
		return fmt.Errorf("has the external_data %s %.40q, expected a number of bytes", key, value)
	}
	return nil
}

// beside reads files of weights in the model's folder, each of them once, so that
// memory is bounded by what they hold, however often tensors refer to them.
type beside struct {
	folder *os.Root
	files  map[string][]byte
	bytes  int64
}

// read returns the bytes of one tensor, which needs that many.
func (b *beside) read(p place, needed int64) ([]byte, error) {
	if p.location == "" {
		return nil, errors.New("but the model does not say which (external_data has no location)")
	}
	content, err := b.file(p.location)
	if err != nil {
		return nil, err
	}
	if p.hasLength && p.length != needed {
		return nil, fmt.Errorf("%.80q, in %d bytes, but its type and shape need %d", p.location, p.length, needed)
	}
	if size := int64(len(content)); p.offset > size || needed > size-p.offset {
		return nil, fmt.Errorf("%.80q, in %d bytes from byte %d, but that file has only %d: it is truncated or that of another model", p.location, needed, p.offset, size)
	}
	return content[p.offset : p.offset+needed], nil
}

func (b *beside) file(location string) ([]byte, error) {
	path := filepath.Clean(filepath.FromSlash(location))
	if !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%.80q, which is not in the model's folder: only files there are read", location)
	}
	if content, ok := b.files[path]; ok {
		return content, nil
	}
	if b.folder == nil {
		return nil, fmt.Errorf("%.80q, and the model has no folder", location)
	}
	info, err := b.folder.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	var content []byte
	if err == nil {
		content, err = b.folder.ReadFile(path)
	}
	if err != nil {
		if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) {
			err = inPath.Err
		}
		return nil, fmt.Errorf("%.80q, which cannot be read from the model's folder: %w", location, err)
	}
	if b.files == nil {
		b.files = map[string][]byte{}
	}
	b.files[path] = content
	b.bytes += int64(len(content))
	return content, nil
}
