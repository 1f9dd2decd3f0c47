package datasets

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/rng"
)

// Generated is what generators of trials have in common: the part of Source that
// says which trials are asked for.
type Generated struct {
	Name   string // of the task; with the split, the purpose of its random numbers
	Trials int    // Size of every split

	// Fill generates the trials [first, first+trials), which depend on purpose,
	// step and their number alone.
	Fill func(dst *Batch, purpose rng.Purpose, step, first, trials int)
}

// Size implements Source; it is 0 for a split that does not exist.
func (g *Generated) Size(split string) int {
	if CheckSplit(split) != nil {
		return 0
	}
	return g.Trials
}

// Checksums implements Source: no file is read.
func (g *Generated) Checksums() map[string]string { return nil }

// Train implements Source.
func (g *Generated) Train(dst *Batch, step, trials int) error {
	if step < 0 || trials < 1 {
		return fmt.Errorf("batch of %d trials at step %d, expected at least one trial and step 0", trials, step)
	}
	g.Fill(dst, rng.Purpose(g.Name), step, 0, trials)
	return nil
}

// Evaluate implements Source. A split has as many trials as are asked for,
// whatever its Size.
func (g *Generated) Evaluate(dst *Batch, split string, first, trials int) error {
	if err := CheckSplit(split); err != nil {
		return err
	}
	if first < 0 || trials < 0 {
		return fmt.Errorf("trials [%d, %d+%d) of split %s, expected no negative number", first, first, trials, split)
	}
	g.Fill(dst, rng.Purpose(g.Name+" "+split), 0, first, trials)
	return nil
}
