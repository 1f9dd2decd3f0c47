package audiocodec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/float16"
)

// A model file (.snm) holds what a codec needs, and its SHA-256 is the model's identity:
//
//	magic            8 bytes, "SNNMODL1"
//	length of JSON   u32, little endian, as is all that follows
//	JSON             {"spec": {…}, "entropy_tables": bytes}
//	numbers          float16, in the order of the parameters and then of the state: with noise, means and variances
//	                 of the front; BN's means and variances, or the entries of the codebooks
//	entropy tables   as eventcode.Prior writes them; there may be none
//
// Numbers are rounded to float16 when a file is made, so that it and the model in memory are
// the same.
const fileMagic = "SNNMODL1"

// MostFileBytes is the size of the largest model file that is read.
const MostFileBytes = 1 << 30

type fileHeader struct {
	Spec   Spec `json:"spec"`
	Tables int  `json:"entropy_tables"`
}

// Codec is a model with its entropy tables and identity.
type Codec struct {
	Net   *Network[float32]
	Prior *eventcode.Prior // nil for none
	Hash  [32]byte
}

// stored are the arrays of a file, in their order.
func stored(n *Network[float32]) [][]float32 {
	var all [][]float32
	for _, p := range n.Parameters {
		all = append(all, p.Value.Data)
	}
	if n.Front.Mean != nil {
		all = append(all, n.Front.Mean, n.Front.Variance)
	}
	if n.Vectors != nil {
		return append(all, n.Vectors.Codes)
	}
	return append(all, n.Running.Mean, n.Running.Variance)
}

// Round rounds the numbers of a model to those that its file holds: float16. What is too
// large for that is a fault of the input.
func Round(n *Network[float32]) error {
	for _, values := range stored(n) {
		for i, v := range values {
			r := float32(float16.Binary(float16.FromFloat32(v)))
			if r-r != 0 {
				return fault.Inputf("the model holds the number %v, which has no place in a model file (float16)", v)
			}
			values[i] = r
		}
	}
	return nil
}

// WriteFile writes a model that Round has rounded.
func WriteFile(w io.Writer, n *Network[float32], prior *eventcode.Prior) error {
	var tables []byte
	if prior != nil {
		var err error
		if tables, err = prior.AppendBinary(nil); err != nil {
			return err
		}
	}
	header, err := json.Marshal(fileHeader{n.Spec, len(tables)})
	if err != nil {
		return fmt.Errorf("writing a model: %w", err)
	}
	b := binary.LittleEndian.AppendUint32([]byte(fileMagic), uint32(len(header)))
	b = append(b, header...)
	for _, values := range stored(n) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint16(b, float16.FromFloat32(v))
		}
	}
	_, err = w.Write(append(b, tables...))
	return err
}

// ReadFile reads a model file; name is for errors, which are faults of the input.
func ReadFile(r io.Reader, name string) (*Codec, error) {
	data, err := io.ReadAll(io.LimitReader(r, MostFileBytes+1))
	if err != nil {
		return nil, fault.Inputf("reading the model %s: %w", name, err)
	}
	c, err := decodeFile(data)
	if err != nil {
		return nil, fault.Inputf("%s is no model of snnctl compress audio: %w", name, err)
	}
	return c, nil
}

func decodeFile(data []byte) (*Codec, error) {
	if len(data) > MostFileBytes {
		return nil, fmt.Errorf("it has more than %d MiB", MostFileBytes>>20)
	}
	if len(data) < len(fileMagic)+4 || string(data[:len(fileMagic)]) != fileMagic {
		return nil, fmt.Errorf("its first bytes are not %s", fileMagic)
	}
	rest := data[len(fileMagic)+4:]
	length := uint64(binary.LittleEndian.Uint32(data[len(fileMagic):]))
	if length > uint64(len(rest)) {
		return nil, fmt.Errorf("it ends within its header")
	}
	var h fileHeader
	decoder := json.NewDecoder(bytes.NewReader(rest[:length]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&h); err != nil {
		return nil, fmt.Errorf("its header is damaged: %w", err)
	}
	rest = rest[length:]
	if err := h.Spec.Check(); err != nil {
		return nil, err
	}
	if h.Tables < 0 || h.Tables > len(rest) {
		return nil, fmt.Errorf("its entropy tables have %d bytes, but %d are left", h.Tables, len(rest))
	}
	numbers := h.Spec.numbers()
	if found := len(rest) - h.Tables; int64(found) != 2*numbers {
		return nil, fmt.Errorf("its numbers have %d bytes, expected %d for its architecture", found, 2*numbers)
	}
	c := &Codec{Net: New[float32](h.Spec, 0), Hash: sha256.Sum256(data)}
	for _, values := range stored(c.Net) {
		for i := range values {
			values[i] = float32(float16.Binary(binary.LittleEndian.Uint16(rest)))
			rest = rest[2:]
			if v := values[i]; v-v != 0 {
				return nil, fmt.Errorf("it holds a number that is not finite")
			}
		}
	}
	for i, v := range c.Net.Running.Variance {
		if v < 0 {
			return nil, fmt.Errorf("the variance of unit %d is negative", i)
		}
	}
	for i, v := range c.Net.Front.Variance {
		if v < 0 {
			return nil, fmt.Errorf("the variance of number %d of the front is negative", i)
		}
	}
	if h.Tables > 0 {
		var err error
		if c.Prior, err = eventcode.ReadPrior(h.Spec.Bits(), rest); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// numbers is how many a file of the spec has, found without taking memory for them.
func (s *Spec) numbers() int64 {
	b := &builder[float32]{counting: true}
	n := &Network[float32]{Spec: *s}
	if s.Front == "mdct" {
		n.buildMDCT(b)
	} else {
		n.buildSEANet(b)
	}
	total := b.counted
	if s.Front == "mdct" && s.MDCT.Noise {
		total += 2 * int64(s.MDCT.Hop)
	}
	if s.Quantiser == "rvq" {
		return total + int64(s.Stages)*int64(s.Entries)*int64(s.Units)
	}
	return total + 2*int64(s.Units)
}
