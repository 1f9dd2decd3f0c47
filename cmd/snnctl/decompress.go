package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment/compression"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

func newDecompressCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "decompress",
		Short: "Turn events back into sound",
		Long:  "Turn events back into sound.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newDecompressAudioCommand(a))
	return command
}

type decompressOptions struct {
	compression.Decoding
	model, rate, bits string
	force             bool
}

func newDecompressAudioCommand(a *app) *cobra.Command {
	o := decompressOptions{rate: "orig", bits: "16"}
	command := &cobra.Command{
		Use:   "audio IN OUT",
		Short: "Turn a .snc file back into sound",
		Long: "Turn a .snc file back into sound: OUT is a wav file, or a flac file if its name ends in .flac; - is stdin\n" +
			"or stdout. It has exactly as many samples as the sound that was compressed.\n\n" +
			"The model is found by its hash: the built-in one, or a file in " + compression.Folder + " of the data directory, or --model.\n\n" +
			"All damage is found. --salvage goes on behind it, puts silence in the place of what is lost, says what\n" +
			"that was, and ends with status 2.\n" + exitStatusHelp,
		Example: "  snnctl decompress audio out.snc back.wav\n  snnctl decompress audio long.snc part.flac --from 600 --to 660",
		Args:    cobra.ExactArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return runDecompressAudio(a, &o, args[0], args[1]) },
	}
	flags := command.Flags()
	flags.StringVar(&o.model, "model", "", "model file (default: found by its hash)")
	flags.StringVar(&o.rate, "rate-out", o.rate, "orig: the rate of the sound that was compressed; model: that of the model")
	flags.StringVar(&o.bits, "bits", o.bits, "16, 24 or f32: of the samples")
	flags.Float64Var(&o.From, "from", 0, "second at which to begin")
	flags.Float64Var(&o.To, "to", 0, "second at which to end; 0: the end")
	flags.BoolVar(&o.Salvage, "salvage", false, "go on behind damage")
	flags.BoolVar(&o.force, "force", false, "overwrite OUT")
	_ = command.RegisterFlagCompletionFunc("rate-out", cobra.FixedCompletions([]string{"orig", "model"}, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("bits", cobra.FixedCompletions([]string{"16", "24", "f32"}, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func decibels(db float64) float64 { return math.Pow(10, db/20) }

func (o *decompressOptions) parse(a *app, from, to string) error {
	o.Threads, o.AtModel = a.threads, o.rate == "model"
	o.FLAC = strings.EqualFold(filepath.Ext(to), ".flac")
	var ok bool
	if o.Bits, ok = map[string]int{"16": 16, "24": 24, "f32": 32}[o.bits]; !ok {
		return fault.Inputf("--bits is %q, expected 16, 24 or f32", o.bits)
	}
	switch {
	case o.rate != "model" && o.rate != "orig":
		return fault.Inputf("--rate-out is %q, expected orig or model", o.rate)
	case !(o.From >= 0 && o.From < 1e9):
		return fault.Inputf("--from is %g, expected a second of the sound", o.From)
	case !(o.To == 0 || o.To > o.From && o.To < 1e9):
		return fault.Inputf("--to is %g, expected a second after --from (%g), or 0 for the end", o.To, o.From)
	case o.Salvage && from == standardStream:
		return fault.Inputf("--salvage seeks in its input, which stdin does not allow; give a file")
	}
	return nil
}

func runDecompressAudio(a *app, o *decompressOptions, from, to string) error {
	if err := o.parse(a, from, to); err != nil {
		return err
	}
	if err := mayWrite(to, o.force); err != nil {
		return err
	}
	in, name, err := openInput(from)
	if err != nil {
		return err
	}
	defer in.Close()
	seek, _ := in.(io.ReadSeeker)
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			seek = nil
		}
	}
	r, err := compression.Open(in, name)
	if err != nil {
		return err
	}
	codec, err := modelOf(a, o.model, r.ModelHash)
	if err != nil {
		return err
	}
	began := time.Now()
	var decoded *compression.Decoded
	err = writeOutput(a, to, func(w io.Writer) (err error) {
		decoded, err = compression.Decompress(codec, r, seek, w, name, o.Decoding)
		return err
	})
	if err != nil {
		return err
	}
	lost := error(nil)
	if n := len(decoded.Lost.Problems); n > 0 {
		for _, p := range decoded.Lost.Problems {
			fmt.Fprintln(a.stderr, "damage: "+p)
		}
		lost = fault.Inputf("%s is damaged in %d places; %.1f s of its sound are lost, the rest is in %s", name, n, decoded.Lost.Seconds, to)
	}
	if to == standardStream {
		return lost
	}
	speed := decoded.Seconds / time.Since(began).Seconds()
	if a.json {
		err = a.printJSON(struct {
			*compression.Decoded
			Speed float64 `json:"times_real_time"`
		}{decoded, speed})
	} else {
		_, err = fmt.Fprintf(a.stdout, "%d samples, %.1f s of sound at %d Hz; %.0f times real time\n", decoded.Samples, decoded.Seconds, decoded.Rate, speed)
	}
	return errors.Join(err, lost)
}

// modelOf is the model of a file, or the one of a hash.
func modelOf(a *app, path string, hash [32]byte) (*audiocodec.Codec, error) {
	if path != "" {
		return compression.Load(path)
	}
	return compression.Find(hash, a.dataDir)
}
