package ttfs

// deliver calls f for each synapse out of value j: Dense.
func (d *Dense[F]) deliver(j int, _, _ Shape, f func(i int, w F)) {
	for i, w := range d.Weights.Row(j) {
		f(i, w)
	}
}

// deliver finds the outputs that read place j: those with i·stride = at + padding - u·dilation.
func (c *Conv[F]) deliver(j int, in, out Shape, f func(i int, w F)) {
	channel, y, x := j/in.Places(), j%in.Places()/in.Width, j%in.Width
	filters, channels := out.Channels/c.Groups, in.Channels/c.Groups
	group, height, width := channel/channels, c.Weights.Shape[2], c.Weights.Shape[3]
	for u := range height {
		row, ok := reader(y, u, out.Height, c.Height.Stride, c.Height.Padding, c.Height.Dilation)
		if !ok {
			continue
		}
		for v := range width {
			column, ok := reader(x, v, out.Width, c.Width.Stride, c.Width.Padding, c.Width.Dilation)
			if !ok {
				continue
			}
			for o := group * filters; o < (group+1)*filters; o++ {
				f((o*out.Height+row)*out.Width+column, c.Weights.Data[((o*channels+channel%channels)*height+u)*width+v])
			}
		}
	}
}

// deliver finds the windows that cover place j.
func (a *Average[F]) deliver(j int, in, out Shape, f func(i int, w F)) {
	channel, y, x := j/in.Places(), j%in.Places()/in.Width, j%in.Width
	for u := range a.Height.Size {
		row, ok := reader(y, u, out.Height, a.Height.Stride, a.Height.Padding, 1)
		if !ok {
			continue
		}
		for v := range a.Width.Size {
			column, ok := reader(x, v, out.Width, a.Width.Stride, a.Width.Padding, 1)
			if !ok {
				continue
			}
			rows, columns := covered(row, in.Height, a.Height), covered(column, in.Width, a.Width)
			if a.CountPadding {
				rows, columns = a.Height.Size, a.Width.Size
			}
			f((channel*out.Height+row)*out.Width+column, F(a.Gain)/F(rows*columns))
		}
	}
}

// reader is the output that reads place at with tap u, if there is one.
func reader(at, u, outputs, stride, padding, dilation int) (output int, ok bool) {
	from := at + padding - u*dilation
	return from / stride, from >= 0 && from%stride == 0 && from/stride < outputs
}
