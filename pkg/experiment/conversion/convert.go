package conversion

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/modelfile"
)

// Options say how to convert a model, and into what.
type Options struct {
	Form  ttfs.Form
	Zeta  float64
	Bound bool // windows are bounds, which need no data

	Range     *[2]float64 // p and q; nil: [0, 1], or that of the calibration data if it is not within
	Calibrate string      // data set or NumPy file; "": that of the model's training
	Inputs    int         // so many inputs calibrate; 0: all
	Verify    string      // "": the test images of the calibration set, or its array
	Trials    int         // so many inputs are compared; 0: all
	Sets      []string    // changes of the data section

	Engine         string // closed-form or events
	CheckMembranes bool   // count potentials that cross their threshold before t_min
	Out            string // the directory to write
	Version        string // of the program
}

// The engines.
const (
	ClosedForm = "closed-form"
	Events     = "events"
)

// The other files of a converted model.
const (
	ReportFile = "report.json"
	plotsDir   = "plots"
)

// job is one conversion.
type job struct {
	model    *Model
	options  Options
	settings experiment.Settings
	data     *config.Experiment // reads named sets; nil where all inputs are arrays
	report   *Report
}

// Convert converts a model, compares it with what it came from, and writes it into a new
// directory, which appears whole or not at all. progress is told what is being done.
func Convert(m *Model, o Options, s experiment.Settings, progress func(string)) (*Report, error) {
	j := &job{model: m, options: o, settings: s}
	if err := j.check(); err != nil {
		return nil, err
	}
	calibration, err := j.calibrationInputs()
	if err != nil {
		return nil, err
	}
	verification, err := j.verificationInputs(calibration)
	if err != nil {
		return nil, err
	}
	progress("calibrating")
	c, err := j.convert(calibration)
	if err != nil {
		return nil, err
	}
	progress("comparing with the ReLU network")
	v, membranes, err := j.compare(c, verification)
	if err != nil {
		return nil, err
	}
	if err := j.fillReport(c, v, calibration, verification, membranes); err != nil {
		return nil, err
	}
	progress("writing")
	return j.report, j.write(c, v)
}

func (j *job) check() error {
	o := &j.options
	if o.Out == "" {
		return fault.Inputf("--out is missing, expected a directory to write the model into")
	}
	if _, err := os.Lstat(o.Out); !errors.Is(err, fs.ErrNotExist) {
		return fault.Inputf("%s exists already, expected a new directory (--out)", o.Out)
	}
	if o.Form != ttfs.B1 && o.Form != ttfs.Alpha {
		return fault.Inputf("--form is %q, expected b1 or alpha", o.Form)
	}
	if o.Engine != ClosedForm && o.Engine != Events {
		return fault.Inputf("--engine is %q, expected %s or %s", o.Engine, ClosedForm, Events)
	}
	return nil
}

// calibrationInputs are those that measure the windows; nil if they are bounds.
func (j *job) calibrationInputs() (*Inputs, error) {
	o := &j.options
	if isArray(o.Calibrate) {
		in, err := j.model.ofArray(o.Calibrate)
		if err != nil {
			return nil, err
		}
		return in.first(o.Inputs), nil
	}
	if o.Calibrate == "" && j.model.Config == nil {
		if o.Bound {
			return nil, nil
		}
		return nil, fault.Inputf("--calibrate is missing: name a data set (such as mnist) or an array of inputs (x.npy); or say --window bound, which needs no data but gives longer windows")
	}
	var err error
	if j.data, err = j.model.data(o.Calibrate, o.Sets); err != nil {
		return nil, err
	}
	in, err := ofImages(j.data, j.model.Network.Input, j.settings, "train", "validation")
	if err != nil {
		return nil, err
	}
	return in.first(o.Inputs), nil
}

// verificationInputs are those that both networks are shown: what the user names, or else
// what was not used for calibration, or the same, or with no data at all random ones.
func (j *job) verificationInputs(calibration *Inputs) (*Inputs, error) {
	o := &j.options
	var in *Inputs
	var err error
	switch {
	case isArray(o.Verify):
		in, err = j.model.ofArray(o.Verify)
	case o.Verify != "":
		data, failed := j.model.data(o.Verify, o.Sets)
		if failed != nil {
			return nil, failed
		}
		if j.data == nil {
			j.data = data
		}
		in, err = ofImages(data, j.model.Network.Input, j.settings, "test")
	case j.data != nil:
		in, err = ofImages(j.data, j.model.Network.Input, j.settings, "test")
	case calibration != nil:
		in = calibration
	default:
		in = j.random()
	}
	if err != nil {
		return nil, err
	}
	return in.first(o.Trials), nil
}

