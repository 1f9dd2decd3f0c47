package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// correlation is what convolutions and their transposes share: for images
// x [in][H][W] and y [out][OH][OW], and a kernel w [out][in/groups][KH][KW],
//
//	y[o,i,j] = Σ_{c,u,v} w[o,c,u,v] x[g in/groups + c, place(i,u), place(j,v)]
//
// where o lies in group g, and its two adjoints. An image is taken tile by
// tile: what the kernel reads for a run of outputs is gathered into columns
// [in/groups · KH · KW][outputs], and the sum is a product of matrices.
type correlation[F tensor.Float] struct {
	in, out, groups int
	height, width   window
	tiles           []tile
	columns         [][]F // of one tile, for each worker
	inner           int   // threads of one product: those that the images of a batch leave over
}

// tile is the outputs of rows [i0, i1) and columns [j0, j1), which lie one
// behind the other in memory.
type tile struct{ i0, i1, j0, j1 int }

func (t tile) size() int { return (t.i1 - t.i0) * (t.j1 - t.j0) }

func newCorrelation[F tensor.Float](threads, batch, in, out, groups int, height, width window) *correlation[F] {
	c := &correlation[F]{in: in, out: out, groups: groups, height: height, width: width, inner: max(1, threads/batch)}
	if c.direct() {
		c.tiles = []tile{{0, height.out, 0, width.out}}
		return c
	}
	// Columns of this many numbers stay in the second-level cache.
	const cached, fewest = 1 << 16, 64
	outputs := max(fewest, cached/c.depth())
	if rows := outputs / width.out; rows > 0 {
		for i := 0; i < height.out; i += rows {
			c.tiles = append(c.tiles, tile{i, min(i+rows, height.out), 0, width.out})
		}
	} else {
		for i := range height.out {
			for j := 0; j < width.out; j += outputs {
				c.tiles = append(c.tiles, tile{i, i + 1, j, min(j+outputs, width.out)})
			}
		}
	}
	c.columns = make([][]F, max(1, threads))
	for i := range c.columns {
		c.columns[i] = make([]F, c.depth()*c.tiles[0].size())
	}
	return c
}

// depth is how many numbers an output is a sum of.
func (c *correlation[F]) depth() int { return c.in / c.groups * c.height.taps * c.width.taps }

// direct reports whether the columns of an image are the image itself.
func (c *correlation[F]) direct() bool {
	once := func(w window) bool { return w.taps == 1 && w.stride == 1 && w.padding == 0 }
	return once(c.height) && once(c.width)
}

func (c *correlation[F]) imageIn() int  { return c.in * c.height.in * c.width.in }
func (c *correlation[F]) imageOut() int { return c.out * c.height.out * c.width.out }

// group returns the parts of x, y and w that belong to group g.
func (c *correlation[F]) group(g int, x, y, w []F) (xg, yg, wg []F) {
	part := func(s []F) []F { n := len(s) / c.groups; return s[g*n : (g+1)*n] }
	return part(x), part(y), part(w)
}

// forward adds the correlation of x with w to y.
func (c *correlation[F]) forward(worker int, y, x, w []F) {
	out, depth, plane := c.out/c.groups, c.depth(), c.height.out*c.width.out
	for g := range c.groups {
		xg, yg, wg := c.group(g, x, y, w)
		for _, t := range c.tiles {
			columns := c.gather(worker, xg, t)
			kernel.Gemm(c.inner, false, false, out, t.size(), depth, 1, wg, depth, columns, t.size(), 1, yg[t.i0*c.width.out+t.j0:], plane)
		}
	}
}

// input adds the gradient with respect to x to gx.
func (c *correlation[F]) input(worker int, gx, gy, w []F) {
	out, depth, plane := c.out/c.groups, c.depth(), c.height.out*c.width.out
	for g := range c.groups {
		xg, yg, wg := c.group(g, gx, gy, w)
		if c.direct() {
			kernel.Gemm(c.inner, true, false, depth, plane, out, 1, wg, depth, yg, plane, 1, xg, plane)
			continue
		}
		for _, t := range c.tiles {
			columns := c.columns[worker][:depth*t.size()]
			kernel.Gemm(c.inner, true, false, depth, t.size(), out, 1, wg, depth, yg[t.i0*c.width.out+t.j0:], plane, 0, columns, t.size())
			c.scatter(xg, columns, t)
		}
	}
}

// weights adds the gradient with respect to w to gw.
func (c *correlation[F]) weights(worker int, gw, gy, x []F) {
	out, depth, plane := c.out/c.groups, c.depth(), c.height.out*c.width.out
	for g := range c.groups {
		xg, yg, wg := c.group(g, x, gy, gw)
		for _, t := range c.tiles {
			columns := c.gather(worker, xg, t)
			kernel.Gemm(c.inner, false, true, out, depth, t.size(), 1, yg[t.i0*c.width.out+t.j0:], plane, columns, t.size(), 1, wg, depth)
		}
	}
}

// gather returns the columns of a tile: row (c, u, v) holds what the tile's
// outputs read from channel c with tap (u, v), zeros from the padding.
func (c *correlation[F]) gather(worker int, x []F, t tile) []F {
	if c.direct() {
		return x
	}
	columns := c.columns[worker][:c.depth()*t.size()]
	c.eachRow(t, func(at, n, row, from, first, last int) {
		to := columns[at : at+n]
		if row < 0 {
			clear(to)
			return
		}
		clear(to[:first])
		clear(to[last:])
		if c.width.stride == 1 {
			copy(to[first:last], x[row+from:])
			return
		}
		for i := first; i < last; i++ {
			to[i] = x[row+from]
			from += c.width.stride
		}
	})
	return columns
}

// scatter is the adjoint of gather: it adds each column to where it was read.
func (c *correlation[F]) scatter(x, columns []F, t tile) {
	c.eachRow(t, func(at, n, row, from, first, last int) {
		if row < 0 {
			return
		}
		if c.width.stride == 1 {
			to := x[row+from:][:last-first]
			for i, v := range columns[at+first : at+last] {
				to[i] += v
			}
			return
		}
		for _, v := range columns[at+first : at+last] {
			x[row+from] += v
			from += c.width.stride
		}
	})
}

// eachRow calls f for each run of n columns that read one row of the input with
// one tap; they start at columns[at]. The row starts at x[row]; row is negative
// if they all read padding. Columns [first, last) of the run read from place from of
// the row on, a stride apart; the others read padding.
func (c *correlation[F]) eachRow(t tile, f func(at, n, row, from, first, last int)) {
	at, n := 0, t.j1-t.j0
	for channel := range c.in / c.groups {
		plane := channel * c.height.in * c.width.in
		for u := range c.height.taps {
			for v := range c.width.taps {
				first, last := c.width.inside(v, t.j0, t.j1)
				from := c.width.place(first, v)
				for i := t.i0; i < t.i1; i++ {
					row := -1
					if place := c.height.place(i, u); place >= 0 && place < c.height.in && first < last {
						row = plane + place*c.width.in
					}
					f(at, n, row, from, first-t.j0, last-t.j0)
					at += n
				}
			}
		}
	}
}
