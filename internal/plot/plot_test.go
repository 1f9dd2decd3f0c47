package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/fault"
)

// picture is what a Chart and a Trial have in common.
type picture interface{ Write(path string) error }

// content writes a picture and returns the file, which it checks to be one.
func content(t testing.TB, p picture, extension string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a"+extension)
	if err := p.Write(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(file, extension); err != nil {
		t.Fatal(err)
	}
	return file
}

func check(file []byte, extension string) error {
	if extension == ".png" {
		_, err := png.Decode(bytes.NewReader(file))
		return err
	}
	for _, word := range []string{"NaN", "Inf"} {
		if bytes.Contains(file, []byte(word)) {
			return fmt.Errorf("a coordinate is %s", word)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(file))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func someChart() Chart {
	x, y := []float64{}, []float64{}
	for i := range 500 {
		x = append(x, float64(i*10))
		y = append(y, math.Exp(-float64(i)/100)+0.1*math.Sin(float64(i*i)))
	}
	return Chart{Title: "a <title> & more", XLabel: "step", Panels: []Panel{
		{YLabel: "loss (nats)", LogY: true, Series: []Series{{Name: "training", X: x, Y: y, Noisy: true}}},
		{YLabel: "accuracy", Series: []Series{{Name: "validation", X: x[:5], Y: y[:5], Errors: y[5:10], Markers: true}},
			References: []Reference{{"paper", 0.9}}},
	}}
}

func someTrial() Trial {
	sine := make([]float64, 300)
	for i := range sine {
		sine[i] = math.Sin(float64(i) / 20)
	}
	return Trial{Title: "a trial", Steps: 300,
		Input:     []Raster{{"cue", 1, []Spike{{299, 0}}}, {"pixels", 80, []Spike{{0, 0}, {10, 79}}}},
		Recurrent: []Raster{{"LIF", 12, []Spike{{5, 3}}}, {"ALIF", 10, nil}},
		Neurons:   []Neuron{{"ALIF 3", sine, sine, []int{4, 200}}},
		Readout:   []Trace{{"0", sine}, {"1", sine[:100]}},
		Windows:   []Window{{200, 250, 0}, {250, 300, 1}},
	}
}

func TestTheSameDataGiveTheSameBytes(t *testing.T) {
	for _, extension := range []string{".svg", ".png"} {
		for name, draw := range map[string]func() picture{
			"chart": func() picture { return someChart() },
			"trial": func() picture { return someTrial() },
		} {
			if !bytes.Equal(content(t, draw(), extension), content(t, draw(), extension)) {
				t.Errorf("two drawings of the %s as %s differ", name, extension)
			}
		}
	}
}

func TestPicturesSayWhatTheyShow(t *testing.T) {
	for _, test := range []struct {
		picture
		says []string
	}{
		{someChart(), []string{"a &lt;title&gt; &amp; more", "step", "loss (nats)", "accuracy", "training", "validation", "paper", "'Liberation Sans',Arial"}},
		{someTrial(), []string{"time (ms)", "LIF", "ALIF", "pixels", "cue", "ALIF 3", "target: 0", "target: 1", "threshold A", "readout"}},
	} {
		svg := string(content(t, test, ".svg"))
		for _, want := range test.says {
			if !strings.Contains(svg, want) {
				t.Errorf("the picture does not say %q", want)
			}
		}
	}
}

func TestSeriesWithoutUsableData(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, values := range map[string][]float64{
		"none":         {},
		"one":          {3},
		"zero":         {0, 0, 0},
		"equal":        {7, 7},
		"nearly equal": {1, math.Nextafter(1, 2)},
		"NaN":          {nan, nan},
		"infinite":     {inf, -inf},
		"gaps":         {1, nan, 2, inf, 3, 4, nan},
		"negative":     {-1, -2},
		"huge":         {math.MaxFloat64, -math.MaxFloat64, 1},
		"large":        {1e16, 1e16 + 2, -1e99},
		"tiny":         {math.SmallestNonzeroFloat64, 0, 1e-300},
	} {
		for _, logarithmic := range []bool{false, true} {
			series := []Series{
				{Name: "a", X: values, Y: values, Errors: values, Markers: true},
				{Name: "b", X: []float64{1, 2, 3}, Y: values, Noisy: true, Dashed: true},
				{Name: "c", X: []float64{1, 2, 3}, Y: values, Errors: values, Band: true},
			}
			t.Run(fmt.Sprintf("%s, logarithmic: %v", name, logarithmic), func(t *testing.T) {
				content(t, Chart{LogX: logarithmic, Panels: []Panel{
					{LogY: logarithmic, Series: series[:1], References: []Reference{{"r", -1}, {"s", nan}, {"t", 1}}},
					{LogY: logarithmic, Series: series, Range: [2]float64{-1, 1}},
				}}, ".svg")
			})
		}
		t.Run(name+" in a trial", func(t *testing.T) {
			content(t, Trial{Steps: 3, Neurons: []Neuron{{"n", values, values, nil}}, Readout: []Trace{{"0", values}},
				Windows: []Window{{-5, 99, 0}, {2, 1, 7}}}, ".svg")
		})
	}
	for name, p := range map[string]picture{"chart": Chart{}, "panel": Chart{Panels: []Panel{{}}}, "trial": Trial{}, "raster": Trial{Recurrent: []Raster{{}}}} {
		if svg := content(t, p, ".svg"); name != "raster" && !bytes.Contains(svg, []byte("no data")) {
			t.Errorf("an empty %s does not say so", name)
		}
	}
}

func TestAnyNumbersCanBeDrawn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Float64(), 0, 20)
		c := Chart{LogX: rapid.Bool().Draw(r, "log x"), Panels: []Panel{{LogY: rapid.Bool().Draw(r, "log y"), Series: []Series{{
			X: numbers.Draw(r, "x"), Y: numbers.Draw(r, "y"), Errors: numbers.Draw(r, "errors"), Noisy: rapid.Bool().Draw(r, "noisy"), Band: rapid.Bool().Draw(r, "band")}}}}}
		content(t, c, ".svg")
	})
}