// random are inputs for models that come without any: uniform in the input range.
func (j *job) random() *Inputs {
	const trials = 64
	low, high := 0.0, 1.0
	if r := j.options.Range; r != nil {
		low, high = r[0], r[1]
	}
	size := j.model.Network.Input.Size()
	return &Inputs{Name: "random inputs", Trials: trials, Each: func(batch int, f func(Batch) error) error {
		values := make([]float64, min(batch, trials)*size)
		for first := 0; first < trials; first += batch {
			n := min(batch, trials-first)
			for t := range n {
				r := rng.Stream(1, "conversion inputs", 0, uint64(first+t))
				for i := range size {
					values[t*size+i] = low + (high-low)*r.Float64()
				}
			}
			if err := f(Batch{Trials: n, Values: values[:n*size]}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// batch is how many trials are simulated at once: those whose widest layer takes some
// megabytes.
func (j *job) batch() int {
	widest := 1
	if shapes, err := j.model.Network.Shapes(); err == nil {
		for _, s := range shapes {
			widest = max(widest, s.Size())
		}
	}
	return min(256, max(1, (1<<20)/widest))
}

func (j *job) convert(calibration *Inputs) (*ttfs.Conversion, error) {
	o := &j.options
	low, high, err := j.inputRange(calibration)
	if err != nil {
		return nil, err
	}
	options := ttfs.Options{Form: o.Form, Low: low, High: high, Zeta: o.Zeta, Threads: j.settings.Threads}
	if !o.Bound {
		options.Sample = func(f func([]float64, int) error) error {
			return calibration.Each(j.batch(), func(b Batch) error { return f(b.Values, b.Trials) })
		}
	}
	c, err := ttfs.Convert(j.model.Network, options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.model.From, err)
	}
	return c, nil
}

// inputRange is [p, q]: as given, or [0, 1] if it holds all calibration inputs, or else
// their own range.
func (j *job) inputRange(calibration *Inputs) (low, high float64, err error) {
	if r := j.options.Range; r != nil {
		return r[0], r[1], nil
	}
	if calibration == nil {
		return 0, 1, nil
	}
	low, high = math.Inf(1), math.Inf(-1)
	err = calibration.Each(j.batch(), func(b Batch) error {
		for _, v := range b.Values {
			low, high = min(low, v), max(high, v)
		}
		return nil
	})
	if low >= 0 && high <= 1 {
		low, high = 0, 1
	}
	return low, high, err
}

// compare shows the inputs to both networks.
func (j *job) compare(c *ttfs.Conversion, in *Inputs) (*comparison, *ttfs.Membranes[float64], error) {
	engine, membranes, err := newEngine(c.Network, j.options.Engine, j.options.CheckMembranes, j.settings.Threads)
	if err != nil {
		return nil, nil, err
	}
	v, err := newComparison(j.model.Network, c, engine, j.settings.Threads)
	if err != nil {
		return nil, nil, err
	}
	err = in.Each(j.batch(), func(b Batch) error {
		if membranes != nil && j.options.Engine != Events {
			membranes.Run(b.Values, b.Trials)
		}
		return v.add(b)
	})
	return v, membranes, err
}

// newEngine is the engine that simulates, and the membranes that count early crossings, if
// they are wanted.
func newEngine(n *ttfs.Network[float64], which string, checkMembranes bool, threads int) (engine ttfs.Engine[float64], membranes *ttfs.Membranes[float64], err error) {
	if which == Events || checkMembranes {
		if membranes, err = ttfs.NewMembranes(n, threads); err != nil {
			return nil, nil, err
		}
	}
	if which == Events {
		return membranes, membranes, nil
	}
	closed, err := ttfs.NewClosedForm(n, threads)
	return closed, membranes, err
}

func (j *job) fillReport(c *ttfs.Conversion, v *comparison, calibration, verification *Inputs, membranes *ttfs.Membranes[float64]) error {
	o, n := &j.options, c.Network
	nodes, err := v.nodes(membranes)
	if err != nil {
		return err
	}
	r := &Report{Model: j.model.From, Import: j.model.Import, Out: o.Out, Form: o.Form, Engine: o.Engine, InputRange: [2]float64{n.Low, n.High},
		Window: "sample", Zeta: o.Zeta, Nodes: nodes, Latency: n.Latency(), Verification: v.verification(verification.Name), Warnings: c.Warnings}
	if o.Bound {
		r.Window, r.Zeta = "bound", 0
	} else {
		r.Calibration = &Shown{calibration.Name, c.Trials, c.Outside}
	}
	for _, node := range nodes[1:] {
		if node.Role != "readout" {
			r.Neurons += node.Neurons
		}
	}
	r.SpikesPerNeuron, r.SpikesPerInference, r.SynapsesPerInference = v.activity.Total()
	r.InputSpikes = float64(v.activity.Inputs) / float64(max(1, v.activity.Trials))
	if r.ForcedSpikesPerNeuron = r.SpikesPerNeuron; o.Form == ttfs.Alpha {
		r.ForcedSpikesPerNeuron = 1
	}
	if membranes != nil {
		early := int64(0)
		for _, n := range membranes.Early {
			early += n
		}
		r.EarlyCrossings = &early
	}
	r.warn()
	j.report = r
	return nil
}

// warn adds what the user should not overlook.
func (r *Report) warn() {
	if r.Calibration != nil && r.Calibration.Outside > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d values of the calibration inputs lie outside [%g, %g], and were coded as its nearer end; --input-range changes it", r.Calibration.Outside, r.InputRange[0], r.InputRange[1]))
	}
	if n := r.Verification.Outside; n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d values of the compared inputs lie outside [%g, %g], and were coded as its nearer end; --input-range changes it", n, r.InputRange[0], r.InputRange[1]))
	}
	for _, node := range r.Nodes[1:] {
		if node.Beyond > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%d values of %s are greater than its window, and were cut to it; a larger --zeta or more calibration data make room", node.Beyond, node.Name))
		}
	}
}

// write makes the directory: it is put together under another name beside it.
func (j *job) write(c *ttfs.Conversion, v *comparison) error {
	out := filepath.Clean(j.options.Out)
	temporary, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return fault.Inputf("cannot write beside %s: %w", out, err)
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fault.Inputf("cannot write %s: %w", out, err)
	}
	if err := os.Mkdir(filepath.Join(temporary, plotsDir), 0o755); err != nil {
		return fault.Inputf("cannot write %s: %w", out, err)
	}
	metadata, err := j.metadata()
	if err != nil {
		return err
	}
	if err := modelfile.Write(filepath.Join(temporary, modelfile.FileName), c.Network, metadata); err != nil {
		return err
	}
	text, err := json.MarshalIndent(j.report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := atomicfile.WriteBytes(filepath.Join(temporary, ReportFile), append(text, '\n')); err != nil {
		return err
	}
	if err := draw(c.Network, v, c.Largest, filepath.Join(temporary, plotsDir)); err != nil {
		return err
	}
	if err := os.Rename(temporary, out); err != nil {
		return fault.Inputf("cannot write %s: %w", out, err)
	}
	return nil
}

// keyConversion is the metadata key of JSON that says where the model comes from.
const keyConversion = "conversion"

func (j *job) metadata() (map[string]string, error) {
	o := &j.options
	about, err := json.Marshal(map[string]any{"model": j.model.From, "form": o.Form, "zeta": o.Zeta, "window": j.report.Window,
		"calibration": j.report.Calibration, "version": o.Version})
	if err != nil {
		return nil, fmt.Errorf("describing the conversion: %w", err)
	}
	metadata := map[string]string{keyConversion: strings.ToValidUTF8(string(about), "\ufffd")}
	if j.data != nil {
		e, err := loadData([]byte(imagesOnly), j.model.From, nil)
		if err != nil {
			return nil, err
		}
		e.Data, e.Train, e.Seed = j.data.Data, j.data.Train, j.data.Seed
		yaml, err := config.Marshal(e)
		if err != nil {
			return nil, err
		}
		metadata[modelfile.KeyInputs] = string(yaml)
	}
	return metadata, nil
}
