package eventcode

// bitWriter appends numbers to bytes, least significant bit first.
type bitWriter struct {
	data []byte
	free int // bits in the last byte
}

// write appends the lowest bits of x, at most 64.
func (w *bitWriter) write(x uint64, bits int) {
	for bits > 0 {
		if w.free == 0 {
			w.data, w.free = append(w.data, 0), 8
		}
		n := min(bits, w.free)
		w.data[len(w.data)-1] |= byte(x&(1<<n-1)) << (8 - w.free)
		x >>= n
		bits -= n
		w.free -= n
	}
}

// bitReader reads what bitWriter has written.
type bitReader struct {
	data []byte
	bits int // in all
	at   int
}

// read takes a number of at most 64 bits.
func (r *bitReader) read(bits int) (uint64, error) {
	if bits > r.bits-r.at {
		return 0, corrupt("it ends in the middle of a number")
	}
	var x uint64
	for got := 0; got < bits; {
		n := min(bits-got, 8-r.at%8)
		x |= uint64(r.data[r.at/8]>>(r.at%8)) & (1<<n - 1) << got
		got += n
		r.at += n
	}
	return x, nil
}

// number reads a number of some bits below limit, which what names.
func (r *bitReader) number(bits, limit int, what string) (int, error) {
	x, err := r.read(bits)
	if err != nil {
		return 0, err
	}
	if x >= uint64(limit) {
		return 0, corrupt("%s is %d, expected below %d", what, x, limit)
	}
	return int(x), nil
}

// finished reports whether all bits are read, and those left over in the last byte are 0.
func (r *bitReader) finished() bool {
	return r.at == r.bits && (r.bits%8 == 0 || r.data[r.bits/8]>>(r.bits%8) == 0)
}
