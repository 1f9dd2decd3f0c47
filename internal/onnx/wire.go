package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message, as it stands in the file.
type field struct {
	number protowire.Number
	wire   protowire.Type
	bits   uint64 // of a varint, fixed32 or fixed64
	bytes  []byte // of the rest; part of the file
}

// fields calls visit for each field of a message.
func fields(message []byte, visit func(field) error) error {
	for at := 0; at < len(message); {
		number, wire, n := protowire.ConsumeTag(message[at:])
		if n < 0 {
			return fmt.Errorf("has no field at byte %d of %d: %w", at, len(message), broken(n))
		}
		f := field{number: number, wire: wire}
		value := message[at+n:]
		size := 0
		switch wire {
		case protowire.VarintType:
			f.bits, size = protowire.ConsumeVarint(value)
		case protowire.Fixed32Type:
			var bits uint32
			bits, size = protowire.ConsumeFixed32(value)
			f.bits = uint64(bits)
		case protowire.Fixed64Type:
			f.bits, size = protowire.ConsumeFixed64(value)
		case protowire.BytesType:
			f.bytes, size = protowire.ConsumeBytes(value)
		default:
			size = protowire.ConsumeFieldValue(number, wire, value)
		}
		if size < 0 {
			return fmt.Errorf("is broken in its field %d, at byte %d of %d: %w", number, at, len(message), broken(size))
		}
		if err := visit(f); err != nil {
			return err
		}
		at += n + size
	}
	return nil
}

// broken says in words what protowire found.
func broken(n int) error {
	if err := protowire.ParseError(n); !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the bytes are no protobuf message")
	}
	return errors.New("it is cut short")
}

// expect refuses a field of another wire type.
func (f field) expect(wire protowire.Type) error {
	if f.wire != wire {
		return fmt.Errorf("has its field %d in wire type %d, expected %d", f.number, f.wire, wire)
	}
	return nil
}

func (f field) text(to *string) error {
	*to = string(f.bytes)
	return f.expect(protowire.BytesType)
}

func (f field) texts(to *[]string) error {
	*to = append(*to, string(f.bytes))
	return f.expect(protowire.BytesType)
}

func (f field) integer(to *int64) error {
	*to = int64(f.bits)
	return f.expect(protowire.VarintType)
}

func (f field) float(to *float32) error {
	*to = math.Float32frombits(uint32(f.bits))
	return f.expect(protowire.Fixed32Type)
}

// message visits the fields of the message that the field holds; what is how the
// message around it calls that one.
func (f field) message(what string, visit func(field) error) error {
	if err := f.expect(protowire.BytesType); err != nil {
		return err
	}
	if err := fields(f.bytes, visit); err != nil {
		return fmt.Errorf("has %s that %w", what, err)
	}
	return nil
}

// integers appends one number, or many in packed form.
func (f field) integers(to *[]int64) error {
	if f.wire == protowire.VarintType {
		*to = append(*to, int64(f.bits))
		return nil
	}
	if err := f.expect(protowire.BytesType); err != nil {
		return err
	}
	for packed := f.bytes; len(packed) > 0; {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return fmt.Errorf("is broken in its field %d: %w", f.number, broken(n))
		}
		*to = append(*to, int64(v))
		packed = packed[n:]
	}
	return nil
}

// floats appends one number, or many in packed form.
func (f field) floats(to *[]float32) error {
	if f.wire == protowire.Fixed32Type {
		*to = append(*to, math.Float32frombits(uint32(f.bits)))
		return nil
	}
	const size = 4
	if err := f.packed(size); err != nil {
		return err
	}
	for at := 0; at < len(f.bytes); at += size {
		*to = append(*to, math.Float32frombits(binary.LittleEndian.Uint32(f.bytes[at:])))
	}
	return nil
}

// doubles appends one number, or many in packed form.
func (f field) doubles(to *[]float64) error {
	if f.wire == protowire.Fixed64Type {
		*to = append(*to, math.Float64frombits(f.bits))
		return nil
	}
	const size = 8
	if err := f.packed(size); err != nil {
		return err
	}
	for at := 0; at < len(f.bytes); at += size {
		*to = append(*to, math.Float64frombits(binary.LittleEndian.Uint64(f.bytes[at:])))
	}
	return nil
}

func (f field) packed(size int) error {
	if err := f.expect(protowire.BytesType); err != nil {
		return err
	}
	if len(f.bytes)%size != 0 {
		return fmt.Errorf("has %d bytes in its field %d, which are no whole numbers of %d bytes", len(f.bytes), f.number, size)
	}
	return nil
}
