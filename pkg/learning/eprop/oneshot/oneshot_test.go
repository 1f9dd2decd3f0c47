package oneshot

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/underrace"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
)

// problem is a small setting in which everything happens: both networks spike,
// and the update matters.
type problem struct {
	Params
	source *armtrajectory.Source
	tasks  []armtrajectory.Task
	w      Weights[float64]
}

func newProblem(t *testing.T, steps, n, m, tasks int) *problem {
	t.Helper()
	source, err := armtrajectory.New(armtrajectory.Options{Steps: steps, ClockWindows: 2, ClockLines: 4, CodeNeurons: 5, EvaluationTrials: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	p := &problem{source: source, tasks: make([]armtrajectory.Task, tasks), Params: Params{
		ClockLines: 4, CodeLines: 10, Neurons: n, ErrorNeurons: m, TauMembrane: 10, TauReadout: 6, Threshold: 0.4, Refractory: 3, Dampening: 0.3,
		InnerRate: 0.01, MotorWeight: 0.1, RateStrength: 2, TargetRate: 0.02, ErrorTargetRate: 0.01}}
	for i := range p.tasks {
		source.Train(&p.tasks[i], 0, i)
	}
	r := rand.New(rand.NewPCG(1, 2))
	p.w = NewWeights[float64](&p.Params)
	for k, scale := range []float64{0.5, 0.4, 2, 0.4, 0.4, 1} {
		for i := range p.w.all()[k] {
			p.w.all()[k][i] = scale * r.NormFloat64()
		}
	}
	return p
}

func (p *problem) network(threads int) *Network[float64] {
	return NewNetwork[float64](p.Params, p.source.Clock(), threads)
}

func (p *problem) reference(spike func(float64) (float64, float64)) *reference {
	return &reference{p.Params, p.source.Clock(), spike}
}

var matrices = [...]string{"Win", "Wrec", "Wout", "Win of the error module", "Wrec of the error module", "P"}

func largest(x []float64) (l float64) {
	for _, v := range x {
		l = max(l, math.Abs(v))
	}
	return l
}

// With a smooth spike function, the gradient of the reference is a derivative:
// that of every weight of both networks, through both trials and the update.
func TestReferenceFiniteDifferences(t *testing.T) {
	for name, strength := range map[string]float64{"through the task alone": 0, "with the penalty on rates": 0.5} {
		p := newProblem(t, 12, 4, 3, 2)
		p.Refractory, p.RateStrength = 1, strength
		p.InnerRate = 0.3
		r := p.reference(smooth)
		var g Gradients
		r.loss(&p.w, p.tasks, &g)
		const h = 1e-5
		for k, weights := range p.w.all() {
			got, n := g.all()[k], p.Neurons
			if k >= 3 {
				n = p.ErrorNeurons
			}
			bound := 1e-6 * largest(got)
			if bound == 0 {
				t.Errorf("%s: nothing comes back to %s", name, matrices[k])
			}
			for i, x := range weights {
				weights[i] = x + h
				up := r.loss(&p.w, p.tasks, nil)
				weights[i] = x - h
				down := r.loss(&p.w, p.tasks, nil)
				weights[i] = x
				want := (up - down) / (2 * h)
				if (k == 1 || k == 4) && i%(n+1) == 0 && want != 0 {
					t.Errorf("%s: the loss depends on the diagonal of %s", name, matrices[k])
				}
				if !(math.Abs(got[i]-want) <= bound) {
					t.Errorf("%s: ∂E/∂%s[%d] = %.10g, finite difference %.10g", name, matrices[k], i, got[i], want)
				}
			}
		}
	}
}

// The network computes what the reference does, with spikes and refractoriness,
// for sizes that fit the kernels' rows and for those that do not.
func TestNetworkAgreesWithReference(t *testing.T) {
	for _, size := range []struct{ steps, n, m, tasks int }{{40, 16, 16, 3}, {66, 19, 11, 2}, {30, 5, 33, 18}, {2, 3, 2, 1}} {
		p := newProblem(t, size.steps, size.n, size.m, size.tasks)
		got, want := NewWeights[float64](&p.Params), Gradients{}
		e := p.reference(step(p.Dampening)).loss(&p.w, p.tasks, &want)
		r := p.network(2).Gradient(&got, p.w, p.tasks)
		if !(math.Abs(r.Loss-e) <= 1e-12*e) {
			t.Errorf("%+v: the loss is %.15g, reference %.15g", size, r.Loss, e)
		}
		if size.steps > 2 && (r.Rate < 0.01 || r.ErrorRate < 0.01) {
			t.Errorf("%+v: rates %g and %g", size, r.Rate, r.ErrorRate)
		}
		for k, g := range got.all() {
			reference := want.all()[k]
			if size.steps > 2 && largest(reference) == 0 {
				t.Errorf("%+v: nothing comes back to %s", size, matrices[k])
			}
			for i, x := range g {
				if !(math.Abs(x-reference[i]) <= 1e-11*largest(reference)) {
					t.Errorf("%+v: ∂E/∂%s[%d] = %.12g, reference %.12g", size, matrices[k], i, x, reference[i])
					break
				}
			}
		}
	}
}

// Oracle 13, first part: without update, trial 2 is trial 1. That holds with the
// rate η = 0, and for any rate where all learning signals are 0.
func TestOracle13WithoutUpdateBothTrialsAreEqual(t *testing.T) {
	p := newProblem(t, 80, 20, 20, 2)
	moved := func() bool {
		all := p.network(1).Movements(p.w, &p.tasks[0])
		return !slices.Equal(all[0].Tip, all[1].Tip) || !slices.Equal(all[0].Velocities, all[1].Velocities)
	}
	if !moved() {
		t.Error("the update changes nothing")
	}
	p.InnerRate = 0
	if moved() {
		t.Error("with η = 0 the trials differ")
	}
	p.InnerRate = 0.01
	clear(p.w.Projection)
	if moved() {
		t.Error("with L = 0 the trials differ")
	}
}

// Oracle 13, second part: no spike depends on Wout, so finite differences hold for
// it as it is.
func TestOracle13ReadoutFiniteDifferences(t *testing.T) {
	p := newProblem(t, 80, 20, 20, 3)
	net := p.network(1)
	g := NewWeights[float64](&p.Params)
	net.Gradient(&g, p.w, p.tasks)
	const h = 1e-5
	for i, x := range p.w.Out {
		p.w.Out[i] = x + h
		up := net.Evaluate(p.w, p.tasks).Loss
		p.w.Out[i] = x - h
		down := net.Evaluate(p.w, p.tasks).Loss
		p.w.Out[i] = x
		if want := (up - down) / (2 * h); !(math.Abs(g.Out[i]-want) <= 1e-8*(1+math.Abs(want))) {
			t.Errorf("∂E/∂Wout[%d] = %.12g, finite difference %.12g", i, g.Out[i], want)
		}
	}
}

// A task is the same in any batch, and the loss (7) is a mean over tasks.
func TestTasksAreIndependent(t *testing.T) {
	p := newProblem(t, 60, 20, 20, 3)
	p.RateStrength = 0
	net := p.network(2)
	all := net.Evaluate(p.w, p.tasks)
	var tip, motor float64
	for i := range p.tasks {
		one := net.Evaluate(p.w, p.tasks[i:i+1])
		tip, motor = tip+one.TipMSE[1]/3, motor+one.MotorMSE/3
	}
	if math.Abs(tip-all.TipMSE[1]) > 1e-14 || math.Abs(motor-all.MotorMSE) > 1e-12*motor {
		t.Errorf("errors %g and %g in one batch, %g and %g alone", all.TipMSE[1], all.MotorMSE, tip, motor)
	}
	if want := (tip + p.MotorWeight*motor) / 2; math.Abs(all.Loss-want) > 1e-12*want {
		t.Errorf("loss %g, want %g", all.Loss, want)
	}
}

// single rounds the weights to float32.
func single(p *problem) (*Network[float32], Weights[float32]) {
	w := NewWeights[float32](&p.Params)
	for k, m := range p.w.all() {
		for i, x := range m {
			w.all()[k][i] = float32(x)
		}
	}
	return NewNetwork[float32](p.Params, p.source.Clock(), 1), w
}

// Any number of threads gives the same bits.
func TestThreadsDoNotMatter(t *testing.T) {
	p := newProblem(t, 50, 30, 20, 21)
	net, w := single(p)
	want := NewWeights[float64](&p.Params)
	result := net.Gradient(&want, w, p.tasks)
	for _, threads := range []int{2, 5} {
		net, _ := single(p)
		net.Threads = threads
		got := NewWeights[float64](&p.Params)
		for range 2 { // memory that is used again must not show
			if r := net.Gradient(&got, w, p.tasks); r != result {
				t.Errorf("%d threads: %+v, one thread %+v", threads, r, result)
			}
		}
		for k, g := range got.all() {
			if !slices.Equal(g, want.all()[k]) {
				t.Errorf("%d threads: the gradient of %s differs", threads, matrices[k])
			}
		}
	}
}

// In float32, which has kernels of its own, gradients are close to those of
// float64 where no spike moves: so here the trials are short.
func TestSinglePrecision(t *testing.T) {
	p := newProblem(t, 30, 32, 16, 4)
	net, w := single(p)
	for k, m := range w.all() { // float64 starts from the rounded weights too
		for i, x := range m {
			p.w.all()[k][i] = float64(x)
		}
	}
	got, want := NewWeights[float64](&p.Params), NewWeights[float64](&p.Params)
	net.Gradient(&got, w, p.tasks)
	p.network(1).Gradient(&want, p.w, p.tasks)
	for k, g := range got.all() {
		for i, x := range g {
			if !(math.Abs(x-want.all()[k][i]) <= 1e-3*largest(want.all()[k])) {
				t.Errorf("∂E/∂%s[%d] = %g, in float64 %g", matrices[k], i, x, want.all()[k][i])
				break
			}
		}
	}
}

// Memory is made once: how much a batch allocates does not depend on its length.
func TestAllocationsDoNotGrowWithTime(t *testing.T) {
	underrace.SkipAllocations(t)
	count := func(steps int) float64 {
		p := newProblem(t, steps, 20, 20, 2)
		net, w := single(p)
		g := NewWeights[float64](&p.Params)
		return testing.AllocsPerRun(3, func() { net.Gradient(&g, w, p.tasks) })
	}
	short, long := count(20), count(400)
	if long > short+2 || long > 100 {
		t.Errorf("%g allocations with 20 steps, %g with 400", short, long)
	}
}

// The paper's setting, one task a unit.
func BenchmarkGradient(b *testing.B) {
	source, err := armtrajectory.New(armtrajectory.Options{Steps: 500, ClockWindows: 5, ClockLines: 10, CodeNeurons: 100, EvaluationTrials: 1, Seed: 3})
	if err != nil {
		b.Fatal(err)
	}
	p := Params{ClockLines: 10, CodeLines: 200, Neurons: 400, ErrorNeurons: 300, TauMembrane: 20, TauReadout: 20, Threshold: 0.4, Refractory: 5, Dampening: 0.3,
		InnerRate: 1e-4, MotorWeight: 0.1, RateStrength: 100, TargetRate: 0.02, ErrorTargetRate: 0.01}
	tasks := make([]armtrajectory.Task, 4)
	for i := range tasks {
		source.Train(&tasks[i], 0, i)
	}
	w := NewWeights[float32](&p)
	r := rand.New(rand.NewPCG(1, 2))
	for k, fan := range []float64{10, 400, 400 * 400, 610, 300, 300} {
		for i := range w.all()[k] {
			w.all()[k][i] = float32(r.NormFloat64() / math.Sqrt(fan))
		}
	}
	net := NewNetwork[float32](p, source.Clock(), 1)
	g := NewWeights[float64](&p)
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			net.Gradient(&g, w, tasks)
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(tasks)), "ms/task")
	})
	b.Run("evaluate", func(b *testing.B) {
		for b.Loop() {
			net.Evaluate(w, tasks)
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(tasks)), "ms/task")
	})
}
