package importer

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/onnx"
)

// attribute finds an attribute of a node, or nil; the error is that it has
// another type.
func (n *node) attribute(name string, t onnx.AttributeType) (*onnx.Attribute, error) {
	for _, a := range n.Attributes {
		if a.Name != name {
			continue
		}
		if a.Type != t {
			return nil, fmt.Errorf("its attribute %s has type %d, expected %d", name, a.Type, t)
		}
		return a, nil
	}
	return nil, nil
}

func (n *node) integer(name string, byDefault int64) (int64, error) {
	a, err := n.attribute(name, onnx.AttributeInt)
	if a == nil {
		return byDefault, err
	}
	return a.Int, nil
}

// integers gives nil for an attribute that is not there.
func (n *node) integers(name string) ([]int64, error) {
	a, err := n.attribute(name, onnx.AttributeInts)
	if a == nil {
		return nil, err
	}
	return append([]int64{}, a.Ints...), nil
}

func (n *node) real(name string, byDefault float64) (float64, error) {
	a, err := n.attribute(name, onnx.AttributeFloat)
	if a == nil {
		return byDefault, err
	}
	return float64(a.Float), nil
}

func (n *node) text(name, byDefault string) (string, error) {
	a, err := n.attribute(name, onnx.AttributeString)
	if a == nil {
		return byDefault, err
	}
	return a.String, nil
}

// input is the name of input i, or "" where it was left out.
func (n *node) input(i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

// axis counts an axis from the front.
func axis(a int64, rank int) (int, error) {
	if a < int64(-rank) || a >= int64(rank) {
		return 0, fmt.Errorf("its axis %d is not one of an array of %d dimensions", a, rank)
	}
	if a < 0 {
		a += int64(rank)
	}
	return int(a), nil
}

// axesOf counts axes from the front, and refuses one that comes twice.
func axesOf(list []int64, rank int) (map[int]bool, error) {
	axes := make(map[int]bool, len(list))
	for _, a := range list {
		i, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		if axes[i] {
			return nil, fmt.Errorf("its axis %d is there twice", i)
		}
		axes[i] = true
	}
	return axes, nil
}
