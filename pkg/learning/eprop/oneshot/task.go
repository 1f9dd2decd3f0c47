package oneshot

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
)

const trials = armtrajectory.Trials

// worker runs one task at a time: it has all that the two trials of one need.
type worker[F tensor.Float] struct {
	net  *Network[F]
	sums eventSums[F]

	main, errors [trials]*activity[F]
	errorInput   [trials]*tensor.Bits // [T][ErrorInputs]
	inner        *inner[F]
	changed      *synapses[F] // W + ΔW

	movement  [trials]movement[F]
	motorGrad []F // ∂E/∂ω, [T][2]
	tipGrad   []F // ∂E/∂tip, [T][2]
	mainGrad  []F // ∂E/∂v of the main network, [T][width]
	errorGrad []F // of the error module
	scratch   backScratch[F]

	mainWeights, errorWeights *synapses[F] // gradients of one task
	projection                []F          // [width of the error module][width]
	out                       []F          // [n][2]
}

// movement is what the arm did in a trial: [T][2] each.
type movement[F tensor.Float] struct{ velocities, angles, tip []F }

func newWorker[F tensor.Float](net *Network[F]) *worker[F] {
	p, steps := &net.Params, net.clock.Rows
	width, errorWidth := padded(p.Neurons), padded(p.ErrorNeurons)
	w := &worker[F]{
		net: net, inner: newInner[F](steps, p.ClockLines, p.Neurons), changed: newSynapses[F](p.ClockLines, p.Neurons),
		motorGrad: make([]F, steps*motors), tipGrad: make([]F, steps*motors),
		mainGrad: make([]F, steps*width), errorGrad: make([]F, steps*errorWidth),
		scratch:     backScratch[F]{make([]F, max(width, errorWidth)), make([]int32, 0, max(width, errorWidth))},
		mainWeights: newSynapses[F](p.ClockLines, p.Neurons), errorWeights: newSynapses[F](p.ErrorInputs(), p.ErrorNeurons),
		projection: make([]F, errorWidth*width), out: make([]F, p.Neurons*motors),
	}
	for trial := range trials {
		w.main[trial], w.errors[trial] = newActivity[F](steps, width), newActivity[F](steps, errorWidth)
		w.errorInput[trial] = tensor.NewBits(steps, p.ErrorInputs())
		w.movement[trial] = movement[F]{make([]F, steps*motors), make([]F, steps*motors), make([]F, steps*motors)}
	}
	return w
}

// run is both trials of a task, equations (1) to (6).
func (w *worker[F]) run(task *armtrajectory.Task) {
	w.runTrial(0, w.net.main, task)
	w.inner.update(&w.net.constants, F(w.net.InnerRate), w.changed, w.net.main, w.net.projection, w.errors[0].spikes, w.main[0], w.net.clock, &w.sums)
	w.runTrial(1, w.changed, task)
}

func (w *worker[F]) runTrial(trial int, weights *synapses[F], task *armtrajectory.Task) {
	p, c := &w.net.Params, &w.net.constants
	w.main[trial].run(c, weights, w.net.clock, &w.sums)
	w.move(trial)
	x := w.errorInput[trial]
	clear(x.Words)
	addLines(x, task.Code[trial], 0)
	addLines(x, w.main[trial].spikes, p.CodeLines)
	addLines(x, w.net.clock, p.CodeLines+p.Neurons)
	w.errors[trial].run(c, w.net.errors, x, &w.sums)
}

// addLines sets the lines of x from first on where from has spikes.
func addLines(x, from *tensor.Bits, first int) {
	stride := from.Stride()
	for t := range from.Rows {
		for k, word := range from.Words[t*stride : (t+1)*stride] {
			for ; word != 0; word &= word - 1 {
				x.Set(t, first+k*64+bits.TrailingZeros64(word))
			}
		}
	}
}

// move is equation (3), with the filter behind the weights, and the arm.
func (w *worker[F]) move(trial int) {
	a, m := w.main[trial], &w.movement[trial]
	var filtered [motors]F
	for t := range a.spikes.Rows {
		for k := range filtered {
			filtered[k] *= w.net.kappa
		}
		for k, word := range a.z(t) {
			for ; word != 0; word &= word - 1 {
				j := k*64 + bits.TrailingZeros64(word)
				for k := range filtered {
					filtered[k] += w.net.out[j*motors+k]
				}
			}
		}
		copy(m.velocities[t*motors:], filtered[:])
	}
	armtrajectory.Move(m.angles, m.tip, m.velocities)
}

