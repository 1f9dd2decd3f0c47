package autodiff

// gather returns the columns of a tile, in memory unless they are x itself: row (c, u, v) holds what the tile's
// outputs read from channel c with tap (u, v), zeros from the padding.
func (c *correlation[F]) gather(memory, x []F, t tile) []F {
	if c.direct() {
		return x
	}
	columns := memory[:c.depth()*t.size()]
	n, size, taps, plane := t.j1-t.j0, t.size(), c.height.taps*c.width.taps, c.height.in*c.width.in
	c.eachTap(t, func(tap, i0, i1, j0, j1, from int) {
		for channel := range c.in / c.groups {
			to := columns[(channel*taps+tap)*size:][:size]
			if i0 == i1 || j0 == j1 {
				clear(to)
				continue
			}
			clear(to[:(i0-t.i0)*n])
			clear(to[(i1-t.i0)*n:])
			c.copyRows(to[(i0-t.i0)*n:(i1-t.i0)*n], x[channel*plane+from:], n, j0-t.j0, j1-t.j0)
		}
	})
	return columns
}

// scatter is the adjoint of gather: it adds each column to where it was read.
func (c *correlation[F]) scatter(x, columns []F, t tile) {
	n, size, taps, plane := t.j1-t.j0, t.size(), c.height.taps*c.width.taps, c.height.in*c.width.in
	c.eachTap(t, func(tap, i0, i1, j0, j1, first int) {
		if j0 == j1 {
			return
		}
		for channel := range c.in / c.groups {
			from := columns[(channel*taps+tap)*size:][:size]
			for i := i0; i < i1; i++ {
				to := x[channel*plane+first+(i-i0)*c.height.stride*c.width.in:]
				for j, g := range from[(i-t.i0)*n+j0-t.j0 : (i-t.i0)*n+j1-t.j0] {
					to[j*c.width.stride] += g
				}
			}
		}
	})
}

// eachTap calls f for each tap of the kernel, with the outputs of the tile,
// [i0, i1) × [j0, j1), that read from the input with it, not from its padding,
// and where in a plane of the input the first of them reads.
func (c *correlation[F]) eachTap(t tile, f func(tap, i0, i1, j0, j1, first int)) {
	for u := range c.height.taps {
		i0, i1 := c.height.inside(u, t.i0, t.i1)
		for v := range c.width.taps {
			j0, j1 := c.width.inside(v, t.j0, t.j1)
			f(u*c.width.taps+v, i0, i1, j0, j1, c.height.place(i0, u)*c.width.in+c.width.place(j0, v))
		}
	}
}

// copyRows fills rows of n numbers: [first, last) of each from a row of the
// input, a stride apart, the others with zeros. from starts where the first row
// is read.
func (c *correlation[F]) copyRows(to, from []F, n, first, last int) {
	step := c.height.stride * c.width.in
	switch {
	case step == n && c.width.stride == 1:
		// The rows follow each other as those of the input do: they are one
		// run, in which the places between must be zero again.
		copy(to[first:len(to)-(n-last)], from)
		for ; len(to) > 0; to = to[n:] {
			for j := range first {
				to[j] = 0
			}
			for j := last; j < n; j++ {
				to[j] = 0
			}
		}
	case c.width.stride == 1:
		for {
			clear(to[:first])
			copy(to[first:last], from)
			clear(to[last:n])
			if to = to[n:]; len(to) == 0 {
				return
			}
			from = from[step:]
		}
	default:
		for {
			clear(to[:first])
			for j := range last - first {
				to[first+j] = from[j*c.width.stride]
			}
			clear(to[last:n])
			if to = to[n:]; len(to) == 0 {
				return
			}
			from = from[step:]
		}
	}
}
