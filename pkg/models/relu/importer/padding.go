package importer

import (
	"errors"
	"fmt"

	"github.com/snnctl/snnctl/pkg/models/relu"
)

// pad remembers zeros around the image for the convolution or average pool that
// follows.
func (w *walk) pad(n *node, x *activation) (*activation, error) {
	mode, err := n.text("mode", "constant")
	if err != nil {
		return nil, err
	}
	if mode != "constant" {
		return nil, fmt.Errorf("its mode is %.40q, expected constant zeros", mode)
	}
	pads, value, err := w.padOperands(n)
	if err != nil {
		return nil, err
	}
	if value != 0 {
		return nil, fmt.Errorf("it pads with %v, expected 0", value)
	}
	none := true
	for _, p := range pads {
		none = none && p == 0
	}
	if none {
		w.did(n, "dropped: it adds nothing")
		return x.same(), nil
	}
	if !x.known {
		return &activation{}, nil
	}
	axes := len(x.dims) - 1
	if len(pads) != 2*(axes+2) || axes < 1 {
		return nil, fmt.Errorf("it has %d pads for samples of shape %v", len(pads), x.dims)
	}
	p := &padding{node: n}
	for i, zeros := range pads {
		at := i%(axes+2) - 2 // of the axes of the image
		switch {
		case at < 0 && zeros != 0:
			return nil, fmt.Errorf("its pads are %v, expected zeros around images only, not around the batch or channels", pads)
		case zeros < 0 || zeros > maxLength:
			return nil, fmt.Errorf("its pads are %v, expected numbers from 0 to %d", pads, maxLength)
		case at < 0:
		default:
			*p.side(i >= axes+2, at+2-axes) = int(zeros)
		}
	}
	if w.padding != nil {
		return nil, w.padding.misplaced()
	}
	if _, err := w.image(x, axes); err != nil {
		return nil, err
	}
	w.padding = p
	y := x.same()
	y.dims = append([]int{x.dims[0]}, x.dims[1:]...)
	y.dims[axes] += p.Left + p.Right
	if axes == 2 {
		y.dims[1] += p.Top + p.Bottom
	}
	return y, nil
}

// padOperands are the lengths and the value, which are inputs since opset 11.
func (w *walk) padOperands(n *node) (pads []int64, value float64, err error) {
	if n.opset < 11 {
		if pads, err = n.integers("pads"); err == nil {
			value, err = n.real("value", 0)
		}
		return pads, value, err
	}
	for i, name := range n.Inputs {
		if i > 2 && name != "" {
			return nil, 0, errors.New("it names the axes that it pads, expected lengths for all axes")
		}
	}
	lengths, err := w.constant(n, 1)
	if err != nil {
		return nil, 0, err
	}
	if lengths == nil {
		return nil, 0, errors.New("it has no pads")
	}
	if pads, err = lengths.integers(); err != nil {
		return nil, 0, fmt.Errorf("its array of pads %w", err)
	}
	c, err := w.constant(n, 2)
	if err != nil {
		return nil, 0, err
	}
	if c != nil && c.len() > 0 {
		value = c.at(0)
	}
	return pads, value, nil
}

// side is one side of the padding: before or behind, along rows (0) or columns.
func (p *padding) side(behind bool, axis int) *int {
	sides := [2][2]*int{{&p.Top, &p.Left}, {&p.Bottom, &p.Right}}
	if behind {
		return sides[1][axis]
	}
	return sides[0][axis]
}

func (p *padding) sides() [4]int { return [4]int{p.Top, p.Left, p.Bottom, p.Right} }

func (p *padding) equalSides() bool { return p.Top == p.Bottom && p.Left == p.Right }

// around is the shape of an image with the zeros around it.
func (p *padding) around(in relu.Shape) relu.Shape {
	if p == nil {
		return in
	}
	return relu.Shape{Channels: in.Channels, Height: p.Top + in.Height + p.Bottom, Width: p.Left + in.Width + p.Right}
}

// merged notes that a layer has taken the zeros into its own padding.
func (w *walk) merged(p *padding, by *node) {
	w.did(p.node, "merged into the padding of %s", by.label)
}

// misplaced is why padding is refused that no convolution or average pool follows.
func (p *padding) misplaced() error {
	return fmt.Errorf("it follows the padding %s, which is only supported right before a convolution or an average pool", p.node.label)
}

// addPad adds zeros as a layer of their own.
func (w *walk) addPad(name string, pads [4]int) error {
	return w.add(name, &relu.Pad[float64]{Top: pads[top], Left: pads[left], Bottom: pads[bottom], Right: pads[right]})
}
