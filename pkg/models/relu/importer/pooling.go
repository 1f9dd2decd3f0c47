package importer

import (
	"errors"
	"fmt"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// poolWindow reads the window of a pool, and gives the shape of the image that it
// moves over and the pads around that.
func (w *walk) poolWindow(n *node, x *activation) (*window, relu.Shape, [4]int, error) {
	win, err := n.window(nil)
	if err != nil {
		return nil, relu.Shape{}, [4]int{}, err
	}
	if !x.known {
		return win, relu.Shape{}, win.zeros, nil
	}
	in, err := w.image(x, len(x.dims)-1)
	if err != nil {
		return nil, in, win.zeros, err
	}
	pads := win.pads(in)
	for axis := range 2 {
		if max(pads[top+axis], pads[bottom+axis]) >= win.kernel[axis] {
			return nil, in, pads, fmt.Errorf("its pads %v leave windows of %v without a place in the image", pads, win.kernel)
		}
	}
	return win, in, pads, nil
}

// maxPool imports the greatest value of each window.
func (w *walk) maxPool(n *node, x *activation) (*activation, error) {
	win, in, pads, err := w.poolWindow(n, x)
	if err != nil {
		return nil, err
	}
	if win.dilation != [2]int{1, 1} {
		return nil, fmt.Errorf("its windows have dilations %v, expected 1", win.dilation)
	}
	if !x.detached && w.sums != "" {
		w.pooled = n.label
	}
	if !x.known {
		return &activation{}, nil
	}
	if w.padding != nil {
		return nil, fmt.Errorf("it follows %s, whose zeros would count in its windows", w.padding.node.label)
	}
	extra := win.incomplete(in, pads)
	pads[bottom] += extra[0]
	pads[right] += extra[1]
	if pads[top] != pads[bottom] || pads[left] != pads[right] {
		// Zeros are never greater than the outputs of a ReLU, so they may be added.
		if !w.nonNegative {
			return nil, fmt.Errorf("its windows need %v more places at the top, left, bottom and right, which is only supported behind a ReLU", pads)
		}
		if err := w.addPad(n.label+"/pad", pads); err != nil {
			return nil, err
		}
		pads = [4]int{}
	}
	if err := w.add(n.label, &relu.MaxPool[float64]{Height: win.along(0, pads), Width: win.along(1, pads)}); err != nil {
		return nil, err
	}
	w.rectified = nil
	return w.activated(len(x.dims) - 1), nil
}

// averagePool imports the mean of each window.
func (w *walk) averagePool(n *node, x *activation) (*activation, error) {
	countPads, err := n.integer("count_include_pad", 0)
	if err != nil {
		return nil, err
	}
	win, in, pads, err := w.poolWindow(n, x)
	if err != nil {
		return nil, err
	}
	if win.dilation != [2]int{1, 1} {
		return nil, fmt.Errorf("its windows have dilations %v, expected 1", win.dilation)
	}
	if err := w.averages(n, x); err != nil || !x.known {
		return &activation{}, err
	}
	if win.incomplete(in, pads) != [2]int{} {
		return nil, fmt.Errorf("its last windows are incomplete (ceil_mode=1 on an image of %v), expected whole ones", in)
	}
	symmetric := pads[top] == pads[bottom] && pads[left] == pads[right]
	if !symmetric && countPads == 0 {
		return nil, fmt.Errorf("its pads %v differ from side to side and do not count in the mean, expected equal ones", pads)
	}
	count := countPads != 0
	if p := w.padding; p != nil {
		if pads == [4]int{} && p.equalSides() && p.Top < win.kernel[0] && p.Left < win.kernel[1] {
			w.merged(p, n)
			pads, count = p.sides(), true
		} else if err := w.addPad(p.node.label, p.sides()); err != nil {
			return nil, err
		}
		w.padding = nil
	}
	if !symmetric {
		if err := w.addPad(n.label+"/pad", pads); err != nil {
			return nil, err
		}
		pads = [4]int{}
	}
	layer := &relu.AveragePool[float64]{Height: win.along(0, pads), Width: win.along(1, pads), CountPadding: count}
	if err := w.add(n.label, layer); err != nil {
		return nil, err
	}
	return w.activated(len(x.dims) - 1), nil
}

// averages refuses a mean of sums that no ReLU has cut: it would be a second
// linear layer.
func (w *walk) averages(n *node, x *activation) error {
	if x.detached {
		return nil
	}
	w.rectified = nil
	if w.sums != "" {
		return fmt.Errorf("it takes the mean of what the linear layer %s gives, without a ReLU between them", w.sums)
	}
	return nil
}

// globalAveragePool imports the mean of each channel.
func (w *walk) globalAveragePool(n *node, x *activation) (*activation, error) {
	if err := w.averages(n, x); err != nil || !x.known {
		return &activation{}, err
	}
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	if _, err := w.image(x, len(x.dims)-1); err != nil {
		return nil, err
	}
	if err := w.add(n.label, &relu.GlobalAveragePool[float64]{}); err != nil {
		return nil, err
	}
	return w.activated(len(x.dims) - 1), nil
}

// globalMaxPool imports the greatest value of each channel.
func (w *walk) globalMaxPool(n *node, x *activation) (*activation, error) {
	if !x.detached && w.sums != "" {
		w.pooled = n.label
	}
	if !x.known {
		return &activation{}, nil
	}
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	in, err := w.image(x, len(x.dims)-1)
	if err != nil {
		return nil, err
	}
	whole := &relu.MaxPool[float64]{Height: relu.Window{Size: in.Height, Stride: 1}, Width: relu.Window{Size: in.Width, Stride: 1}}
	if err := w.add(n.label, whole); err != nil {
		return nil, err
	}
	w.rectified = nil
	return w.activated(len(x.dims) - 1), nil
}

// reduceMean imports the mean over all places of each channel, whichever axis the
// channels are.
func (w *walk) reduceMean(n *node, x *activation) (*activation, error) {
	list, err := w.axesOperand(n, 18)
	if err != nil {
		return nil, err
	}
	keep, err := n.integer("keepdims", 1)
	if err != nil {
		return nil, err
	}
	if err := w.averages(n, x); err != nil || !x.known {
		return &activation{}, err
	}
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	axes, err := axesOf(list, len(x.dims)+1)
	if err != nil {
		return nil, err
	}
	var kept, dims []int // the axes that stay, and the shape of the output
	for i, d := range x.dims {
		switch {
		case !axes[i+1]:
			kept, dims = append(kept, i), append(dims, d)
		case keep != 0:
			dims = append(dims, 1)
		}
	}
	if axes[0] || len(kept) != 1 {
		return nil, fmt.Errorf("it takes the mean over the axes %v, expected all but those of the batch and the channels", list)
	}
	if err := w.startMean(x, kept[0]); err != nil {
		return nil, err
	}
	channels, err := w.channelsAlong(x, kept[0])
	if err != nil {
		return nil, err
	}
	if err := w.add(n.label, &relu.GlobalAveragePool[float64]{}); err != nil {
		return nil, err
	}
	return &activation{known: true, dims: dims, order: normal(channels)}, nil
}

// startMean starts the network at a mean with the channels on any axis.
func (w *walk) startMean(x *activation, channels int) error {
	if w.network != nil || channels == 0 {
		return w.start(x)
	}
	return errors.New("it takes the mean of the network's input over its first axes")
}

// channelsAlong gives for each place along an axis of x the channel of the image
// that it is.
func (w *walk) channelsAlong(x *activation, axis int) ([]int, error) {
	n := x.dims[axis]
	if n != w.shape.Channels || size(x.dims, maxRearranged) != w.shape.Size() {
		return nil, fmt.Errorf("it leaves %d of samples of shape %v, expected the %d channels", n, x.dims, w.shape.Channels)
	}
	channels := make([]int, n)
	step := strides(x.dims)[axis]
	for i := range w.shape.Size() {
		place := i
		if x.order != nil {
			place = x.order[i]
		}
		along, channel := i/step%n, place/w.shape.Places()
		if i%step == 0 && i/step < n {
			channels[along] = channel
		}
		if channels[along] != channel {
			return nil, errors.New("it takes the mean over values of several channels")
		}
	}
	return channels, nil
}
