package ttfs

import (
	"fmt"
	"math"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Options say how to convert.
type Options struct {
	Form      Form
	Low, High float64 // p and q: inputs outside cannot be coded
	Zeta      float64 // windows are (1 + Zeta) times the greatest value of the sample
	Sample    Sample  // nil: windows are bounds, which need no data
	Threads   int
}

// Conversion is a network of neurons that fire once, and where it comes from.
type Conversion struct {
	Network      *Network[float64]
	Counterparts []Counterpart // stages and the layers of the ReLU network that they equal
	Largest      []float64     // X_n of each stage; nil if the windows are bounds
	Trials       int           // of the sample
	Outside      int           // inputs of the sample outside [Low, High]
	Warnings     []string
}

// Convert maps a ReLU network onto neurons that fire at most once each, with the same
// outputs (2212.12522): it takes batch norms and the input range into the weights
// (fusion.go), makes room for form alpha (rescaling.go), measures or bounds the windows
// (windows.go), and for form alpha turns weights into synapses (mapping_alpha.go); in form
// b1 they are the same. The network given is left as it is.
func Convert(n *relu.Network[float64], o Options) (*Conversion, error) {
	if !(o.High > o.Low) || math.IsInf(o.High-o.Low, 0) {
		return nil, fault.Inputf("the input range is [%g, %g], expected finite numbers, the first less than the second", o.Low, o.High)
	}
	if !(o.Zeta > -1) || math.IsInf(o.Zeta, 0) {
		return nil, fault.Inputf("zeta is %g, expected more than -1, so that windows have a length", o.Zeta)
	}
	f, err := fuse(n, o.Low, o.High, o.Threads)
	if err != nil {
		return nil, err
	}
	c := &Conversion{Network: &Network[float64]{Input: n.Input, Low: o.Low, High: o.High, Form: B1, Stages: f.stages}, Counterparts: f.counterparts}
	if o.Form == Alpha {
		if len(f.ceilings) > 0 {
			return nil, fault.Inputf("form alpha has no clipped activations: %s; form b1 has", strings.Join(f.ceilings, ", "))
		}
		if err := rescale(c.Network); err != nil {
			return nil, err
		}
		for i := range c.Counterparts {
			c.Counterparts[i].unscale(c.Network)
		}
	}
	if err := c.setWindows(o); err != nil {
		return nil, err
	}
	if o.Form == Alpha {
		if err := mapAlpha(c.Network); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Conversion) setWindows(o Options) error {
	if o.Sample == nil {
		if err := bound(c.Network, o.Threads); err != nil {
			return err
		}
		c.Warnings = wakeDead(c.Network)
		return nil
	}
	sample, err := calibrate(c.Network, o.Zeta, o.Sample, o.Threads)
	if err != nil {
		return err
	}
	if sample.Trials == 0 {
		return fault.Inputf("the calibration data hold no inputs")
	}
	c.Largest, c.Trials, c.Outside = sample.Largest, sample.Trials, sample.Outside
	for i, x := range sample.Largest {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fault.Inputf("values of %s reach %g on the calibration data, expected finite ones", c.Network.name(i), x)
		}
	}
	c.Warnings = wakeDead(c.Network)
	return nil
}

// name is what messages call a stage.
func (n *Network[F]) name(stage int) string {
	switch s := n.Stages[stage].(type) {
	case *Neurons[F]:
		return s.Name
	case *Readout[F]:
		return s.Name
	default:
		return fmt.Sprintf("stage %d (%s)", stage+1, s.Kind())
	}
}

// unscale takes the scale of the values that a counterpart compares into its gain.
func (c *Counterpart) unscale(n *Network[float64]) {
	for i := c.Stage; i >= 0; i-- {
		neurons, ok := n.Stages[i].(*Neurons[float64])
		if !ok {
			continue
		}
		if len(c.Gain) < len(neurons.Scale) {
			return
		}
		each(c.Gain, neurons.Scale, func(g *float64, ch int) { *g /= neurons.Scale[ch] })
		return
	}
}
