package sequence

// pooling averages side×side pixels into one. The averages are kept as exact
// integers: sums of bytes, white being 255·side².
type pooling struct {
	side          int
	stride        int // pixels in a row of the image
	rows, columns int // after pooling
}

func (p pooling) pixels() int { return p.rows * p.columns }

// white is the largest sum.
func (p pooling) white() int { return 255 * p.side * p.side }

// sum is the sum over the block of pooled pixel i, counted row by row.
func (p pooling) sum(image []uint8, i int) int {
	if p.side == 1 {
		return int(image[i])
	}
	corner := i/p.columns*p.side*p.stride + i%p.columns*p.side
	sum := 0
	for range p.side {
		for _, v := range image[corner : corner+p.side] {
			sum += int(v)
		}
		corner += p.stride
	}
	return sum
}
