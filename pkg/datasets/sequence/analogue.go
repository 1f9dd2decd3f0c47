package sequence

import "github.com/snnctl/snnctl/pkg/datasets"

// analogue shows grey values from 0 (black) to 1 (white) as input currents,
// the next lines pixels in each step: one for grey levels, a row for rows.
type analogue struct {
	pooling
	lines  int
	stepMS int
	value  []float32 // of the sum of a pooled pixel
}

func newAnalogue(p pooling, lines, stepMS int) *analogue {
	a := &analogue{pooling: p, lines: lines, stepMS: stepMS, value: make([]float32, p.white()+1)}
	for sum := range a.value {
		a.value[sum] = float32(float64(sum) / float64(p.white()))
	}
	return a
}

func (a *analogue) shape() (steps, lines int) { return a.pixels() / a.lines * a.stepMS, a.lines }

func (a *analogue) refill(dst *datasets.Batch, trials int) {
	steps, lines := a.shape()
	dst.RefillCurrents(trials, steps, lines)
}

func (a *analogue) begin(g *datasets.Group) { clear(g.Currents.Values) }

func (a *analogue) encode(g *datasets.Group, lane int, image []uint8) {
	for i := range a.pixels() {
		v := a.value[a.sum(image, i)]
		first := i / a.lines * a.stepMS
		for t := first; t < first+a.stepMS; t++ {
			g.Currents.Line(t, i%a.lines)[lane] = v
		}
	}
}
