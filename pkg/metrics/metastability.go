package metrics

// Metastability is how two populations took turns at winning.
type Metastability struct {
	Switches int       // of the winner
	Dwells   []float64 // s, between switches: neither the first stay nor the last is complete
	Winner   float64   // mean rates, Hz, where one clearly wins; NaN if none ever does
	Loser    float64
	Other    float64 // of the third population
}

// Winner-take-all thresholds (section 8.3 of the method), Hz.
const (
	winnerSmoothing  = 0.1 // s
	winnerHysteresis = 4.0
	winnerClear      = 8.0
)

// TakingTurns finds who wins from the activities of two populations and a third, in Hz and
// sampled every dt seconds: the sign of the difference of the first two, smoothed by
// 100 ms, with a hysteresis of 4 Hz either way. Rates are means over the samples in which
// the smoothed difference is more than 8 Hz.
func TakingTurns(first, second, other []float64, dt float64) Metastability {
	winners := Winners(first, second, dt)
	difference := make([]float64, len(first))
	for i := range first {
		difference[i] = first[i] - second[i]
	}
	difference = SmoothGaussian(difference, winnerSmoothing/dt)
	var m Metastability
	var won, lost, rest, n float64
	since := -1
	for i, w := range winners {
		if i > 0 && w != winners[i-1] && winners[i-1] != 0 {
			m.Switches++
			if since >= 0 {
				m.Dwells = append(m.Dwells, float64(i-since)*dt)
			}
			since = i
		}
		if d := difference[i]; d > winnerClear || d < -winnerClear {
			a, b := first[i], second[i]
			if d < 0 {
				a, b = b, a
			}
			won, lost, rest, n = won+a, lost+b, rest+other[i], n+1
		}
	}
	m.Winner, m.Loser, m.Other = won/n, lost/n, rest/n
	return m
}

// Winners says for each sample who wins, 1 or 2, or 0 before anybody has.
func Winners(first, second []float64, dt float64) []int {
	difference := make([]float64, len(first))
	for i := range first {
		difference[i] = first[i] - second[i]
	}
	winners := make([]int, len(first))
	now := 0
	for i, d := range SmoothGaussian(difference, winnerSmoothing/dt) {
		if d > winnerHysteresis {
			now = 1
		} else if d < -winnerHysteresis {
			now = 2
		}
		winners[i] = now
	}
	return winners
}
