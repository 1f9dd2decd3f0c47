package eventcode

// Rice codes the gaps between events in the order of the cells: g = distance - 1 is
// ⌊g/2^r⌋ ones, a zero, and the r lowest bits of g.

const mostRice = 15

func sizeRice(m *Matrix) (int, uint8, bool) {
	var sums [mostRice + 1]int // Σ ⌊g/2^r⌋
	count, last := 0, -1
	for cell := range m.Events {
		gap := cell - last - 1
		for r := 0; r <= mostRice && gap>>r > 0; r++ {
			sums[r] += gap >> r
		}
		last = cell
		count++
	}
	best := 0
	for r := range sums {
		if sums[r]+count*r < sums[best]+count*best {
			best = r
		}
	}
	return ceilLog(m.cells()+1) + sums[best] + count*(1+best), uint8(best), true
}

func writeRice(w *bitWriter, m *Matrix, r uint8) {
	w.write(uint64(m.Count()), ceilLog(m.cells()+1))
	last := -1
	for cell := range m.Events {
		gap := cell - last - 1
		for ones := gap >> r; ones > 0; ones -= min(ones, 63) {
			w.write(1<<63-1, min(ones, 63))
		}
		w.write(0, 1)
		w.write(uint64(gap), int(r))
		last = cell
	}
}

func readRice(r *bitReader, m *Matrix, param uint8) error {
	if param > mostRice {
		return corrupt("r is %d, expected at most %d", param, mostRice)
	}
	count, err := r.number(ceilLog(m.cells()+1), m.cells()+1, "the number of events")
	if err != nil {
		return err
	}
	last := -1
	for range count {
		high := 0
		for {
			bit, err := r.read(1)
			if err != nil {
				return err
			}
			if bit == 0 {
				break
			}
			high++
		}
		low, err := r.read(int(param))
		if err != nil {
			return err
		}
		cell := last + 1 + (high<<param | int(low))
		if cell >= m.cells() {
			return corrupt("an event lies behind the last frame")
		}
		m.set(cell)
		last = cell
	}
	return nil
}
