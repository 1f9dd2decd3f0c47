package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/speechfeatures"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

func newDataFeaturesCommand(a *app) *cobra.Command {
	kind := string(speechfeatures.MFCC)
	command := &cobra.Command{
		Use:   "features CORPUS DIR",
		Short: "Make the features of a corpus of speech with phone labels",
		Long: "Make the directory DIR with the features of a corpus of speech, as data of type\n" +
			"speech-frames reads them.\n\n" +
			"CORPUS holds folders train, dev and test with, at any depth, pairs of files NAME.wav (RIFF or\n" +
			"NIST SPHERE, 16 bits, one channel) and NAME.phn (a line \"first-sample end-sample phone\" for each\n" +
			"phone). Without a folder dev it is taken for TIMIT as published: the sentences SA are left out,\n" +
			"the 24 speakers of the core test set are the test split and the usual 50 the development split.\n\n" +
			"--kind mfcc gives 13 mel-frequency cepstral coefficients, fbank the logarithms of 40 mel filters\n" +
			"and of the energy; 25 ms every 10 ms, normalised over the training set, then with Δ and ΔΔ:\n" +
			"39 or 123 features a frame.\n" + exitStatusHelp,
		Example:           "  snnctl data features TIMIT timit-mfcc",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeDirectories,
		RunE:              func(_ *cobra.Command, args []string) error { return runDataFeatures(a, kind, args[0], args[1]) },
	}
	command.Flags().StringVar(&kind, "kind", kind, "mfcc or fbank")
	return command
}

func completeDirectories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func runDataFeatures(a *app, kind, from, to string) error {
	switch speechfeatures.Kind(kind) {
	case speechfeatures.MFCC, speechfeatures.FilterBank:
	default:
		return fault.Inputf("--kind is %q, expected mfcc or fbank", kind)
	}
	report, err := speechfeatures.Prepare(speechfeatures.Options{Kind: speechfeatures.Kind(kind), From: from, To: to, Threads: a.threads})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(report)
	}
	for _, split := range speechframes.Folders {
		if _, err := fmt.Fprintf(a.stdout, "%s: %d utterances, %d frames of %d features\n", split, report.Utterances[split], report.Frames[split], report.Features); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, "%d phones; written to %s\n", report.Phones, report.Path)
	return err
}
