package checkpoint

import (
	"encoding/binary"
	"fmt"
)

// kind is an element type of the file format.
type kind struct {
	name  string // as the header spells it
	size  int    // bytes of an element
	make  func(n int) any
	len   func(data any) (n int, ok bool) // ok: data is a slice of this kind
	slice func(data any, from, to int) any
}

var kinds = []*kind{
	newKind[float64]("F64"), newKind[float32]("F32"),
	newKind[int64]("I64"), newKind[int32]("I32"), newKind[int16]("I16"), newKind[int8]("I8"),
	newKind[uint64]("U64"), newKind[uint32]("U32"), newKind[uint16]("U16"), newKind[uint8]("U8"),
	newKind[bool]("BOOL"),
}

// halves are types that other programs write; they are read as the bits of their
// numbers.
var halves = []*kind{newKind[uint16]("F16"), newKind[uint16]("BF16")}

func newKind[T Element](name string) *kind {
	var zero T
	return &kind{
		name: name,
		size: binary.Size(zero),
		make: func(n int) any { return make([]T, n) },
		len: func(data any) (int, bool) {
			s, ok := data.([]T)
			return len(s), ok
		},
		slice: func(data any, from, to int) any { return data.([]T)[from:to] },
	}
}

// kindOfData returns the kind and the length of a slice, or nil.
func kindOfData(data any) (*kind, int) {
	for _, k := range kinds {
		if n, ok := k.len(data); ok {
			return k, n
		}
	}
	return nil, 0
}

func kindOf[T Element]() *kind {
	k, _ := kindOfData([]T(nil))
	return k
}

func kindNamed(name string, of []*kind) *kind {
	for _, k := range of {
		if k.name == name {
			return k
		}
	}
	return nil
}

func nameOfData(data any) string {
	if k, _ := kindOfData(data); k != nil {
		return k.name
	}
	return fmt.Sprintf("%T", data)
}

// chunk is how many elements are encoded or decoded at a time: enough to be
// quick, and little memory beside the tensors themselves.
const chunk = 1 << 15

// chunks calls visit with data in pieces, in order.
func chunks(data any, visit func(piece any, bytes int) error) error {
	k, n := kindOfData(data)
	for from := 0; from < n; from += chunk {
		to := min(from+chunk, n)
		if err := visit(k.slice(data, from, to), (to-from)*k.size); err != nil {
			return err
		}
	}
	return nil
}
