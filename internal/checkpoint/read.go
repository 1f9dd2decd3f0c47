package checkpoint

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/snnctl/snnctl/internal/fault"
)

// maxHeader is the limit of the reference implementation of safetensors.
const maxHeader = 100_000_000

// ErrNewer marks a checkpoint that a newer version of the program wrote.
var ErrNewer = errors.New("written by a newer version")

// Read returns the content of the checkpoint at path.
//
// A file that is missing, damaged, of another program or of a newer version
// is a fault.Input. Memory is taken only for bytes that the file has.
func Read(path string) (*File, error) {
	f, err := read(path)
	if err != nil {
		if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) {
			err = inPath.Err
		}
		return nil, fault.Inputf("cannot read the checkpoint %s: %w", path, err)
	}
	f.path = path
	return f, nil
}

func read(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, errors.New("it is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return decode(bufio.NewReaderSize(file, 1<<16), info.Size())
}

// decode reads a checkpoint of size bytes.
func decode(r io.Reader, size int64) (*File, error) {
	sum := sha256.New()
	header, raw, err := readHeader(r, size, kinds)
	if err != nil {
		return nil, err
	}
	meanings, err := header.checkFormat()
	if err != nil {
		return nil, err
	}
	expected := header.metadata[keySum]
	binary.Write(sum, binary.LittleEndian, uint64(len(raw)))
	sum.Write(bytes.Replace(raw, sumEntry(expected), sumEntry(noSum), 1))

	f := &File{Metadata: header.metadata}
	r = io.TeeReader(r, sum)
	for _, p := range header.places {
		t := Tensor{Name: p.name, Data: p.kind.make(p.elements), Unit: meanings[p.name].Unit, Doc: meanings[p.name].Doc}
		if len(p.shape) > 0 {
			t.Shape = p.shape
		}
		if err := readData(r, t.Data); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		f.Tensors = append(f.Tensors, t)
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != expected {
		return nil, fmt.Errorf("its content has the SHA-256 %.12s…, its header says %.12s…: the file is damaged or was changed", found, expected)
	}
	for _, key := range reservedKeys {
		delete(f.Metadata, key)
	}
	return f, nil
}

// checkFormat tells our checkpoints from other safetensors files, and returns
// the meaning of each tensor.
func (h *header) checkFormat() (map[string]meaning, error) {
	if found := h.metadata[keyFormat]; found != formatName {
		return nil, fmt.Errorf("its metadata give the format %q, expected %q: another program wrote it", found, formatName)
	}
	version, err := strconv.Atoi(h.metadata[keyVersion])
	if err != nil || version < 1 {
		return nil, fmt.Errorf("its format version is %q, expected a whole number of at least 1", h.metadata[keyVersion])
	}
	if version > formatVersion {
		return nil, fmt.Errorf("it has format version %d and this snnctl reads up to version %d, use a newer snnctl (%w)", version, formatVersion, ErrNewer)
	}
	var meanings map[string]meaning
	if err := json.Unmarshal([]byte(h.metadata[keyTensors]), &meanings); err != nil {
		return nil, fmt.Errorf("the metadata key %q is no JSON object of units and docs: %w", keyTensors, err)
	}
	return meanings, nil
}

func readData(r io.Reader, data any) error {
	var buffer []byte
	return chunks(data, func(piece any, n int) error {
		if buffer == nil {
			buffer = make([]byte, n)
		}
		if _, err := io.ReadFull(r, buffer[:n]); err != nil {
			return err
		}
		_, err := binary.Decode(buffer[:n], binary.LittleEndian, piece)
		return err
	})
}
