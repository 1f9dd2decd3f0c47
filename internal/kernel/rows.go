package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// CopyRows copies rows rows of n numbers, fs apart in from, to places ts apart in to: for rows so
// short that a call of copy for each would take longer than the copying.
func CopyRows[F tensor.Float](rows, n int, to []F, ts int, from []F, fs int) {
	if rows == 0 || n == 0 || copyRowsFast(rows, n, to, ts, from, fs) {
		return
	}
	for i := range rows {
		copy(to[i*ts:i*ts+n], from[i*fs:i*fs+n])
	}
}

// AddRows is CopyRows, but adds to what is there.
func AddRows[F tensor.Float](rows, n int, to []F, ts int, from []F, fs int) {
	if rows == 0 || n == 0 || addRowsFast(rows, n, to, ts, from, fs) {
		return
	}
	for i := range rows {
		row := to[i*ts : i*ts+n]
		for j, v := range from[i*fs : i*fs+n] {
			row[j] += v
		}
	}
}
