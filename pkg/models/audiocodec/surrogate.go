package audiocodec

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Heaviside is z = 1 for l > 0 and 0 otherwise, whose derivative is replaced on the way back
// by the surrogate max(0, 1 - |l|).
func Heaviside[F tensor.Float](t *autodiff.Tape[F], l *autodiff.Var[F]) *autodiff.Var[F] {
	return step(t, l, func(l F) F {
		if l > 0 {
			return 1
		}
		return 0
	})
}

// SoftStep is the function whose derivative the surrogate is:
//
//	S(l) = 0, (l+1)²/2, 1 - (1-l)²/2, 1   with breaks at -1, 0 and 1
//
// With it in the place of H, gradients are those of the loss itself.
func SoftStep[F tensor.Float](t *autodiff.Tape[F], l *autodiff.Var[F]) *autodiff.Var[F] {
	return step(t, l, func(l F) F {
		switch {
		case l <= -1:
			return 0
		case l <= 0:
			return (l + 1) * (l + 1) / 2
		case l <= 1:
			return 1 - (1-l)*(1-l)/2
		}
		return 1
	})
}

// step is an activation with the derivative max(0, 1 - |l|).
func step[F tensor.Float](t *autodiff.Tape[F], l *autodiff.Var[F], f func(F) F) *autodiff.Var[F] {
	z := t.Unset(1, l.Value.Shape...)
	for i, x := range l.Value.Data {
		z.Value.Data[i] = f(x)
	}
	if l.Grad == nil {
		return z
	}
	t.Record(func() {
		gl := l.Grad.Data
		for i, g := range z.Grad.Data {
			x := l.Value.Data[i]
			gl[i] += g * max(0, 1-max(x, -x))
		}
	})
	return z
}
