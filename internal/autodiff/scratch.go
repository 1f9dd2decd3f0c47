package autodiff

import (
	"math/bits"
	"sync"
)

// number is what scratch memory holds.
type number interface{ float32 | float64 | int32 }

// scratch is memory that an operation needs while it runs, or until its adjoint has. It is
// kept for the next, so that layers allocate none in the steady state.
type scratch[T number] struct{ data []T }

// Those not in use, by the binary logarithm of its size.
var scratchFloat32, scratchFloat64, scratchInt32 [bits.UintSize + 1]sync.Pool

func scratchPool[T number](n int) *sync.Pool {
	pools := &scratchInt32
	switch any(T(0)).(type) {
	case float32:
		pools = &scratchFloat32
	case float64:
		pools = &scratchFloat64
	}
	return &pools[bits.Len(uint(n))]
}

// takeScratch returns n numbers of any value.
func takeScratch[T number](n int) *scratch[T] {
	s, ok := scratchPool[T](n).Get().(*scratch[T])
	if !ok {
		s = &scratch[T]{make([]T, 1<<bits.Len(uint(n)))}
	}
	s.data = s.data[:n]
	return s
}

// giveBack ends the use of the numbers.
func (s *scratch[T]) giveBack() { scratchPool[T](len(s.data)).Put(s) }
