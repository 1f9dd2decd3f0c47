package sequence

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// crossing encodes the grey values g[t], one a step, as the spikes of n_in
// lines, at the crossings of M = n_in/2 thresholds
//
//	θ_m = m/(M-1),  m = 0 … M-1.
//
// For θ_m < 1, line 2m fires in step t if g[t] < θ_m ≤ g[t+1], and line 2m+1
// if g[t] ≥ θ_m > g[t+1]; lines 0 and 1 therefore never fire. Line 2(M-1)
// fires in every step with g[t] = 1. The last line is the cue, which says that
// the image is over.
type crossing struct {
	pooling
	lines, top     int // n_in; M-1, the highest threshold
	stepMS         int
	steps, cueFrom int
	// level[s] is the highest m with θ_m ≤ g, for the sum s of a pooled pixel;
	// whole numbers decide: s·(M-1) ≥ white·m.
	level []int
}

// mostLines is far more than the 256 levels of a byte can use.
const mostLines = 10_000

func newCrossing(p pooling, o Options) (*crossing, error) {
	if o.InputLines < 4 || o.InputLines%2 != 0 || o.InputLines > mostLines {
		return nil, fault.Inputf("input_lines is %d, expected an even number from 4 to %d with encoding %s",
			o.InputLines, mostLines, ThresholdCrossing)
	}
	c := &crossing{
		pooling: p,
		lines:   o.InputLines,
		top:     o.InputLines/2 - 1,
		stepMS:  o.StepMS,
		steps:   (p.pixels() + o.CueSteps) * o.StepMS,
		cueFrom: p.pixels() * o.StepMS,
		level:   make([]int, p.white()+1),
	}
	for sum := range c.level {
		c.level[sum] = sum * c.top / p.white()
	}
	return c, nil
}

func (c *crossing) shape() (steps, lines int) { return c.steps, c.lines }

func (c *crossing) refill(dst *datasets.Batch, trials int) {
	dst.RefillSpikes(trials, c.steps, c.lines)
}

func (c *crossing) begin(g *datasets.Group) {
	clear(g.Spikes.Words)
	all := uint16(1<<g.Trials - 1)
	for t := c.cueFrom; t < c.steps; t++ {
		g.Spikes.Words[t*c.lines+c.lines-1] = all
	}
}

// encode costs a look at each pixel and a write for each spike.
func (c *crossing) encode(g *datasets.Group, lane int, image []uint8) {
	bit := uint16(1) << lane
	pixels := c.pixels()
	now := c.level[c.sum(image, 0)]
	for i := range pixels {
		if now == c.top {
			for t := i * c.stepMS; t < (i+1)*c.stepMS; t++ {
				g.Spikes.Words[t*c.lines+2*c.top] |= bit
			}
		}
		if i+1 == pixels {
			break
		}
		next := c.level[c.sum(image, i+1)]
		if next != now {
			c.cross(g.Spikes, (i+1)*c.stepMS-1, bit, now, next)
		}
		now = next
	}
}

// cross fires the lines between two levels in step t.
func (c *crossing) cross(s *tensor.Spikes, t int, bit uint16, now, next int) {
	words := s.Step(t)
	low, high, off := now, next, 0
	if next < now {
		low, high, off = next, now, 1
	}
	for m := low + 1; m <= high && m < c.top; m++ {
		words[2*m+off] |= bit
	}
}
