package speechwaves

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
)

// ramp writes a recording of so many seconds whose samples count up, of a rate.
func ramp(t *testing.T, path string, rate int, seconds float64) {
	t.Helper()
	var b bytes.Buffer
	w, err := audio.NewWAVWriter(&b, audio.Format{Rate: rate, Channels: 1, Bits: 16, Frames: int64(seconds * float64(rate))})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, int(seconds*float64(rate)))
	for i := range x {
		x[i] = float32(i%30000) / 32767
	}
	for _, err := range []error{w.Write(x), w.Close(), os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b.Bytes(), 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func options(dir string) Options {
	return Options{Dataset: dir, Rate: 8000, Classes: Auto, Test: 0.2, MostBytes: 1 << 20, Threads: 2}
}

// Training windows begin at frames of the training part alone, and the evaluation of a split goes
// through it in order.
func TestWindowsComeFromTheirSplit(t *testing.T) {
	dir := t.TempDir()
	ramp(t, filepath.Join(dir, "anna-1.wav"), 8000, 1)
	ramp(t, filepath.Join(dir, "otto-1.wav"), 8000, 2)
	c, err := Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.ClassNames, []string{"anna", "otto"}) {
		t.Errorf("classes %v", c.ClassNames)
	}
	for split, want := range map[string]float64{"train": 1.8, "validation": 0.6, "test": 0.6} {
		if got := c.Seconds(split); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s has %g s, want %g", split, got, want)
		}
	}
	s, err := New[float64](c, 800, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{6 * 800, 12 * 800} // of the training parts
	seen := map[int]bool{}
	var b Batch[float64]
	for step := range 20 {
		if err := s.Train(&b, step, 16); err != nil {
			t.Fatal(err)
		}
		for w := range b.Windows {
			begin := int(math.Round(b.Values[w*800] / s.gain))
			class := b.Classes[w*10]
			if begin%80 != 0 || begin+800 > ends[class] {
				t.Fatalf("a window of %s begins at sample %d", c.ClassNames[class], begin)
			}
			seen[class] = true
			for i, v := range b.Values[w*800 : (w+1)*800] {
				if got := math.Round(v / s.gain); got != float64(begin+i) {
					t.Fatalf("sample %d is %g, want %d", i, got, begin+i)
				}
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("only %v was drawn", seen)
	}
	if n := s.Size("test"); n != 6 {
		t.Fatalf("%d test windows, want 6", n)
	}
	if err := s.Evaluate(&b, "test", 1, 9); err != nil || b.Windows != 5 {
		t.Fatalf("%d windows, %v", b.Windows, err)
	}
	if first := math.Round(b.Values[0] / s.gain); first != 9*800 || b.Classes[0] != 0 || b.Classes[10] != 1 {
		t.Errorf("the second test window begins at %g, classes %d and %d", first, b.Classes[0], b.Classes[10])
	}
}

// The labels of a file count samples of its own rate; folders are the splits.
func TestPhonesOfRecordings(t *testing.T) {
	dir := t.TempDir()
	for _, split := range []string{"train", "dev", "test"} {
		ramp(t, filepath.Join(dir, split, "a.wav"), 16000, 0.5)
		text := "0 3200 ah\n3200 8000 s\n"
		if err := os.WriteFile(filepath.Join(dir, split, "a.phn"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range []string{"train", "validation", "test"} {
		spans := c.Spans[split]
		if len(spans) != 1 || len(spans[0].Recording.Classes) != 50 {
			t.Fatalf("split %s: %+v", split, spans)
		}
		for k, class := range spans[0].Recording.Classes {
			if want := k >= 20; (class == 1) != want {
				t.Errorf("frame %d of %s is %s", k, split, c.ClassNames[class])
			}
		}
	}
}

func TestRealSpeech(t *testing.T) {
	dir := golden.Data(t, "speech")
	o := options(dir)
	o.Rate, o.MostBytes = 16000, 1<<24
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"1088", "2412", "LJ002"}; !slices.Equal(c.ClassNames, want) {
		t.Errorf("speakers %v, want %v", c.ClassNames, want)
	}
	if all := c.Seconds("train") + c.Seconds("validation") + c.Seconds("test"); all < 40 || all > 42.5 {
		t.Errorf("%g s", all)
	}
}

// Synthetic speech depends on its description alone, has all phones, and vowels differ from noise:
// most of the power of one is below 1.2 kHz, of the other above.
func TestSyntheticSpeech(t *testing.T) {
	d := Synthetic{Rate: 16000, Utterances: 4, Seconds: 4, Seed: 7, Threads: 1}
	c := Draw(d)
	d.Threads = 2
	again := Draw(d)
	low, high := map[string]float64{}, map[string]float64{}
	for split, spans := range c.Spans {
		for i, s := range spans {
			if !slices.Equal(s.Recording.Samples, again.Spans[split][i].Recording.Samples) {
				t.Fatal("two threads draw other speech")
			}
			slow := 0.0 // a low-pass of first order at 1.2 kHz
			for k, v := range s.Recording.Samples {
				if v == math.MaxInt16 || v == -math.MaxInt16 {
					t.Fatal("clipped")
				}
				name := c.ClassNames[s.Recording.Classes[k/160]]
				slow += 0.37 * (float64(v) - slow)
				low[name] += slow * slow
				high[name] += (float64(v) - slow) * (float64(v) - slow)
			}
		}
	}
	for _, name := range c.ClassNames {
		if low[name] == 0 {
			t.Errorf("phone %s never sounds", name)
		}
	}
	for _, name := range []string{"aa", "uw", "n"} {
		if low[name] < high[name] {
			t.Errorf("phone %s: %g below, %g above 1.2 kHz", name, low[name], high[name])
		}
	}
	for _, name := range []string{"s", "sh"} {
		if low[name] > high[name] {
			t.Errorf("phone %s: %g below, %g above 1.2 kHz", name, low[name], high[name])
		}
	}
}

func TestWrongSpeechIsRefused(t *testing.T) {
	dir := t.TempDir()
	ramp(t, filepath.Join(dir, "a.wav"), 8000, 0.3)
	empty := t.TempDir()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "a.wav"), []byte("RIFF"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		with func(*Options)
		want string
	}{
		"nowhere":      {func(o *Options) { o.Dataset = filepath.Join(dir, "no") }, "no such file"},
		"no sound":     {func(o *Options) { o.Dataset = empty }, "no wav, flac, ogg or mp3"},
		"damaged":      {func(o *Options) { o.Dataset = damaged }, "a.wav"},
		"no phones":    {func(o *Options) { o.Classes = Phones }, "no recording has a file of phones"},
		"too much":     {func(o *Options) { o.MostBytes = 1000 }, "takes more than"},
		"short window": {func(o *Options) {}, "expected a multiple of 80"},
		"long window":  {func(o *Options) {}, "as long as a window"},
	} {
		o := options(dir)
		c.with(&o)
		corpus, err := Open(o)
		if strings.HasSuffix(name, "window") {
			if err != nil {
				t.Fatal(err)
			}
			_, err = New[float32](corpus, map[string]int{"short window": 79, "long window": 8000}[name], 1, 1)
		}
		if !fault.IsInput(err) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
