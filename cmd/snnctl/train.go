package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

type trainOptions struct {
	sets   []string
	out    string
	resume string
	dryRun bool
	check  bool
}

func newTrainCommand(a *app) *cobra.Command {
	var o trainOptions
	command := &cobra.Command{
		Use:   "train CONFIG",
		Short: "Train the experiment of a YAML file, into a run directory",
		Long: "Train the experiment of a YAML file, into a run directory.\n\n" +
			"CONFIG is a file, or the name of a built-in experiment (snnctl config list).\n\n" +
			"Ctrl-C, SIGTERM, SIGUSR1 and SIGHUP end the training after the current step, with a checkpoint;\n" +
			"a second Ctrl-C ends it at once. `snnctl train --resume RUN` goes on, and arrives at the\n" +
			"same bits as a training that was never interrupted.\n" + exitStatusHelp,
		Example: "  snnctl train lsnn-store-recall\n" +
			"  snnctl train lsnn-smnist-quick --data-dir ~/data --set train.iterations=200\n" +
			"  snnctl train --resume lsnn-smnist-20261123-101500",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (o.resume != "") {
				return fault.Inputf("give either a CONFIG or --resume RUN (see snnctl train --help)")
			}
			if o.resume == "" && (o.dryRun || o.check) { // nothing to save: a signal ends these at once
				return runTrain(cmd.Context(), a, &o, args[0])
			}
			ctx, release := untilSignal(cmd.Context(), a.stderr)
			defer release()
			if o.resume != "" {
				return runResume(ctx, a, &o)
			}
			return runTrain(ctx, a, &o, args[0])
		},
	}
	flags := command.Flags()
	addSetFlag(command, &o.sets)
	flags.StringVar(&o.out, "out", "", "the run directory (default: a new one in --runs-dir)")
	flags.StringVar(&o.resume, "resume", "", "go on with a run, given by its directory or name")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the plan and stop")
	flags.BoolVar(&o.check, "check", false, "compare the gradients of the first batch with float64 and stop")
	_ = command.RegisterFlagCompletionFunc("resume", completeRuns(a))
	return command
}

func (a *app) buildSettings() experiment.Settings {
	return experiment.Settings{DataDir: a.dataDir, RunsDir: a.runsDir, Threads: a.threads}
}

func runTrain(ctx context.Context, a *app, o *trainOptions, name string) error {
	resolved, err := config.Open(name, o.sets)
	if err != nil {
		return err
	}
	e := &resolved.Experiment
	if o.check {
		return runCheck(a, e)
	}
	if o.out != "" { // told now rather than after the data are read and two steps are timed
		if err := run.MustBeNew(o.out); err != nil {
			return err
		}
	}
	if err := experiment.MakePortable(e, a.buildSettings()); err != nil {
		return err
	}
	trial, err := experiment.Build(e, a.buildSettings())
	if err != nil {
		return err
	}
	if err := experiment.Estimate(trial, e.Train.Iterations); err != nil {
		return err
	}
	plan := trial.Plan
	if o.dryRun {
		return printPlan(a, a.stdout, e, &plan)
	}
	if !a.quiet {
		if err := printPlan(&app{}, a.stderr, e, &plan); err != nil {
			return err
		}
	}
	x, err := experiment.Build(e, a.buildSettings()) // a fresh one: the estimate has moved the first
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &stopped{stopStatus(ctx), "stopped before the first step; nothing was written"}
	}
	dir, err := createRun(a, o, e)
	if err != nil {
		return err
	}
	yaml, err := config.Marshal(e)
	if err != nil {
		return err
	}
	if err := dir.WriteConfig(yaml); err != nil {
		return err
	}
	return finishTraining(ctx, a, e, x, dir, a.newInfo(e))
}

func createRun(a *app, o *trainOptions, e *config.Experiment) (*run.Dir, error) {
	if o.out != "" {
		return run.CreateAt(o.out)
	}
	return run.Create(a.runsDir, e.Name, time.Now())
}

// newInfo is what run.json says from the start.
func (a *app) newInfo(e *config.Experiment) run.Info {
	host, _ := os.Hostname()
	return run.Info{Experiment: e.Name, Paper: e.Paper, Version: programVersion(), Seed: e.Seed, Threads: a.threads,
		Host: host, CPU: cpuModel(), Start: time.Now(), CommandLine: os.Args}
}

func runResume(ctx context.Context, a *app, o *trainOptions) error {
	if len(o.sets) > 0 || o.out != "" || o.dryRun || o.check {
		return fault.Inputf("--resume goes on with the run as it is, so it takes no --set, --out, --dry-run or --check")
	}
	dir, err := run.Open(a.runsDir, o.resume)
	if err != nil {
		return err
	}
	if err := dir.Lock(); err != nil {
		return err
	}
	defer dir.Unlock()
	yaml, err := dir.ReadConfig()
	if err != nil {
		return err
	}
	resolved, err := config.Load(yaml, dir.ConfigPath(), nil)
	if err != nil {
		return err
	}
	info, err := dir.ReadInfo()
	if err != nil {
		info = a.newInfo(&resolved.Experiment) // killed before it was written
	}
	info.Threads = a.threads
	if info.Status == run.Done {
		summary, err := dir.ReadSummary()
		if err != nil {
			return err
		}
		a.log.Info("the run is done already")
		return printResult(a, &experiment.Result{Summary: summary, Dir: dir})
	}
	x, err := experiment.Build(&resolved.Experiment, a.buildSettings())
	if err != nil {
		return err
	}
	return finishTraining(ctx, a, &resolved.Experiment, x, dir, info)
}

// finishTraining trains into a directory that is locked (run.Create does so) and prints the result.
func finishTraining(ctx context.Context, a *app, e *config.Experiment, x *experiment.Experiment, dir *run.Dir, info run.Info) error {
	defer dir.Unlock()
	progress := newTrainingProgress(a, e, x.Objective.Metric)
	loop := experiment.Loop{Experiment: x, Config: e, Dir: dir, Info: info, Observer: progress}
	result, err := loop.Run(ctx)
	progress.close()
	if errors.Is(err, experiment.ErrStopped) {
		return &stopped{stopStatus(ctx), fmt.Sprintf("stopped after step %d of %d; go on with: snnctl train --resume %s",
			loop.Info.Step, e.Train.Iterations, dir.Path())}
	}
	if err != nil {
		return err
	}
	return printResult(a, result)
}

func runCheck(a *app, e *config.Experiment) error {
	x, err := experiment.Build(e, a.buildSettings())
	if err != nil {
		return err
	}
	checks, err := x.Check()
	if err != nil {
		return err
	}
	passed := true
	for _, c := range checks {
		passed = passed && c.Passed()
	}
	if a.json {
		err = a.printJSON(map[string]any{"passed": passed, "gradients": checks})
	} else {
		table := newTable(a.stdout, "GRADIENT", "COSINE WITH FLOAT64", "RATIO OF NORMS")
		for _, c := range checks {
			table.row(c.Name, fmt.Sprintf("%.6f", c.Cosine), fmt.Sprintf("%.6f", c.NormRatio))
		}
		err = table.flush()
	}
	if err == nil && !passed {
		err = errors.New("the gradients of the first batch do not agree with those of float64")
	}
	return err
}
