package eventcode

// The binary range coder of section 9: an interval [low, low+range) that each bit cuts in
// two, in proportion to its probability. Probabilities of a 1 are p/2^16, within
// [leastP, mostP]. Everything is integer arithmetic, so that all machines agree.
const (
	leastP = 32
	mostP  = 1<<16 - 32

	renormal = 1 << 24
)

// rangeEncoder appends bytes.
type rangeEncoder struct {
	data  []byte
	low   uint64
	width uint32
}

func newRangeEncoder(data []byte) *rangeEncoder {
	return &rangeEncoder{data: data, width: 1<<32 - 1}
}

func clampP(p int32) uint32 { return uint32(min(max(p, leastP), mostP)) }

// encode takes a bit whose probability to be 1 is p.
func (e *rangeEncoder) encode(bit uint64, p uint32) {
	bound := (e.width >> 16) * p
	if bit == 1 {
		e.width = bound
	} else {
		e.low += uint64(bound)
		e.width -= bound
	}
	if e.low >= 1<<32 {
		e.carry()
		e.low &= 1<<32 - 1
	}
	for e.width < renormal {
		e.data = append(e.data, byte(e.low>>24))
		e.low = e.low << 8 & (1<<32 - 1)
		e.width <<= 8
	}
}

// carry adds 1 to the bytes so far. A run of 0xFF becomes zeros; before the first byte
// there is nothing to carry to, as the interval began below 1.
func (e *rangeEncoder) carry() {
	for i := len(e.data) - 1; i >= 0; i-- {
		e.data[i]++
		if e.data[i] != 0 {
			return
		}
	}
}

// finish appends the shortest string that, with zeros behind it, lies in the interval,
// and takes away the zeros at its end: the decoder reads zeros there.
func (e *rangeEncoder) finish(start int) []byte {
	top := e.low + uint64(e.width) - 1
	for kept := range 5 { // bytes of the 32 bits that are written
		mask := uint64(1)<<(32-8*kept) - 1
		if value := (e.low + mask) &^ mask; value <= top {
			if value >= 1<<32 {
				e.carry()
				value &= 1<<32 - 1
			}
			for i := range kept {
				e.data = append(e.data, byte(value>>(24-8*i)))
			}
			break
		}
	}
	for len(e.data) > start && e.data[len(e.data)-1] == 0 {
		e.data = e.data[:len(e.data)-1]
	}
	return e.data
}

// rangeDecoder reads what rangeEncoder has written, and zeros behind it.
type rangeDecoder struct {
	data  []byte
	at    int
	code  uint32 // the bytes read, less low
	width uint32
}

func newRangeDecoder(data []byte) *rangeDecoder {
	d := &rangeDecoder{data: data, width: 1<<32 - 1}
	for range 4 {
		d.shift()
	}
	return d
}

func (d *rangeDecoder) shift() {
	d.code <<= 8
	if d.at < len(d.data) {
		d.code |= uint32(d.data[d.at])
	}
	d.at++
}

func (d *rangeDecoder) decode(p uint32) uint64 {
	bound := (d.width >> 16) * p
	var bit uint64
	if d.code < bound {
		d.width = bound
		bit = 1
	} else {
		d.code -= bound
		d.width -= bound
	}
	for d.width < renormal {
		d.width <<= 8
		d.shift()
	}
	return bit
}

// check finds bytes that no encoder has written: more than were read, or a zero at the end.
func (d *rangeDecoder) check() error {
	if n := len(d.data); n > d.at || n > 0 && d.data[n-1] == 0 {
		return corrupt("%d bytes of the range coder, of which %d are used", n, d.at)
	}
	return nil
}
