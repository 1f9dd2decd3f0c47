package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// correlation is what convolutions and their transposes share: for a batch of
// images x [in][H][W] and y [out][OH][OW], and a kernel w [out][in/groups][KH][KW],
//
//	y[o,i,j] = Σ_{c,u,v} w[o,c,u,v] x[g in/groups + c, place(i,u), place(j,v)]
//
// where o lies in group g, and its two adjoints. An image is taken tile by
// tile: what the kernel reads for a run of outputs is gathered into columns
// [in/groups · KH · KW][outputs], and the sum is a product of matrices.
// Images are spread over threads; their weight gradients are summed in an order
// that does not depend on them.
type correlation[F tensor.Float] struct {
	threads, batch  int
	in, out, groups int
	height, width   window
	tiles           []tile
}

// tile is the outputs of rows [i0, i1) and columns [j0, j1), which lie one
// behind the other in memory.
type tile struct{ i0, i1, j0, j1 int }

func (t tile) size() int { return (t.i1 - t.i0) * (t.j1 - t.j0) }

func newCorrelation[F tensor.Float](threads, batch, in, out, groups int, height, width window) *correlation[F] {
	c := &correlation[F]{threads: threads, batch: batch, in: in, out: out, groups: groups, height: height, width: width}
	if c.direct() {
		c.tiles = []tile{{0, height.out, 0, width.out}}
		return c
	}
	// So many numbers stay near, and the product has columns enough to pay for its packing.
	const cached, fewest = 1 << 17, 64
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
	return c
}

// depth is how many numbers an output is a sum of.
func (c *correlation[F]) depth() int { return c.in / c.groups * c.height.taps * c.width.taps }

// direct reports whether the columns of an image are the image itself.
func (c *correlation[F]) direct() bool {
	once := func(w window) bool { return w.taps == 1 && w.stride == 1 && w.padding == 0 }
	return once(c.height) && once(c.width)
}

// covers reports whether the kernel covers the whole image, so that the correlation is a
// layer of all inputs and all outputs.
func (c *correlation[F]) covers() bool {
	whole := func(w window) bool { return w.taps == w.in && w.out == 1 && w.padding == 0 }
	return c.groups == 1 && whole(c.height) && whole(c.width)
}

// work is the memory for one image.
type work[F tensor.Float] struct {
	memory          *scratch[F]
	columns, padded []F
}

// takeWork returns memory for the columns of a tile, of so many rows, and for a padded image.
func (c *correlation[F]) takeWork(rows int) work[F] {
	if c.direct() {
		return work[F]{memory: takeScratch[F](0)}
	}
	height, width := c.padded()
	columns := rows * c.tiles[0].size()
	s := takeScratch[F](columns + c.in*height*width)
	return work[F]{s, s.data[:columns], s.data[columns:]}
}

// at returns part n of the equal parts of x.
func at[F tensor.Float](x []F, parts, n int) []F {
	size := len(x) / parts
	return x[n*size : (n+1)*size]
}

// products calls f for each group and tile of an image, with the parts of x
// [in][H][W], y [out][OH][OW] and w that it concerns; y starts at the tile.
func (c *correlation[F]) products(x, y, w []F, f func(t tile, x, y, w []F)) {
	for g := range c.groups {
		xg, yg, wg := at(x, c.groups, g), at(y, c.groups, g), at(w, c.groups, g)
		for _, t := range c.tiles {
			f(t, xg, yg[t.i0*c.width.out+t.j0:], wg)
		}
	}
}

// sizes are those of a group's product: y [out][plane] = w [out][depth] · columns.
// The images of a batch are spread over threads; inner are those left over for
// one product.
func (c *correlation[F]) sizes() (out, depth, plane, inner int) {
	return c.out / c.groups, c.depth(), c.height.out * c.width.out, max(1, c.threads/c.batch)
}

// forward adds the correlation of x with w to y, and to each channel of y its
// bias, if that is not nil; where y is unset, as if it held zeros.
func (c *correlation[F]) forward(y, x, w, bias []F, unset bool) {
	if c.suitsWinograd() {
		newWinograd(c).forward(y, x, w, bias, unset, false)
		return
	}
	out, depth, plane, inner := c.sizes()
	beta := F(1)
	switch whole := c.direct() || c.covers(); {
	case !unset:
		addBias(c.threads, c.batch, y, bias)
	case bias == nil:
		beta = 0
	case whole:
		setBias(c.threads, c.batch, y, bias)
	default: // a row of ones among the columns has the bias for its weights
		beta = 0
		extended := takeScratch[F](len(w) + len(bias))
		defer extended.giveBack()
		for o, b := range bias {
			row := extended.data[o*(depth+1):][:depth+1]
			copy(row, w[o*depth:][:depth])
			row[depth] = b
		}
		w = extended.data
		depth++
	}
	if c.covers() {
		kernel.Gemm(c.threads, false, true, c.batch, out, depth, 1, x, depth, w, depth, beta, y, out)
		return
	}
	parallel.For(c.threads, c.batch, func(_, n int) {
		work := c.takeWork(depth)
		c.products(c.pad(work.padded, at(x, c.batch, n)), at(y, c.batch, n), w, func(t tile, x, y, w []F) {
			columns := x
			if !c.direct() {
				columns = work.columns[:depth*t.size()]
				c.gather(columns, x, t)
				fill(columns[c.depth()*t.size():], 1)
			}
			kernel.Gemm(inner, false, false, out, t.size(), depth, 1, w, depth, columns, t.size(), beta, y, plane)
		})
		work.memory.giveBack()
	})
}

