//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/snnctl/snnctl/internal/tensor"
)

// denseVectors reports whether the dense kernels can run in assembly.
func denseVectors() bool { return useVectors && cpu.X86.HasFMA }

func productPanelFast[F tensor.Float](rows, k int, a *rowsA[F], b []F, bs int, alpha, beta F, c []F, ldc int) bool {
	if !denseVectors() {
		return false
	}
	high, wide := tileRows(), panelWidth[F]()
	last := (rows - 1) / high
	_, _, _ = a.data[last*high*a.perRow+(rows-1-last*high)*a.rs+(k-1)*a.cs], b[(k-1)*bs+wide-1], c[(rows-1)*ldc+wide-1]
	switch from := any(&a.data[0]).(type) { // direct calls: through variables, arguments would escape to the heap
	case *float32:
		b, c, alpha, beta := any(&b[0]).(*float32), any(&c[0]).(*float32), float32(alpha), float32(beta)
		if useWide {
			gemmPanelWideF32(rows, k, from, a.rs, a.cs, high*a.perRow, b, bs, alpha, beta, c, ldc)
		} else {
			gemmPanelF32(rows, k, from, a.rs, a.cs, high*a.perRow, b, bs, alpha, beta, c, ldc)
		}
	case *float64:
		b, c, alpha, beta := any(&b[0]).(*float64), any(&c[0]).(*float64), float64(alpha), float64(beta)
		if useWide {
			gemmPanelWideF64(rows, k, from, a.rs, a.cs, high*a.perRow, b, bs, alpha, beta, c, ldc)
		} else {
			gemmPanelF64(rows, k, from, a.rs, a.cs, high*a.perRow, b, bs, alpha, beta, c, ldc)
		}
	}
	return true
}

// packTransposedFast packs what it can of n numbers from each of width rows,
// and returns how many numbers that were: see packPanel.
func packTransposedFast[F tensor.Float](dst []F, wide, width, n int, src []F, ld int) int {
	v := 32 / int(unsafe.Sizeof(F(0))) // numbers in a vector
	n -= n % v
	groups := (width + v - 1) / v
	if !denseVectors() || n == 0 || (groups*v-1)*ld+n > len(src) || (n-1)*wide+groups*v > len(dst) {
		return 0
	}
	for g := groups - 1; g >= 0; g-- { // a group may write over the beginning of the next row, which the first group mends
		from, to := &src[g*v*ld], &dst[g*v]
		switch from := any(from).(type) {
		case *float32:
			packTransposedF32(n, from, ld, any(to).(*float32), wide)
		case *float64:
			packTransposedF64(n, from, ld, any(to).(*float64), wide)
		}
	}
	return n
}

// packRowsFast copies k > 0 rows of wide numbers, the width of a panel of op(A) or op(B).
func packRowsFast[F tensor.Float](dst []F, wide, k int, src []F, step int) bool {
	if !denseVectors() {
		return false
	}
	_, _ = src[(k-1)*step+wide-1], dst[k*wide-1]
	switch from := any(&src[0]).(type) {
	case *float32:
		to := any(&dst[0]).(*float32)
		switch ofA := wide == tileRows(); {
		case ofA && useWide:
			packTwelveF32(k, from, step, to)
		case ofA:
			packSixF32(k, from, step, to)
		case useWide:
			packWideF32(k, from, step, to)
		default:
			packPanelF32(k, from, step, to)
		}
	case *float64:
		to := any(&dst[0]).(*float64)
		switch ofA := wide == tileRows(); {
		case ofA && useWide:
			packTwelveF64(k, from, step, to)
		case ofA:
			packSixF64(k, from, step, to)
		case useWide:
			packWideF64(k, from, step, to)
		default:
			packPanelF64(k, from, step, to)
		}
	}
	return true
}

// sumRowsFast is sum[j] = Σ x[i] a[i*lda+j] for len(sum) = gemvBlock columns.
func sumRowsFast[F tensor.Float](sum, x, a []F, lda int) bool {
	if !denseVectors() || len(sum) != gemvBlock[F]() || len(x) == 0 {
		return false
	}
	_ = a[(len(x)-1)*lda+len(sum)-1]
	switch a := any(&a[0]).(type) {
	case *float32:
		gemvRowsF32(len(x), any(&x[0]).(*float32), a, lda, any(&sum[0]).(*float32))
	case *float64:
		gemvRowsF64(len(x), any(&x[0]).(*float64), a, lda, any(&sum[0]).(*float64))
	}
	return true
}

// dotRowsFast is sum[i] = Σ a[i*lda+j] x[j].
func dotRowsFast[F tensor.Float](sum, x, a []F, lda int) bool {
	if !denseVectors() || len(sum) == 0 || len(x) == 0 {
		return false
	}
	_ = a[(len(sum)-1)*lda+len(x)-1]
	const four = 4
	var few [four]F
	to := &few
	for i := 0; i < len(sum); i += four {
		stride := lda
		if len(sum) >= four {
			i = min(i, len(sum)-four)
			to = (*[four]F)(sum[i:])
		} else {
			stride = 0 // the same row four times
		}
		switch a := any(&a[i*lda]).(type) {
		case *float32:
			gemvDotsF32(len(x), a, stride, any(&x[0]).(*float32), any(&to[0]).(*float32))
		case *float64:
			gemvDotsF64(len(x), a, stride, any(&x[0]).(*float64), any(&to[0]).(*float64))
		}
		if stride == 0 {
			sum[i] = few[0]
			i -= four - 1
		}
	}
	return true
}
