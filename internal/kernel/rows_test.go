package kernel

import "testing"

// Rows of all short lengths, between numbers that must stay as they are.
func TestRows(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		for n := range 40 {
			for _, rows := range []int{0, 1, 2, 5} {
				ts, fs := n+3, n+1
				from, to := oddNumbers(1, rows*fs+1)[1:], oddNumbers(2, rows*ts+2)
				want := append([]float32{}, to...)
				for i := range rows {
					copy(want[2+i*ts:], from[i*fs:i*fs+n])
				}
				CopyRows(rows, n, to[2:], ts, from, fs)
				sameFloats(t, "copied rows", to, want)
				for i := range rows {
					for j := range n {
						want[2+i*ts+j] += from[i*fs+j]
					}
				}
				AddRows(rows, n, to[2:], ts, from, fs)
				sameFloats(t, "added rows", to, want)
			}
		}
	})
}

func TestRowsRefuseRowsThatDoNotFit(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		x, y := make([]float32, 20), make([]float32, 19)
		for _, call := range []func(){
			func() { CopyRows(2, 10, x, 10, y, 10) }, func() { CopyRows(2, 10, y, 10, x, 10) },
			func() { AddRows(2, 10, x, 10, y, 10) }, func() { AddRows(2, 10, y, 10, x, 10) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("accepted")
					}
				}()
				call()
			}()
		}
	})
}