// input adds the gradient with respect to x to gx, and to each channel of gx a
// bias, if that is not nil.
func (c *correlation[F]) input(gx, gy, w, bias []F) {
	// Scattering a number takes several times as long as gathering one.
	const scattering = 4
	out, depth, plane, inner := c.sizes()
	switch {
	case c.suitsWinograd():
		newWinograd(c.adjoint()).forward(gx, gy, w, bias, false, true)
		return
	case c.covers():
		addBias(c.threads, c.batch, gx, bias)
		kernel.Gemm(c.threads, false, false, c.batch, depth, out, 1, gy, out, w, depth, 1, gx, depth)
		return
	case c.height.stride == 1 && c.width.stride == 1 && !c.direct() && c.out*c.height.in*c.width.in <= scattering*c.in*plane:
		c.adjoint().forward(gx, gy, c.turn(w), bias, false)
		return
	}
	addBias(c.threads, c.batch, gx, bias)
	parallel.For(c.threads, c.batch, func(_, n int) {
		work := c.takeWork(depth)
		x := at(gx, c.batch, n)
		padded := x
		if !c.direct() {
			padded = work.padded
			clear(padded)
		}
		c.products(padded, at(gy, c.batch, n), w, func(t tile, x, y, w []F) {
			if c.direct() {
				kernel.Gemm(inner, true, false, depth, plane, out, 1, w, depth, y, plane, 1, x, plane)
				return
			}
			columns := work.columns[:depth*t.size()]
			kernel.Gemm(inner, true, false, depth, t.size(), out, 1, w, depth, y, plane, 0, columns, t.size())
			c.scatter(x, columns, t)
		})
		if !c.direct() {
			c.addInside(x, padded)
		}
		work.memory.giveBack()
	})
}

// weights adds the gradient with respect to w to gw.
func (c *correlation[F]) weights(gw, gy, x []F) {
	out, depth, plane, inner := c.sizes()
	switch {
	case c.suitsWinograd():
		newWinograd(c).weights(gw, gy, x)
		return
	case c.covers():
		kernel.Gemm(c.threads, true, false, out, depth, c.batch, 1, gy, out, x, depth, 1, gw, depth)
		return
	}
	sumOverBatch(c.threads, c.batch, gw, func(n int, sum []F) {
		work := c.takeWork(depth)
		c.products(c.pad(work.padded, at(x, c.batch, n)), at(gy, c.batch, n), sum, func(t tile, x, y, w []F) {
			columns := x
			if !c.direct() {
				columns = work.columns[:depth*t.size()]
				c.gather(columns, x, t)
			}
			kernel.Gemm(inner, false, true, out, depth, t.size(), 1, y, plane, columns, t.size(), 1, w, depth)
		})
		work.memory.giveBack()
	})
}

// adjoint returns the correlation that is the adjoint of c with respect to x, where the
// stride is 1: one of y with the kernels turned by 180° and in and out exchanged.
func (c *correlation[F]) adjoint() *correlation[F] {
	turned := func(w window) window {
		return window{in: w.out, out: w.in, taps: w.taps, stride: 1, padding: w.dilation*(w.taps-1) - w.padding, dilation: w.dilation}
	}
	return newCorrelation[F](c.threads, c.batch, c.out, c.in, c.groups, turned(c.height), turned(c.width))
}

// turn returns the kernels of the adjoint.
func (c *correlation[F]) turn(w []F) []F {
	in, out, taps := c.in/c.groups, c.out/c.groups, c.height.taps*c.width.taps
	turned := make([]F, 0, len(w))
	for g := range c.groups {
		for i := range in {
			for o := range out {
				from := w[((g*out+o)*in+i)*taps:][:taps]
				for k := range from {
					turned = append(turned, from[taps-1-k])
				}
			}
		}
	}
	return turned
}

// addBias adds bias [channels] to y [batch][channels][...]; nil is none.
func addBias[F tensor.Float](threads, batch int, y, bias []F) {
	if bias == nil {
		return
	}
	parallel.For(threads, batch, func(_, n int) {
		for c, b := range bias {
			plane := at(at(y, batch, n), len(bias), c)
			for i := range plane {
				plane[i] += b
			}
		}
	})
}

// setBias is addBias to zeros.
func setBias[F tensor.Float](threads, batch int, y, bias []F) {
	parallel.For(threads, batch, func(_, n int) {
		for c, b := range bias {
			fill(at(at(y, batch, n), len(bias), c), b)
		}
	})
}

func fill[F tensor.Float](x []F, v F) {
	for i := range x {
		x[i] = v
	}
}

// biasGradient adds to the gradient of b what addBias owes it.
func biasGradient[F tensor.Float](threads int, b, y *Var[F]) {
	if b == nil || b.Grad == nil {
		return
	}
	batch := y.Value.Shape[0]
	sumOverBatch(threads, batch, b.Grad.Data, func(n int, sums []F) {
		gy := at(y.Grad.Data, batch, n)
		for c := range sums {
			sums[c] += sum(at(gy, len(sums), c))
		}
	})
}

// sum is Σ x, in four sums side by side: one would wait for its last addition.
func sum[F tensor.Float](x []F) F {
	var a, b, c, d F
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = a+x[0], b+x[1], c+x[2], d+x[3]
	}
	for _, v := range x {
		a += v
	}
	return a + b + c + d
}
