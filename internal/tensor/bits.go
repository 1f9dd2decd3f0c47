package tensor

import "math/bits"

// Bits is a binary matrix, such as the spikes of a layer: one row for each step
// and trial, one column for each neuron.
//
// Column c of row r is bit c%64 of Words[r*Stride()+c/64]; bits past the last
// column are zero.
type Bits struct {
	Rows, Cols int
	Words      []uint64
}

// NewBits returns a matrix of zeros.
func NewBits(rows, cols int) *Bits {
	b := &Bits{Rows: rows, Cols: cols}
	b.Words = make([]uint64, rows*b.Stride())
	return b
}

// Stride is the number of words of a row.
func (b *Bits) Stride() int { return (b.Cols + 63) / 64 }

// At reports whether column c of row r is set.
func (b *Bits) At(r, c int) bool { return b.Words[r*b.Stride()+c/64]>>(c%64)&1 != 0 }

// Set sets column c of row r.
func (b *Bits) Set(r, c int) { b.Words[r*b.Stride()+c/64] |= 1 << (c % 64) }

// Count is the number of bits that are set.
func (b *Bits) Count() int {
	n := 0
	for _, w := range b.Words {
		n += bits.OnesCount64(w)
	}
	return n
}
