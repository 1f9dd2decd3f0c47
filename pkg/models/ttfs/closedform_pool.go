package ttfs

import "github.com/snnctl/snnctl/internal/parallel"

// planes calls f for the output and input of each channel of each trial, spread over
// the threads.
func (c *ClosedForm[F]) planes(to, x []F, in, out Shape, f func(channel int, to, x []F)) {
	from, size := in.Places(), out.Places()
	parallel.For(c.Threads, c.response.Trials*in.Channels, func(_, plane int) {
		f(plane%in.Channels, to[plane*size:(plane+1)*size], x[plane*from:(plane+1)*from])
	})
}

// pool passes on the earliest spike of each window, or the latest.
func (c *ClosedForm[F]) pool(p *MaxPool[F], to, x []F, in, out Shape) {
	rows, columns := spans(in.Height, out.Height, p.Height, false), spans(in.Width, out.Width, p.Width, false)
	c.planes(to, x, in, out, func(channel int, to, x []F) {
		latest := p.Latest[channel]
		for i, r := range rows {
			for j, s := range columns {
				best := x[r.first*in.Width+s.first]
				for at := r.first; at < r.last; at++ {
					for _, v := range x[at*in.Width+s.first : at*in.Width+s.last] {
						if latest {
							best = min(best, v)
						} else {
							best = max(best, v)
						}
					}
				}
				to[i*out.Width+j] = best
			}
		}
	})
}

// average writes the sums of the relays of an average.
func (c *ClosedForm[F]) average(a *Average[F], to, x []F, in, out Shape) {
	rows, columns := spans(in.Height, out.Height, a.Height, a.CountPadding), spans(in.Width, out.Width, a.Width, a.CountPadding)
	c.planes(to, x, in, out, func(_ int, to, x []F) {
		for i, r := range rows {
			for j, s := range columns {
				var sum F
				for at := r.first; at < r.last; at++ {
					for _, v := range x[at*in.Width+s.first : at*in.Width+s.last] {
						sum += v
					}
				}
				to[i*out.Width+j] = sum * F(a.Gain) / F(r.count*s.count)
			}
		}
	})
}

// pad puts silent cells around each image.
func (c *ClosedForm[F]) pad(p *Pad[F], to, x []F, in, out Shape) {
	c.planes(to, x, in, out, func(_ int, to, x []F) {
		clear(to)
		for i := range in.Height {
			copy(to[(p.Top+i)*out.Width+p.Left:][:in.Width], x[i*in.Width:])
		}
	})
}
