package ttfs

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// planes calls f for the output and the input of each channel of each trial.
func planes[F tensor.Float](threads, trials int, to, x []F, in, out Shape, f func(channel int, to, x []F)) {
	from, size := in.Places(), out.Places()
	parallel.For(threads, trials*in.Channels, func(_, plane int) {
		f(plane%in.Channels, to[plane*size:(plane+1)*size], x[plane*from:(plane+1)*from])
	})
}

// apply pools, pads or flattens: stages without neurons.
func apply[F tensor.Float](stage Stage[F], threads, trials int, to, x []F, in, out Shape) {
	switch s := stage.(type) {
	case *MaxPool[F]:
		s.apply(threads, trials, to, x, in, out)
	case *Pad[F]:
		s.apply(threads, trials, to, x, in, out)
	case *Flatten[F]:
		copy(to, x)
	}
}

func (p *MaxPool[F]) apply(threads, trials int, to, x []F, in, out Shape) {
	rows, columns := spans(in.Height, out.Height, p.Height, false), spans(in.Width, out.Width, p.Width, false)
	planes(threads, trials, to, x, in, out, func(channel int, to, x []F) {
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

func (p *Pad[F]) apply(threads, trials int, to, x []F, in, out Shape) {
	planes(threads, trials, to, x, in, out, func(_ int, to, x []F) {
		clear(to)
		for i := range in.Height {
			copy(to[(p.Top+i)*out.Width+p.Left:][:in.Width], x[i*in.Width:])
		}
	})
}

// apply writes the sums of weighted values.
func (a *Average[F]) apply(threads, trials int, to, x []F, in, out Shape) {
	rows, columns := spans(in.Height, out.Height, a.Height, a.CountPadding), spans(in.Width, out.Width, a.Width, a.CountPadding)
	planes(threads, trials, to, x, in, out, func(_ int, to, x []F) {
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
