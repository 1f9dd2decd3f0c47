package em

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/metrics"
)

const purposeLabels rng.Purpose = "neulvm-labels"

// Label constants of section 5.3 of the method.
const (
	labelSigma    = 0.2 // s
	labelRestarts = 50
	labelRounds   = 100
)

// InferLabels sorts neurons into groups by k-means on their spike trains, smoothed by 200 ms
// and in Hz, so that rates count beside correlations (section 5.3 of the method). Groups are
// numbered by mean rate, the lowest first: by the method the inhibitory population, the
// fastest, is the last. It returns the group of each neuron.
func InferLabels(trains [][]bool, dt float64, groups int, seed uint64) ([]int, error) {
	if len(trains) < groups {
		return nil, fault.Inputf("%d neurons cannot be sorted into %d populations, expected at least one for each", len(trains), groups)
	}
	points := make([][]float64, len(trains))
	for i, train := range trains {
		x := make([]float64, len(train))
		for t, spiked := range train {
			if spiked {
				x[t] = 1 / dt
			}
		}
		points[i] = metrics.SmoothGaussian(x, labelSigma/dt)
	}
	var best []int
	least := math.Inf(1)
	for k := range labelRestarts {
		labels, cost := kMeans(points, groups, rng.Stream(seed, purposeLabels, 0, uint64(k)))
		if cost < least {
			best, least = labels, cost
		}
	}
	rate, size := make([]float64, groups), make([]float64, groups)
	for i, l := range best {
		rate[l] += float64(count(trains[i]))
		size[l]++
	}
	order := make([]int, groups)
	for l := range order {
		order[l] = l
		if size[l] == 0 {
			return nil, fault.Inputf("the neurons make fewer than %d groups: one of them is empty", groups)
		}
		rate[l] /= size[l]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case rate[a] < rate[b]:
			return -1
		case rate[a] > rate[b]:
			return 1
		}
		return 0
	})
	for i, l := range best {
		best[i] = slices.Index(order, l)
	}
	return best, nil
}

// kMeans is Lloyd's algorithm from centres that k-means++ draws.
func kMeans(points [][]float64, k int, random *rand.Rand) (labels []int, cost float64) {
	centres := [][]float64{slices.Clone(points[random.IntN(len(points))])}
	distance := make([]float64, len(points))
	for len(centres) < k {
		sum := 0.0
		for i, x := range points {
			_, distance[i] = nearest(x, centres)
			sum += distance[i]
		}
		at, next := random.Float64()*sum, len(points)-1
		for i, d := range distance {
			if at -= d; at < 0 {
				next = i
				break
			}
		}
		centres = append(centres, slices.Clone(points[next]))
	}
	labels = make([]int, len(points))
	for range labelRounds {
		moved := false
		cost = 0
		for i, x := range points {
			l, d := nearest(x, centres)
			moved = moved || l != labels[i]
			labels[i] = l
			cost += d
		}
		if !moved {
			break
		}
		for l, centre := range centres {
			n := 0.0
			mean := make([]float64, len(centre))
			for i, x := range points {
				if labels[i] == l {
					n++
					for t, v := range x {
						mean[t] += v
					}
				}
			}
			if n > 0 {
				for t := range mean {
					centre[t] = mean[t] / n
				}
			}
		}
	}
	return labels, cost
}

func nearest(x []float64, centres [][]float64) (label int, distance float64) {
	distance = math.Inf(1)
	for l, c := range centres {
		d := 0.0
		for t, v := range x {
			d += (v - c[t]) * (v - c[t])
		}
		if d < distance {
			label, distance = l, d
		}
	}
	return label, distance
}
