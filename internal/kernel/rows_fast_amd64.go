//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func copyRowsFast[F tensor.Float](rows, n int, to []F, ts int, from []F, fs int) bool {
	t, f := touch(to, rows, ts, n), touch(from, rows, fs, n)
	if t == nil {
		return false
	}
	copyRowsF32(rows, n, &t[0], ts, &f[0], fs)
	return true
}

func addRowsFast[F tensor.Float](rows, n int, to []F, ts int, from []F, fs int) bool {
	t, f := touch(to, rows, ts, n), touch(from, rows, fs, n)
	if t == nil {
		return false
	}
	addRowsF32(rows, n, &t[0], ts, &f[0], fs)
	return true
}
