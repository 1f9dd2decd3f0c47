package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:generate sh -c "cd gen/winograd && go run . -out ../../winograd_amd64.s -stubs ../../winograd_amd64.go -pkg kernel"

// Convolutions with kernels of 3×3 are done by the algorithm F(4×4, 3×3) of Winograd
// (Lavin, Gray 2015, arXiv:1509.09308): tiles of 4×4 outputs, d the 6×6 inputs
// they read and g the kernel,
//
//	Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A
//
// with 36 multiplications for 16·9. The matrices come from evaluating
// polynomials at 0, ±√½, ±√2 and ∞: with these points the rounding error is twice
// that of the sum itself, with the usual ones (0, ±1, ±2, ∞) four times. The adjoint
// with respect to g, the gradient of the kernel, has the transposes of the same matrices:
// Gᵀ [(A y Aᵀ) ⊙ (Bᵀ d B)] G, with y the gradient of Y.
//
// Each product with a matrix from both sides is one down the columns, by
// WinogradRows, and one along the rows, which takes tiles apart (TileInputs) or
// puts them together (TileOutputs). Nothing is fused: all twins give the same bits.
const (
	WinogradOutputs = 4 // a side of a tile of outputs
	WinogradInputs  = 6 // a side of what a tile reads
	WinogradKernel  = 3 // a side of the kernel
	WinogradTiles   = 8 // tiles that are transformed at once
)

// winogradPoint is the lesser of the two points, √½; the other is twice that.
const winogradPoint = math.Sqrt2 / 2

// WinogradMatrix is a matrix of the algorithm.
type WinogradMatrix int

// The matrices.
const (
	WinogradInput          WinogradMatrix = iota // Bᵀ, 6×6
	WinogradOutput                               // Aᵀ, 4×6
	WinogradOutputAdjoint                        // A, 6×4
	WinogradWeights                              // G, 6×3
	WinogradWeightsAdjoint                       // Gᵀ, 3×6
)

// size is the number of rows and columns.
func (m WinogradMatrix) size() (rows, columns int) {
	s := [...][2]int{{6, 6}, {4, 6}, {6, 4}, {6, 3}, {3, 6}}[m]
	return s[0], s[1]
}

// multiply replaces the vector x by its product.
func multiplyWinograd[F tensor.Float](m WinogradMatrix, x *[WinogradInputs]F) {
	const a, b = winogradPoint, 2 * winogradPoint
	switch m {
	case WinogradInput:
		p, q := x[4]-F(2*x[2]), F(a*(x[3]-F(2*x[1])))
		r, s := x[4]-F(0.5*x[2]), F(b*(x[3]-F(0.5*x[1])))
		*x = [6]F{(x[0] + x[4]) - F(2.5*x[2]), p + q, p - q, r + s, r - s, (x[1] + x[5]) - F(2.5*x[3])}
	case WinogradOutput:
		p, q := x[1]+x[2], x[1]-x[2]
		r, s := x[3]+x[4], x[3]-x[4]
		*x = [6]F{x[0] + (p + r), F(a*q) + F(b*s), F(0.5*p) + F(2*r), (F(a/2*q) + F(2*b*s)) + x[5]}
	case WinogradOutputAdjoint:
		p, q := x[0]+F(0.5*x[2]), F(a*x[1])+F(a/2*x[3])
		r, s := x[0]+F(2*x[2]), F(b*x[1])+F(2*b*x[3])
		*x = [6]F{x[0], p + q, p - q, r + s, r - s, x[3]}
	case WinogradWeights:
		p, q := F(-2./3*x[0])+F(-1./3*x[2]), F(-2./3*a*x[1])
		r, s := F(1./6*x[0])+F(1./3*x[2]), F(1./6*b*x[1])
		*x = [6]F{x[0], p + q, p - q, r + s, r - s, x[2]}
	case WinogradWeightsAdjoint:
		p, q := x[1]+x[2], x[1]-x[2]
		r, s := x[3]+x[4], x[3]-x[4]
		*x = [6]F{x[0] + (F(-2./3*p) + F(1./6*r)), F(-2./3*a*q) + F(1./6*b*s), (F(-1./3*p) + F(1./3*r)) + x[5]}
	}
}

