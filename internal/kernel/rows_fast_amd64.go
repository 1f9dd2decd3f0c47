//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func copyRowsFast[F tensor.Float](rows, n int, to []F, ts int, from []F, fs int) bool {
	t, ok := any(to).([]float32)
	if !ok || !useVectors {
		return false
	}
	f := any(from).([]float32)
	_, _ = t[(rows-1)*ts+n-1], f[(rows-1)*fs+n-1]
	copyRowsF32(rows, n, &t[0], ts, &f[0], fs)
	return true
}
