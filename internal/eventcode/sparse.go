package eventcode

// The formats that list events: by cell (COO), frame by frame (CCS), and unit by unit
// (CRS, the compressed row storage of the paper).

func sizeDense(m *Matrix) (int, uint8, bool) { return m.cells(), 0, true }

func writeDense(w *bitWriter, m *Matrix, _ uint8) {
	for at := 0; at < m.cells(); at += 64 {
		w.write(m.words[at/64], min(64, m.cells()-at))
	}
}

func readDense(r *bitReader, m *Matrix, _ uint8) error {
	for at := 0; at < m.cells(); at += 64 {
		x, err := r.read(min(64, m.cells()-at))
		if err != nil {
			return err
		}
		m.words[at/64] = x
	}
	return nil
}

func sizeCOO(m *Matrix) (int, uint8, bool) {
	return ceilLog(m.cells()+1) + m.Count()*(ceilLog(m.units)+ceilLog(m.frames)), 0, true
}

func writeCOO(w *bitWriter, m *Matrix, _ uint8) {
	w.write(uint64(m.Count()), ceilLog(m.cells()+1))
	for cell := range m.Events {
		w.write(uint64(cell%m.units), ceilLog(m.units))
		w.write(uint64(cell/m.units), ceilLog(m.frames))
	}
}

func readCOO(r *bitReader, m *Matrix, _ uint8) error {
	count, err := r.number(ceilLog(m.cells()+1), m.cells()+1, "the number of events")
	if err != nil {
		return err
	}
	last := -1
	for range count {
		n, err := r.number(ceilLog(m.units), m.units, "a unit")
		if err != nil {
			return err
		}
		t, err := r.number(ceilLog(m.frames), m.frames, "a frame")
		if err != nil {
			return err
		}
		cell := t*m.units + n
		if cell <= last {
			return corrupt("the events are not in their order")
		}
		m.set(cell)
		last = cell
	}
	return nil
}

func sizeCCS(m *Matrix) (int, uint8, bool) {
	return m.frames*ceilLog(m.units+1) + m.Count()*ceilLog(m.units), 0, true
}

func writeCCS(w *bitWriter, m *Matrix, _ uint8) {
	writeLists(w, m.frames, m.units, func(t, n int) bool { return m.At(t, n) })
}

func readCCS(r *bitReader, m *Matrix, _ uint8) error {
	return readLists(r, m.frames, m.units, "unit", func(t, n int) { m.Set(t, n) })
}

func sizeCRS(m *Matrix) (int, uint8, bool) {
	return m.units*ceilLog(m.frames+1) + m.Count()*ceilLog(m.frames), 0, true
}

func writeCRS(w *bitWriter, m *Matrix, _ uint8) {
	writeLists(w, m.units, m.frames, func(n, t int) bool { return m.At(t, n) })
}

func readCRS(r *bitReader, m *Matrix, _ uint8) error {
	return readLists(r, m.units, m.frames, "frame", func(n, t int) { m.Set(t, n) })
}

// writeLists writes, for each row, the number of its events and their places of width.
func writeLists(w *bitWriter, rows, width int, at func(row, place int) bool) {
	var places []int
	for row := range rows {
		places = places[:0]
		for place := range width {
			if at(row, place) {
				places = append(places, place)
			}
		}
		w.write(uint64(len(places)), ceilLog(width+1))
		for _, place := range places {
			w.write(uint64(place), ceilLog(width))
		}
	}
}

func readLists(r *bitReader, rows, width int, what string, set func(row, place int)) error {
	for row := range rows {
		count, err := r.number(ceilLog(width+1), width+1, "the number of events")
		if err != nil {
			return err
		}
		last := -1
		for range count {
			place, err := r.number(ceilLog(width), width, "a "+what)
			if err != nil {
				return err
			}
			if place <= last {
				return corrupt("the events are not in their order")
			}
			set(row, place)
			last = place
		}
	}
	return nil
}

// TextbookCRS is the size of compressed row storage with N+1 pointers instead of N
// counts: (N+1) ⌈log(K+1)⌉ + K ⌈log T⌉ bits.
func TextbookCRS(m *Matrix) int {
	k := m.Count()
	return (m.units+1)*ceilLog(k+1) + k*ceilLog(m.frames)
}
