// Command audiocodecs compares the codec of events with others, as installed: Opus, AAC,
// MP3, Codec2. It prints a row for each: kbit/s of the whole file, SI-SNR and SNR after alignment, log-mel and
// STFT distance, times real time.
//
//	audiocodecs                       a minute of the synthetic piano that no model has heard
//	audiocodecs FILE…                 recordings, mixed to one channel at --rate
//	audiocodecs --model piano.snm --targets 0,2,1 FILE…
//
// A tool that is missing is named, and left out.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
	"github.com/snnctl/snnctl/pkg/experiment/compression"
	"github.com/snnctl/snnctl/pkg/metrics/sound"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// codec is one that other programs provide: IN, OUT and BACK stand for files.
type codec struct {
	name           string
	encode, decode []string
	ext            string
	raw            bool // IN and BACK are bare 16-bit samples at 8 kHz
}

func words(s string) []string { return strings.Fields(s) }

// codecs are those of section 8.1 of the method.
func codecs() []codec {
	var all []codec
	for _, rate := range []string{"6", "8", "12"} {
		all = append(all, codec{name: "Opus " + rate, encode: words("opusenc --quiet --bitrate " + rate + " --framesize 60 --comp 10 IN OUT"),
			decode: words("opusdec --quiet --rate RATE OUT BACK"), ext: ".opus"})
	}
	for _, rate := range []string{"6", "8"} {
		all = append(all, codec{name: "AAC " + rate, encode: words("ffmpeg -loglevel error -y -i IN -c:a aac -b:a " + rate + "k OUT"),
			decode: words("ffmpeg -loglevel error -y -i OUT -ar RATE BACK"), ext: ".m4a"})
	}
	all = append(all, codec{name: "MP3 8", encode: words("lame --quiet -b 8 IN OUT"), decode: words("lame --quiet --decode OUT BACK"), ext: ".mp3"})
	for _, mode := range []string{"3200", "1600", "700C"} {
		all = append(all, codec{name: "Codec2 " + mode, encode: words("c2enc " + mode + " IN OUT"), decode: words("c2dec " + mode + " OUT BACK"), ext: ".bit", raw: true})
	}
	return all
}

// row sums what is measured over pieces.
type row struct {
	seconds, bytes, spent        float64
	siSNR, snr, logMel, spectral float64
}

func (r *row) add(x, y []float32, rate int, size int64, spent time.Duration) {
	s := float64(len(x)) / float64(rate)
	r.seconds += s
	r.bytes += float64(size)
	r.spent += spent.Seconds()
	y = aligned(x, y, rate/5)
	r.siSNR += s * sound.SISNR(x, y, rate)
	r.snr += s * sound.SNR(x, y)
	r.logMel += s * sound.LogMel(x, y, rate, sound.QuickBands())
	r.spectral += s * sound.Spectra(x, y)
}

func (r *row) print(name string) {
	s := r.seconds
	fmt.Printf("%-26s %7.2f %8.2f %8.2f %8.3f %8.3f %8.0f\n", name, 8*r.bytes/s/1000, r.siSNR/s, r.snr/s, r.logMel/s, r.spectral/s, s/r.spent)
}

// aligned shifts y by up to most samples to where it correlates best with x, and makes it as
// long: other codecs delay.
func aligned(x, y []float32, most int) []float32 {
	best, at := math.Inf(-1), 0
	n := min(len(x), len(y), 1<<17)
	for shift := -most; shift <= most; shift++ {
		sum := 0.0
		for i := max(0, -shift); i < n && i+shift < n; i += 3 {
			sum += float64(x[i]) * float64(y[i+shift])
		}
		if sum > best {
			best, at = sum, shift
		}
	}
	out := make([]float32, len(x))
	for i := range out {
		if j := i + at; j >= 0 && j < len(y) {
			out[i] = y[j]
		}
	}
	return out
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "audiocodecs:", err)
		os.Exit(1)
	}
}

func run() error {
	rate := flag.Int("rate", 8000, "sampling rate of the comparison, Hz")
	models := flag.String("model", "", "model files of the codec of events, separated by commas (default: the built-in one)")
	targets := flag.String("targets", "0", "targets in kbit/s, separated by commas; 0 is what the model gives")
	seconds := flag.Float64("seconds", 60, "of the synthetic piano")
	others := flag.Bool("others", true, "measure other codecs too")
	flag.Parse()
	pieces, err := pieces(flag.Args(), *rate, *seconds)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "audiocodecs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%-26s %7s %8s %8s %8s %8s %8s\n", "codec", "kbit/s", "SI-SNR", "SNR", "log-mel", "STFT", "x real")
	for _, name := range strings.Split(*models, ",") {
		if err := ours(name, *targets, pieces, *rate); err != nil {
			return err
		}
	}
	if !*others {
		return nil
	}
	for _, c := range codecs() {
		if _, err := exec.LookPath(c.encode[0]); err != nil {
			fmt.Printf("%-26s left out: there is no program %s\n", c.name, c.encode[0])
			continue
		}
		var r row
		for _, x := range pieces {
			if err := c.measure(&r, x, *rate, dir); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		r.print(c.name)
	}
	return nil
}

