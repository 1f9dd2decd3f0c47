package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/experiment/compression"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// standardStream stands for stdin or stdout.
const standardStream = "-"

func newCompressCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "compress",
		Short: "Code sound as events",
		Long:  "Code sound as events.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newCompressAudioCommand(a))
	return command
}

type compressOptions struct {
	compression.Options
	model, modes, channels string
	gainDB                 float64
	force, compare         bool
}

func newCompressAudioCommand(a *app) *cobra.Command {
	o := compressOptions{modes: "auto", channels: "mono"}
	o.ChunkS = 10
	command := &cobra.Command{
		Use:   "audio IN OUT",
		Short: "Code a wav, flac, ogg or mp3 file as events, in a .snc file",
		Long: "Code sound as events (arXiv:2402.01571): IN is a wav, flac, ogg or mp3 file, OUT a .snc file; - is stdin or\n" +
			"stdout. Memory does not grow with the length, and a file is written whole or not at all.\n\n" +
			"Without --model it is the built-in model: one channel at 8 kHz, trained on a synthetic piano. Others are\n" +
			"trained (snnctl train audio-codec-piano) and made into model files with snnctl convert audio-model.\n\n" +
			"Each chunk is stored in the cheapest of the formats of --mode; auto means all of them.\n" +
			"--target-kbps is a limit: events that the model is least sure of are left out until the file keeps it.\n" + exitStatusHelp,
		Example: "  snnctl compress audio in.wav out.snc\n" +
			"  ffmpeg -i in.opus -f wav - | snnctl compress audio - - --target-kbps 1 > out.snc",
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return runCompressAudio(a, &o, args[0], args[1]) },
	}
	flags := command.Flags()
	flags.StringVar(&o.model, "model", "", "model file (default: the built-in model)")
	flags.StringVar(&o.modes, "mode", o.modes, "auto, or storage formats: "+strings.Join(modeNames(), ", "))
	flags.StringVar(&o.channels, "channels", o.channels, "mono: all are mixed; lr: the two of a stereo sound apart")
	flags.Float64Var(&o.TargetKbps, "target-kbps", 0, "most kbit/s of the file; 0: what the model gives")
	flags.Float64Var(&o.ChunkS, "chunk", o.ChunkS, "length of a chunk, s: what damage takes with it at most")
	flags.Float64Var(&o.gainDB, "gain", 0, "dB by which the sound is raised before it is coded, and lowered after")
	flags.BoolVar(&o.compare, "compare", false, "decompress OUT again, and tell how far it is from IN; both are files, of an hour at most")
	flags.BoolVar(&o.force, "force", false, "overwrite OUT")
	_ = command.RegisterFlagCompletionFunc("channels", cobra.FixedCompletions([]string{"mono", "lr"}, cobra.ShellCompDirectiveNoFileComp))
	return command
}

// modeNames are the storage formats that can be asked for: all but that of no events.
func modeNames() []string {
	var names []string
	for _, m := range eventcode.Modes() {
		if m != eventcode.Empty {
			names = append(names, m.String())
		}
	}
	return names
}

// parse checks the flags.
func (o *compressOptions) parse(a *app) error {
	o.Threads = a.threads
	switch {
	case o.channels != "mono" && o.channels != "lr":
		return fault.Inputf("--channels is %q, expected mono or lr", o.channels)
	case o.TargetKbps < 0 || o.TargetKbps > 1e6 || o.TargetKbps != o.TargetKbps: //nolint:staticcheck // true for NaN only
		return fault.Inputf("--target-kbps is %g, expected a number above 0, or 0 for no limit", o.TargetKbps)
	case !(o.ChunkS >= 0.05 && o.ChunkS <= 600):
		return fault.Inputf("--chunk is %g, expected 0.05 to 600 s", o.ChunkS)
	case !(o.gainDB >= -60 && o.gainDB <= 60):
		return fault.Inputf("--gain is %g, expected -60 to 60 dB", o.gainDB)
	}
	o.Stereo, o.Gain = o.channels == "lr", decibels(o.gainDB)
	o.Modes = []eventcode.Mode{eventcode.Empty}
	if o.modes == "auto" {
		o.Modes = eventcode.Modes()
		return nil
	}
	for name := range strings.SplitSeq(o.modes, ",") {
		i := slices.Index(modeNames(), strings.TrimSpace(name))
		if i < 0 {
			return fault.Inputf("--mode has %q, expected auto or some of %s", name, strings.Join(modeNames(), ", "))
		}
		o.Modes = append(o.Modes, eventcode.Mode(i))
	}
	return nil
}

