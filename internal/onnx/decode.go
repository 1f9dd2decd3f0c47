package onnx

import (
	"errors"
	"fmt"
	"strings"
)

// decode reads a ModelProto. Tensors in other files are left for complete.
func decode(content []byte) (*Model, error) {
	m := &Model{Opsets: map[string]int64{}, Bytes: int64(len(content))}
	var version string
	err := fields(content, func(f field) error {
		switch f.number {
		case 1:
			return f.integer(&m.IRVersion)
		case 2:
			return f.text(&m.Producer)
		case 3:
			return f.text(&version)
		case 7:
			m.decoded = true
			return f.message("a graph", m.Graph.decode)
		case 8:
			return m.decodeOpset(f)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("it %w", err)
	}
	if !m.decoded || m.IRVersion < 1 {
		return nil, errors.New("it holds no graph and IR version: this is no ONNX file")
	}
	if _, ok := m.Opsets[""]; !ok {
		return nil, errors.New("it does not say the version of its operators (opset_import)")
	}
	m.Producer = strings.TrimSpace(m.Producer + " " + version)
	return m, nil
}

func (m *Model) decodeOpset(f field) error {
	var domain string
	var version int64
	err := f.message("an opset_import", func(f field) error {
		switch f.number {
		case 1:
			return f.text(&domain)
		case 2:
			return f.integer(&version)
		}
		return nil
	})
	m.Opsets[Standard(domain)] = version
	return err
}

// Standard is the domain, with "" for that of the standard operators, which has
// two spellings.
func Standard(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

// decode reads a field of a GraphProto.
func (g *Graph) decode(f field) error {
	switch f.number {
	case 1:
		n := &Node{}
		g.Nodes = append(g.Nodes, n)
		if err := f.message(fmt.Sprintf("a node %d", len(g.Nodes)-1), n.decode); err != nil {
			return err
		}
		if n.Op == "" {
			return fmt.Errorf("has a node %d without an operator", len(g.Nodes)-1)
		}
	case 5:
		t := &Tensor{}
		g.Initializers = append(g.Initializers, t)
		if err := f.message(fmt.Sprintf("an initializer %d", len(g.Initializers)-1), t.decode); err != nil {
			return err
		}
		if t.Name == "" {
			return fmt.Errorf("has an initializer %d without a name", len(g.Initializers)-1)
		}
	case 11:
		v := Value{}
		err := f.message("an input", v.decode)
		g.Inputs = append(g.Inputs, v)
		return err
	case 12:
		v := Value{}
		err := f.message("an output", v.decode)
		g.Outputs = append(g.Outputs, v)
		return err
	case 15:
		g.Sparse++
	}
	return nil
}

// decode reads a field of a NodeProto.
func (n *Node) decode(f field) error {
	switch f.number {
	case 1:
		return f.texts(&n.Inputs)
	case 2:
		return f.texts(&n.Outputs)
	case 3:
		return f.text(&n.Name)
	case 4:
		return f.text(&n.Op)
	case 5:
		a := &Attribute{}
		n.Attributes = append(n.Attributes, a)
		if err := f.message(fmt.Sprintf("an attribute %d", len(n.Attributes)-1), a.decode); err != nil {
			return err
		}
		if a.Name == "" {
			return fmt.Errorf("has an attribute %d without a name", len(n.Attributes)-1)
		}
		a.inferType()
	case 7:
		err := f.text(&n.Domain)
		n.Domain = Standard(n.Domain)
		return err
	}
	return nil
}

// decode reads a field of an AttributeProto.
func (a *Attribute) decode(f field) error {
	switch f.number {
	case 1:
		return f.text(&a.Name)
	case 2:
		return f.float(&a.Float)
	case 3:
		return f.integer(&a.Int)
	case 4:
		return f.text(&a.String)
	case 5:
		if a.Tensor == nil {
			a.Tensor = &Tensor{}
		}
		return f.message("a tensor", a.Tensor.decode)
	case 7:
		return f.floats(&a.Floats)
	case 8:
		return f.integers(&a.Ints)
	case 9:
		return f.texts(&a.Strings)
	case 20:
		var t int64
		err := f.integer(&t)
		a.Type = AttributeType(t)
		return err
	}
	return nil
}

// inferType is for the oldest files, which do not say the type.
func (a *Attribute) inferType() {
	switch {
	case a.Type != 0:
	case a.Tensor != nil:
		a.Type = AttributeTensor
	case a.Ints != nil:
		a.Type = AttributeInts
	case a.Floats != nil:
		a.Type = AttributeFloats
	case a.Strings != nil:
		a.Type = AttributeStrings
	case a.String != "":
		a.Type = AttributeString
	case a.Float != 0:
		a.Type = AttributeFloat
	default:
		a.Type = AttributeInt
	}
}

// decode reads a field of a ValueInfoProto.
func (v *Value) decode(f field) error {
	switch f.number {
	case 1:
		return f.text(&v.Name)
	case 2:
		return f.message("a type", func(f field) error {
			if f.number != 1 { // the others are no tensors
				return nil
			}
			return f.message("a tensor type", v.decodeType)
		})
	}
	return nil
}

// decodeType reads a field of a TypeProto.Tensor.
func (v *Value) decodeType(f field) error {
	switch f.number {
	case 1:
		var t int64
		err := f.integer(&t)
		v.Type = ElementType(t)
		return err
	case 2:
		v.Shaped = true
		return f.message("a shape", func(f field) error {
			if f.number != 1 {
				return nil
			}
			var d Dim
			err := f.message("a dimension", func(f field) error {
				switch f.number {
				case 1:
					return f.integer(&d.Size)
				case 2:
					return f.text(&d.Symbol)
				}
				return nil
			})
			v.Dims = append(v.Dims, d)
			return err
		})
	}
	return nil
}
