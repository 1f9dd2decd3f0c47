package kernel

import (
	"sync"
	"unsafe"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// The product is divided among the caches as in BLIS (Van Zee, van de Geijn 2015):
// a panel of op(B) stays in the first cache, a block of op(A) in the second, and
// what is packed of op(B) in the third.
const (
	blockBytes  = 288 << 10 // of a block of op(A)
	sharedBytes = 8 << 20   // of op(B) packed at a time, if several blocks of rows use it
	threadWork  = 1 << 21   // multiplications that are worth a thread

	// What follows was measured: below, packing costs more than it saves.
	inPlaceBytes = 40 << 10 // rows of C times the distance of rows of B
	inPlacePanel = 20       // panels of C beside each other
	inPlaceDepth = 64       // rows of a transposed A
)

// gemm is a product in work: a grid of blocks of C, each computed by one thread.
type gemm[F tensor.Float] struct {
	m, n, k     int
	alpha, beta F
	a, b        view[F]
	packed      *PackedB[F] // all of op(B); if nil, a block packs what it needs
	c           []F
	ldc         int

	rows, cols int // of a block
	across     int // blocks side by side
}

// scratch is the memory of a product, or of one of its threads.
type scratch[F tensor.Float] struct {
	gemm           gemm[F]
	shared         PackedB[F]
	a, panel, edge []F
	turned         []F // product, of multiplyTurned
}

var (
	scratch32 = sync.Pool{New: func() any { return new(scratch[float32]) }}
	scratch64 = sync.Pool{New: func() any { return new(scratch[float64]) }}
)

func scratchPool[F tensor.Float]() *sync.Pool {
	if unsafe.Sizeof(F(0)) == 4 {
		return &scratch32
	}
	return &scratch64
}

// multiply is Gemm for m, n, k > 0; packed, if not nil, stands for b.
func multiply[F tensor.Float](threads, m, n, k int, alpha F, a, b view[F], packed *PackedB[F], beta F, c []F, ldc int) {
	pool := scratchPool[F]()
	s := pool.Get().(*scratch[F])
	g := &s.gemm
	*g = gemm[F]{m: m, n: n, k: k, alpha: alpha, beta: beta, a: a, b: b, packed: packed, c: c, ldc: ldc}
	threads = usefulThreads(threads, m, n, k)
	maxRows := max(tileRows(), blockBytes/int(unsafe.Sizeof(alpha))/blockDepth(k))
	down := (m + maxRows - 1) / maxRows
	if packed != nil || down == 1 {
		g.run(threads, down)
	} else {
		g.packed = &s.shared
		width := panelWidth[F]()
		cols := max(width, sharedBytes/int(unsafe.Sizeof(alpha))/k/width*width)
		for j := 0; j < n; j += cols {
			g.n, g.c = min(cols, n-j), c[j:]
			g.b.data = b.from(0, j)
			s.shared.resize(k, g.n)
			g.pack(threads)
			g.run(threads, down)
		}
	}
	*g = gemm[F]{}
	pool.Put(s)
}

// usefulThreads is the number of threads, up to the given one, that m·n·k multiplications are worth.
func usefulThreads(threads, m, n, k int) int {
	return max(1, min(threads, int(float64(m)*float64(n)*float64(k)/threadWork)))
}

// run computes all blocks, down × across.
func (g *gemm[F]) run(threads, down int) {
	width := panelWidth[F]()
	g.rows = roundUp((g.m+down-1)/down, tileRows())
	g.across = 1
	if threads > 1 && down < 2*threads {
		g.across = (2*threads + down - 1) / down
	}
	g.cols = roundUp((g.n+g.across-1)/g.across, width)
	g.across = (g.n + g.cols - 1) / g.cols
	blocks := (g.m + g.rows - 1) / g.rows * g.across
	if threads == 1 { // without a closure, which would be allocated
		for i := range blocks {
			g.block(i)
		}
		return
	}
	parallel.For(threads, blocks, func(_, i int) { g.block(i) })
}

// pack packs op(B), panel by panel.
func (g *gemm[F]) pack(threads int) {
	width := panelWidth[F]()
	panels := (g.n + width - 1) / width
	if threads == 1 {
		for i := range panels {
			g.packed.packColumns(g.b, i*width)
		}
		return
	}
	parallel.For(threads, panels, func(_, i int) { g.packed.packColumns(g.b, i*width) })
}

// block computes a block of C.
func (g *gemm[F]) block(item int) {
	pool := scratchPool[F]()
	s := pool.Get().(*scratch[F])
	i0, j0 := item/g.across*g.rows, item%g.across*g.cols
	i1, j1 := min(g.m, i0+g.rows), min(g.n, j0+g.cols)
	width, depth := panelWidth[F](), blockDepth(g.k)
	beta := g.beta
	for p := 0; p < g.k; p += depth {
		k := min(depth, g.k-p)
		a := g.rowsOfA(s, i0, i1, p, k, j1-j0)
		for j := j0; j < j1; j += width {
			b, bs := g.panelOfB(s, p, k, j, i1-i0)
			cols, c := min(width, g.n-j), g.c[i0*g.ldc+j:]
			if cols == width {
				productPanel(i1-i0, k, &a, b, bs, g.alpha, beta, c, g.ldc)
				continue
			}
			s.edge = grow(s.edge, (i1-i0)*width)
			productPanel(i1-i0, k, &a, b, bs, g.alpha, 0, s.edge, width)
			for i := range i1 - i0 {
				mergeRow(c[i*g.ldc:i*g.ldc+cols], s.edge[i*width:i*width+cols], 1, beta)
			}
		}
		beta = 1
	}
	pool.Put(s)
}

// rowsOfA returns the rows i0 … i1-1 and k columns of op(A), packed if their
// use in cols columns of C pays for it.
func (g *gemm[F]) rowsOfA(s *scratch[F], i0, i1, p, k, cols int) rowsA[F] {
	if turned := g.a.cs != 1; turned && k <= inPlaceDepth || !turned && cols <= inPlacePanel*panelWidth[F]() {
		return rowsA[F]{view[F]{g.a.from(i0, p), g.a.rs, g.a.cs}, g.a.rs}
	}
	rows := tileRows()
	s.a = grow(s.a, roundUp(i1-i0, rows)*k+panelWidth[F]())
	for i := i0; i < i1; i += rows {
		packPanel(s.a[(i-i0)*k:], rows, min(rows, i1-i), k, g.a.from(i, p), g.a.rs, g.a.cs)
	}
	return rowsA[F]{view[F]{s.a, 1, rows}, k}
}

// panelOfB returns k rows of op(B) from p on, of the columns from j on, and the
// distance of its rows; packed if its use in rows rows of C pays for it.
func (g *gemm[F]) panelOfB(s *scratch[F], p, k, j, rows int) ([]F, int) {
	if g.packed != nil {
		return g.packed.panel(p, k, j), panelWidth[F]()
	}
	width := min(panelWidth[F](), g.n-j)
	if g.b.cs == 1 && width == panelWidth[F]() && rows*g.b.rs <= inPlaceBytes/int(unsafe.Sizeof(g.alpha)) {
		return g.b.from(p, j), g.b.rs
	}
	s.panel = grow(s.panel, k*panelWidth[F]())
	packPanel(s.panel, panelWidth[F](), width, k, g.b.from(p, j), g.b.cs, g.b.rs)
	return s.panel, panelWidth[F]()
}
