// Package importer makes ReLU networks of files that other programs wrote: ONNX
// graphs (2212.12522, section 10 of the method), and bare arrays for a network whose layers
// are known.
//
// A graph is imported when it is one chain from one input to one output, of linear
// layers each followed by ReLU, with batch norms, pooling, padding, dropout and
// rearrangements of axes around them; the last linear layer gives the logits.
// Whatever else is in it is refused, all of it at once (Refused).
package importer

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/onnx"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Load reads the network at path, an ONNX file with or without weights in files
// beside it.
//
// A file that is damaged or of another kind is a fault.Input, and so is a *Refused,
// which lists every node that cannot be imported.
func Load(path string) (*relu.Network[float64], *Report, error) {
	switch kind := strings.ToLower(filepath.Ext(path)); kind {
	case ".onnx":
		return loadONNX(path)
	case ".h5", ".hdf5", ".keras":
		return nil, nil, fault.Inputf("cannot import %s: Keras files are not read, export the model as ONNX (python -m tf2onnx.convert --keras %s --output model.onnx) or its arrays as .npz", path, path)
	case ".pt", ".pth", ".ckpt":
		return nil, nil, fault.Inputf("cannot import %s: PyTorch's pickles are programs and are not run, export the model with torch.onnx.export", path)
	case ".safetensors", ".npz":
		return nil, nil, fault.Inputf("cannot import %s by itself: it holds arrays without a graph, so the layers of the network must be given too", path)
	default:
		return nil, nil, fault.Inputf("cannot import %s: expected an .onnx file, found %q", path, kind)
	}
}

// The opsets whose operators are known.
const (
	oldestOpset = 7 // before it, operators broadcast in another way
	newestOpset = 21
)

func loadONNX(path string) (*relu.Network[float64], *Report, error) {
	m, err := onnx.Read(path)
	if err != nil {
		return nil, nil, err
	}
	return fromONNX(m, path)
}

func fromONNX(m *onnx.Model, path string) (*relu.Network[float64], *Report, error) {
	if v := m.Opsets[""]; v < oldestOpset || v > newestOpset {
		return nil, nil, fault.Inputf("cannot import %s: its operators are of opset %d, expected %d to %d: export it again with another opset version", path, v, oldestOpset, newestOpset)
	}
	g, err := link(m)
	if err != nil {
		return nil, nil, fault.Inputf("cannot import %s: its graph %w", path, err)
	}
	w := &walk{
		graph:  g,
		path:   path,
		values: map[string]value{},
		report: &Report{Path: path, Producer: m.Producer, Opset: g.opset, Unused: g.unused},
		budget: m.Bytes + spareElements,
	}
	w.readInputs()
	for _, n := range g.nodes {
		w.visit(n)
	}
	w.finish()
	if len(w.refused) > 0 {
		return nil, nil, &Refused{Path: path, Refusals: w.refused}
	}
	if _, err := w.network.Shapes(); err != nil {
		return nil, nil, fmt.Errorf("importing %s: %w", path, err)
	}
	return w.network, w.report, nil
}

// spareElements is what small files may compute beyond their own size.
const spareElements = 1 << 16
