package kernel

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// The event-driven product works on panels of eventWidth columns of B, packed,
// and on eventDepth of its rows at a time: they stay in the second cache.
const (
	eventWidth = 64
	eventDepth = 1024
)

// Events is a binary matrix, Rows×Cols, as lists of the columns of its ones.
type Events struct {
	Rows, Cols int
	// Block b has the columns from b·eventDepth on: those of row r, counted from
	// there, are at[start[b·Rows+r]:start[b·Rows+r+1]].
	start []int32
	at    []int32
}

// blocks is the number of blocks of columns.
func (e *Events) blocks() int { return (e.Cols + eventDepth - 1) / eventDepth }

// Ones is the number of ones.
func (e *Events) Ones() int { return len(e.at) }

// Rebuild lists the ones of m or, if trans, of mᵀ. Memory is reused.
func (e *Events) Rebuild(m *tensor.Bits, trans bool) {
	rows, cols := m.Rows, m.Cols
	if trans {
		rows, cols = m.Cols, m.Rows
	}
	each := func(f func(row, col int)) { // inlined, unlike that of List: it allocates nothing
		stride := m.Stride()
		for r := range m.Rows {
			for k, w := range m.Words[r*stride : (r+1)*stride] {
				for ; w != 0; w &= w - 1 {
					row, col := r, k*64+bits.TrailingZeros64(w)
					if trans {
						row, col = col, row
					}
					f(row, col)
				}
			}
		}
	}
	e.begin(rows, cols)
	each(e.count)
	e.places()
	each(e.put)
	e.finish()
}

// List lists the ones that each names, the same ones in the same order whenever it is
// called; those of a row are added up in that order. Memory is reused.
func (e *Events) List(rows, cols int, each func(one func(row, col int))) {
	e.begin(rows, cols)
	each(e.count)
	e.places()
	each(e.put)
	e.finish()
}

// begin forgets what was listed.
func (e *Events) begin(rows, cols int) {
	e.Rows, e.Cols = rows, cols
	e.start = growInts(e.start, e.lists()+1)
	clear(e.start)
}

func (e *Events) lists() int { return e.blocks() * e.Rows }

// list is the one that a one belongs to.
func (e *Events) list(row, col int) int { return col/eventDepth*e.Rows + row }

func (e *Events) count(row, col int) { e.start[e.list(row, col)+1]++ }

// places says where each list begins, when all ones are counted.
func (e *Events) places() {
	lists := e.lists()
	for l := range lists {
		e.start[l+1] += e.start[l]
	}
	e.at = growInts(e.at, int(e.start[lists]))
}

func (e *Events) put(row, col int) {
	list := e.list(row, col)
	e.at[e.start[list]] = int32(col % eventDepth)
	e.start[list]++
}

// finish moves the beginnings of lists back, which put has moved to their ends.
func (e *Events) finish() {
	copy(e.start[1:], e.start[:e.lists()])
	e.start[0] = 0
}

func growInts(x []int32, n int) []int32 {
	if cap(x) < n {
		return make([]int32, n, n+n/8)
	}
	return x[:n]
}

// EventScratch is memory that MultiplyEvents uses again.
type EventScratch[F tensor.Float] struct{ panels [][]F }

// MultiplyEvents computes the product of a binary and a dense matrix,
//
//	C = E B
//
// with B E.Cols×n and C E.Rows×n, row by row, ldb and ldc numbers apart: each
// row of C is the sum of the rows of B that its list names, in their order. It
// costs additions in proportion to the ones. Any number of threads gives the
// same bits; so does the plain Go twin.
func MultiplyEvents[F tensor.Float](threads int, scratch *EventScratch[F], e *Events, n int, b []F, ldb int, c []F, ldc int) {
	multiplyLists(threads, scratch, e, nil, n, b, ldb, c, ldc)
}

// multiplyLists is MultiplyEvents with a value for each one, or nil for ones.
func multiplyLists[F tensor.Float](threads int, scratch *EventScratch[F], e *Events, values []F, n int, b []F, ldb int, c []F, ldc int) {
	checkMatrix("B", e.Cols, n, b, ldb)
	checkMatrix("C", e.Rows, n, c, ldc)
	for len(scratch.panels) < max(1, threads) {
		scratch.panels = append(scratch.panels, make([]F, eventDepth*eventWidth))
	}
	parallel.For(threads, (n+eventWidth-1)/eventWidth, func(worker, j int) {
		j *= eventWidth
		panel, width := scratch.panels[worker], min(eventWidth, n-j)
		if e.blocks() == 0 {
			for r := range e.Rows {
				clear(c[r*ldc+j:][:width])
			}
		}
		for block := range e.blocks() {
			first := block * eventDepth
			depth := min(eventDepth, e.Cols-first)
			for k := range depth {
				copy(panel[k*eventWidth:][:width], b[(first+k)*ldb+j:])
			}
			starts := e.start[block*e.Rows:]
			for r := range e.Rows {
				to, list := c[r*ldc+j:][:width], e.at[starts[r]:starts[r+1]]
				var weights []F
				if values != nil {
					weights = values[starts[r]:starts[r+1]]
				}
				if block == 0 {
					clear(to)
				}
				if width == eventWidth || len(list) == 0 {
					sumRowsOf(to, panel, list, weights)
					continue
				}
				var whole [eventWidth]F // what the panel has beyond its width does not matter
				copy(whole[:], to)
				sumRowsOf(whole[:], panel, list, weights)
				copy(to, whole[:])
			}
		}
	})
}

// sumRowsOf adds to sum the rows of the panel that at names, times their weights, if
// there are any.
func sumRowsOf[F tensor.Float](sum, panel []F, at []int32, weights []F) {
	if weights == nil {
		sumEvents(sum, panel, at)
	} else {
		sumWeighted(sum, panel, at, weights)
	}
}

// sumEvents adds to sum the rows of the panel that at names.
func sumEvents[F tensor.Float](sum, panel []F, at []int32) {
	if len(at) == 0 || sumEventsFast(sum, panel, at) {
		return
	}
	for _, k := range at {
		row := panel[int(k)*eventWidth:][:len(sum)]
		for j, x := range row {
			sum[j] += x
		}
	}
}
