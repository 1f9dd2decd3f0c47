package kernel

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sparse is a matrix as lists of its elements that are not zero.
type Sparse[F tensor.Float] struct {
	Events
	values []F
}

// Rebuild lists the non-zero elements of a, rows×cols, lda numbers from one row to the
// next. Memory is reused.
func (s *Sparse[F]) Rebuild(threads, rows, cols int, a []F, lda int) {
	checkMatrix("A", rows, cols, a, lda)
	s.Rows, s.Cols = rows, cols
	lists := s.blocks() * rows
	s.start = growInts(s.start, lists+1)
	s.start[0] = 0
	parallel.For(threads, rows, func(_, r int) {
		for block := range s.blocks() {
			count := int32(0)
			for _, v := range s.part(a[r*lda:], block) {
				if v != 0 {
					count++
				}
			}
			s.start[block*rows+r+1] = count
		}
	})
	for l := range lists {
		s.start[l+1] += s.start[l]
	}
	s.at, s.values = growInts(s.at, int(s.start[lists])), grow(s.values, int(s.start[lists]))
	parallel.For(threads, rows, func(_, r int) {
		for block := range s.blocks() {
			to := s.start[block*rows+r]
			for k, v := range s.part(a[r*lda:], block) {
				if v != 0 {
					s.at[to], s.values[to] = int32(k), v
					to++
				}
			}
		}
	})
}

// part is a block of the columns of a row.
func (s *Sparse[F]) part(row []F, block int) []F {
	return row[block*eventDepth : min((block+1)*eventDepth, s.Cols)]
}

// MultiplySparse computes C = S B as MultiplyEvents does: each row of C is the sum of the
// rows of B that its list names, times their values, in their order. It costs in proportion
// to the values that are not zero. Products are not fused with sums: any number of threads
// gives the same bits, and so does the plain Go twin.
func MultiplySparse[F tensor.Float](threads int, scratch *EventScratch[F], s *Sparse[F], n int, b []F, ldb int, c []F, ldc int) {
	values := s.values
	if values == nil {
		values = []F{}
	}
	multiplyLists(threads, scratch, &s.Events, values, n, b, ldb, c, ldc)
}

// sumWeighted adds to sum the rows of the panel that at names, times their weights.
func sumWeighted[F tensor.Float](sum, panel []F, at []int32, weights []F) {
	if len(at) == 0 || sumWeightedFast(sum, panel, at, weights) {
		return
	}
	for i, k := range at {
		w := weights[i]
		row := panel[int(k)*eventWidth:][:len(sum)]
		for j, x := range row {
			sum[j] += F(w * x)
		}
	}
}
