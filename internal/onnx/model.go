// Package onnx reads the container of the ONNX format: a protobuf message with a
// graph of operators and their weights, which large models keep in files of their
// own beside it (2212.12522, section 10.1 of the method).
//
// It decodes the messages and fields that a graph over tensors needs, by the
// numbers of the official onnx.proto, and steps over the rest. It gives operators
// no meaning.
//
// Memory is taken only for what the files hold: a few times their size, whatever
// lengths and shapes they claim.
package onnx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
)

// Model is the content of a file.
type Model struct {
	IRVersion int64
	Producer  string           // the program that wrote it, with its version
	Opsets    map[string]int64 // the version of each domain of operators; the standard one is ""
	Graph     Graph
	Bytes     int64 // of the file and of the files of weights beside it

	decoded bool // there was a graph
}

// Graph is a set of nodes that read and write values by name.
type Graph struct {
	Nodes        []*Node
	Initializers []*Tensor // constants by name: the weights
	Inputs       []Value   // older exporters list the initializers here too
	Outputs      []Value
	Sparse       int // how many sparse initializers it has, which are not read
}

// Node is an application of an operator. An empty input or output is one that
// was left out.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Attributes       []*Attribute
}

// Value is a tensor that goes into the graph, or comes out.
type Value struct {
	Name   string
	Type   ElementType
	Shaped bool // the file says its Dims
	Dims   []Dim
}

// Dim is one length of a shape: Size, or if that is below 1 whatever the data
// have, which the file may call Symbol.
type Dim struct {
	Size   int64
	Symbol string
}

// AttributeType says which field of an Attribute holds its value.
type AttributeType int64

// The types that operators over tensors use; a graph is that of a control
// structure, and is not decoded.
const (
	AttributeFloat   AttributeType = 1
	AttributeInt     AttributeType = 2
	AttributeString  AttributeType = 3
	AttributeTensor  AttributeType = 4
	AttributeFloats  AttributeType = 6
	AttributeInts    AttributeType = 7
	AttributeStrings AttributeType = 8
)

// Attribute is a named constant of a node.
type Attribute struct {
	Name    string
	Type    AttributeType
	Float   float32
	Int     int64
	String  string
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
}

// Read returns the model at path, with the weights in files beside it.
//
// A file that is missing, damaged or no ONNX file is a fault.Input.
func Read(path string) (*Model, error) {
	m, err := read(path)
	if err != nil {
		if inPath := (*fs.PathError)(nil); errors.As(err, &inPath) && inPath.Path == path {
			err = inPath.Err
		}
		return nil, fault.Inputf("cannot read the ONNX file %s: %w", path, err)
	}
	return m, nil
}

func read(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, errors.New("it is not a regular file")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return Decode(content, folder)
}

// Decode is the model with the bytes of its file, of which it keeps parts, and the
// folder of the weights beside it; without one, nil, it may have none. An error
// follows "cannot read the file".
func Decode(content []byte, folder *os.Root) (*Model, error) {
	m, err := decode(content)
	if err != nil {
		return nil, err
	}
	if err := m.complete(&beside{folder: folder}); err != nil {
		return nil, err
	}
	return m, nil
}

// complete reads what lies in other files, and checks that each tensor has the
// data that its type and shape ask for.
func (m *Model) complete(files *beside) error {
	for _, t := range m.Graph.Initializers {
		if err := t.complete(files); err != nil {
			return fmt.Errorf("its initializer %q %w", t.Name, err)
		}
	}
	for i, n := range m.Graph.Nodes {
		for _, a := range n.Attributes {
			if a.Tensor == nil {
				continue
			}
			if err := a.Tensor.complete(files); err != nil {
				return fmt.Errorf("the attribute %q of its node %d (%q) %w", a.Name, i, n.Name, err)
			}
		}
	}
	m.Bytes += files.bytes
	return nil
}
