package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// balancer gives each distance its share of the gradient, whatever its scale (EnCodec, section 4.1): with g_i the gradient
// of distance i with respect to x̂, what goes back is
//
//	Σ_i w_i/Σw · g_i/(n_i + 1e-12)
//
// with n_i the mean over the batch of |g_i|₂, averaged over steps with the decay β and corrected for its start at 0.
type balancer[F tensor.Float] struct {
	decay float64
	// Of each distance the average and what it is to be divided by, Σ of the weights of its terms.
	averages []float64
}

// mostBalanced is how many distances there can be.
const mostBalanced = 8

func newBalancer[F tensor.Float](decay float64) *balancer[F] {
	return &balancer[F]{decay, make([]float64, 2*mostBalanced)}
}

// weight is what the gradient of distance i [batch][samples] is multiplied by for a share of the whole.
func (b *balancer[F]) weight(i int, share float64, gradient []F, batch int) float64 {
	norm, length := 0.0, len(gradient)/batch
	for k := range batch {
		_, squares := kernel.CentredSums(gradient[k*length:(k+1)*length], 0)
		norm += math.Sqrt(squares) / float64(batch)
	}
	a := b.averages[2*i : 2*i+2]
	a[0] = b.decay*a[0] + norm
	a[1] = b.decay*a[1] + 1
	return share / (a[0]/a[1] + 1e-12)
}
