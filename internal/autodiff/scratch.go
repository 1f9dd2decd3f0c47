package autodiff

import "sync"

// number is what scratch memory holds.
type number interface{ float32 | float64 | int32 }

// scratch is memory that an operation needs while it runs, or until its adjoint has. It is
// kept for the next, so that layers allocate none in the steady state.
type scratch[T number] struct{ data []T }

var scratchFloat32, scratchFloat64, scratchInt32 sync.Pool

func scratchPool[T number]() *sync.Pool {
	switch any(T(0)).(type) {
	case float32:
		return &scratchFloat32
	case float64:
		return &scratchFloat64
	}
	return &scratchInt32
}

// takeScratch returns n numbers of any value.
func takeScratch[T number](n int) *scratch[T] {
	s, ok := scratchPool[T]().Get().(*scratch[T])
	if !ok {
		s = new(scratch[T])
	}
	if cap(s.data) < n {
		s.data = make([]T, n)
	}
	s.data = s.data[:n]
	return s
}

// giveBack ends the use of the numbers.
func (s *scratch[T]) giveBack() { scratchPool[T]().Put(s) }
