package eventcode

import "math/bits"

// Matrix is z, a bit for each frame and unit: bit t·N+n of the words, least significant
// first.
type Matrix struct {
	frames, units int
	words         []uint64
}

// NewMatrix returns a matrix without events.
func NewMatrix(frames, units int) *Matrix {
	m := &Matrix{}
	m.Resize(frames, units)
	return m
}

// Resize gives the matrix other sizes and takes all events out. It keeps its memory.
func (m *Matrix) Resize(frames, units int) {
	n := (frames*units + 63) / 64
	if cap(m.words) < n {
		m.words = make([]uint64, n)
	}
	m.frames, m.units, m.words = frames, units, m.words[:n]
	m.Clear()
}

// Frames is T, Units is N.
func (m *Matrix) Frames() int { return m.frames }

// Units is N.
func (m *Matrix) Units() int { return m.units }

// Clear takes all events out.
func (m *Matrix) Clear() { clear(m.words) }

// At reports whether unit n has an event in frame t.
func (m *Matrix) At(t, n int) bool { return m.bit(t*m.units+n) == 1 }

// Set puts an event.
func (m *Matrix) Set(t, n int) { m.set(t*m.units + n) }

func (m *Matrix) set(cell int)        { m.words[cell/64] |= 1 << (cell % 64) }
func (m *Matrix) bit(cell int) uint64 { return m.words[cell/64] >> (cell % 64) & 1 }

// Count is K, the number of events.
func (m *Matrix) Count() int {
	k := 0
	for _, w := range m.words {
		k += bits.OnesCount64(w)
	}
	return k
}

// Equal reports whether two matrices have the same sizes and events.
func (m *Matrix) Equal(o *Matrix) bool {
	if m.frames != o.frames || m.units != o.units {
		return false
	}
	for i, w := range m.words {
		if w != o.words[i] {
			return false
		}
	}
	return true
}

// Events yields the cells t·N+n of the events, in their order.
func (m *Matrix) Events(yield func(cell int) bool) {
	for i, w := range m.words {
		for ; w != 0; w &= w - 1 {
			if !yield(64*i + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// cells is N·T.
func (m *Matrix) cells() int { return m.frames * m.units }

// ceilLog is ⌈log₂ n⌉, and 0 for n ≤ 1.
func ceilLog(n int) int {
	if n <= 1 {
		return 0
	}
	return bits.Len(uint(n - 1))
}
