//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// touch returns what an assembly kernel reads or writes of rows in float32, after a look
// at the last place, so that slices too short panic in Go; nil if there are no vectors.
func touch[F tensor.Float](x []F, rows, stride, n int) []float32 {
	s, ok := any(x).([]float32)
	if !ok || !useVectors {
		return nil
	}
	_ = s[(rows-1)*stride+n-1]
	return s
}

// winogradRowsFast and winogradOutputRowsFast return how many of n numbers they have
// done: all but the last seven at the most.

func winogradRowsFast[F tensor.Float](m WinogradMatrix, n int, to []F, ts int, from []F, fs int) int {
	n &^= 7
	if n <= 0 {
		return 0
	}
	rows, columns := m.size()
	t, f := touch(to, rows, ts, n), touch(from, columns, fs, n)
	if t == nil {
		return 0
	}
	switch m {
	case WinogradInput:
		winogradInputF32(n, &t[0], ts, &f[0], fs)
	case WinogradOutputAdjoint:
		winogradOutputAdjointF32(n, &t[0], ts, &f[0], fs)
	case WinogradWeights:
		winogradWeightsF32(n, &t[0], ts, &f[0], fs)
	case WinogradWeightsAdjoint:
		winogradWeightsAdjointF32(n, &t[0], ts, &f[0], fs)
	default:
		return 0
	}
	return n
}

func winogradOutputRowsFast[F tensor.Float](n int, to []F, ts int, from []F, fs int, bias F, add bool) int {
	n &^= 7
	if n <= 0 {
		return 0
	}
	t, f := touch(to, WinogradOutputs, ts, n), touch(from, WinogradInputs, fs, n)
	if t == nil {
		return 0
	}
	adds := 0
	if add {
		adds = 1
	}
	winogradOutputRowsF32(n, &t[0], ts, &f[0], fs, float32(bias), adds)
	return n
}

func tileInputsFast[F tensor.Float](to []F, ts int, from []F, fs int, offset *[WinogradTiles]int) bool {
	t := touch(to, WinogradInputs*WinogradInputs, ts, WinogradTiles)
	if t == nil {
		return false
	}
	least, most := offset[0], offset[0]
	for _, at := range offset {
		least, most = min(least, at), max(most, at)
	}
	f := touch(from, WinogradInputs, fs, most+WinogradInputs)
	_ = f[least]
	tileInputsF32(&t[0], ts, &f[0], fs, &offset[0])
	return true
}

func tileOutputsFast[F tensor.Float](to []F, ts int, from []F, fs int) bool {
	t := touch(to, WinogradInputs, ts, WinogradOutputs*WinogradTiles)
	if t == nil {
		return false
	}
	f := touch(from, WinogradInputs*WinogradInputs, fs, WinogradTiles)
	tileOutputsF32(&t[0], ts, &f[0], fs)
	return true
}

func tileOutputsAdjointFast[F tensor.Float](to []F, ts int, from []F, fs int) bool {
	t := touch(to, WinogradInputs*WinogradInputs, ts, WinogradTiles)
	if t == nil {
		return false
	}
	f := touch(from, WinogradInputs, fs, WinogradOutputs*WinogradTiles)
	tileOutputsAdjointF32(&t[0], ts, &f[0], fs)
	return true
}