func runCompressAudio(a *app, o *compressOptions, from, to string) error {
	if err := o.parse(a); err != nil {
		return err
	}
	if o.compare && (from == standardStream || to == standardStream) {
		return fault.Inputf("--compare reads IN and OUT again, which have to be files, not -")
	}
	if err := mayWrite(to, o.force); err != nil {
		return err
	}
	codec, err := audioModel(o.model)
	if err != nil {
		return err
	}
	in, name, err := openInput(from)
	if err != nil {
		return err
	}
	defer in.Close()
	sound, err := audio.NewReader(in, name)
	if err != nil {
		return err
	}
	began := time.Now()
	var report *compression.Report
	err = writeOutput(a, to, func(w io.Writer) (err error) {
		report, err = compression.Compress(codec, sound, w, o.Options)
		return err
	})
	if err != nil {
		return err
	}
	speed := report.Seconds / time.Since(began).Seconds()
	var compared *compression.Comparison
	if o.compare {
		if compared, err = compareAudio(codec, from, to, o.Threads); err != nil {
			return err
		}
	}
	if a.json && to != standardStream {
		return a.printJSON(struct {
			*compression.Report
			Speed      float64                 `json:"times_real_time"`
			Comparison *compression.Comparison `json:"comparison,omitempty"`
		}{report, speed, compared})
	}
	if a.quiet && to == standardStream {
		return nil
	}
	target := a.stdout
	if to == standardStream {
		target = a.stderr
	}
	if report.Seconds == 0 {
		_, err = fmt.Fprintf(target, "no sound; %d bytes\n", report.FileBytes)
		return err
	}
	_, err = fmt.Fprintf(target, "%.1f s of sound: %.3f kbit/s in the file, %.3f of it events; density %.3f, %.1f events/s; %s; %.0f times real time\n",
		report.Seconds, report.FileKbps, report.PayloadKbps, report.Density, report.EventsPerS, countedModes(report.Modes), speed)
	if err != nil || compared == nil {
		return err
	}
	onsets := "no onsets"
	if f := compared.OnsetF1; f != nil {
		onsets = fmt.Sprintf("F1 of onsets %.2f", *f)
	}
	_, err = fmt.Fprintf(target, "against the original: log-mel distance %.3f, STFT distance %.2f, SI-SNR %.1f dB, SNR %.1f dB, %s\n",
		compared.LogMel, compared.Spectra, compared.SISNR, compared.SNR, onsets)
	return err
}

// compareAudio decompresses a file and compares it with the original.
func compareAudio(codec *audiocodec.Codec, original, compressed string, threads int) (*compression.Comparison, error) {
	in, name, err := openInput(original)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sound, err := audio.NewReader(in, name)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(compressed)
	if err != nil {
		return nil, fmt.Errorf("reading what was written: %w", err)
	}
	defer file.Close()
	return compression.Compare(codec, sound, file, compressed, threads)
}

func countedModes(modes map[string]int) string {
	var parts []string
	for _, m := range eventcode.Modes() {
		if n := modes[m.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, m))
		}
	}
	return strings.Join(parts, ", ")
}

// audioModel is that of a file, or the built-in one.
func audioModel(path string) (*audiocodec.Codec, error) {
	if path == "" {
		return compression.Default()
	}
	return compression.Load(path)
}

// mayWrite refuses to overwrite a file unasked.
func mayWrite(path string, force bool) error {
	if path == standardStream || force {
		return nil
	}
	if _, err := os.Stat(path); err == nil {
		return fault.Inputf("%s exists; --force overwrites it", path)
	}
	return nil
}

// openInput opens a file, or stdin.
func openInput(path string) (in io.ReadCloser, name string, err error) {
	if path == standardStream {
		return io.NopCloser(os.Stdin), "stdin", nil
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil, path, fault.Inputf("%s is a directory, expected a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, path, fault.Inputf("opening the input: %w", err)
	}
	return f, path, nil
}

// writeOutput writes a file, whole or not at all, or stdout.
func writeOutput(a *app, path string, write func(io.Writer) error) error {
	if path != standardStream {
		if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
			return fault.Inputf("%s has no directory to be written to", path)
		}
		return atomicfile.Write(path, write)
	}
	var b bytes.Buffer // small writes are gathered
	flush := func(least int) error {
		if b.Len() < least {
			return nil
		}
		_, err := a.stdout.Write(b.Bytes())
		b.Reset()
		return err
	}
	err := write(writerFunc(func(p []byte) (int, error) {
		b.Write(p)
		return len(p), flush(1 << 16)
	}))
	if err != nil {
		return err
	}
	return flush(1)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
