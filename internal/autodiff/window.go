package autodiff

// Axis says how a kernel moves along one axis of its input: between two
// outputs it moves by Stride, between two of its taps lie Dilation, and
// Padding zeros stand before and behind the input. A Stride or Dilation of 0
// means 1.
type Axis struct{ Stride, Padding, Dilation int }

const (
	badAxis   = "autodiff: stride, padding or dilation is negative"
	badWindow = "autodiff: the kernel is longer than the padded input"
)

// window is a kernel of some taps on one axis, whose output i reads with its
// tap u the place i·stride - padding + u·dilation of the input.
type window struct{ in, out, taps, stride, padding, dilation int }

func newWindow(in, taps int, a Axis) window {
	if a.Stride < 0 || a.Padding < 0 || a.Dilation < 0 {
		panic(badAxis)
	}
	w := window{in: in, taps: taps, stride: max(1, a.Stride), padding: a.Padding, dilation: max(1, a.Dilation)}
	room := in + 2*w.padding - w.dilation*(taps-1) - 1
	if room < 0 {
		panic(badWindow)
	}
	w.out = room/w.stride + 1
	return w
}

// place is what output i reads with tap u; it may lie in the padding.
func (w window) place(i, u int) int { return i*w.stride - w.padding + u*w.dilation }
