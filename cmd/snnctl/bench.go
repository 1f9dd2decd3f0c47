package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/pkg/experiment"
)

// benchJobs are the standard jobs: what each is, and how it is run.
var benchJobs = []struct {
	name, about string
	run         func(a *app, o benchOptions) error
}{
	{"lsnn", "a training step of lsnn-smnist (forward, backward, update, rewiring), on made-up\n" +
		"         input of the density of sequential MNIST", benchLSNN},
	{"gemm", "products of float32 matrices, square and as in recurrent layers, on one thread\n" +
		"         and on all; takes only --repeats", benchGemm},
	{"conv", "forward and backward of --shape vgg, two convolutions as in VGG (batch norm, ReLU,\n" +
		"         pooling) on 64 images of 32×32, or of --shape lenet, LeNet-5 on 64 images of 28×28;\n" +
		"         takes only --repeats and --check", benchConv},
	{"relu", "training steps (Adam, batch 64) of the networks of relu-mnist-mlp and relu-mnist-lenet5 and of a\n" +
		"         narrow VGG, on random images; takes only --repeats", benchReLU},
	{"clapp", "training steps (Adam, batch 32) of encoders of three and six layers on 6×6 patches of 28×28 pixels, by CLAPP-s and\n" +
		"         by hinge-loss CPC, and the memory of their activity; takes only --repeats", benchCLAPP},
	{"gateon", "training steps (Adam, batch 256) of 784-1000-1000-1000-1000-10 by n-GateON, by p-GateON, and\n" +
		"         without gates, on random images; takes only --repeats", benchGateON},
	{"linlif", "forward and backward of a dense layer and LIF neurons, batch 16, 500 steps, for\n" +
		"         spikes and for numbers as input; sizes follow, 256 and 1024 unless given (4096 takes\n" +
		"         0.6 GB); takes only --repeats and --check", benchLinLIF},
	{"eprop", "a training step of eprop-evidence by --compute adjoint, bptt, online or filtered, on\n" +
		"         made-up input; 2250 steps and batch 64 unless given; online keeps nothing of the steps\n" +
		"         that are past", benchEProp},
	{"navigation", "episodes per second of lsnn-navigation, played and learned from, on one thread and on all in\n" +
		"         turn; 400 steps and batch 64 unless given; takes only --steps, --batch and --repeats", benchNavigation},
	{"neulvm", "the winner-take-all network of neuLVM neuron by neuron, 1,000 to 16,000 of them, 10,000\n" +
		"         uncoupled ones at several rates, its likelihood with its gradient, and a whole fit, on one\n" +
		"         thread; takes only --repeats and --problem", benchNeuLVM},
	{"trial-matching", "a training step of trial-matching-hard: 500 neurons, 350 steps, batch 150 unless given;\n" +
		"         takes only --batch and --repeats", benchTrialMatching},
	{"audio-codec", "a training step of audio-codec-quick: 8 segments of 8,192 samples, with the loss on their\n" +
		"         spectra; takes only --repeats", benchAudioCodec},
}

// ownSizes are those of jobs whose sizes are not those of lsnn, unless given.
var ownSizes = map[string]map[string]int{
	"eprop":          {"steps": 2250, "batch": 64},
	"navigation":     {"steps": 400, "batch": 64},
	"trial-matching": {"batch": 150},
}

// benchOptions are the flags of all jobs.
type benchOptions struct {
	experiment.LSNNBench
	sweep   string
	compute string
	shape   string
	check   bool
	problem string
	sizes   []string // what follows the job
}