func TestOtherExtensionsAndPlaces(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "a.pdf"), filepath.Join(dir, "a"), filepath.Join(dir, "none", "a.svg")} {
		if err := someChart().Write(path); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, expected a fault of the input that names the file", path, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Error("files are left after the errors")
	}
}

// Below each other, data of the same time must lie at the same place.
func TestPanelsShareTheTimeAxis(t *testing.T) {
	f := &figure{height: 500}
	for i, top := range []float64{1, 1e6, 0.001} {
		p := newPanel("y", float64(i+1), 0, 840, 0, top)
		p.legend = make([]entry, i)
		f.panels = append(f.panels, p)
	}
	c := draw.NewCanvas(new(recorder.Canvas), figureWidth, f.height)
	canvases := f.layOut(c)
	first := f.panels[0].DataCanvas(canvases[0])
	unit := (first.Max.Y - first.Min.Y)
	for i, canvas := range canvases {
		data := f.panels[i].DataCanvas(canvas)
		if math.Abs(float64(data.Min.X-first.Min.X)) > 0.01 || math.Abs(float64(data.Max.X-first.Max.X)) > 0.01 {
			t.Errorf("panel %d is from %v to %v, the first from %v to %v", i, data.Min.X, data.Max.X, first.Min.X, first.Max.X)
		}
		if height := data.Max.Y - data.Min.Y; math.Abs(float64(height/unit)-float64(i+1)) > 0.02 {
			t.Errorf("panel %d is %v times as high as the first, expected %d", i, height/unit, i+1)
		}
		if i > 0 && canvas.Max.Y+legendHeight(f.panels[i].legend, figureWidth) > canvases[i-1].Min.Y {
			t.Errorf("panel %d reaches into the one above", i)
		}
		if canvas.Min.X < c.Min.X-0.01 || canvas.Max.X > c.Max.X+0.01 || canvas.Min.Y < c.Min.Y-0.01 {
			t.Errorf("panel %d reaches over the border", i)
		}
	}
}

func TestSeriesLookDifferent(t *testing.T) {
	seen := map[string]bool{}
	for i := range 2 * len(palette) {
		look := fmt.Sprint(seriesStyle(i))
		if seen[look] {
			t.Errorf("series %d looks like one before", i)
		}
		seen[look] = true
	}
}

func TestLegendBreaksIntoRows(t *testing.T) {
	entries := make([]entry, 30)
	for i := range entries {
		entries[i].name = "a name of some length"
	}
	const width = vg.Length(400)
	count := 0
	for _, row := range legendRows(entries, width) {
		used := -entryGap
		for _, e := range row {
			used += e.width() + entryGap
		}
		if used > width {
			t.Errorf("a row is %v wide", used)
		}
		count += len(row)
	}
	if count != len(entries) {
		t.Errorf("%d of %d entries are shown", count, len(entries))
	}
}

// Series of one name are one entry of the legend, as they have one colour.
func TestLegendNamesEachSeriesOnce(t *testing.T) {
	x := []float64{0, 1}
	panel := Panel{YLabel: "y", Series: []Series{{Name: "restarts", X: x, Y: []float64{0, 1}}, {Name: "restarts", X: x, Y: []float64{1, 2}}, {Name: "best", X: x, Y: []float64{1, 1}}}}
	svg := content(t, Chart{Title: "t", Panels: []Panel{panel}}, ".svg")
	for _, name := range []string{">restarts<", ">best<"} {
		if n := strings.Count(string(svg), name); n != 1 {
			t.Errorf("%s stands %d times in the picture, want 1", name, n)
		}
	}
}