// squares are sums of squared errors over steps and both components.
type squares struct {
	tip   [trials]float64
	motor float64 // of trial 2
}

func (w *worker[F]) squares(task *armtrajectory.Task) (s squares) {
	for trial := range trials {
		for i, x := range w.movement[trial].tip {
			d := float64(x) - task.Tip[i]
			s.tip[trial] += d * d
		}
	}
	for i, x := range w.movement[1].velocities {
		d := float64(x) - task.Velocities[i]
		s.motor += d * d
	}
	return s
}

// back adds the gradient of one task of so many to sum, after run. rateGrad is
// that of the penalty for each spike of a neuron, in the main network and in the
// error module.
func (w *worker[F]) back(sum *Gradients, task *armtrajectory.Task, tasks int, rateGrad, errorRateGrad []F) {
	net, c := w.net, &w.net.constants
	n, width := net.Neurons, w.main[0].width

	// Trial 2: the arm, and the penalty.
	w.backErrors(sum, 1, errorRateGrad)
	w.backFromArm(sum, task, tasks)
	w.main[1].back(w.mainGrad, c, w.changed, rateGrad, nil, &w.scratch, w.heardByErrors(), hearing[F]{net.out, w.motorGrad, motors})
	w.sums.outerSynapses(w.mainWeights, w.main[1], net.clock, w.mainGrad)
	addMatrix(sum.In, n, w.mainWeights.in, width)
	addMatrix(sum.Rec, n, w.mainWeights.rec, width)

	// The update, and the error module of trial 1.
	changing := w.inner.back(c, F(net.InnerRate), w.mainWeights, w.main[0], net.clock, &w.sums)
	w.sums.outer(w.projection, w.errors[0].spikes, w.inner.heard, width)
	addMatrix(sum.Projection, n, w.projection[:net.ErrorNeurons*width], width)
	w.backErrors(sum, 0, errorRateGrad, hearing[F]{net.projection, w.inner.heard, width})

	// Trial 1.
	w.main[0].back(w.mainGrad, c, net.main, rateGrad, w.inner.input, &w.scratch, w.heardByErrors(), changing)
	w.sums.outerSynapses(w.mainWeights, w.main[0], net.clock, w.mainGrad)
	addMatrix(sum.In, n, w.mainWeights.in, width)
	addMatrix(sum.Rec, n, w.mainWeights.rec, width)
}

// backErrors goes back through the error module: errorGrad then is its ∂E/∂v.
func (w *worker[F]) backErrors(sum *Gradients, trial int, rateGrad []F, all ...hearing[F]) {
	a, m := w.errors[trial], w.net.ErrorNeurons
	a.back(w.errorGrad, &w.net.constants, w.net.errors, rateGrad, nil, &w.scratch, all...)
	w.sums.outerSynapses(w.errorWeights, a, w.errorInput[trial], w.errorGrad)
	addMatrix(sum.ErrorIn, m, w.errorWeights.in, a.width)
	addMatrix(sum.ErrorRec, m, w.errorWeights.rec, a.width)
}

// heardByErrors is the error module that hears the main network, after backErrors.
func (w *worker[F]) heardByErrors() hearing[F] {
	width := w.errors[0].width
	return hearing[F]{w.net.errors.in[w.net.CodeLines*width:], w.errorGrad, width}
}

// backFromArm is the derivative of (7) with respect to the movement of trial 2:
// motorGrad then holds ∂E/∂ω, filtered back to the spikes. It adds the gradient of
// Wout.
func (w *worker[F]) backFromArm(sum *Gradients, task *armtrajectory.Task, tasks int) {
	m := &w.movement[1]
	samples := float64(tasks * len(m.tip))
	for i, x := range m.tip {
		w.tipGrad[i] = F((float64(x) - task.Tip[i]) / samples)
		w.motorGrad[i] = F(w.net.MotorWeight * (float64(m.velocities[i]) - task.Velocities[i]) / samples)
	}
	armtrajectory.MoveAdjoint(w.motorGrad, m.angles, w.tipGrad)
	lowPassBack(w.motorGrad, motors, w.net.kappa)
	clear(w.out)
	for t := range w.main[1].spikes.Rows {
		delta := w.motorGrad[t*motors : (t+1)*motors]
		for k, word := range w.main[1].z(t) {
			for ; word != 0; word &= word - 1 {
				j := k*64 + bits.TrailingZeros64(word)
				w.out[j*motors] += delta[0]
				w.out[j*motors+1] += delta[1]
			}
		}
	}
	addMatrix(sum.Out, motors, w.out, motors)
}
