package importer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
	"github.com/snnctl/snnctl/internal/spelling"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// arrays is a file of named arrays.
type arrays interface {
	Names() []string
	Shape(name string) (shape []int, ok bool)
	Reals(name string) ([]float64, error)
	Close() error
}

// Weights fills a network whose layers are known with the arrays of a file that has
// no graph: a .safetensors file, or an .npz archive of NumPy.
//
// An array's name is that of its layer, a dot, and weight, bias, running_mean or
// running_var, as in PyTorch, and so are the shapes: [out][in] for a dense layer,
// [out][in/groups][height][width] for a convolution. A bias that is not there is 0.
// All arrays that are missing or have another shape are reported together, as a
// *Refused; if there are any, the network is left in part filled.
func Weights(path string, n *relu.Network[float64]) (*Report, error) {
	if _, err := n.Shapes(); err != nil {
		return nil, err
	}
	file, err := openArrays(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	f := &filling{file: file, used: map[string]bool{}, report: &Report{Path: path, Input: []int{n.Input.Channels, n.Input.Height, n.Input.Width}}}
	for _, layer := range n.Layers {
		f.fill(layer)
	}
	if len(f.refused) > 0 {
		return nil, &Refused{Path: path, Refusals: f.refused, arrays: true}
	}
	for _, name := range file.Names() {
		if !f.used[name] {
			f.report.Unused = append(f.report.Unused, name)
		}
	}
	return f.report, nil
}

func openArrays(path string) (arrays, error) {
	switch kind := strings.ToLower(filepath.Ext(path)); kind {
	case ".safetensors":
		return checkpoint.OpenArrays(path)
	case ".npz":
		return npy.OpenArchive(path)
	default:
		return nil, fault.Inputf("cannot read weights from %s: expected a .safetensors or .npz file, found %q", path, kind)
	}
}

// filling is the state of filling a network.
type filling struct {
	file    arrays
	used    map[string]bool
	report  *Report
	refused []Refusal
}

// fill takes the arrays of one layer from the file.
func (f *filling) fill(layer relu.Named[float64]) {
	parameters := layer.Parameters()
	norm, isNorm := layer.Layer.(*relu.BatchNorm[float64])
	if isNorm {
		parameters = append(parameters, norm.Running()...)
	}
	_, isDense := layer.Layer.(*relu.Dense[float64])
	for _, p := range parameters {
		name := layer.Name + "." + p.Name
		if err := f.take(name, layer.Kind(), p, isDense && p.Name == "weight"); err != nil {
			f.refused = append(f.refused, Refusal{Node: name, Reason: err.Error()})
		}
	}
	if isNorm && len(f.refused) == 0 {
		for i, v := range norm.Variance.Data {
			if v+norm.Epsilon <= 0 {
				f.refused = append(f.refused, Refusal{Node: layer.Name + ".running_var", Reason: fmt.Sprintf("it holds %v at place %d, expected a positive number", v, i)})
				break
			}
		}
	}
}

// take reads one array; that of a dense layer is kept transposed in a network.
func (f *filling) take(name, kind string, p relu.Parameter[float64], transpose bool) error {
	want := p.Values.Shape
	if transpose {
		want = []int{want[1], want[0]}
	}
	shape, ok := f.file.Shape(name)
	switch {
	case !ok && p.Name == "bias" && kind != "batch-norm":
		clear(p.Values.Data)
		f.report.Steps = append(f.report.Steps, Step{name, kind, "set to 0: the file has no such array"})
		return nil
	case !ok:
		return f.missing(name, want)
	case !slices.Equal(shape, want):
		hint := ""
		if transpose && slices.Equal(shape, p.Values.Shape) {
			hint = " (outputs first, as in PyTorch: transpose the array)"
		}
		return fmt.Errorf("it has the shape %v, expected %v%s", shape, want, hint)
	}
	values, err := f.file.Reals(name)
	if err != nil {
		return err
	}
	if err := finite(values); err != nil {
		return fmt.Errorf("it %w", err)
	}
	if transpose {
		c := &constant{shape: shape, real: true, reals: values}
		values = c.pick(transposed(shape, []int{1, 0})).reals
	}
	copy(p.Values.Data, values)
	f.used[name] = true
	return nil
}

func (f *filling) missing(name string, shape []int) error {
	message := fmt.Sprintf("the file has no array of that name, expected one of shape %v", shape)
	if near := spelling.Nearest(name, f.file.Names()); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else {
		names := f.file.Names()
		message += fmt.Sprintf("; it has %d arrays: %.200s", len(names), strings.Join(names, ", "))
	}
	return errors.New(message)
}
