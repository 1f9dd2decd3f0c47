package tensor

// Raster holds the spike trains of one trial as lists: which neurons fired in
// each step. It is what code reads whose cost follows the number of spikes.
//
// The neurons of step t are Active[Start[t]:Start[t+1]], in ascending order.
type Raster struct {
	Start  []int32 // one more than there are steps
	Active []int32
}

// Steps is the number of steps.
func (r *Raster) Steps() int { return max(0, len(r.Start)-1) }

// At returns the neurons that fired in step t.
func (r *Raster) At(t int) []int32 { return r.Active[r.Start[t]:r.Start[t+1]] }

// Reset empties the raster and keeps its memory.
func (r *Raster) Reset() {
	r.Start = append(r.Start[:0], 0)
	r.Active = r.Active[:0]
}

// Fire adds neuron i to the step that is being written.
func (r *Raster) Fire(i int) { r.Active = append(r.Active, int32(i)) }

// EndStep ends the step that is being written.
func (r *Raster) EndStep() { r.Start = append(r.Start, int32(len(r.Active))) }
