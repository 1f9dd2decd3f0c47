package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawStruct fills a struct with values that its tags allow.
func drawStruct(t *rapid.T, path string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	for _, f := range fields {
		drawValue(t, join(path, f.key), &f, v.Field(f.index))
	}
	for _, f := range fields {
		if !f.applies(fields, v) {
			v.Field(f.index).SetZero()
		}
	}
}

func drawValue(t *rapid.T, path string, f *field, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		chosen := rapid.SampledFrom(unions[v.Type()]).Draw(t, path)
		value := reflect.New(reflect.TypeOf(chosen.defaults())).Elem()
		drawStruct(t, path, value)
		v.Set(value)
	case reflect.Pointer:
		if rapid.Bool().Draw(t, path) {
			v.Set(reflect.New(v.Type().Elem()))
			drawStruct(t, path, v.Elem())
		}
	case reflect.Struct:
		drawStruct(t, path, v)
	case reflect.Slice:
		n := rapid.IntRange(max(f.minItems, 1), min(f.maxItems, 3)).Draw(t, path)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			drawValue(t, join(path, fmt.Sprint(i)), f, v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, path))
	case reflect.Int:
		n := rapid.Int64Range(int64(f.min(0)), int64(f.max(1000))).Draw(t, path)
		if f.multipleOf != 0 {
			n -= n % f.multipleOf
		}
		if f.enum != nil {
			_, _ = fmt.Sscan(rapid.SampledFrom(f.enum).Draw(t, path), &n)
		}
		v.SetInt(n)
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, path))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(f.min(-math.MaxFloat64), f.max(math.MaxFloat64)).Filter(f.admits).Draw(t, path))
	case reflect.String:
		text := rapid.OneOf(rapid.StringN(0, 20, -1), rapid.SampledFrom([]string{
			"1803.09570", "true", "null", "~", "2026-11-23", "0x10", "1e3", "- a", "a: b", "#a", "'", "a_metric", "demo", "*a", "&a", "!a", "<<", "=", ".inf"}))
		if f.enum != nil {
			text = rapid.SampledFrom(f.enum)
		}
		if f.pattern != nil {
			text = rapid.StringMatching(strings.TrimSuffix(f.pattern.String(), "$") + "?")
		}
		v.SetString(text.Filter(func(s string) bool { return f.admitsText(s) && printable(s) }).Draw(t, path))
	default:
		t.Fatalf("no values for %s of kind %s", path, v.Kind())
	}
}

func (f *field) min(otherwise float64) float64 {
	if f.minimum != nil {
		return f.minimum.value
	}
	return otherwise
}

func (f *field) max(otherwise float64) float64 {
	if f.maximum != nil {
		return f.maximum.value
	}
	return otherwise
}

// drawVariant is a variant of a union, with values that its tags allow.
func drawVariant(t *rapid.T, path string, union []variant, name string) any {
	chosen, _ := find(union, name)
	value := reflect.New(reflect.TypeOf(chosen.defaults())).Elem()
	drawStruct(t, path, value)
	return value.Interface()
}

// drawExperiment is any experiment that Load accepts.
func drawExperiment(t *rapid.T) Experiment {
	var e Experiment
	drawStruct(t, "", reflect.ValueOf(&e).Elem())
	c := rapid.SampledFrom(combinations).Draw(t, "combination")
	e.Model = drawVariant(t, "model", models, c.model).(Model)
	e.Rule = drawVariant(t, "rule", rules, c.rule).(Rule)
	e.Data = drawVariant(t, "data", datas, rapid.SampledFrom(c.data).Draw(t, "data.type")).(Data)
	// What the tags do not say, where few draws would have it right:
	switch d := e.Data.(type) {
	case SequentialMNIST:
		d.ReadoutSteps = min(d.ReadoutSteps, d.Steps())
		e.Train.EvalTrials = min(e.Train.EvalTrials, d.ValidationImages)
		e.Data = d
	case StoreRecall:
		d.DelaySymbols = min(d.DelaySymbols, d.Symbols-1)
		e.Train.EvalTrials = min(e.Train.EvalTrials, d.EvaluationTrials)
		e.Data = d
	case ArmTrajectory:
		d.TrialMS, d.ClockLines = max(d.TrialMS/d.ClockWindows, 2)*d.ClockWindows, max(d.ClockLines/d.ClockWindows, 1)*d.ClockWindows
		e.Train.EvalTrials = min(e.Train.EvalTrials, d.EvaluationTasks)
		e.Data = d
	}
	if d, ok := e.Data.(EvidenceAccumulation); ok {
		d.Cues |= 1
		d.CueMS, d.RecallMS = min(d.CueMS, d.SlotMS), min(d.RecallMS, d.DelayMS)
		e.Train.EvalTrials = min(e.Train.EvalTrials, d.EvaluationTrials)
		e.Data = d
	}
	if d, ok := e.Data.(Images); ok {
		if d.ShorterSidePixels = max(d.ShorterSidePixels, d.SizePixels); d.SizePixels == 0 {
			d.ShorterSidePixels = 0
		}
		for i := range d.StandardDeviation {
			d.StandardDeviation[i] = math.Abs(d.StandardDeviation[i]) + 1
		}
		e.Train.EvalTrials = min(e.Train.EvalTrials, max(d.ValidationImages, d.TestImages)) // one of them is 0
		e.Data = d
	}
	if m, ok := e.Model.(ReLU); ok {
		fitLayers(m.Layers)
	}
	if m, ok := e.Model.(TTFS); ok {
		fitLayers(m.Layers)
		if m.Preset != "none" || len(m.Layers) > 0 {
			m.From = ""
		}
		r := e.Rule.(TTFSBackprop)
		r.Defects.EarlyFiring = false
		e.Model, e.Rule = m, r
	}
	if m, ok := e.Model.(AudioCodec); ok {
		e.Model, e.Rule = fitCodec(m, e.Rule.(Autoencoder))
		if d, ok := e.Data.(SyntheticPiano); ok {
			d.LowKey = min(d.LowKey, 106)
			d.HighKey = max(d.HighKey, d.LowKey+2)
			e.Data = d
		}
	}
	if m, ok := e.Model.(LSNN); ok {
		m.LIFNeurons = max(m.LIFNeurons, 1)
		if m.TauAdaptationMaxMS < m.TauAdaptationMS {
			m.TauAdaptationMaxMS = 0
		}
		if _, ok := e.Rule.(EProp); ok && m.Form == "lsnn" {
			m.ResetThreshold, m.DetachReset, m.InjectedNoise, m.CarryState = "updated", false, 0, false
		}
		e.Model = m
	}
	e.contradictions(func(_, format string, args ...any) { t.Skipf(format, args...) })
	return e
}

