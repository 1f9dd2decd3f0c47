package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// panelDepth is about the number of rows of op(B) that are multiplied at once: a
// panel of so many rows takes 24 KiB of the first cache, or 32 KiB of the larger
// ones of processors with AVX-512.
func panelDepth() int {
	if useWide {
		return 256
	}
	return 384
}

// blockDepth divides k into equal blocks of about panelDepth.
func blockDepth(k int) int {
	panelDepth := panelDepth()
	blocks := max(1, (k+panelDepth/2)/panelDepth)
	return max(8, roundUp((k+blocks-1)/blocks, 8))
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// PackedB is a matrix op(B), K×N, in the order in which Gemm reads it: blocks of
// rows, in them panels of a tile's columns, row by row, the last filled up with
// zeros. It is worth its cost where one matrix enters several products, as
// weights do over batches and time steps.
type PackedB[F tensor.Float] struct {
	K, N   int
	panels []F
}

// Pack packs op(B), k×n; memory is reused.
func (p *PackedB[F]) Pack(trans bool, k, n int, b []F, ldb int) {
	if trans {
		checkMatrix("B", n, k, b, ldb)
	} else {
		checkMatrix("B", k, n, b, ldb)
	}
	p.resize(k, n)
	for j := 0; j < n; j += panelWidth[F]() {
		p.packColumns(viewOf(b, ldb, trans), j)
	}
}

func (p *PackedB[F]) resize(k, n int) {
	p.K, p.N = k, n
	p.panels = grow(p.panels, k*roundUp(n, panelWidth[F]()))
}

// packColumns packs the panels of the columns from j on.
func (p *PackedB[F]) packColumns(b view[F], j int) {
	depth := blockDepth(p.K)
	for from := 0; from < p.K; from += depth {
		k := min(depth, p.K-from)
		width := min(panelWidth[F](), p.N-j)
		packPanel(p.panel(from, k, j), panelWidth[F](), width, k, b.from(from, j), b.cs, b.rs)
	}
}

// panel returns the panel of k rows, the first of a block, and the columns from j on.
func (p *PackedB[F]) panel(from, k, j int) []F {
	width := panelWidth[F]()
	at := from*roundUp(p.N, width) + j*k
	return p.panels[at : at+k*width]
}

// packPanel is dst[p*wide+i] = src[i*stride+p*step] for i < width and p < k,
// and 0 for width ≤ i < wide. Either stride or step is 1.
func packPanel[F tensor.Float](dst []F, wide, width, k int, src []F, stride, step int) {
	if width < wide {
		clear(dst[:k*wide])
	}
	if stride == 1 {
		packRows(dst, wide, width, k, src, step)
		return
	}
	together := width
	if width < wide {
		together &^= 7 // others would write over numbers that nobody mends
	}
	done := packTransposedFast(dst, wide, together, k, src, stride)
	for i := range width {
		p := done
		if i >= together {
			p = 0
		}
		row := src[i*stride:]
		for ; p < k; p++ {
			dst[p*wide+i] = row[p*step]
		}
	}
}

// packRows copies k rows of width numbers.
func packRows[F tensor.Float](dst []F, wide, width, k int, src []F, step int) {
	if width == wide && packRowsFast(dst, wide, k, src, step) {
		return
	}
	for p := range k {
		copy(dst[p*wide:p*wide+width], src[p*step:p*step+width])
	}
}

// grow returns n numbers of any value, in x if they fit.
func grow[F tensor.Float](x []F, n int) []F {
	if cap(x) < n {
		return make([]F, n)
	}
	return x[:n]
}
