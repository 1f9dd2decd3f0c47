// Package tensor holds the arrays that the models compute on: dense tensors,
// and spike trains as bits.
package tensor

// Lanes is the number of trials that are simulated side by side: one bit of a
// spike word, one lane of the vector kernels, belongs to each.
const Lanes = 16

// Groups returns how many groups of Lanes trials hold n trials.
func Groups(trials int) int { return (trials + Lanes - 1) / Lanes }

// Spikes holds the spike trains of up to Lanes trials over T steps of N
// neurons (or input lines): a bit per neuron, step and trial.
//
// Trial l of neuron i fired in step t if bit l of Words[t*N+i] is set.
type Spikes struct {
	T, N  int
	Words []uint16
}

// NewSpikes returns silent spike trains.
func NewSpikes(t, n int) *Spikes { return &Spikes{T: t, N: n, Words: make([]uint16, t*n)} }

// At reports whether neuron i of trial lane fired in step t.
func (s *Spikes) At(t, i, lane int) bool { return s.Words[t*s.N+i]>>lane&1 != 0 }

// Set makes neuron i of trial lane fire in step t.
func (s *Spikes) Set(t, i, lane int) { s.Words[t*s.N+i] |= 1 << lane }

// Step returns the words of step t, one a neuron.
func (s *Spikes) Step(t int) []uint16 { return s.Words[t*s.N : (t+1)*s.N] }

// Currents holds analogue input of up to Lanes trials over T steps of N lines:
// line i of trial l carries Values[(t*N+i)*Lanes+l] in step t.
type Currents struct {
	T, N   int
	Values []float32
}

// NewCurrents returns zero input.
func NewCurrents(t, n int) *Currents {
	return &Currents{T: t, N: n, Values: make([]float32, t*n*Lanes)}
}

// Step returns the values of step t, Lanes a line.
func (c *Currents) Step(t int) []float32 {
	n := c.N * Lanes
	return c.Values[t*n : (t+1)*n]
}

// Line returns the Lanes values of line i in step t.
func (c *Currents) Line(t, i int) []float32 {
	o := (t*c.N + i) * Lanes
	return c.Values[o : o+Lanes : o+Lanes]
}

// Input is what up to Lanes trials are shown, as spikes or as currents: exactly
// one of the two is set.
type Input struct {
	Trials   int // trials in use; the lanes above are silent
	Spikes   *Spikes
	Currents *Currents
}

// Steps is the number of steps of the input.
func (in *Input) Steps() int {
	if in.Spikes != nil {
		return in.Spikes.T
	}
	return in.Currents.T
}
