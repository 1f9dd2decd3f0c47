package eventcode

import (
	"math/big"
	"math/bits"
)

// Enumerative coding numbers, for each frame, the C(N, k) ways to choose its k units: the
// units n_1 < … < n_k are number Σ_i C(n_i, i). The numbers are as long as N bits, so
// frames have at most mostEnumerated units.
const mostEnumerated = 4096

func sizeEnumerative(m *Matrix) (int, uint8, bool) {
	if m.units > mostEnumerated {
		return 0, 0, false
	}
	total := m.frames * ceilLog(m.units+1)
	known := make([]int, m.units+1) // bits of C(N, k) plus 1; 0: not yet
	for t := range m.frames {
		k := 0
		for n := range m.units {
			k += int(m.bit(t*m.units + n))
		}
		if known[k] == 0 {
			known[k] = ways(m.units, k) + 1
		}
		total += known[k] - 1
	}
	return total, 0, true
}

// ways is ⌈log C(n, k)⌉.
func ways(n, k int) int {
	c := new(big.Int).Binomial(int64(n), int64(k))
	return c.Sub(c, big.NewInt(1)).BitLen()
}

func writeEnumerative(w *bitWriter, m *Matrix, _ uint8) {
	for t := range m.frames {
		k := 0
		for n := range m.units {
			k += int(m.bit(t*m.units + n))
		}
		w.write(uint64(k), ceilLog(m.units+1))
		number := new(big.Int)
		walk(m.units, k, func(n int, c *big.Int) bool {
			if m.bit(t*m.units+n) == 1 {
				number.Add(number, c)
				return true
			}
			return false
		})
		for left := ways(m.units, k); left > 0; left -= bits.UintSize {
			var word big.Word
			if at := number.Bits(); len(at) > 0 {
				word = at[0]
			}
			w.write(uint64(word), min(left, bits.UintSize))
			number.Rsh(number, bits.UintSize)
		}
	}
}

func readEnumerative(r *bitReader, m *Matrix, _ uint8) error {
	if m.units > mostEnumerated {
		return corrupt("%d units, expected at most %d", m.units, mostEnumerated)
	}
	for t := range m.frames {
		k, err := r.number(ceilLog(m.units+1), m.units+1, "the number of events")
		if err != nil {
			return err
		}
		number, word := new(big.Int), new(big.Int)
		for at, all := 0, ways(m.units, k); at < all; at += 64 {
			x, err := r.read(min(64, all-at))
			if err != nil {
				return err
			}
			number.Or(number, word.Lsh(word.SetUint64(x), uint(at)))
		}
		walk(m.units, k, func(n int, c *big.Int) bool {
			if number.Cmp(c) < 0 {
				return false
			}
			number.Sub(number, c)
			m.Set(t, n)
			return true
		})
		if number.Sign() != 0 {
			return corrupt("a frame has the number of no choice of %d of %d units", k, m.units)
		}
	}
	return nil
}

// walk goes down the units n, with C(n, left) where left is how many of the k events
// are still to come; has says whether the unit has one.
func walk(units, k int, has func(n int, c *big.Int) bool) {
	if k == 0 {
		return
	}
	// C(n, left) from C(n+1, left): times (n+1-left)/(n+1); and C(n, left-1) from it.
	n, left := units-1, k
	c := new(big.Int).Binomial(int64(n), int64(left))
	var factor big.Int
	scale := func(up, down int) {
		c.Mul(c, factor.SetInt64(int64(up)))
		c.Quo(c, factor.SetInt64(int64(down)))
	}
	for ; n >= 0 && left > 0; n-- {
		if has(n, c) {
			// C(n-1, left-1) = C(n, left) · left/n
			if n > 0 {
				if n < left { // C(n, left) is 0 and says nothing
					c.Binomial(int64(n-1), int64(left-1))
				} else {
					scale(left, n)
				}
			}
			left--
		} else if n > 0 {
			// C(n-1, left) = C(n, left) · (n-left)/n
			if n >= left {
				scale(n-left, n)
			}
		}
	}
}
