package experiment

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func build(t testing.TB, e *config.Experiment) *Experiment {
	t.Helper()
	x, err := Build(e, Settings{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// digits opens a built-in experiment on sequential MNIST over 16 grey images.
func digits(t *testing.T, name string) *config.Experiment {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, sizes []uint32, values []byte) {
		b := binary.BigEndian.AppendUint32(nil, 0x800+uint32(len(sizes)))
		for _, size := range sizes {
			b = binary.BigEndian.AppendUint32(b, size)
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(b, values...), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{"train", "t10k"} {
		write(prefix+"-images-idx3-ubyte", []uint32{16, 28, 28}, make([]byte, 16*28*28))
		write(prefix+"-labels-idx1-ubyte", []uint32{16}, make([]byte, 16))
	}
	r, err := config.Open(name, []string{"data.dataset=" + dir, "data.validation_images=8", "train.eval_trials=8"})
	if err != nil {
		t.Fatal(err)
	}
	return &r.Experiment
}

// The counts of 1803.09574, section 5 of the method: a full network has 68 210
// weights with the biases of the readout; DEEP R keeps 12 % of the synapses.
func TestPlanCountsParameters(t *testing.T) {
	const synapses, biases = 80*220 + 220*220 + 220*10, 10
	if synapses+biases != 68210 {
		t.Fatal("the paper's arithmetic is not ours")
	}
	for name, want := range map[string]int{
		"lsnn-smnist-dense": synapses + biases,
		"lsnn-smnist":       synapses*12/100 + biases, // 8 184 synapses
		"lsnn-smnist-lif":   synapses*12/100 + biases, // 220 LIF neurons, as many weights
	} {
		if got := build(t, digits(t, name)).Plan.Parameters; got != want {
			t.Errorf("%s has %d parameters, want %d", name, got, want)
		}
	}
}

// The reference loop takes 3.4 GB for a step of lsnn-smnist; a quarter of it is
// the promise.
func TestPlanMemory(t *testing.T) {
	p := build(t, digits(t, "lsnn-smnist")).Plan
	if p.Bytes() > 3.4e9/4 {
		t.Errorf("the plan of lsnn-smnist has %d bytes, want at most a quarter of 3.4 GB", p.Bytes())
	}
	var sum int64
	for i, b := range p.Buffers {
		sum += b.Bytes
		if b.Name == "" || b.Bytes <= 0 || i > 0 && b.Bytes > p.Buffers[i-1].Bytes {
			t.Errorf("buffer %d is %+v, want a name and a size not above the one before", i, b)
		}
	}
	if sum != p.Bytes() {
		t.Errorf("the buffers have %d bytes, their sum is %d", sum, p.Bytes())
	}
	// A spike train of 840 steps, 220 neurons, 256 trials is a bit each.
	if least := int64(840 * 220 * 256 / 8); p.Bytes() < least {
		t.Errorf("the plan has %d bytes, the spikes alone take %d", p.Bytes(), least)
	}
}

func TestEstimate(t *testing.T) {
	x := build(t, load(t))
	if err := Estimate(x, 1000); err != nil {
		t.Fatal(err)
	}
	if p := x.Plan; p.StepTime <= 0 || math.Abs(p.TotalTime-1000*p.StepTime) > 1e-9*p.TotalTime {
		t.Errorf("a step takes %v s, a thousand of them %v s", p.StepTime, p.TotalTime)
	}
	e := load(t, "model.dampening=1000", "model.tau_membrane_ms=1000")
	if err := Estimate(build(t, e), 1000); !fault.IsInput(err) {
		t.Errorf("a gradient that is not finite: %v, want an input error", err)
	}
}

func TestFinalMetricsHaveThePapersNames(t *testing.T) {
	found := map[string]float64{"error": 0.25, "accuracy": 0.75}
	recall, images := build(t, load(t)), build(t, digits(t, "lsnn-smnist-quick"))
	for _, c := range []struct {
		x     *Experiment
		split string
		want  run.Values
	}{
		{recall, "test", run.Values{"recall_error": 0.25, "test_accuracy": 0.75}},
		{recall, "validation", run.Values{"validation_error": 0.25, "validation_accuracy": 0.75}},
		{images, "test", run.Values{"test_error": 0.25, "test_accuracy": 0.75}},
	} {
		if diff := cmp.Diff(c.want, c.x.FinalMetrics(c.split, found)); diff != "" {
			t.Errorf("split %s (-want +got):\n%s", c.split, diff)
		}
	}
}

// The mean over an interval does not change, to the last bit, when the run is
// saved and resumed within it.
func TestIntervalSurvivesACheckpoint(t *testing.T) {
	values := []float64{0.1, 1e-17, 3, math.Pi, -1e9, 0.3}
	var whole interval
	for _, v := range values {
		whole.add(map[string]float64{"loss": v, "rate_hz": 1 / v})
	}
	for cut := range values {
		var i interval
		for k, v := range values {
			if k == cut {
				saved, err := json.Marshal(i)
				if err != nil {
					t.Fatal(err)
				}
				i = interval{}
				if err := json.Unmarshal(saved, &i); err != nil {
					t.Fatal(err)
				}
			}
			i.add(map[string]float64{"loss": v, "rate_hz": 1 / v})
		}
		if !maps.Equal(i.mean(), whole.mean()) {
			t.Errorf("resumed after %d values: %v, want %v", cut, i.mean(), whole.mean())
		}
	}
	var one interval
	one.add(map[string]float64{"loss": 1})
	one.add(map[string]float64{"loss": 4})
	if got := one.mean()["loss"]; got != 2.5 {
		t.Errorf("the mean of 1 and 4 is %v", got)
	}
}

func TestCheckPassesInBothPrecisions(t *testing.T) {
	for _, precision := range []string{"float32", "float64"} {
		checks, err := build(t, load(t, "precision="+precision)).Check()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range checks {
			names = append(names, c.Name)
			if !c.Passed() || math.Abs(c.NormRatio-1) > 0.05 {
				t.Errorf("%s: %+v does not pass", precision, c)
			}
			if c.Cosine == 1 && c.NormRatio == 1 {
				t.Errorf("%s: the gradient of %s was compared with itself, or is zero", precision, c.Name)
			}
		}
		if want := []string{"b_out", "w_in", "w_out", "w_rec"}; !slices.Equal(names, want) {
			t.Errorf("checked %v, want %v", names, want)
		}
	}
}

// A wrong gradient does not pass.
func TestCheckFindsAWrongGradient(t *testing.T) {
	e := load(t)
	x := build(t, e)
	source, err := buildSource(e, Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	exact, err := lsnnGradients[float64](e, source, 1)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := x.Check()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		for name, harm := range map[string]func(g []float64){
			"sign":     func(g []float64) { scale(g, -1) },
			"doubled":  func(g []float64) { scale(g, 2) },
			"zero":     func(g []float64) { clear(g) },
			"NaN":      func(g []float64) { g[0] = math.NaN() },
			"reversed": func(g []float64) { slices.Reverse(g) },
			"half":     func(g []float64) { clear(g[:len(g)/2]) },
		} {
			ours := maps.Clone(exact)
			ours[c.Name] = slices.Clone(exact[c.Name])
			harm(ours[c.Name])
			for _, found := range compareGradients(ours, exact) {
				if found.Passed() == (found.Name == c.Name) {
					t.Errorf("%s of %s: the check of %s says %+v", name, c.Name, found.Name, found)
				}
			}
		}
	}
}

// Nothing agrees with a gradient of zero but zero.
func TestCheckOfZeroGradients(t *testing.T) {
	zero := map[string][]float64{"w": {0, 0}}
	for _, c := range []struct {
		ours   []float64
		passes bool
	}{{[]float64{0, 0}, true}, {[]float64{0, 1}, false}, {[]float64{0, math.NaN()}, false}} {
		if got := compareGradients(map[string][]float64{"w": c.ours}, zero)[0]; got.Passed() != c.passes {
			t.Errorf("%v against zero: %+v passes: %v", c.ours, got, got.Passed())
		}
	}
}

func scale(g []float64, by float64) {
	for i := range g {
		g[i] *= by
	}
}
