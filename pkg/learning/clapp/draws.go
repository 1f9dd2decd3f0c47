package clapp

import "github.com/snnctl/snnctl/internal/rng"

// Pairs says which of its pairs an image learns from.
type Pairs int

const (
	Both   Pairs = iota // CLAPP-s: every image has a positive and negatives
	Either              // CLAPP: each image has the one or the others, by chance
)

// Negatives says where negatives come from.
type Negatives int

const (
	SameEverywhere Negatives = iota // one image for all places of an image, at the target's place
	Local                           // an image for each place, at the target's place
	AllPlaces                       // any target row, column and image
)

// Drawing says how a loss draws what it contrasts (2010.08262, section 4 of the method).
type Drawing struct {
	Pairs     Pairs
	Negatives Negatives
	N         int // negatives of each context
	Steps     int // K, the steps of prediction
	Skip      int // the target of step k lies k + Skip rows below its context
	Seed      uint64
}

// Draw fills draws for a grid. They are a function of the seed, the step and the number of the loss
// alone; each image may be drawn as its own negative.
func (o Drawing) Draw(d *Draws, g Grid, step, loss int) {
	r := rng.Stream(o.Seed, "clapp draws", uint64(step), uint64(loss))
	d.N = o.N
	d.Positive, d.Negative = fit(d.Positive, g.Images), fit(d.Negative, g.Images)
	for s := range g.Images {
		d.Positive[s], d.Negative[s] = true, true
		if o.Pairs == Either {
			d.Positive[s] = r.IntN(2) == 0
			d.Negative[s] = !d.Positive[s]
		}
	}
	d.Negatives = fit(d.Negatives, o.Steps)
	for k := 1; k <= o.Steps; k++ {
		rows := g.Rows - k - o.Skip
		places := fit(d.Negatives[k-1], rows*g.Columns*g.Images*o.N)
		d.Negatives[k-1] = places
		if o.Negatives == SameEverywhere {
			first := places[:g.Images*o.N]
			for i := range first {
				first[i].Image = r.IntN(g.Images)
			}
			for i := range places {
				at := i / (g.Images * o.N)
				places[i] = Place{Row: at / g.Columns, Column: at % g.Columns, Image: first[i%(g.Images*o.N)].Image}
			}
			continue
		}
		for i := range places {
			at := i / (g.Images * o.N)
			places[i] = Place{Row: at / g.Columns, Column: at % g.Columns, Image: r.IntN(g.Images)}
			if o.Negatives == AllPlaces {
				places[i].Row, places[i].Column = r.IntN(rows), r.IntN(g.Columns)
			}
		}
	}
}
