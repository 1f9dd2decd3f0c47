package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment"
)

func newConvertAudioCommand(a *app) *cobra.Command {
	var sets []string
	var out string
	var best, force bool
	command := &cobra.Command{
		Use:   "audio-model RUN|CHECKPOINT",
		Short: "Make a model file for compress audio of a trained audio codec",
		Long: "Make a model file (.snm) for snnctl compress audio of a trained audio codec: its weights, rounded to\n" +
			"float16, and the tables of the range coder, which are learned from the training data of the run.\n" + exitStatusHelp,
		Example: "  snnctl convert audio-model audio-codec-piano-20261127-103000 --out piano.snm",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				return fault.Inputf("--out is missing, expected the model file to write")
			}
			if err := mayWrite(out, force); err != nil {
				return err
			}
			f, warnings, err := experiment.OpenCheckpoint(a.runsDir, args[0], best)
			a.warn(warnings)
			if err != nil {
				return err
			}
			var report *experiment.ExportedCodec
			err = writeOutput(a, out, func(w io.Writer) (err error) {
				report, err = experiment.ExportCodec(f, sets, experiment.Settings{DataDir: a.dataDir, RunsDir: a.runsDir, Threads: a.threads}, w)
				return err
			})
			if err != nil || out == standardStream {
				return err
			}
			if a.json {
				return a.printJSON(report)
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %d parameters, %d bytes, %d of them entropy tables; model %.12s\n", out, report.Parameters, report.Bytes, report.Tables, report.Hash)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&out, "out", "", "the model file to write")
	flags.BoolVar(&best, "best", false, "of a run, the checkpoint that did best on the validation split")
	flags.BoolVar(&force, "force", false, "overwrite it")
	addSetFlag(command, &sets)
	return command
}
