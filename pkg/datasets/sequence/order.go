package sequence

import (
	"sync/atomic"

	"github.com/snnctl/snnctl/internal/rng"
)

// order is an endless sequence of image numbers in [0, n): one permutation an
// epoch, each a function of the seed and the epoch alone.
type order struct {
	seed uint64
	n    int
	// recent keeps the permutations of an even and of an odd epoch, as a batch
	// that ends one epoch begins the next.
	recent [2]atomic.Pointer[epoch]
}

type epoch struct {
	number int
	images []int32
}

func newOrder(seed uint64, n int) *order { return &order{seed: seed, n: n} }

// at is the image at a position of the concatenated epochs.
func (o *order) at(position int) int {
	number, i := position/o.n, position%o.n
	e := o.recent[number%2].Load()
	if e == nil || e.number != number {
		e = o.shuffle(number)
		o.recent[number%2].Store(e)
	}
	return int(e.images[i])
}

func (o *order) shuffle(number int) *epoch {
	e := &epoch{number: number, images: make([]int32, o.n)}
	for i := range e.images {
		e.images[i] = int32(i)
	}
	rng.Stream(o.seed, "order", uint64(number), 0).Shuffle(o.n, func(i, j int) {
		e.images[i], e.images[j] = e.images[j], e.images[i]
	})
	return e
}
