package plot

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func drawn(t *testing.T, picture interface{ Write(string) error }) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := picture.Write(path); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// Each spike is a stroke; those at no time are left out, and no layers are no error.
func TestSpikeTimes(t *testing.T) {
	strokes := func(times ...float64) int {
		layer := FiringLayer{Name: "layer one", Neurons: 3, Window: [2]float64{1, 2}}
		for i, x := range times {
			layer.Spikes = append(layer.Spikes, FiringTime{x, i})
		}
		svg := drawn(t, SpikeTimes{XLabel: "time", End: 3, Layers: []FiringLayer{layer}})
		if !bytes.Contains(svg, []byte("layer one")) {
			t.Error("the layer has no name")
		}
		return bytes.Count(svg, []byte("M"))
	}
	if one, three := strokes(1.5), strokes(1.1, 1.5, 1.9); three-one != 2 {
		t.Errorf("two spikes more are %d strokes more", three-one)
	}
	if one, two := strokes(1.5), strokes(1.5, math.NaN()); one != two {
		t.Error("a spike at no time is drawn")
	}
	drawn(t, SpikeTimes{})
}

// Each bin that is not empty is a bar, and each mark has its name.
func TestHistograms(t *testing.T) {
	bars := func(counts ...int) int {
		svg := drawn(t, Histograms{XLabel: "x", Panels: []Histogram{{Name: "a", Counts: counts, Marks: []Mark{{"the window", 1}}}}})
		if !bytes.Contains(svg, []byte("the window")) {
			t.Error("the mark has no name")
		}
		return bytes.Count(svg, []byte("<path")) + bytes.Count(svg, []byte("<rect"))
	}
	if two, one := bars(1000, 10, 0), bars(1000, 0, 0); two-one != 1 {
		t.Errorf("a bin more is %d shapes more", two-one)
	}
	drawn(t, Histograms{})
}