// WinogradRows is to[i·ts + x] = Σ_k M[i][k] from[k·fs + x] for x < n.
func WinogradRows[F tensor.Float](m WinogradMatrix, n int, to []F, ts int, from []F, fs int) {
	rows, columns := m.size()
	var v [WinogradInputs]F
	for x := winogradRowsFast(m, n, to, ts, from, fs); x < n; x++ {
		for k := range columns {
			v[k] = from[k*fs+x]
		}
		multiplyWinograd(m, &v)
		for i := range rows {
			to[i*ts+x] = v[i]
		}
	}
}

// WinogradOutputRows is to[i·ts + x] = bias + Σ_k Aᵀ[i][k] from[k·fs + x] for x < n,
// or adds that to what is there.
func WinogradOutputRows[F tensor.Float](n int, to []F, ts int, from []F, fs int, bias F, add bool) {
	var v [WinogradInputs]F
	for x := winogradOutputRowsFast(n, to, ts, from, fs, bias, add); x < n; x++ {
		for k := range v {
			v[k] = from[k*fs+x]
		}
		multiplyWinograd(WinogradOutput, &v)
		for i := range WinogradOutputs {
			y := v[i] + bias
			if add {
				y += to[i*ts+x]
			}
			to[i*ts+x] = y
		}
	}
}

// TileInputs is the product with B from the right of WinogradTiles tiles, six rows
// fs apart; row i of tile t begins at from[i·fs + offset[t]]. Element (i, j) of
// tile t goes to to[(6i+j)·ts + t].
func TileInputs[F tensor.Float](to []F, ts int, from []F, fs int, offset *[WinogradTiles]int) {
	if tileInputsFast(to, ts, from, fs, offset) {
		return
	}
	for i := range WinogradInputs {
		for t, at := range offset {
			v := [WinogradInputs]F(from[i*fs+at:])
			multiplyWinograd(WinogradInput, &v)
			for j, y := range v {
				to[(WinogradInputs*i+j)*ts+t] = y
			}
		}
	}
}

// TileOutputs is the product with A from the right of WinogradTiles tiles, the
// reverse of which TileInputs is: element (i, j) of tile t lies at
// from[(6i+j)·fs + t]. The results, six rows of four, begin at to[i·ts + 4t].
func TileOutputs[F tensor.Float](to []F, ts int, from []F, fs int) {
	if tileOutputsFast(to, ts, from, fs) {
		return
	}
	var v [WinogradInputs]F
	for i := range WinogradInputs {
		for t := range WinogradTiles {
			for j := range v {
				v[j] = from[(WinogradInputs*i+j)*fs+t]
			}
			multiplyWinograd(WinogradOutput, &v)
			copy(to[i*ts+WinogradOutputs*t:], v[:WinogradOutputs])
		}
	}
}

// TileOutputsAdjoint is the product with Aᵀ from the right of WinogradTiles tiles: row i,
// four numbers, of tile t begins at from[i·fs + 4t], and element (i, j) of the
// result goes to to[(6i+j)·ts + t].
func TileOutputsAdjoint[F tensor.Float](to []F, ts int, from []F, fs int) {
	if tileOutputsAdjointFast(to, ts, from, fs) {
		return
	}
	var v [WinogradInputs]F
	for i := range WinogradInputs {
		for t := range WinogradTiles {
			copy(v[:], from[i*fs+WinogradOutputs*t:][:WinogradOutputs])
			multiplyWinograd(WinogradOutputAdjoint, &v)
			for j, y := range v {
				to[(WinogradInputs*i+j)*ts+t] = y
			}
		}
	}
}
