package conversion

// histogram counts values of neurons in bins from 0 to their window; silent ones apart.
type histogram struct {
	width  float64
	bins   []int
	silent int
}

// histogramBins are of one layer; what lies beyond the window is cut to it.
const histogramBins = 60

func newHistogram(window float64) *histogram {
	return &histogram{width: window / histogramBins, bins: make([]int, histogramBins)}
}

func (h *histogram) add(x []float64) {
	for _, v := range x {
		if v > 0 {
			h.bins[min(int(v/h.width), histogramBins-1)]++
		} else {
			h.silent++
		}
	}
}
