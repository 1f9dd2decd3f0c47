package autodiff

import (
	"sync"
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

// scratch is memory that an operation needs while it runs. It is kept for the next, so
// that layers allocate none in the steady state.
type scratch[F tensor.Float] struct{ data []F }

var (
	scratch32 = sync.Pool{New: func() any { return new(scratch[float32]) }}
	scratch64 = sync.Pool{New: func() any { return new(scratch[float64]) }}
)

func scratchPool[F tensor.Float]() *sync.Pool {
	if unsafe.Sizeof(F(0)) == 4 {
		return &scratch32
	}
	return &scratch64
}

// takeScratch returns n numbers of any value.
func takeScratch[F tensor.Float](n int) *scratch[F] {
	s := scratchPool[F]().Get().(*scratch[F])
	if cap(s.data) < n {
		s.data = make([]F, n)
	}
	s.data = s.data[:n]
	return s
}

// giveBack ends the use of the numbers.
func (s *scratch[F]) giveBack() { scratchPool[F]().Put(s) }
