package importer

import (
	"fmt"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// window is how the kernel of a convolution or a pool moves over an image. A
// kernel along one axis moves over an image of one row.
type window struct {
	kernel, stride, dilation [2]int // rows and columns
	zeros                    [4]int // as the node's pads say, by side
	auto                     string // or how many to compute from the image
	ceil                     bool   // keep the last, incomplete windows
}

// The sides of an image, in ONNX's order.
const (
	top = iota
	left
	bottom
	right
)

// window reads the attributes of a convolution or pool with a kernel of that
// shape; for a pool, nil, it is an attribute too.
func (n *node) window(kernel []int) (*window, error) {
	given, err := n.integers("kernel_shape")
	if err != nil {
		return nil, err
	}
	axes := len(kernel)
	if kernel == nil {
		axes = len(given)
	}
	if axes != 1 && axes != 2 {
		return nil, fmt.Errorf("its kernel has %d axes, expected one or two", axes)
	}
	w := &window{kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}}
	skip := 2 - axes
	for _, a := range []struct {
		name  string
		to    *[2]int
		least int64
	}{{"kernel_shape", &w.kernel, 1}, {"strides", &w.stride, 1}, {"dilations", &w.dilation, 1}} {
		list, err := n.integers(a.name)
		if err != nil {
			return nil, err
		}
		if list != nil && len(list) != axes {
			return nil, fmt.Errorf("its %s are %v, expected %d numbers", a.name, list, axes)
		}
		for i, v := range list {
			if v < 1 || v > maxLength {
				return nil, fmt.Errorf("its %s are %v, expected numbers from 1 to %d", a.name, list, maxLength)
			}
			a.to[skip+i] = int(v)
		}
	}
	for i, k := range kernel {
		if given != nil && given[i] != int64(k) {
			return nil, fmt.Errorf("its kernel_shape is %v, but its weights have %v", given, kernel)
		}
		w.kernel[skip+i] = k
	}
	return w, w.readPads(n, axes)
}

// maxLength bounds kernels, strides, dilations and pads.
const maxLength = 1 << 20

func (w *window) readPads(n *node, axes int) error {
	pads, err := n.integers("pads")
	if err != nil {
		return err
	}
	if w.auto, err = n.text("auto_pad", "NOTSET"); err != nil {
		return err
	}
	ceil, err := n.integer("ceil_mode", 0)
	if err != nil {
		return err
	}
	w.ceil = ceil != 0
	switch w.auto {
	case "NOTSET", "":
		w.auto = ""
	case "VALID", "SAME_UPPER", "SAME_LOWER":
		return nil // the pads do not count
	default:
		return fmt.Errorf("its auto_pad is %.40q, expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", w.auto)
	}
	if pads != nil && len(pads) != 2*axes {
		return fmt.Errorf("its pads are %v, expected %d numbers", pads, 2*axes)
	}
	for i, p := range pads {
		if p < 0 || p > maxLength {
			return fmt.Errorf("its pads are %v, expected numbers from 0 to %d", pads, maxLength)
		}
		side := i
		if axes == 1 {
			side = []int{left, right}[i]
		}
		w.zeros[side] = int(p)
	}
	return nil
}

// reach is the length that a kernel covers along an axis.
func (w *window) reach(axis int) int { return w.dilation[axis]*(w.kernel[axis]-1) + 1 }

// pads are the zeros at each side of an image of that shape.
func (w *window) pads(in relu.Shape) [4]int {
	if w.auto == "" || w.auto == "VALID" {
		return w.zeros
	}
	pads := [4]int{}
	for axis, length := range []int{in.Height, in.Width} {
		outputs := (length + w.stride[axis] - 1) / w.stride[axis]
		total := max(0, (outputs-1)*w.stride[axis]+w.reach(axis)-length)
		before := total / 2
		if w.auto == "SAME_LOWER" {
			before = total - before
		}
		pads[top+axis], pads[bottom+axis] = before, total-before
	}
	return pads
}

// incomplete is how many places behind the image and its pads the last windows
// take with ceil_mode. A window must begin within the image or before it.
func (w *window) incomplete(in relu.Shape, pads [4]int) (extra [2]int) {
	if !w.ceil {
		return extra
	}
	for axis, length := range []int{in.Height, in.Width} {
		padded := length + pads[top+axis] + pads[bottom+axis]
		room := padded - w.reach(axis)
		last := (room + w.stride[axis] - 1) / w.stride[axis] * w.stride[axis] // where the last window begins
		if last >= length+pads[top+axis] {
			last -= w.stride[axis]
		}
		if room >= 0 {
			extra[axis] = max(0, last-room)
		}
	}
	return extra
}

// imageKernel is the shape of the weights of a convolution over images.
func (w *window) imageKernel(filters, channels int) []int {
	return []int{filters, channels, w.kernel[0], w.kernel[1]}
}

// along is the window along an axis, for a pool with equal pads before and behind.
func (w *window) along(axis int, pads [4]int) relu.Window {
	return relu.Window{Size: w.kernel[axis], Stride: w.stride[axis], Padding: pads[top+axis]}
}
