package compression

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/snc"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	metrics "github.com/snnctl/snnctl/pkg/metrics/sound"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// model is a small one at 8 kHz with a hop of 32, untrained, with entropy tables.
func model(t testing.TB, change func(*audiocodec.Spec)) *audiocodec.Codec {
	t.Helper()
	s := audiocodec.Spec{Front: "mdct", Rate: 8000, Units: 12, Quantiser: "binary", BetaInit: -1, Momentum: .05,
		MDCT: audiocodec.MDCT{Hop: 32, Channels: 8, EncoderResiduals: 1, DecoderResiduals: 1}}
	if change != nil {
		change(&s)
	}
	net := audiocodec.New[float32](s, 1)
	if s.MDCT.Noise { // its front follows what it hears
		x := tensor.New[float32](1, net.Padded(200))
		copy(x.Data, sound(len(x.Data)))
		net.Encode(&audiocodec.Pass[float32]{Tape: &autodiff.Tape[float32]{}, Threads: 1, Training: true}, autodiff.Constant(x))
	}
	if err := audiocodec.Round(net); err != nil {
		t.Fatal(err)
	}
	var prior *eventcode.Prior
	if s.Quantiser == "binary" {
		code, err := net.EncodeAll(1, sound(8000), 0)
		if err != nil {
			t.Fatal(err)
		}
		prior = eventcode.Train(s.Bits(), []*eventcode.Matrix{code})
	}
	var b bytes.Buffer
	if err := audiocodec.WriteFile(&b, net, prior); err != nil {
		t.Fatal(err)
	}
	c, err := audiocodec.ReadFile(&b, "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sound is n samples of noise that swells.
func sound(n int) []float32 {
	r := rng.Stream(1, "sound", 0, 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(.3 * math.Sin(float64(i)/900) * r.NormFloat64())
	}
	return x
}

// wave is a wav file of samples of some channels.
func wave(t testing.TB, x []float32, rate, channels int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := audio.NewWAVWriter(&b, audio.Format{Rate: rate, Channels: channels, Bits: 16, Frames: int64(len(x) / channels)})
	if err := errors.Join(err, w.Write(x), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func options() Options {
	return Options{Modes: eventcode.Modes(), ChunkS: .5, Gain: 1, Threads: 2}
}

func compress(t testing.TB, c *audiocodec.Codec, wav []byte, o Options) ([]byte, *Report) {
	t.Helper()
	in, err := audio.NewReader(bytes.NewReader(wav), "sound")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	r, err := Compress(c, in, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), r
}

func decompress(c *audiocodec.Codec, data []byte, o Decoding) ([]byte, *Decoded, error) {
	if o.Bits == 0 {
		o.Bits = 16
	}
	f := bytes.NewReader(data)
	r, err := Open(f, "file.snc")
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	d, err := Decompress(c, r, f, &b, "file.snc", o)
	return b.Bytes(), d, err
}

func samples(t testing.TB, wav []byte) []float32 {
	t.Helper()
	r, err := audio.NewReader(bytes.NewReader(wav), "sound")
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	buffer := make([]float32, 4096*r.Channels)
	for {
		n, err := r.Read(buffer)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, buffer[:n]...)
	}
}

// As many samples come out as went in, at any rate, of one channel and of two.
func TestTheLengthIsKept(t *testing.T) {
	c := model(t, nil)
	for _, rate := range []int{8000, 22050, 24000, 44100, 48000} {
		for _, channels := range []int{1, 2} {
			for _, n := range []int{0, 1, 31, 32, 33, 5000, 50_000} {
				if n > 5000 && (rate != 44100 || channels != 2) {
					continue
				}
				o := options()
				o.Stereo = channels == 2 && n%2 == 1
				data, report := compress(t, c, wave(t, sound(n*channels), rate, channels), o)
				back, decoded, err := decompress(c, data, Decoding{})
				if err != nil {
					t.Fatalf("%d samples at %d Hz: %v", n, rate, err)
				}
				if got := len(samples(t, back)) / channels; got != n || decoded.Samples != int64(n) {
					t.Errorf("%d samples of %d channels at %d Hz become %d", n, channels, rate, got)
				}
				if report.FileBytes != int64(len(data)) {
					t.Errorf("the report says %d bytes of %d", report.FileBytes, len(data))
				}
				at, _, err := decompress(c, data, Decoding{AtModel: true})
				if want := int(math.Ceil(float64(n) * 8000 / float64(rate))); err != nil || len(samples(t, at))/channels != want {
					t.Errorf("%d samples at %d Hz become %d of the model, want %d, error %v", n, rate, len(samples(t, at))/channels, want, err)
				}
			}
		}
	}
}

// Neither the length of chunks, nor threads, nor what the header knows, change code or sound.
func TestChunksAndThreadsDoNotMatter(t *testing.T) {
	c := model(t, nil)
	wav := wave(t, sound(80_000), 16000, 1)
	first, _ := compress(t, c, wav, options())
	want, _, err := decompress(c, first, Decoding{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, chunk := range []float64{.3, 1, 3, 10} {
		for _, threads := range []int{1, 3} {
			o := options()
			o.ChunkS, o.Threads = chunk, threads
			data, _ := compress(t, c, wav, o)
			back, _, err := decompress(c, data, Decoding{Threads: 4 - threads})
			if err != nil || !bytes.Equal(back, want) {
				t.Errorf("chunks of %g s, %d threads: another sound, error %v", chunk, threads, err)
			}
		}
	}
	piped := bytes.Clone(wav)
	copy(piped[40:], "\xFF\xFF\xFF\xFF") // the size of the samples
	data, _ := compress(t, c, piped, options())
	if bytes.Equal(data, first) {
		t.Error("a header of unknown length is that of a known one")
	}
	back, _, err := decompress(c, data, Decoding{})
	if err != nil || !bytes.Equal(back, want) {
		t.Errorf("of unknown length: another sound, error %v", err)
	}
	for _, mode := range eventcode.Modes()[:7] { // each format by itself, for the same sound
		o := options()
		o.Modes = []eventcode.Mode{mode, eventcode.Empty}
		data, _ := compress(t, c, wav, o)
		if back, _, err := decompress(c, data, Decoding{}); err != nil || !bytes.Equal(back, want) {
			t.Errorf("%v: another sound, error %v", mode, err)
		}
		if len(data) < len(first) {
			t.Errorf("%v alone takes %d bytes, the cheapest of all %d", mode, len(data), len(first))
		}
	}
}

func TestPartsHaveTheBitsOfTheWhole(t *testing.T) {
	c := model(t, nil)
	for _, rate := range []int{8000, 44100} {
		data, _ := compress(t, c, wave(t, sound(8*rate), rate, 1), options())
		back, _, err := decompress(c, data, Decoding{})
		if err != nil {
			t.Fatal(err)
		}
		whole := samples(t, back)
		for _, part := range [][2]float64{{0, 1}, {.5, 2}, {3.7, 4.2}, {7, 0}, {7.5, 99}, {8, 0}} {
			back, _, err := decompress(c, data, Decoding{From: part[0], To: part[1]})
			if err != nil {
				t.Fatal(err)
			}
			lo, hi := int(math.Round(part[0]*float64(rate))), len(whole)
			if part[1] > 0 {
				hi = min(hi, int(math.Round(part[1]*float64(rate))))
			}
			if got := samples(t, back); !slices.Equal(got, whole[lo:hi]) {
				t.Errorf("from %g s to %g s at %d Hz: %d samples that are not those %d of the whole", part[0], part[1], rate, len(got), hi-lo)
			}
		}
		if _, _, err := decompress(c, data, Decoding{From: 9}); !fault.IsInput(err) {
			t.Errorf("from behind the end: %v", err)
		}
	}
}

func TestTheTargetIsKept(t *testing.T) {
	c := model(t, nil)
	wav := wave(t, sound(30*8000), 8000, 1)
	long := options()
	long.ChunkS = 2
	_, natural := compress(t, c, wav, long)
	for _, part := range []float64{.9, .7, .5} {
		o := long
		o.TargetKbps = part * natural.FileKbps
		data, report := compress(t, c, wav, o)
		if got := 8 * float64(len(data)) / 30 / 1000; got > 1.01*o.TargetKbps || got < .97*o.TargetKbps {
			t.Errorf("target %.3f kbit/s, the file takes %.3f", o.TargetKbps, got)
		}
		if report.Density >= natural.Density {
			t.Errorf("density %.3f, was %.3f", report.Density, natural.Density)
		}
		if _, _, err := decompress(c, data, Decoding{}); err != nil {
			t.Error(err)
		}
	}
	o := long
	o.TargetKbps = 10 * natural.FileKbps
	if _, report := compress(t, c, wav, o); report.FileKbps != natural.FileKbps {
		t.Errorf("a target above what is needed changes %.3f kbit/s to %.3f", natural.FileKbps, report.FileKbps)
	}
}

func TestAllDamageIsRefused(t *testing.T) {
	c := model(t, nil)
	data, _ := compress(t, c, wave(t, sound(9000), 8000, 1), options())
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := decompress(c, bad, Decoding{}); !fault.IsInput(err) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if i%7 == 0 {
			if _, _, err := decompress(c, data[:i], Decoding{}); !fault.IsInput(err) {
				t.Errorf("cut after %d bytes: %v", i, err)
			}
		}
	}
}

// What comes back from a file is compared with the original: as the metrics say, at the model's rate.
func TestCompare(t *testing.T) {
	c := model(t, nil)
	x := sound(3 * 8000)
	data, _ := compress(t, c, wave(t, x, 8000, 1), options())
	original := func() *audio.Reader {
		r, err := audio.NewReader(bytes.NewReader(wave(t, x, 8000, 1)), "in.wav")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got, err := Compare(c, original(), bytes.NewReader(data), "out.snc", 1)
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := decompress(c, data, Decoding{Bits: 32})
	if err != nil {
		t.Fatal(err)
	}
	was, y := samples(t, wave(t, x, 8000, 1)), samples(t, back)
	if want := metrics.LogMel(was, y, 8000, metrics.QuickBands()); math.Abs(got.LogMel-want) > 1e-9 {
		t.Errorf("log-mel distance %v, want %v", got.LogMel, want)
	}
	if want := metrics.SNR(was, y); math.Abs(got.SNR-want) > 1e-6 {
		t.Errorf("SNR %v dB, want %v", got.SNR, want)
	}
	data[len(data)/2] ^= 1
	if _, err := Compare(c, original(), bytes.NewReader(data), "out.snc", 1); !fault.IsInput(err) {
		t.Errorf("a damaged file: %v", err)
	}
}

// A nested model of magnitudes leaves out its last units, as many as the target asks for.
func TestTheTargetOfANestedModel(t *testing.T) {
	c := model(t, func(s *audiocodec.Spec) {
		s.Nested, s.MDCT.Noise, s.Units, s.BetaInit, s.Momentum = true, true, 40, 0, 1
	})
	wav := wave(t, sound(30*8000), 8000, 1)
	o := options()
	o.ChunkS = 2
	_, natural := compress(t, c, wav, o)
	for _, part := range []float64{.9, .5, .2} {
		o.TargetKbps = part * natural.FileKbps
		data, report := compress(t, c, wav, o)
		if got := 8 * float64(len(data)) / 30 / 1000; got > 1.01*o.TargetKbps || got < .9*o.TargetKbps {
			t.Errorf("target %.3f kbit/s, the file takes %.3f", o.TargetKbps, got)
		}
		if report.Density >= natural.Density {
			t.Errorf("density %.3f, was %.3f", report.Density, natural.Density)
		}
		if _, _, err := decompress(c, data, Decoding{}); err != nil {
			t.Error(err)
		}
	}
}

// Salvage gives as many samples as there were, silence where a chunk is lost, and elsewhere the same sound but
// for what the lost frames would have added.
func TestSalvage(t *testing.T) {
	c := model(t, nil)
	data, _ := compress(t, c, wave(t, sound(16000), 8000, 1), options()) // 4 chunks of 125 frames, and one
	back, _, err := decompress(c, data, Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	whole := samples(t, back)
	at := bytes.LastIndex(data[:len(data)*2/5], []byte("CHNK")) // in chunk 1
	if at < 0 {
		at = bytes.Index(data, []byte("CHNK"))
	}
	bad := bytes.Clone(data)
	bad[at+30] ^= 4
	back, decoded, err := decompress(c, bad, Decoding{Salvage: true})
	if err != nil || len(decoded.Lost.Problems) != 1 || math.Abs(decoded.Lost.Seconds-.5) > 1e-9 {
		t.Fatalf("%+v, error %v", decoded, err)
	}
	got := samples(t, back)
	if len(got) != len(whole) {
		t.Fatalf("%d samples, want %d", len(got), len(whole))
	}
	first := bytes.Count(data[:at], []byte("CHNK")) * 4000
	for i := range got {
		lost := i >= first && i < first+4000
		_, halo := c.Net.Halo()
		near := i >= first-32*halo && i < first+4000+32*halo
		if lost && got[i] != 0 || !near && got[i] != whole[i] {
			t.Fatalf("sample %d is %v, was %v", i, got[i], whole[i])
		}
	}
	cut, decoded, err := decompress(c, data[:at+50], Decoding{Salvage: true})
	if err != nil || len(samples(t, cut)) != 16000 || decoded.Lost.Seconds < 1 {
		t.Errorf("cut short: %d samples, %+v, error %v", len(samples(t, cut)), decoded, err)
	}
}

func TestModelsThatDoNotFit(t *testing.T) {
	c := model(t, nil)
	other := model(t, func(s *audiocodec.Spec) { s.Units = 13 })
	data, _ := compress(t, c, wave(t, sound(3000), 8000, 1), options())
	if _, _, err := decompress(other, data, Decoding{}); !fault.IsInput(err) || !strings.Contains(err.Error(), "was made with the model") {
		t.Errorf("another model: %v", err)
	}
	if _, err := Find([32]byte{1}, t.TempDir()); !fault.IsInput(err) || !strings.Contains(err.Error(), "--model") {
		t.Errorf("an unknown model: %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(audiocodec.WriteFile(&b, c.Net, c.Prior), os.WriteFile(filepath.Join(dir, Folder, "x.snm"), b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(c.Hash, dir); err != nil || found.Hash != c.Hash {
		t.Errorf("in the data directory: %v", err)
	}
	sea := model(t, func(s *audiocodec.Spec) {
		s.Front = "seanet"
		s.SEANet = audiocodec.SEANet{Ratios: []int{2, 4}, Widths: []int{4, 4, 4}, Dimension: 4, Kernel: 3, ResidualKernel: 3, DilationBase: 1, Compress: 2, LSTMLayers: 1, Padding: "zeros"}
	})
	in, _ := audio.NewReader(bytes.NewReader(wave(t, sound(100), 8000, 1)), "sound")
	if _, err := Compress(sea, in, io.Discard, options()); !fault.IsInput(err) || !strings.Contains(err.Error(), "LSTM") {
		t.Errorf("a model with an LSTM: %v", err)
	}
}

func TestSEANetAndVectorsCompressToo(t *testing.T) {
	for name, change := range map[string]func(*audiocodec.Spec){
		"seanet": func(s *audiocodec.Spec) {
			s.Front = "seanet"
			s.SEANet = audiocodec.SEANet{Ratios: []int{2, 4}, Widths: []int{4, 4, 4}, Dimension: 4, Residuals: 1, Kernel: 3, ResidualKernel: 3, DilationBase: 1, Compress: 2,
				Causal: true, Padding: "reflect", WeightNorm: true}
		},
		"rvq": func(s *audiocodec.Spec) { s.Quantiser, s.Stages, s.Entries = "rvq", 2, 8 },
	} {
		c := model(t, change)
		data, _ := compress(t, c, wave(t, sound(9001), 8000, 1), options())
		back, _, err := decompress(c, data, Decoding{})
		if err != nil || len(samples(t, back)) != 9001 {
			t.Errorf("%s: %d samples, error %v", name, len(samples(t, back)), err)
		}
	}
}

func TestInspect(t *testing.T) {
	c := model(t, nil)
	data, report := compress(t, c, wave(t, sound(2*9000), 16000, 2), options())
	known := func([32]byte) (*audiocodec.Codec, error) { return c, nil }
	got, err := Inspect(bytes.NewReader(data), "x.snc", known)
	if err != nil {
		t.Fatal(err)
	}
	if got.Samples != 9000 || got.Rate != 16000 || got.Channels != 2 || got.Units != 12 || got.FileBytes != int64(len(data)) || got.Chunks != report.Chunks ||
		math.Abs(got.Density-report.Density) > 1e-12 || got.PayloadKbps != report.PayloadKbps {
		t.Errorf("%+v, report %+v", got, report)
	}
	unknown := func([32]byte) (*audiocodec.Codec, error) { return nil, errors.New("unknown") }
	if got, err := Inspect(bytes.NewReader(data), "x.snc", unknown); err != nil || got.Events != 0 || got.Chunks != report.Chunks {
		t.Errorf("without the model: %+v, error %v", got, err)
	}
	data[len(data)/2] ^= 1
	if _, err := Inspect(bytes.NewReader(data), "x.snc", unknown); !fault.IsInput(err) {
		t.Errorf("damaged: %v", err)
	}
}

func TestTheBuiltInModelWorks(t *testing.T) {
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	data, report := compress(t, c, wave(t, sound(16000), 8000, 1), options())
	if report.FileKbps > 5 {
		t.Errorf("%.2f kbit/s", report.FileKbps)
	}
	if found, err := Find(c.Hash, "nowhere"); err != nil || found.Hash != c.Hash {
		t.Error(err)
	}
	if _, _, err := decompress(c, data, Decoding{Bits: 24}); err != nil {
		t.Error(err)
	}
}

func FuzzDecompress(f *testing.F) {
	c := model(f, nil)
	data, _ := compress(f, c, wave(f, sound(3000), 8000, 1), options())
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		// As an attacker would, who mends the model's hash in the header.
		if r, err := snc.NewReader(bytes.NewReader(data)); err == nil && r.Samples > 1<<20 {
			return
		}
		if _, _, err := decompress(c, data, Decoding{}); err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