func newBenchCommand(a *app) *cobra.Command {
	o := benchOptions{}
	long := "Measure how fast this machine is on the standard jobs; lsnn, unless another is named.\n\n"
	var names []string
	for _, job := range benchJobs {
		long += fmt.Sprintf("  %-6s %s\n", job.name, job.about)
		names = append(names, job.name)
	}
	command := &cobra.Command{
		Use:       "bench [JOB [N…]]",
		Short:     "Measure how fast this machine is on the standard jobs",
		Long:      long + exitStatusHelp,
		ValidArgs: names,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = names[:1]
			}
			if sizes, ok := ownSizes[args[0]]; ok {
				for name, size := range map[string]*int{"steps": &o.Steps, "batch": &o.Batch} {
					if own, ok := sizes[name]; ok && !command.Flags().Changed(name) {
						*size = own
					}
				}
			}
			o.sizes = args[1:]
			return runBench(a, args[0], o)
		},
	}
	flags := command.Flags()
	flags.IntVar(&o.Neurons, "neurons", 220, "size of the recurrent network")
	flags.IntVar(&o.Steps, "steps", 840, "steps of 1 ms")
	flags.IntVar(&o.Batch, "batch", 256, "trials in a batch")
	flags.Float64Var(&o.RateHz, "rate-hz", 20, "mean firing rate, Hz")
	flags.Float64Var(&o.Connectivity, "connectivity", 0.12, "part of the synapses that exist, by DEEP R; 1: all of them, without rewiring")
	flags.StringVar(&o.Memory, "memory", "checkpointed", "what lsnn keeps of potentials for the way back: checkpointed, or full")
	flags.IntVar(&o.Repeats, "repeats", 5, "timings to take the median of")
	flags.StringVar(&o.sweep, "sweep", "", "time lsnn as this grows: steps, rate or neurons")
	flags.StringVar(&o.compute, "compute", "adjoint", "how eprop computes: adjoint, online, filtered, or bptt for the whole gradient")
	flags.StringVar(&o.shape, "shape", "vgg", "network of the job conv: vgg or lenet")
	flags.BoolVar(&o.check, "check", false, "instead of timing, print as JSON the results of a small case, to compare with other programs")
	flags.StringVar(&o.problem, "problem", "", "where neulvm writes what it fits, as JSON, for other programs to fit")
	return command
}

func runBench(a *app, name string, o benchOptions) error {
	var names []string
	for _, job := range benchJobs {
		if job.name == name {
			switch {
			case len(o.sizes) > 0 && name != "linlif":
				return fault.Inputf("the job %s takes no sizes, but %q follows", name, o.sizes[0])
			case o.sweep != "" && name != "lsnn":
				return fault.Inputf("--sweep is of the job lsnn, not of %s", name)
			case o.shape != "vgg" && name != "conv":
				return fault.Inputf("--shape is of the job conv, not of %s", name)
			case o.problem != "" && name != "neulvm":
				return fault.Inputf("--problem is of the job neulvm, not of %s", name)
			case o.check && name != "linlif" && name != "conv" && name != "eprop":
				return fault.Inputf("--check is of the jobs linlif, conv and eprop, not of %s", name)
			}
			return job.run(a, o)
		}
		names = append(names, job.name)
	}
	return fault.Inputf("there is no job %q, expected %s", name, strings.Join(names, " or "))
}

func benchLSNN(a *app, o benchOptions) error {
	if o.sweep != "" {
		return benchSweep(a, o)
	}
	r, err := experiment.BenchLSNN(o.LSNNBench, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "JOB", r.Job)
	table.row("size", fmt.Sprintf("%d inputs, %d neurons (%.0f %% of the synapses), %d steps, batch %d", r.Inputs, r.Neurons, 100*r.Connectivity, r.Steps, r.Batch))
	table.row("firing rate", fmt.Sprintf("%.1f Hz", r.RateHz))
	table.row("memory", r.Memory)
	table.row("threads", fmt.Sprint(r.Threads))
	table.row("instructions", kernel.Instructions())
	table.row("median", fmt.Sprintf("%.4f s", r.Median))
	table.row("minimum", fmt.Sprintf("%.4f s", r.Min))
	table.row("spikes", fmt.Sprintf("%.3g per second", r.SpikesPerSecond))
	table.row("allocations", fmt.Sprintf("%d in a step", r.Allocations))
	table.row("peak memory", formatBytes(r.Peak))
	return table.flush()
}

func benchGemm(a *app, o benchOptions) error {
	r, err := experiment.BenchGemm(o.Repeats, a.threads)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	table := newTable(a.stdout, "PRODUCT", "THREADS", "MEDIAN", "MINIMUM", "GFLOP/S", "AT BEST")
	for _, p := range r.Products {
		table.row(fmt.Sprintf("%d×%d×%d", p.M, p.K, p.N), fmt.Sprint(p.Threads),
			fmt.Sprintf("%.4g ms", 1e3*p.Median), fmt.Sprintf("%.4g ms", 1e3*p.Min),
			fmt.Sprintf("%.1f", p.GFLOPs), fmt.Sprintf("%.1f", p.Best))
	}
	return table.flush()
}
