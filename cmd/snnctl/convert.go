package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment/conversion"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

func newConvertCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "convert",
		Short: "Convert trained networks to spiking ones",
		Long:  "Convert trained networks to spiking ones.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newConvertReLUCommand(a), newConvertAudioCommand(a))
	return command
}

type convertReLUOptions struct {
	conversion.Options
	form, window, inputRange string
	layers                   string
	best                     bool
}

func newConvertReLUCommand(a *app) *cobra.Command {
	var o convertReLUOptions
	command := &cobra.Command{
		Use:   "relu-to-ttfs MODEL",
		Short: "Convert a ReLU network exactly to neurons that fire at most one spike",
		Long: "Convert a ReLU network exactly to neurons that fire at most one spike, whose time carries\n" +
			"the neuron's value (arXiv:2212.12522, arXiv:2306.08744): same outputs, same accuracy.\n\n" +
			"MODEL is an ONNX file, a run or checkpoint of a ReLU network trained here, or with --layers arrays of\n" +
			"any program (.safetensors or .npz, named LAYER.weight and so on as PyTorch does). It has to be a\n" +
			"chain of dense and convolutional layers with ReLU between them, batch norm anywhere, pools,\n" +
			"padding and dropout; whatever else is in it is refused, all of it at once, by name.\n\n" +
			"DATA are a data set (snnctl data list), a directory of one, or inputs in a NumPy file (x.npy):\n" +
			"those of --calibrate measure how long the windows must be in which layers fire; those of\n" +
			"--verify are shown to both networks (default: the set's test images, or the same array).\n" +
			"--set data.… says how images are read, as in an experiment file.\n\n" +
			"The directory --out gets model.safetensors, report.json and pictures, and is written whole or not\n" +
			"at all. `snnctl eval` evaluates it.\n" + exitStatusHelp,
		Example: "  snnctl convert relu-to-ttfs relu-mnist-mlp-20261127-063000 --out mlp-ttfs\n" +
			"  snnctl convert relu-to-ttfs model.onnx --calibrate mnist --verify mnist --out model-ttfs\n" +
			"  snnctl convert relu-to-ttfs model.onnx --calibrate inputs.npy --form alpha --input-range=-3,3 --out model-ttfs",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runConvertReLU(a, &o, args[0]) },
	}
	flags := command.Flags()
	flags.StringVar(&o.layers, "layers", "", "the experiment whose model section describes the network that MODEL has arrays for")
	flags.StringVar(&o.Calibrate, "calibrate", "", "data that measure the windows (default: the training images of a run)")
	flags.StringVar(&o.Verify, "verify", "", "data that both networks are compared on")
	flags.StringVar(&o.Out, "out", "", "the new directory to write")
	flags.StringVar(&o.form, "form", string(ttfs.B1), "b1: slope 1 at the threshold; alpha: slope α + Σ J")
	flags.Float64Var(&o.Zeta, "zeta", 0.5, "windows are 1 + zeta times the layer's greatest value")
	flags.StringVar(&o.window, "window", "sample", "sample: measured on --calibrate; bound: from the weights alone, longer")
	flags.StringVar(&o.inputRange, "input-range", "", "p,q: inputs from p to q are coded (default: 0,1, or the range of the calibration data)")
	flags.IntVar(&o.Inputs, "calibration-inputs", 0, "calibrate on the first so many inputs; 0 means all")
	flags.IntVar(&o.Trials, "trials", 0, "compare on the first so many inputs; 0 means all")
	flags.StringVar(&o.Engine, "engine", conversion.ClosedForm, "closed-form, or events: membranes, spike by spike")
	flags.BoolVar(&o.CheckMembranes, "check-membrane", false, "count potentials that cross their threshold before it is tested")
	flags.BoolVar(&o.best, "best", false, "of a run, the checkpoint that did best on the validation split")
	addSetFlag(command, &o.Sets)
	for name, values := range map[string][]string{"form": {"b1", "alpha"}, "window": {"sample", "bound"}, "engine": {conversion.ClosedForm, conversion.Events}} {
		_ = command.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return command
}

func runConvertReLU(a *app, o *convertReLUOptions, target string) error {
	o.Form, o.Version = ttfs.Form(o.form), programVersion()
	switch o.window {
	case "sample", "bound":
		o.Bound = o.window == "bound"
	default:
		return fault.Inputf("--window is %q, expected sample or bound", o.window)
	}
	if o.inputRange != "" {
		r, err := parseRange(o.inputRange)
		if err != nil {
			return err
		}
		o.Range = r
	}
	if o.Inputs < 0 || o.Trials < 0 {
		return fault.Inputf("--calibration-inputs and --trials are %d and %d, expected 0 (all) or more", o.Inputs, o.Trials)
	}
	model, warnings, err := conversion.Open(a.runsDir, target, o.layers, o.best, a.buildSettings())
	a.warn(warnings)
	if err != nil {
		return err
	}
	report, err := conversion.Convert(model, o.Options, a.buildSettings(), a.say)
	if err != nil {
		return err
	}
	a.warn(report.Warnings)
	if a.json {
		return a.printJSON(report)
	}
	return printConversion(a, report)
}

// parseRange reads p,q.
func parseRange(text string) (*[2]float64, error) {
	low, high, ok := strings.Cut(text, ",")
	p, errLow := strconv.ParseFloat(strings.TrimSpace(low), 64)
	q, errHigh := strconv.ParseFloat(strings.TrimSpace(high), 64)
	if !ok || errLow != nil || errHigh != nil {
		return nil, fault.Inputf("--input-range is %q, expected two numbers p,q such as --input-range=-3,3", text)
	}
	return &[2]float64{p, q}, nil
}

// warn prints warnings.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		fmt.Fprintln(a.stderr, "warning: "+w)
	}
}

// say tells what is being done.
func (a *app) say(what string) {
	if !a.quiet {
		fmt.Fprintln(a.stderr, what)
	}
}
