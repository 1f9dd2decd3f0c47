package kernel

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

var winogradMatrices = map[string]WinogradMatrix{
	"Bᵀ": WinogradInput, "Aᵀ": WinogradOutput, "A": WinogradOutputAdjoint, "G": WinogradWeights, "Gᵀ": WinogradWeightsAdjoint,
}

// times is the product of a matrix with a vector, by WinogradRows of one column.
func (m WinogradMatrix) times(x []float64) []float64 {
	rows, _ := m.size()
	y := make([]float64, rows)
	WinogradRows(m, 1, y, 1, x, 1)
	return y
}

// Aᵀ [(G g) ⊙ (Bᵀ d)] is the correlation of six numbers with a kernel of three.
func TestWinogradIsACorrelation(t *testing.T) {
	r := rng.Stream(1, "winograd", 0, 0)
	for range 100 {
		d, g := make([]float64, WinogradInputs), make([]float64, WinogradKernel)
		for _, x := range [][]float64{d, g} {
			for i := range x {
				x[i] = r.NormFloat64()
			}
		}
		m := WinogradWeights.times(g)
		for i, v := range WinogradInput.times(d) {
			m[i] *= v
		}
		for i, y := range WinogradOutput.times(m) {
			want := d[i]*g[0] + d[i+1]*g[1] + d[i+2]*g[2]
			if math.Abs(y-want) > 1e-14*(1+math.Abs(want)) {
				t.Fatalf("output %d is %.17g, want %.17g", i, y, want)
			}
		}
	}
}

// The adjoints are the transposes.
func TestWinogradAdjoints(t *testing.T) {
	for m, adjoint := range map[WinogradMatrix]WinogradMatrix{WinogradOutput: WinogradOutputAdjoint, WinogradWeights: WinogradWeightsAdjoint} {
		rows, columns := m.size()
		for k := range columns {
			x := make([]float64, columns)
			x[k] = 1
			column := m.times(x)
			for i := range rows {
				x := make([]float64, rows)
				x[i] = 1
				if got := adjoint.times(x)[k]; got != column[i] {
					t.Errorf("element %d, %d is %g, in the adjoint %g", i, k, column[i], got)
				}
			}
		}
	}
}

// Each kernel on numbers that include NaN, infinities, zeros of both signs and
// denormals, at lengths around the vector's and from unaligned places.
func TestWinogradTwinsAgree(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 34, 100} {
		for offset := range 3 {
			stride := n + offset
			from := oddNumbers(uint64(n), 6*stride+offset)[offset:]
			for name, m := range winogradMatrices {
				twins(t, name, func() [][]float32 {
					to := make([]float32, 6*stride)
					WinogradRows(m, n, to, stride, from, stride)
					return [][]float32{to}
				}, noWords)
			}
			for _, add := range []bool{false, true} {
				twins(t, "outputs", func() [][]float32 {
					to := oddNumbers(7, 6*stride)
					WinogradOutputRows(n, to, stride, from, stride, 0.7, add)
					return [][]float32{to}
				}, noWords)
			}
		}
	}
	for offset := range 3 {
		for _, stride := range []int{48, 61} {
			from := oddNumbers(8, 36*stride+offset)[offset:]
			tile := func(name string, f func(to []float32)) {
				twins(t, name, func() [][]float32 {
					to := make([]float32, 36*stride)
					f(to)
					return [][]float32{to}
				}, noWords)
			}
			at := [WinogradTiles]int{3, 0, 4, 8, 17, 42, 41, 9}
			tile("TileInputs", func(to []float32) { TileInputs(to, stride, from, stride, &at) })
			tile("TileOutputs", func(to []float32) { TileOutputs(to, stride, from, stride) })
			tile("TileOutputsAdjoint", func(to []float32) { TileOutputsAdjoint(to, stride, from, stride) })
		}
	}
}

// What is given on is what WinogradRows gives for rows: along the rows the matrices are the same.
func TestWinogradTilesAreRowsTurned(t *testing.T) {
	const stride = 36
	from := normal(rng.Stream(2, "winograd", 0, 0), 36*stride)
	offset := [WinogradTiles]int{0, 4, 8, 12, 30, 16, 20, 24}
	inputs, adjoints, outputs := make([]float32, 36*stride), make([]float32, 36*stride), make([]float32, 6*stride)
	TileInputs(inputs, stride, from, stride, &offset)
	TileOutputsAdjoint(adjoints, stride, from, stride)
	TileOutputs(outputs, stride, from, stride)
	var v [WinogradInputs]float32
	same := func(name string, m WinogradMatrix, i, t8 int, from []float32, fs int, got func(j int) float32) {
		t.Helper()
		WinogradRows(m, 1, v[:], 1, from, fs)
		rows, _ := m.size()
		for j := range rows {
			if got(j) != v[j] {
				t.Errorf("%s: row %d of tile %d at %d is %g, want %g", name, i, t8, j, got(j), v[j])
			}
		}
	}
	for i := range WinogradInputs {
		for tile, at := range offset {
			element := func(x []float32) func(int) float32 {
				return func(j int) float32 { return x[(6*i+j)*stride+tile] }
			}
			same("TileInputs", WinogradInput, i, tile, from[i*stride+at:], 1, element(inputs))
			same("TileOutputsAdjoint", WinogradOutputAdjoint, i, tile, from[i*stride+4*tile:], 1, element(adjoints))
			same("TileOutputs", WinogradOutput, i, tile, from[6*i*stride+tile:], stride, func(j int) float32 { return outputs[i*stride+4*tile+j] })
		}
	}
}

func TestWinogradRefusesRowsThatDoNotFit(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		long, short := make([]float32, 36*8), make([]float32, 36*8-1)
		var at [WinogradTiles]int
		far := [WinogradTiles]int{0, 0, 0, 3}
		for name, call := range map[string]func(){
			"rows from":       func() { WinogradRows(WinogradInput, 8, long, 8, long[:47], 8) },
			"rows to":         func() { WinogradRows(WinogradInput, 8, long[:47], 8, long, 8) },
			"outputs from":    func() { WinogradOutputRows(8, long, 8, long[:47], 8, 0, false) },
			"outputs to":      func() { WinogradOutputRows(8, long[:31], 8, long, 8, 0, false) },
			"TileInputs to":   func() { TileInputs(short, 8, long, 6, &at) },
			"TileInputs from": func() { TileInputs(long, 8, long[:5*8+8], 8, &far) },
			"TileInputs at":   func() { TileInputs(long, 8, long, 8, &[WinogradTiles]int{-1}) },
			"TileOutputs":     func() { TileOutputs(long, 32, short, 8) },
			"adjoint":         func() { TileOutputsAdjoint(short, 8, long, 32) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: accepted", name)
					}
				}()
				call()
			}()
		}
	})
}
