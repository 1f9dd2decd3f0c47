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

// takeColumns returns memory for the columns of a tile.
func (c *correlation[F]) takeColumns() *scratch[F] {
	if c.direct() {
		return takeScratch[F](0)
	}
	return takeScratch[F](c.depth() * c.tiles[0].size())
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
	parallel.For(c.threads, c.batch, func(_, n int) {
		memory := c.takeColumns()
		yn, beta := at(y, c.batch, n), F(1)
		switch {
		case !unset:
			addBias(yn, bias)
		case bias != nil:
			for o, b := range bias {
				fill(at(yn, len(bias), o), b)
			}
		default:
			beta = 0
		}
		c.products(at(x, c.batch, n), yn, w, func(t tile, x, y, w []F) {
			columns := c.gather(memory.data, x, t)
			kernel.Gemm(inner, false, false, out, t.size(), depth, 1, w, depth, columns, t.size(), beta, y, plane)
		})
		memory.giveBack()
	})
}

// input adds the gradient with respect to x to gx, and to each channel of gx a
// bias, if that is not nil.
func (c *correlation[F]) input(gx, gy, w, bias []F) {
	switch {
	case c.suitsWinograd():
		newWinograd(c.adjoint()).forward(gx, gy, w, bias, false, true)
		return
	case c.height.stride == 1 && c.width.stride == 1 && !c.direct():
		c.adjoint().forward(gx, gy, c.turn(w), bias, false)
		return
	}
	out, depth, plane, inner := c.sizes()
	parallel.For(c.threads, c.batch, func(_, n int) {
		memory := c.takeColumns()
		xn := at(gx, c.batch, n)
		addBias(xn, bias)
		c.products(xn, at(gy, c.batch, n), w, func(t tile, x, y, w []F) {
			if c.direct() {
				kernel.Gemm(inner, true, false, depth, plane, out, 1, w, depth, y, plane, 1, x, plane)
				return
			}
			columns := memory.data[:depth*t.size()]
			kernel.Gemm(inner, true, false, depth, t.size(), out, 1, w, depth, y, plane, 0, columns, t.size())
			c.scatter(x, columns, t)
		})
		memory.giveBack()
	})
}

// weights adds the gradient with respect to w to gw.
func (c *correlation[F]) weights(gw, gy, x []F) {
	if c.suitsWinograd() {
		newWinograd(c).weights(gw, gy, x)
		return
	}
	out, depth, plane, inner := c.sizes()
	sumOverBatch(c.threads, c.batch, gw, func(n int, sum []F) {
		memory := c.takeColumns()
		c.products(at(x, c.batch, n), at(gy, c.batch, n), sum, func(t tile, x, y, w []F) {
			columns := c.gather(memory.data, x, t)
			kernel.Gemm(inner, false, true, out, depth, t.size(), 1, y, plane, columns, t.size(), 1, w, depth)
		})
		memory.giveBack()
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

// addBias adds bias [channels] to y [channels][...]; nil is none.
func addBias[F tensor.Float](y, bias []F) {
	for c, b := range bias {
		plane := at(y, len(bias), c)
		for i := range plane {
			plane[i] += b
		}
	}
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
