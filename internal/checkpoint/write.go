package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/atomicfile"
)

const metadataKey = "__metadata__"

// noSum stands where the checksum goes while it is being taken.
var noSum = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// entry is what the header says of a tensor.
type entry struct {
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
}

// meaning is what the metadata say of a tensor.
type meaning struct {
	Unit string `json:"unit,omitempty"`
	Doc  string `json:"doc,omitempty"`
}

// Write makes f the content of the file at path, atomically: whatever fails,
// an earlier file at path survives.
func Write(path string, f *File) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	tensors := f.sorted()
	header, err := encodeHeader(f.Metadata, tensors)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}

	sum := sha256.New()
	if err := encode(sum, header, tensors); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	header = bytes.Replace(header, sumEntry(noSum), sumEntry(hex.EncodeToString(sum.Sum(nil))), 1)
	return atomicfile.Write(path, func(w io.Writer) error { return encode(w, header, tensors) })
}

// sumEntry is the checksum as the header shows it. A quote within a JSON
// string is escaped, so this cannot occur in the text of another value.
func sumEntry(sum string) []byte { return []byte(`"` + keySum + `":"` + sum + `"`) }

// encodeHeader returns the padded JSON header, with the checksum left open.
func encodeHeader(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	meanings := make(map[string]meaning, len(tensors))
	for _, t := range tensors {
		meanings[t.Name] = meaning{t.Unit, t.Doc}
	}
	described, err := marshal(meanings)
	if err != nil {
		return nil, err
	}
	all := map[string]string{
		keyFormat:  formatName,
		keyVersion: strconv.Itoa(formatVersion),
		keySum:     noSum,
		keyTensors: string(described),
	}
	maps.Copy(all, metadata)

	var header bytes.Buffer
	header.WriteByte('{')
	if err := writeMember(&header, metadataKey, all); err != nil {
		return nil, err
	}
	end := 0
	for _, t := range tensors {
		k, n := kindOfData(t.Data)
		begin := end
		end += n * k.size
		header.WriteByte(',')
		shape := append([]int{}, t.Shape...) // a scalar's is [], not null
		if err := writeMember(&header, t.Name, entry{k.name, shape, []int{begin, end}}); err != nil {
			return nil, err
		}
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	if header.Len() > maxHeader {
		return nil, fmt.Errorf("the names and metadata take %d bytes, the format allows %d", header.Len(), maxHeader)
	}
	return header.Bytes(), nil
}

func writeMember(w *bytes.Buffer, name string, value any) error {
	key, err := marshal(name)
	if err != nil {
		return err
	}
	v, err := marshal(value)
	if err != nil {
		return err
	}
	w.Write(key)
	w.WriteByte(':')
	w.Write(v)
	return nil
}

// marshal is json.Marshal that leaves <, > and & readable.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// encode writes the whole file.
func encode(w io.Writer, header []byte, tensors []Tensor) error {
	if err := binary.Write(w, binary.LittleEndian, uint64(len(header))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	var buffer []byte
	for _, t := range tensors {
		err := chunks(t.Data, func(piece any, _ int) (err error) {
			if buffer, err = binary.Append(buffer[:0], binary.LittleEndian, piece); err != nil {
				return err
			}
			_, err = w.Write(buffer)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
