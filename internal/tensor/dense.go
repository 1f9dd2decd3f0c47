package tensor

// Float is the precision of a computation: float32 trains, float64 proves.
type Float interface{ float32 | float64 }

// Dense is an array of numbers in row-major order.
type Dense[F Float] struct {
	Shape []int
	Data  []F
}

// New returns an array of zeros.
func New[F Float](shape ...int) *Dense[F] {
	size := 1
	for _, d := range shape {
		size *= d
	}
	return &Dense[F]{Shape: shape, Data: make([]F, size)}
}

// Row returns row i of a matrix.
func (d *Dense[F]) Row(i int) []F {
	n := d.Shape[1]
	return d.Data[i*n : (i+1)*n : (i+1)*n]
}
