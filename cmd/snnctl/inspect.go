package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/pkg/experiment/compression"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

func newInspectCommand(a *app) *cobra.Command {
	model := ""
	command := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Say what a .snc file holds, and check it",
		Long: "Say what a .snc file holds: length, rates, the model that made it, storage formats, bits. All of the\n" +
			"file is read and checked. Where its model is known, or given, its events are counted.\n" + exitStatusHelp,
		Example: "  snnctl inspect out.snc",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runInspect(a, model, args[0]) },
	}
	command.Flags().StringVar(&model, "model", "", "model file (default: found by its hash)")
	return command
}

func runInspect(a *app, model, path string) error {
	in, name, err := openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	var missing error
	c, err := compression.Inspect(in, name, func(hash [32]byte) (*audiocodec.Codec, error) {
		codec, err := modelOf(a, model, hash)
		missing = err
		return codec, err
	})
	if err != nil {
		return err
	}
	if missing != nil && model != "" {
		return missing
	}
	if a.json {
		return a.printJSON(c)
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, values ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, values...))
	}
	row("sound", "%.3f s, %d samples at %d Hz, %d channels of %d bits", c.Seconds, c.Samples, c.Rate, c.Channels, c.Bits)
	row("model", "%s, %d Hz, %s, %d units, %d samples a frame", c.ModelHash[:12], c.ModelRate, c.Quantiser, c.Units, c.Hop)
	if c.Gain != 1 {
		row("gain", "%.4g", c.Gain)
	}
	row("code", "%d frames in %d streams, %d chunks of %.3g s: %s", c.Frames, c.Streams, c.Chunks, c.ChunkSeconds, countedModes(c.Modes))
	row("size", "%d bytes, %.3f kbit/s, %.3f of it events", c.FileBytes, c.FileKbps, c.PayloadKbps)
	if missing == nil && c.Seconds > 0 {
		row("events", "%d, %.1f/s, density %.4f", c.Events, float64(c.Events)/c.Seconds, c.Density)
	} else if missing != nil {
		row("events", "not counted: the model is not here")
	}
	return t.Flush()
}
