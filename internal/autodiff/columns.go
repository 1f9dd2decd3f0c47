package autodiff

import "github.com/snnctl/snnctl/internal/kernel"

// padded returns the height and the width of an image with its padding.
func (c *correlation[F]) padded() (height, width int) {
	return c.height.in + 2*max(0, c.height.padding), c.width.in + 2*max(0, c.width.padding)
}

// pad returns x [in][H][W] with its padding, in memory unless it has none.
func (c *correlation[F]) pad(memory, x []F) []F {
	height, width := c.padded()
	if len(x) == c.in*height*width {
		return x
	}
	memory = memory[:c.in*height*width]
	clear(memory)
	first := max(0, c.height.padding)*width + max(0, c.width.padding)
	for channel := range c.in {
		kernel.CopyRows(c.height.in, c.width.in, at(memory, c.in, channel)[first:], width, at(x, c.in, channel), c.width.in)
	}
	return memory
}

// addInside adds a padded image to x, without its padding.
func (c *correlation[F]) addInside(x, padded []F) {
	_, width := c.padded()
	first := max(0, c.height.padding)*width + max(0, c.width.padding)
	for channel := range c.in {
		kernel.AddRows(c.height.in, c.width.in, at(x, c.in, channel), c.width.in, at(padded, c.in, channel)[first:], width)
	}
}

// gather fills the columns of a tile: row (c, u, v) is what the tile's outputs
// read from channel c of x, a padded image, with tap (u, v).
func (c *correlation[F]) gather(columns, x []F, t tile) {
	rows, n, size := t.i1-t.i0, t.j1-t.j0, t.size()
	c.eachTap(t, func(tap, first, step int) {
		to, from := columns[tap*size:][:size], x[first:]
		switch {
		case c.width.stride > 1:
			for i := range rows {
				for j := range n {
					to[i*n+j] = from[i*step+j*c.width.stride]
				}
			}
		case step == n:
			copy(to, from)
		default:
			kernel.CopyRows(rows, n, to, n, from, step)
		}
	})
}

// scatter is the adjoint of gather: it adds each column to where it was read.
func (c *correlation[F]) scatter(x, columns []F, t tile) {
	rows, n, size := t.i1-t.i0, t.j1-t.j0, t.size()
	c.eachTap(t, func(tap, first, step int) {
		from, to := columns[tap*size:][:size], x[first:]
		if c.width.stride == 1 {
			kernel.AddRows(rows, n, to, step, from, n)
			return
		}
		for i := range rows {
			row, line := to[i*step:], from[i*n:][:n]
			for j, g := range line {
				row[j*c.width.stride] += g
			}
		}
	})
}

// eachTap calls f for each channel and tap of the kernel, counted together, with where in
// a padded image the first output of the tile reads with it, and how far from there the
// first of the next row does.
func (c *correlation[F]) eachTap(t tile, f func(tap, first, step int)) {
	height, width := c.padded()
	i, j := t.i0*c.height.stride+max(0, -c.height.padding), t.j0*c.width.stride+max(0, -c.width.padding)
	tap := 0
	for channel := range c.in / c.groups {
		for u := range c.height.taps {
			for v := range c.width.taps {
				f(tap, (channel*height+i+u*c.height.dilation)*width+j+v*c.width.dilation, c.height.stride*width)
				tap++
			}
		}
	}
}