func pieces(files []string, rate int, seconds float64) ([][]float32, error) {
	if len(files) == 0 {
		o := synthpiano.Options{Rate: rate, Seconds: seconds, Low: 48, High: 72, Seed: 1}
		return [][]float32{o.Play(100).Samples}, nil
	}
	var all [][]float32
	for _, name := range files {
		x, err := read(name, rate)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// read is a file as one channel at a rate.
func read(name string, rate int) ([]float32, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := audio.NewReader(f, name)
	if err != nil {
		return nil, err
	}
	var mono []float32
	block := make([]float32, 4096*r.Channels)
	for {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			return audio.Resample(mono, r.Rate, rate), nil
		}
		if err != nil {
			return nil, err
		}
		mono = audio.Mono(mono, block[:n], r.Channels)
	}
}

func wave(x []float32, rate int) ([]byte, error) {
	var b bytes.Buffer
	w, err := audio.NewWAVWriter(&b, audio.Format{Rate: rate, Channels: 1, Bits: 16, Frames: int64(len(x))})
	err = errors.Join(err, w.Write(x), w.Close())
	return b.Bytes(), err
}

func ours(model, targets string, pieces [][]float32, rate int) error {
	c, err := compression.Default()
	if model != "" {
		c, err = compression.Load(model)
	}
	if err != nil {
		return err
	}
	for _, text := range strings.Split(targets, ",") {
		target, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		var r row
		for _, x := range pieces {
			if err := code(&r, c, x, rate, target); err != nil {
				return err
			}
		}
		name := "events"
		if model != "" {
			name += " " + strings.TrimSuffix(filepath.Base(model), ".snm")
		}
		if target > 0 {
			name += " at " + text
		}
		r.print(name)
	}
	return nil
}

// code measures a piece, with its file in memory.
func code(r *row, c *audiocodec.Codec, x []float32, rate int, target float64) error {
	wav, err := wave(x, rate)
	if err != nil {
		return err
	}
	in, err := audio.NewReader(bytes.NewReader(wav), "piece")
	if err != nil {
		return err
	}
	began := time.Now()
	var file, back bytes.Buffer
	o := compression.Options{Modes: eventcode.Modes(), ChunkS: 10, Gain: 1, TargetKbps: target, Threads: 2}
	if _, err := compression.Compress(c, in, &file, o); err != nil {
		return err
	}
	size := int64(file.Len())
	data := bytes.NewReader(file.Bytes())
	s, err := compression.Open(data, "piece")
	if err != nil {
		return err
	}
	if _, err := compression.Decompress(c, s, data, &back, "piece", compression.Decoding{Bits: 16, Threads: 2}); err != nil {
		return err
	}
	spent := time.Since(began)
	out, err := audio.NewReader(&back, "piece")
	if err != nil {
		return err
	}
	y := make([]float32, len(x))
	n := 0
	for n < len(y) {
		k, err := out.Read(y[n:])
		if err != nil {
			return err
		}
		n += k
	}
	r.add(x, y, rate, size, spent)
	return nil
}

// measure codes a piece by other programs.
func (c *codec) measure(r *row, x []float32, rate int, dir string) error {
	in, out, back := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out"+c.ext), filepath.Join(dir, "back.wav")
	at := rate
	if c.raw {
		at = 8000
	}
	data, err := wave(audio.Resample(x, rate, at), at)
	if err != nil {
		return err
	}
	if c.raw {
		data = data[44:]
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return err
	}
	began := time.Now()
	for _, command := range [][]string{c.encode, c.decode} {
		args := append([]string(nil), command...)
		for i, a := range args {
			args[i] = map[string]string{"IN": in, "OUT": out, "BACK": back, "RATE": strconv.Itoa(rate)}[a]
			if args[i] == "" {
				args[i] = a
			}
		}
		if text, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", args[0], err, text)
		}
	}
	spent := time.Since(began)
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	if c.raw {
		samples, err := os.ReadFile(back)
		if err != nil {
			return err
		}
		head, err := wave(make([]float32, len(samples)/2), at)
		if err != nil {
			return err
		}
		if err := os.WriteFile(back, append(head[:44], samples...), 0o600); err != nil {
			return err
		}
	}
	y, err := read(back, rate)
	if err != nil {
		return err
	}
	r.add(x, y, rate, info.Size(), spent)
	return nil
}
