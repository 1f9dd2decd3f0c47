package continual

import (
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
)

// InferenceOptions say when a loss surprises (2306.01690, section 9 of the method).
type InferenceOptions struct {
	// Ratio is how many times the mean of the recent losses of its context a loss must
	// be. 0 takes Deviations instead: so many standard deviations above that mean.
	Ratio, Deviations float64

	Confidence float64 // least confidence of a context that can be left
	Increment  float64 // part of what it lacks that confidence grows by in each step

	// ReferenceActive judges the losses in other contexts by the recent losses of
	// the present one, as the authors' code does, instead of by their own.
	ReferenceActive bool
}

// recent is how many losses a mean is taken of.
const recent = 49

// Inference finds the context of a batch by its loss: where that is surprisingly high, the same
// batch is tried in all known contexts, and in a new one if it is surprising in them all.
type Inference struct {
	InferenceOptions

	// Delays has, for each task, after how many of its steps the context changed, Changes
	// how often; Delays is -1 where it did not.
	Delays, Changes []float64

	active     int
	known      []float64 // 1 of contexts that were active
	confidence []float64
	losses     []float64 // [context][recent] the newest losses, oldest first
	seen       []float64 // of the losses of a context, how many there are
}

// NewInference has context 0 alone of so many that there may be, before the first of a number of tasks.
func NewInference(contexts, tasks int, o InferenceOptions) *Inference {
	f := &Inference{InferenceOptions: o, Delays: make([]float64, tasks), Changes: make([]float64, tasks),
		known: make([]float64, contexts), confidence: make([]float64, contexts), losses: make([]float64, contexts*recent), seen: make([]float64, contexts)}
	for i := range f.Delays {
		f.Delays[i] = -1
	}
	f.open(0)
	return f
}

// open begins a context, whose list of losses begins with a 0.
func (f *Inference) open(k int) {
	f.known[k], f.seen[k] = 1, 1
	f.active = k
}

// Known counts the contexts so far.
func (f *Inference) Known() int {
	n := 0
	for n < len(f.known) && f.known[n] == 1 {
		n++
	}
	return n
}

// Observe takes the loss of a batch in the present context, and returns the context that the
// batch is of. lossIn is its loss in another context, stored makes the network ready for that.
// If the context is another one, Revise must follow with the loss there. If no gates are left
// for a new context, it is one more than there are, and nothing changes.
func (f *Inference) Observe(loss float64, lossIn func(context int) float64, stored func()) int {
	if !f.surprises(loss, f.active) || f.confidence[f.active] <= f.Confidence {
		f.confidence[f.active] += f.Increment * (1 - f.confidence[f.active])
		f.note(loss)
		return f.active
	}
	stored()
	known := f.Known()
	for k := range known {
		reference := k
		if f.ReferenceActive {
			reference = f.active
		}
		if k != f.active && !f.surprises(lossIn(k), reference) {
			f.active = k
			return k
		}
	}
	if known < len(f.known) {
		f.open(known)
	}
	return known
}

// Revise takes the loss of the batch in the context that was found.
func (f *Inference) Revise(loss float64) { f.note(loss) }

// surprises reports whether a loss is too high by the recent ones of a context.
func (f *Inference) surprises(loss float64, context int) bool {
	losses := f.of(context)
	var sum, squares float64
	for _, v := range losses {
		sum += v
	}
	mean := sum / float64(len(losses))
	if f.Ratio > 0 {
		return loss > f.Ratio*mean
	}
	for _, v := range losses {
		squares += (v - mean) * (v - mean)
	}
	return loss > mean+f.Deviations*math.Sqrt(squares/float64(len(losses)))
}

// of are the recent losses of a context, oldest first.
func (f *Inference) of(context int) []float64 {
	n := min(recent, int(f.seen[context]))
	return f.losses[(context+1)*recent-n : (context+1)*recent]
}

// note appends to the losses of the active context.
func (f *Inference) note(loss float64) {
	all := f.losses[f.active*recent : (f.active+1)*recent]
	copy(all, all[1:])
	all[recent-1] = loss
	f.seen[f.active] = min(recent, f.seen[f.active]+1)
}

// changed notes that the context changed after so many steps of a task.
func (f *Inference) changed(task, steps int) {
	if f.Changes[task] == 0 {
		f.Delays[task] = float64(steps)
	}
	f.Changes[task]++
}

// Summary says how well the contexts were found: contexts has that which each task ended in.
func (f *Inference) Summary(contexts []float64) map[string]float64 {
	var found, delay, needless, shared float64
	for task := range contexts {
		changes := f.Changes[task]
		if task > 0 && changes > 0 {
			found++
			changes--
			delay += f.Delays[task]
		}
		needless += changes
		for earlier := range task {
			if contexts[earlier] == contexts[task] {
				shared++
				break
			}
		}
	}
	m := map[string]float64{"contexts": float64(f.Known()), "switches_found": found, "switches": float64(len(contexts) - 1),
		"needless_switches": needless, "tasks_in_a_context_of_others": shared}
	if found > 0 {
		m["switch_delay_steps"] = delay / found
	}
	return m
}

// State gives the tensors that going on needs. They are the inference's own memory.
func (f *Inference) State() []checkpoint.Tensor {
	contexts, tasks := len(f.known), len(f.Delays)
	return []checkpoint.Tensor{
		{Name: "inference/known", Shape: []int{contexts}, Data: f.known, Unit: "1", Doc: "1 of contexts that were active"},
		{Name: "inference/confidence", Shape: []int{contexts}, Data: f.confidence, Unit: "1", Doc: "confidence of each context"},
		{Name: "inference/losses", Shape: []int{contexts, recent}, Data: f.losses, Unit: "1", Doc: "newest losses of each context, oldest first"},
		{Name: "inference/seen", Shape: []int{contexts}, Data: f.seen, Unit: "1", Doc: "how many of them there are"},
		{Name: "inference/delays", Shape: []int{tasks}, Data: f.Delays, Unit: "step", Doc: "steps of each task until the context changed, -1 if it did not"},
		{Name: "inference/changes", Shape: []int{tasks}, Data: f.Changes, Unit: "1", Doc: "changes of context in each task"},
	}
}
