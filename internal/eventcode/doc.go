// Package eventcode stores binary event matrices z ∈ {0,1}^(T×N), T frames of N units, in
// the formats of arXiv:2402.01571 and in three that are smaller (section 5 of the
// method). Each has an exact size in bits, all logarithms base 2 and rounded up:
//
//	dense        N·T
//	coo          c_K + K (⌈log N⌉ + ⌈log T⌉),  c_K = ⌈log(N·T+1)⌉
//	ccs          T ⌈log(N+1)⌉ + K ⌈log N⌉
//	crs          N ⌈log(T+1)⌉ + K ⌈log T⌉
//	enumerative  T ⌈log(N+1)⌉ + Σ_t ⌈log C(N, k_t)⌉
//	rice         c_K + Σ_gaps (⌊g/2^r⌋ + 1 + r)
//	range        what the range coder of section 9 takes, in whole bytes
//	empty        0, where K = 0
//
// with K events, k_t of them in frame t. Numbers lie in their bits least significant bit
// first, one behind the other; bits that are left over in the last byte are 0.
//
// Decoding takes any bytes: what no encoder has written is an error, and memory is
// taken for the matrix alone.
package eventcode

import (
	"errors"
	"fmt"
)

// Mode is a storage format; its number is the one in files.
type Mode uint8

// The storage formats.
const (
	Dense Mode = iota
	COO
	CCS
	CRS
	Enumerative
	Rice
	Range
	Empty
)

// Names of the modes, by number.
var modeNames = []string{"dense", "coo", "ccs", "crs", "enumerative", "rice", "range", "empty"}

func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// Modes are all of them, by number.
func Modes() []Mode {
	all := make([]Mode, len(modeNames))
	for i := range all {
		all[i] = Mode(i)
	}
	return all
}

// Payload is an encoded matrix.
type Payload struct {
	Mode  Mode
	Param uint8 // r of Rice; 0 otherwise
	Bits  int
	Data  []byte // ⌈Bits/8⌉ bytes
}

// ErrCorrupt is in the chain of all errors of Decode.
var ErrCorrupt = errors.New("corrupt event matrix")

func corrupt(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, arguments...))
}

// format is how a mode writes and reads.
type format struct {
	// size is the exact number of bits; param is chosen by it. ok is false where the mode cannot store m.
	size func(m *Matrix) (bits int, param uint8, ok bool)
	// write appends size bits.
	write func(w *bitWriter, m *Matrix, param uint8)
	// read fills m, which is empty.
	read func(r *bitReader, m *Matrix, param uint8) error
}

// formats has those that need no model, by mode.
var formats = map[Mode]format{
	Dense:       {sizeDense, writeDense, readDense},
	COO:         {sizeCOO, writeCOO, readCOO},
	CCS:         {sizeCCS, writeCCS, readCCS},
	CRS:         {sizeCRS, writeCRS, readCRS},
	Enumerative: {sizeEnumerative, writeEnumerative, readEnumerative},
	Rice:        {sizeRice, writeRice, readRice},
	Empty:       {sizeEmpty, func(*bitWriter, *Matrix, uint8) {}, func(*bitReader, *Matrix, uint8) error { return nil }},
}

func sizeEmpty(m *Matrix) (int, uint8, bool) { return 0, 0, m.Count() == 0 }

// Codec encodes and decodes matrices of some number of units. It keeps memory from one
// to the next; it is not for several goroutines at once.
type Codec struct {
	units   int
	context *contextModel // of mode Range; nil where there are too many units
}

// NewCodec returns a codec; prior is what the range coder knows before the first event,
// nil for nothing. It must be of as many units.
func NewCodec(units int, prior *Prior) *Codec {
	c := &Codec{units: units}
	if units >= 1 && units <= MostRangeUnits {
		c.context = newContextModel(units, prior)
	}
	return c
}

// Size is the exact number of bits that a mode takes; ok is false where it cannot store
// the matrix. That of Range is known only after encoding.
func Size(m *Matrix, mode Mode) (bits int, ok bool) {
	f, known := formats[mode]
	if !known {
		return 0, false
	}
	bits, _, ok = f.size(m)
	return bits, ok
}

// Encode writes the matrix in a mode; ok is false where that cannot store it: Empty
// a matrix with events, Enumerative and Range one of very many units.
func (c *Codec) Encode(m *Matrix, mode Mode) (p Payload, ok bool) {
	if mode == Range {
		if c.context == nil {
			return p, false
		}
		data := c.context.encode(m)
		return Payload{Mode: Range, Bits: 8 * len(data), Data: data}, true
	}
	f, known := formats[mode]
	if !known {
		return p, false
	}
	bits, param, ok := f.size(m)
	if !ok {
		return p, false
	}
	w := &bitWriter{data: make([]byte, 0, (bits+7)/8)}
	f.write(w, m, param)
	return Payload{mode, param, bits, w.data}, true
}

// Cheapest encodes the matrix in that of the modes which takes the fewest bits, the
// first of equals; ok is false where none of them can store it.
func (c *Codec) Cheapest(m *Matrix, modes []Mode) (best Payload, ok bool) {
	choice, fewest := Mode(0), 0
	for _, mode := range modes {
		if bits, can := Size(m, mode); can && (!ok || bits < fewest) {
			choice, fewest, ok = mode, bits, true
		}
	}
	for _, mode := range modes {
		if mode == Range && (!ok || fewest > 0) {
			if p, can := c.Encode(m, Range); can && (!ok || p.Bits < fewest) {
				return p, true
			}
		}
	}
	if !ok {
		return best, false
	}
	return c.Encode(m, choice)
}

// Decode reads a payload into m, whose sizes are known. An error wraps ErrCorrupt.
func (c *Codec) Decode(p Payload, m *Matrix) error {
	m.Clear()
	if p.Bits < 0 || len(p.Data) != p.Bits/8+min(1, p.Bits%8) {
		return corrupt("%d bits in %d bytes", p.Bits, len(p.Data))
	}
	if m.Units() != c.units {
		return corrupt("%d units, expected %d", m.Units(), c.units)
	}
	if p.Mode != Rice && p.Param != 0 {
		return corrupt("%s with the parameter %d", p.Mode, p.Param)
	}
	if p.Mode == Range {
		if c.context == nil {
			return corrupt("range coder with %d units, expected 1 to %d", c.units, MostRangeUnits)
		}
		if p.Bits%8 != 0 {
			return corrupt("range coder with %d bits, expected whole bytes", p.Bits)
		}
		return c.context.decode(p.Data, m)
	}
	f, known := formats[p.Mode]
	if !known {
		return corrupt("unknown %s", p.Mode)
	}
	r := &bitReader{data: p.Data, bits: p.Bits}
	if err := f.read(r, m, p.Param); err != nil {
		return err
	}
	if !r.finished() {
		return corrupt("%d bits, of which %d are used", p.Bits, r.at)
	}
	return nil
}
