package audio

import (
	"errors"
	"math"
	"math/bits"
)

// bitsOf reads numbers of a Vorbis packet, the lowest bit first.
type bitsOf struct {
	data []byte
	at   int // bits
}

func (b *bitsOf) left() int { return 8*len(b.data) - b.at }

func (b *bitsOf) read(n int) (x uint32) {
	for i := range n {
		if b.left() <= 0 {
			return x
		}
		x |= uint32(b.data[b.at/8]>>(b.at%8)&1) << i
		b.at++
	}
	return x
}

// What codebooks of encoders stay far below, entries and numbers: more would be an attack on memory.
const (
	mostEntries = 1 << 16
	mostNumbers = 1 << 23
)

// checkCodebooks walks through the codebooks of a setup header (Vorbis I, section 3.2.1): a decoder takes
// their sizes at their word, a book that is cut short or empty would keep it busy for ever, and one of a
// single entry it cannot read.
func checkCodebooks(packet []byte) error {
	wrong := errors.New("its codebooks are damaged")
	b := &bitsOf{data: packet, at: 8 * len("\x05vorbis")}
	entriesLeft, numbersLeft := 4*mostEntries, mostNumbers
	for range b.read(8) + 1 {
		if b.read(24) != 0x564342 {
			return wrong
		}
		dimensions, entries := int(b.read(16)), int(b.read(24))
		entriesLeft -= entries
		if entries < 2 || entries > mostEntries || entriesLeft < 0 {
			return wrong
		}
		used := 0
		if ordered := b.read(1) == 1; ordered {
			b.read(5)
			for used < entries {
				if b.left() <= 0 {
					return wrong
				}
				used += int(b.read(bits.Len(uint(entries - used))))
			}
			if used > entries {
				return wrong
			}
		} else {
			sparse := b.read(1) == 1
			for range entries {
				if !sparse || b.read(1) == 1 {
					b.read(5)
					used++
				}
			}
		}
		if used == 0 || b.left() <= 0 {
			return wrong
		}
		switch lookup := b.read(4); lookup {
		case 0:
		case 1, 2:
			values := dimensions * entries
			if numbersLeft -= values; numbersLeft < 0 || dimensions == 0 {
				return wrong
			}
			if lookup == 1 {
				values = int(math.Floor(math.Pow(float64(entries), 1/float64(dimensions))))
			}
			b.read(32)
			b.read(32)
			width := int(b.read(4)) + 1
			b.read(1)
			b.at += values * width
		default:
			return wrong
		}
		if b.left() <= 0 {
			return wrong
		}
	}
	return nil
}
