package spiketrain

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Trials are binned trials that share a stimulus, in the splits of a fit: what a
// network is fitted to, recorded or artificial.
type Trials struct {
	Neurons []string // names
	Areas   []string // of the neurons, "" where not known
	Bin     float64  // width of a bin, s
	History int      // bins at the start of each trial that are history only
	Steps   int      // T, the bins after them

	Train, Validation, Test []tensor.Raster // History + Steps bins each

	Inputs   int       // I
	Stimulus []float64 // [T][I]; a bin's row holds what the neurons see in it
	Frames   *Frames   // pictures from which a network makes the inputs; nil for none

	Truth     *Truth            // of artificial data; nil where it is not known
	Notes     []string          // what a reader left out or changed, one sentence each
	Checksums map[string]string // SHA-256 of each file read, by name
}

// Frames are the pictures of a movie, one a bin, with those before the first bin that
// it sees: bin t sees the frames t … t+Depth-1, the last of which is its own.
type Frames struct {
	Side, Depth int
	Pixels      []float32 // [T+Depth-1][Side][Side], 0 to 1
}

// Truth are the weights that made artificial data.
type Truth struct {
	Visible, Hidden int // neurons, the recorded ones first
	Delays, Inputs  int
	Recurrent       []float64 // [pre][D][post], shortest delay first
	Input           []float64 // [I][n]
	Bias            []float64 // [n]
}

// Coupling is the weights between recorded neurons, summed over delays, [post][pre].
func (t *Truth) Coupling() []float64 {
	return Coupling(t.Recurrent, t.Visible+t.Hidden, t.Delays, t.Visible)
}

// Coupling sums weights [n pre][D][n post] over the delays, [post][pre], of the first
// visible neurons.
func Coupling[F tensor.Float](recurrent []F, n, delays, visible int) []float64 {
	sums := make([]float64, visible*visible)
	for pre := range visible {
		for d := range delays {
			for post, w := range recurrent[(pre*delays+d)*n:][:visible] {
				sums[post*visible+pre] += float64(w)
			}
		}
	}
	return sums
}

// Split gives the trials of one.
func (t *Trials) Split(name string) ([]tensor.Raster, error) {
	switch name {
	case "train":
		return t.Train, nil
	case "validation":
		return t.Validation, nil
	case "test":
		return t.Test, nil
	}
	return nil, datasets.CheckSplit(name)
}
