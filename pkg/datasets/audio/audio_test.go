package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
)

// noise is samples in [-1, 1).
func noise(n int) []float32 {
	r := rng.Stream(1, "noise", 0, 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	return x
}

// everything reads a stream in pieces of another size each.
func everything(r *Reader) ([]float32, error) {
	var all []float32
	for i := 1; ; i++ {
		to := make([]float32, r.Channels*(1+i%7*100))
		n, err := r.Read(to)
		all = append(all, to[:n]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func TestSoundThatIsWrittenIsRead(t *testing.T) {
	for _, c := range []struct {
		format Format
		write  func(io.Writer, Format) (Writer, error)
		step   float64
	}{
		{Format{Rate: 8000, Channels: 1, Bits: 16, Frames: 6000}, NewWAVWriter, 1. / (1 << 15)},
		{Format{Rate: 44100, Channels: 2, Bits: 24, Frames: 3000}, NewWAVWriter, 1. / (1 << 23)},
		{Format{Rate: 48000, Channels: 3, Bits: 32, Float: true, Frames: 2000}, NewWAVWriter, 0},
		{Format{Rate: 8000, Channels: 1, Bits: 24, Frames: 5}, NewWAVWriter, 1. / (1 << 23)}, // 15 bytes, and one to pad
		{Format{Rate: 22050, Channels: 1, Bits: 16, Frames: -1}, NewWAVWriter, 1. / (1 << 15)},
		{Format{Rate: 44100, Channels: 2, Bits: 16, Frames: 10000}, NewFLACWriter, 1. / (1 << 15)},
		{Format{Rate: 24000, Channels: 1, Bits: 24, Frames: 4096}, NewFLACWriter, 1. / (1 << 23)},
	} {
		frames := int(c.format.Frames)
		if frames < 0 {
			frames = 1000
		}
		x := noise(frames * c.format.Channels)
		var b bytes.Buffer
		w, err := c.write(&b, c.format)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(x); at += 999 * c.format.Channels {
			if err := w.Write(x[at:min(len(x), at+999*c.format.Channels)]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(b.Bytes()), "sound")
		if err != nil {
			t.Errorf("%+v: %v", c.format, err)
			continue
		}
		if r.Format != c.format {
			t.Errorf("%+v is read as %+v", c.format, r.Format)
		}
		y, err := everything(r)
		if err != nil || len(y) != len(x) {
			t.Errorf("%+v: %d samples of %d, error %v", c.format, len(y), len(x), err)
			continue
		}
		for i := range x {
			if d := math.Abs(float64(x[i]) - float64(y[i])); d > c.step/2*1.0001 && !(x[i] > .9999 && d < c.step) {
				t.Errorf("%+v: sample %d is %v, was %v", c.format, i, y[i], x[i])
				break
			}
		}
	}
}

// wave makes a wav file of chunks.
func wave(form string, chunks ...string) []byte {
	body := strings.Join(chunks, "")
	b := binary.LittleEndian.AppendUint32([]byte(form), uint32(4+len(body)))
	return append(append(b, "WAVE"...), body...)
}

func riff(kind, body string) string {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	s := string(b) + body
	if len(body)%2 == 1 {
		s += "\x00"
	}
	return s
}

const (
	pcm16      = "\x01\x00\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00" // 1 channel, 8000 Hz
	pcm8       = "\x01\x00\x01\x00\x40\x1F\x00\x00\x40\x1F\x00\x00\x01\x00\x08\x00"
	pcm32      = "\x01\x00\x01\x00\x40\x1F\x00\x00\x00\x7D\x00\x00\x04\x00\x20\x00"
	extensible = "\xFE\xFF\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00\x16\x00\x10\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"
)

func TestWavesOfOtherPrograms(t *testing.T) {
	want := []float32{.5, -.5}
	samples := "\x00\x40\x00\xC0"
	long := make([]byte, 28)
	binary.LittleEndian.PutUint64(long[8:], 4)
	piped := func(size uint32) []byte {
		b := wave("RIFF", riff("fmt ", pcm16), riff("data", samples))
		binary.LittleEndian.PutUint32(b[len(b)-8:], size)
		return b
	}
	rf64 := wave("RF64", riff("ds64", string(long)), riff("fmt ", pcm16), riff("data", samples))
	binary.LittleEndian.PutUint32(rf64[len(rf64)-8:], 1<<32-1)
	for name, b := range map[string][]byte{
		"plain":                 wave("RIFF", riff("fmt ", pcm16), riff("data", samples)),
		"a chunk of odd length": wave("RIFF", riff("LIST", "abc"), riff("fmt ", pcm16), riff("bext", "x"), riff("data", samples), riff("id3 ", "y")),
		"extensible":            wave("RIFF", riff("fmt ", extensible), riff("data", samples)),
		"8 bits":                wave("RIFF", riff("fmt ", pcm8), riff("data", "\xC0\x40")),
		"32 bits":               wave("RIFF", riff("fmt ", pcm32), riff("data", "\x00\x00\x00\x40\x00\x00\x00\xC0")),
		"size unknown":          piped(1<<32 - 1),
		"size 0":                piped(0),
		"RF64":                  rf64,
	} {
		r, err := NewReader(bytes.NewReader(b), name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := everything(r); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
}

// oggOf is a page of one packet.
func oggOf(flags byte, number uint32, packet string) []byte {
	b := append([]byte("OggS\x00"), flags)
	b = binary.LittleEndian.AppendUint64(b, 0)
	b = binary.LittleEndian.AppendUint32(b, 7)
	b = binary.LittleEndian.AppendUint32(b, number)
	b = append(b, 0, 0, 0, 0, 1, byte(len(packet)))
	b = append(b, packet...)
	binary.LittleEndian.PutUint32(b[22:], oggSum(0, b))
	return b
}

// tone.ogg is half a second of two sines, 440 and 660 Hz, which an encoder of Vorbis has coded. It
// is as long as they were, not as its blocks are, and any byte that changes is noticed.
func TestOgg(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "tone.ogg"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(file), "tone.ogg")
	if err != nil {
		t.Fatal(err)
	}
	if r.Rate != 8000 || r.Channels != 2 {
		t.Errorf("%d Hz, %d channels", r.Rate, r.Channels)
	}
	got, err := everything(r)
	if err != nil || len(got) != 2*4000 {
		t.Fatalf("%d numbers, error %v, want 8000", len(got), err)
	}
	signal, noise := 0.0, 0.0
	for i, x := range got {
		at := 2 * math.Pi * float64(i/2) / 8000
		want := 0.5 * math.Sin(440*at)
		if i%2 == 1 {
			want = 0.25 * math.Sin(660*at)
		}
		signal += want * want
		noise += (float64(x) - want) * (float64(x) - want)
	}
	if ratio := 10 * math.Log10(signal/noise); ratio < 20 {
		t.Errorf("%.1f dB above what coding adds, want 20", ratio)
	}
	for i := range file {
		damaged := bytes.Clone(file)
		damaged[i] ^= 0x10
		r, err := NewReader(bytes.NewReader(damaged), "damaged.ogg")
		if err == nil {
			_, err = everything(r)
		}
		if !fault.IsInput(err) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
}

func TestWhatIsNoSound(t *testing.T) {
	tone, err := os.ReadFile(filepath.Join("testdata", "tone.ogg"))
	if err != nil {
		t.Fatal(err)
	}
	samples := "\x00\x40\x00\xC0"
	cut := wave("RIFF", riff("fmt ", pcm16), riff("data", samples))
	var flac bytes.Buffer
	w, _ := NewFLACWriter(&flac, Format{Rate: 8000, Channels: 1, Bits: 16, Frames: 5000})
	_ = w.Write(noise(5000))
	_ = w.Close()
	damaged := bytes.Clone(flac.Bytes())
	damaged[len(damaged)/2] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "is empty"},
		{"text", []byte("this is a text, and no sound"), "no sound that is known"},
		{"ogg of nothing", []byte("OggS and so on, and so forth"), "does not begin as pages do"},
		{"opus", oggOf(2|4, 0, "OpusHead\x01\x01"), "decode it to wav"},
		{"ogg of pictures", append(oggOf(2, 0, "\x80theora"), oggOf(4, 1, "and so on")...), "no stream of Vorbis"},
		{"ogg cut short", tone[:len(tone)-100], "cut short"},
		{"ogg without its last page", tone[:bytes.LastIndex(tone, []byte("OggS"))], "cut short"},
		{"ogg with a page twice", append(bytes.Clone(tone[:bytes.LastIndex(tone, []byte("OggS"))]), tone[bytes.Index(tone[1:], []byte("OggS"))+1:]...), "page"},
		{"two oggs", append(bytes.Clone(tone), tone...), "several streams"},
		{"avi", []byte("RIFF\x00\x00\x00\x00AVI LIST"), "not of WAVE"},
		{"no samples", wave("RIFF", riff("fmt ", pcm16)), "no chunk of samples"},
		{"no format", wave("RIFF", riff("data", samples)), "come before their format"},
		{"12 bits", wave("RIFF", riff("fmt ", strings.Replace(pcm16, "\x10\x00", "\x0C\x00", 1)), riff("data", samples)), "12-bit"},
		{"no channels", wave("RIFF", riff("fmt ", strings.Replace(pcm16, "\x01\x00\x01\x00", "\x01\x00\x00\x00", 1)), riff("data", samples)), "0 channels"},
		{"0 Hz", wave("RIFF", riff("fmt ", strings.Replace(pcm16, "\x40\x1F", "\x00\x00", 1)), riff("data", samples)), "0 Hz"},
		{"cut short", cut[:len(cut)-1], "ends after 1 of 2 samples"},
		{"flac cut short", flac.Bytes()[:flac.Len()-10], "reading the sound"},
		{"flac damaged", damaged, "reading the sound"},
		{"mp3 of nothing", []byte("ID3\x04\x00\x00\x00\x00\x00\x00 "), "reading the sound"},
	} {
		r, err := NewReader(bytes.NewReader(c.data), "a file")
		if err == nil {
			_, err = everything(r)
		}
		if !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a file") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// What does not fit in memory is kept on a disk, under no name, and is the same.
func TestRecordingsOnADisk(t *testing.T) {
	dir, spool := t.TempDir(), t.TempDir()
	for i, n := range []int{30000, 50000, 9000, 40000} {
		var b bytes.Buffer
		w, err := NewWAVWriter(&b, Format{Rate: 16000, Channels: 1, Bits: 16, Frames: int64(n)})
		if err := errors.Join(err, w.Write(noise(n)), w.Close(), os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".wav"), b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Dataset: dir, Layout: "folder", Rate: 8000, MostBytes: 1 << 20, Seed: 1, Threads: 2}
	whole, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	o.MostBytes, o.SpoolDir = 50000, spool
	kept, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Memory() > 50000 || whole.Memory() < 4*60000 {
		t.Errorf("%d bytes in memory, without a disk %d", kept.Memory(), whole.Memory())
	}
	for _, split := range splits {
		for i, p := range whole.Pieces[split] {
			if !slices.Equal(p.Samples, kept.Pieces[split][i].Samples) {
				t.Errorf("%s %d is another", split, i)
			}
		}
	}
	if left, _ := os.ReadDir(spool); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	o.SpoolDir = filepath.Join(spool, "nowhere")
	if _, err := Open(o); !fault.IsInput(err) || !strings.Contains(err.Error(), "data.spool_dir") {
		t.Errorf("no such directory: %v", err)
	}
	o.SpoolDir = ""
	if _, err := Open(o); !fault.IsInput(err) || !strings.Contains(err.Error(), "data.max_memory_mb") {
		t.Errorf("no directory: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(wave("RIFF", riff("fmt ", pcm16), riff("data", "\x00\x40\x00\xC0")))
	f.Add(wave("RIFF", riff("fmt ", extensible), riff("data", "\x00\x40\x00\xC0")))
	var flac bytes.Buffer
	w, _ := NewFLACWriter(&flac, Format{Rate: 8000, Channels: 2, Bits: 16, Frames: 20})
	_ = w.Write(noise(40))
	_ = w.Close()
	f.Add(flac.Bytes())
	f.Add([]byte("\xFF\xFB\x90\x00 and no more"))
	if tone, err := os.ReadFile(filepath.Join("testdata", "tone.ogg")); err == nil {
		f.Add(tone)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), "fuzz")
		if err != nil {
			if !fault.IsInput(err) {
				t.Error(err)
			}
			return
		}
		buffer := make([]float32, 64*r.Channels)
		for total := 0; total < 1<<20; {
			n, err := r.Read(buffer)
			if err != nil {
				if !fault.IsInput(err) && !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			total += n
		}
	})
}

func sine(n int, hz, rate float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / rate))
	}
	return x
}

// A tone below the cut-off comes out as it is and not delayed, one above is gone, and the length is as stated.
func TestResampler(t *testing.T) {
	for _, c := range [][2]int{{48000, 24000}, {44100, 24000}, {44100, 48000}, {16000, 8000}, {8000, 44100}, {22050, 8000}, {8000, 8000}} {
		from, to := c[0], c[1]
		n := from / 2
		y := Resample(sine(n, 1000, float64(from)), from, to)
		if want := int(math.Ceil(float64(n) * float64(to) / float64(from))); len(y) != want {
			t.Errorf("%d to %d Hz: %d samples, want %d", from, to, len(y), want)
		}
		want := sine(len(y), 1000, float64(to))
		var wrong, right float64
		for i := len(y) / 4; i < len(y)*3/4; i++ {
			wrong += float64(y[i]-want[i]) * float64(y[i]-want[i])
			right += float64(want[i]) * float64(want[i])
		}
		if db := 10 * math.Log10(wrong/right); db > -80 {
			t.Errorf("%d to %d Hz: error of a tone of 1 kHz %.1f dB", from, to, db)
		}
		if to < from {
			above := Resample(sine(n, .98*float64(from)/2, float64(from)), from, to)
			left := 0.0
			for _, v := range above[len(above)/4 : len(above)*3/4] {
				left += float64(v) * float64(v)
			}
			if db := 10 * math.Log10(left/float64(len(above)/2)/.5); db > -70 {
				t.Errorf("%d to %d Hz: %.1f dB left of a tone above", from, to, db)
			}
		}
	}
	// Whatever the pieces, the samples are the same.
	x := noise(5000)
	whole := Resample(x, 44100, 24000)
	r := NewResampler(44100, 24000)
	var pieces []float32
	for at := 0; at < len(x); at += 137 {
		pieces = append(pieces, r.Write(x[at:min(at+137, len(x))])...)
	}
	pieces = append(pieces, r.Close()...)
	if !slices.Equal(whole, pieces) {
		t.Error("in pieces it gives other samples")
	}
}

// layOut writes a tree of MAESTRO as it is published, of synthetic pieces.
func layOut(t *testing.T, dir string) {
	t.Helper()
	table := "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration\n"
	for i, split := range []string{"train", "validation", "test", "train"} {
		year := []string{"2004", "2018", "2004", "2008"}[i]
		name := year + "/a \"piece\", no. " + string(rune('1'+i))
		quoted := strings.ReplaceAll(name, `"`, `""`)
		table += `Frédéric Chopin,"Étude, op. 10 ""no. 3""",` + split + "," + year + `,"` + quoted + `.midi","` + quoted + ".wav\",2.0\n"
		if i == 3 {
			continue // listed, and missing
		}
		rate := []int{44100, 48000, 44100}[i]
		o := synthpiano.Options{Rate: rate, Seconds: 2, Low: 48, High: 72, Seed: 1}
		p := o.Play(uint64(i))
		if err := os.MkdirAll(filepath.Join(dir, year), 0o755); err != nil {
			t.Fatal(err)
		}
		var wav, notes bytes.Buffer
		w, err := NewWAVWriter(&wav, Format{Rate: rate, Channels: 2, Bits: 16, Frames: int64(len(p.Samples))})
		if err != nil {
			t.Fatal(err)
		}
		var stereo []float32
		for _, x := range p.Samples {
			stereo = append(stereo, x, x)
		}
		if err := errors.Join(w.Write(stereo), w.Close(), midi.Write(&notes, p.Notes),
			os.WriteFile(filepath.Join(dir, name+".wav"), wav.Bytes(), 0o644), os.WriteFile(filepath.Join(dir, name+".midi"), notes.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "maestro-v3.0.0.csv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMaestro(t *testing.T) {
	data := t.TempDir()
	dir := filepath.Join(data, "maestro")
	layOut(t, dir)
	c, err := Open(Options{DataDir: data, Dataset: "maestro", Layout: "auto", Rate: 8000, MostBytes: 1 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, split := range Splits() {
		pieces := c.Pieces[split]
		if len(pieces) != 1 || len(pieces[0].Samples) != 16000 {
			t.Fatalf("%s: %d pieces of %.1f s", split, len(pieces), c.Seconds(split))
		}
		rate := []int{44100, 48000, 44100}[i]
		o := synthpiano.Options{Rate: rate, Seconds: 2, Low: 48, High: 72, Seed: 1}
		if want := o.Play(uint64(i)).Notes; len(pieces[0].Notes) != len(want) || math.Abs(pieces[0].Notes[0].Onset-want[0].Onset) > 1e-3 {
			t.Errorf("%s: %d notes, want %d", split, len(pieces[0].Notes), len(want))
		}
	}
	if len(c.Missing) != 1 || !strings.HasSuffix(c.Missing[0], "4.wav") || !strings.Contains(strings.Join(c.Found(), "\n"), "1 files of the table are missing") {
		t.Errorf("missing: %v; %v", c.Missing, c.Found())
	}
	if len(c.Checksums) != 4 {
		t.Errorf("checksums of %d files, want 3 and the table's", len(c.Checksums))
	}
	if _, err := Open(Options{DataDir: data, Dataset: "maestro", Layout: "auto", Rate: 8000, MostBytes: 1000, Threads: 1}); !fault.IsInput(err) || !strings.Contains(err.Error(), "more memory") {
		t.Errorf("recordings that are too long: %v", err)
	}
	if _, err := Open(Options{DataDir: data, Dataset: "nowhere", Rate: 8000, Threads: 1}); !fault.IsInput(err) {
		t.Errorf("no directory: %v", err)
	}
	for _, bad := range []string{"a,b\n1,2\n", "split,midi_filename,audio_filename\ndev,a.midi,a.wav\n", "split,midi_filename,audio_filename\ntrain,a.midi,../a.wav\n", "\"", ""} {
		if err := os.WriteFile(filepath.Join(dir, "maestro-v3.0.0.csv"), []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{DataDir: data, Dataset: "maestro", Layout: "auto", Rate: 8000, MostBytes: 1 << 20, Threads: 1}); !fault.IsInput(err) {
			t.Errorf("the table %q: %v", bad, err)
		}
	}
}

func TestFoldersAreDivided(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		var b bytes.Buffer
		w, _ := NewFLACWriter(&b, Format{Rate: 16000, Channels: 1, Bits: 16, Frames: 3000})
		if err := errors.Join(w.Write(noise(3000)), w.Close(), os.WriteFile(filepath.Join(dir, name+".flac"), b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "e.tsv"), []byte("# onset, offset, note, velocity\n0.02\t0.1\t61\t50\n0.01\t0.1\t60\t50\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Open(Options{Dataset: dir, Layout: "folder", Rate: 8000, Validation: .1, Test: .4, MostBytes: 1 << 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	names := func(split string) (all string) {
		for _, p := range c.Pieces[split] {
			all += p.Name[:1]
		}
		return all
	}
	if names("train") != "ab" || names("validation") != "c" || names("test") != "de" {
		t.Errorf("train %s, validation %s, test %s", names("train"), names("validation"), names("test"))
	}
	if n := c.Pieces["test"][1].Notes; len(n) != 2 || n[0].Key != 60 {
		t.Errorf("notes %v", n)
	}
	segments := make([]float32, 4*500)
	Segments(c, segments, 3, 500)
	again := make([]float32, 4*500)
	Segments(c, again, 3, 500)
	other := make([]float32, 4*500)
	Segments(c, other, 4, 500)
	if !slices.Equal(segments, again) || slices.Equal(segments, other) {
		t.Error("segments are not a function of the step alone")
	}
	for b := range 4 {
		found := false
		for _, p := range c.Pieces["train"] {
			for at := 0; at+500 <= len(p.Samples); at++ {
				found = found || slices.Equal(p.Samples[at:at+500], segments[b*500:(b+1)*500])
			}
		}
		if !found {
			t.Errorf("segment %d is in no training piece", b)
		}
	}
}

// Sums protect pages, so that a decoder of Vorbis never sees damage by chance; this is damage by
// intent: packets that are changed before they are put into pages.
func FuzzVorbisPackets(f *testing.F) {
	tone, err := os.ReadFile(filepath.Join("testdata", "tone.ogg"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(60), byte(1))
	f.Fuzz(func(t *testing.T, at uint16, change byte) {
		var pages []byte
		for r := bytes.NewReader(tone); ; {
			before := len(tone) - r.Len()
			page, err := readPage(r)
			if err != nil {
				break
			}
			whole := bytes.Clone(tone[before : len(tone)-r.Len()])
			head := len(whole) - len(page.data)
			if i := int(at) - before; i >= head && i < len(whole) {
				whole[i] ^= change
			}
			clear(whole[22:26])
			binary.LittleEndian.PutUint32(whole[22:], oggSum(0, whole))
			pages = append(pages, whole...)
		}
		r, err := NewReader(bytes.NewReader(pages), "fuzz")
		if err == nil {
			_, err = everything(r)
		}
		if err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
