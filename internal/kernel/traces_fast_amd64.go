//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

func traceStepFast[F tensor.Float](traces *Traces[F]) bool {
	t, ok := any(traces).(*Traces[float32])
	n := len(traces.EpsV) / Lanes
	if !ok || !useVectors || n == 0 {
		return false
	}
	_, _, _ = t.Psi[Lanes-1], t.Phi[Lanes-1], t.Signal[Lanes-1]
	for _, rows := range [][]float32{t.EpsA, t.Ebar} {
		if rows != nil {
			_ = rows[n*Lanes-1]
		}
	}
	for _, sums := range [][]float64{t.ByError, t.ByRate} {
		if sums != nil {
			_ = sums[n-1]
		}
	}
	traceStepAVX2(n, &t.Psi[0], &t.Phi[0], &t.Signal[0], &t.EpsV[0], unsafe.SliceData(t.EpsA), unsafe.SliceData(t.Ebar),
		t.Rho, t.C, t.Kappa, t.G, unsafe.SliceData(t.ByError), unsafe.SliceData(t.ByRate))
	return true
}
