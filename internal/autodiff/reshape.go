package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badReshape = "autodiff: Reshape: the shapes differ in their number of elements"

// Reshape is x seen with another shape of as many elements. The result shares
// the memory of x, value and gradient.
func Reshape[F tensor.Float](x *Var[F], shape ...int) *Var[F] {
	if size(shape) != len(x.Value.Data) {
		panic(badReshape)
	}
	return reshaped(x, shape...)
}

// Flatten is x [n][...] seen as [n][elements]; it shares the memory of x.
func Flatten[F tensor.Float](x *Var[F]) *Var[F] {
	return reshaped(x, x.Value.Shape[0], size(x.Value.Shape[1:]))
}