// fitCodec makes model and rule of an audio codec go together.
func fitCodec(m AudioCodec, r Autoencoder) (AudioCodec, Autoencoder) {
	hop := m.HopSamples
	if m.Front == "seanet" {
		m.Ratios = []int{2, 3 + m.Kernel%3}
		m.Widths = append(m.Widths, 1, 1)[:3]
		hop = m.Ratios[0] * m.Ratios[1]
	}
	r.SegmentSamples = max(r.SegmentSamples, 1024+hop) / hop * hop
	if m.Quantiser == "rvq" {
		r.Variant, r.Lambda, r.Starts, r.Factors, r.TargetKbps, r.TargetFormat = "free", 0, nil, nil, 0, ""
	}
	r.Factors = append(r.Factors, r.Starts...)[:len(r.Starts)]
	for i := range r.Factors {
		r.Factors[i] = 1
	}
	slices.Sort(r.Starts)
	return m, r
}

// fitLayers gives layers sizes that go together.
func fitLayers(layers []ReLULayer) {
	for i, layer := range layers {
		switch l := layer.(type) {
		case ConvLayer:
			l.Size, l.Groups = max(l.Size-1, 0)|1, 1
			layers[i] = l
		case MaxPoolLayer:
			l.Padding = min(l.Padding, l.Size-1)
			layers[i] = l
		case AveragePoolLayer:
			l.Padding = min(l.Padding, l.Size-1)
			layers[i] = l
		}
	}
}

func TestMarshalAndLoadAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawExperiment(t)
		yaml, err := Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Load(yaml, "x.yaml", nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, yaml)
		}
		if diff := cmp.Diff(e, r.Experiment); diff != "" {
			t.Fatalf("(-before +after)\n%s\n%s", diff, yaml)
		}
		for path, origin := range r.Origins {
			if origin.File == "" {
				t.Fatalf("%s is not written\n%s", path, yaml)
			}
		}
	})
}

func TestFloatsKeepTheirBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := must(Load([]byte(demo), "x.yaml", nil)).Experiment
		bits := rapid.Uint64().Filter(func(b uint64) bool { return b>>52&0x7ff != 0x7ff }).Draw(t, "bits") // neither infinite nor NaN
		e.Reference = &Reference{Metric: "m", Source: "s", Value: math.Float64frombits(bits)}
		yaml, err := Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Load(yaml, "x.yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := math.Float64bits(r.Experiment.Reference.Value); got != bits {
			t.Fatalf("%x becomes %x", bits, got)
		}
	})
}

func TestMarshalRefusesAnIncompleteExperiment(t *testing.T) {
	e := defaultExperiment()
	if yaml, err := Marshal(&e); err == nil {
		t.Errorf("an experiment without data is written:\n%s", yaml)
	}
}

func TestAnnotatedSaysWhereEachValueComesFrom(t *testing.T) {
	r := must(Load([]byte(demo), "x.yaml", []string{"seed=7"}))
	yaml, err := r.Annotated()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"name: demo # x.yaml:1", "seed: 7 # --set", "precision: float32 # default", "    type: adam # x.yaml:12"} {
		if !strings.Contains(string(yaml), line+"\n") {
			t.Errorf("no line %q in\n%s", line, yaml)
		}
	}
	again, err := Load(yaml, "y.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Experiment, again.Experiment); diff != "" {
		t.Errorf("the annotated experiment is another one (-before +after):\n%s", diff)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
