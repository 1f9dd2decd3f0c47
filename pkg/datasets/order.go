package datasets

import (
	"sync/atomic"

	"github.com/snnctl/snnctl/internal/rng"
)

// Order is an endless sequence of the numbers in [0, n): one permutation an epoch,
// each a function of the seed and the epoch alone.
type Order struct {
	seed uint64
	n    int
	// recent keeps the permutations of an even and of an odd epoch, as a batch
	// that ends one epoch begins the next.
	recent [2]atomic.Pointer[epoch]
}

type epoch struct {
	number  int
	numbers []int32
}

// NewOrder returns an order of n things.
func NewOrder(seed uint64, n int) *Order { return &Order{seed: seed, n: n} }

// At is the number at a position of the concatenated epochs.
func (o *Order) At(position int) int {
	number, i := position/o.n, position%o.n
	e := o.recent[number%2].Load()
	if e == nil || e.number != number {
		e = o.shuffle(number)
		o.recent[number%2].Store(e)
	}
	return int(e.numbers[i])
}

func (o *Order) shuffle(number int) *epoch {
	e := &epoch{number: number, numbers: make([]int32, o.n)}
	for i := range e.numbers {
		e.numbers[i] = int32(i)
	}
	rng.Stream(o.seed, "order", uint64(number), 0).Shuffle(o.n, func(i, j int) {
		e.numbers[i], e.numbers[j] = e.numbers[j], e.numbers[i]
	})
	return e
}
