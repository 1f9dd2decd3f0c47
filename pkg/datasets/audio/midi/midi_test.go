package midi

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

func TestNotesThatAreWrittenAreRead(t *testing.T) {
	notes := []Note{{60, 80, 0, .5}, {64, 1, 0, .25}, {60, 127, .5, 1}, {108, 90, 100.125, 2}}
	var b bytes.Buffer
	if err := Write(&b, notes); err != nil {
		t.Fatal(err)
	}
	m, err := Read(&b, "notes.midi")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Notes) != len(notes) {
		t.Fatalf("%d notes, want %d: %v", len(m.Notes), len(notes), m.Notes)
	}
	for i, n := range m.Notes {
		w := notes[i]
		if n.Key != w.Key || n.Velocity != w.Velocity || math.Abs(n.Onset-w.Onset) > 6e-4 || math.Abs(n.Duration-w.Duration) > 1.1e-3 {
			t.Errorf("note %d is %+v, want %+v", i, n, w)
		}
	}
}

// file has a header for two tracks and 100 ticks a quarter, and these tracks.
func file(tracks ...string) []byte {
	b := []byte("MThd\x00\x00\x00\x06\x00\x01\x00" + string(rune(len(tracks))) + "\x00\x64")
	for _, track := range tracks {
		b = append(b, "MTrk\x00\x00\x00"+string([]byte{byte(len(track))})+track...)
	}
	return b
}

// Tempo changes in track 0 move the notes of track 1; running status, note-off, pedal, and a
// system-exclusive message are understood.
func TestTempoRunningStatusAndPedal(t *testing.T) {
	tempo := "\x00\xFF\x51\x03\x07\xA1\x20" + // 0.5 s a quarter
		"\x64\xFF\x51\x03\x0F\x42\x40" + // after a quarter: 1 s
		"\x00\xFF\x2F\x00"
	notes := "\x00\xB0\x40\x7F" + // pedal down
		"\x00\x90\x3C\x50\x32\x3E\x51" + // C, and D half a quarter later by running status
		"\x32\x3C\x00" + // C off by velocity 0, at one quarter
		"\x00\xF0\x02\x01\xF7" +
		"\x64\x80\x3E\x40" + // D off at two quarters
		"\x00\xB0\x40\x00" + "\x00\xFF\x2F\x00"
	m, err := Read(bytes.NewReader(file(tempo, notes)), "a.mid")
	if err != nil {
		t.Fatal(err)
	}
	want := []Note{{60, 80, 0, .5}, {62, 81, .25, 1.25}}
	if len(m.Notes) != 2 || len(m.Pedal) != 2 {
		t.Fatalf("%+v", m)
	}
	for i, n := range m.Notes {
		if n.Key != want[i].Key || n.Velocity != want[i].Velocity || math.Abs(n.Onset-want[i].Onset) > 1e-9 || math.Abs(n.Duration-want[i].Duration) > 1e-9 {
			t.Errorf("note %d is %+v, want %+v", i, n, want[i])
		}
	}
	if p := m.Pedal[1]; p.Value != 0 || math.Abs(p.Time-1.5) > 1e-9 {
		t.Errorf("pedal %+v, want up at 1.5 s", p)
	}
}

func TestWhatIsNoMIDI(t *testing.T) {
	good := file("\x00\xFF\x2F\x00")
	for name, data := range map[string][]byte{
		"empty":             {},
		"another kind":      []byte("RIFF\x00\x00\x00\x06WAVE  "),
		"format 2":          bytes.Replace(good, []byte("\x06\x00\x01"), []byte("\x06\x00\x02"), 1),
		"no track":          good[:14],
		"cut in a track":    good[:len(good)-2],
		"division 0":        bytes.Replace(good, []byte("\x00\x64"), []byte("\x00\x00"), 1),
		"data first":        file("\x00\x3C\x50"),
		"data above 127":    file("\x00\x90\x90\x50"),
		"a number too long": file("\xFF\xFF\xFF\xFF\x00"),
		"cut in an event":   file("\x00\x90\x3C"),
	} {
		if _, err := Read(bytes.NewReader(data), "x.mid"); !fault.IsInput(err) || !strings.Contains(err.Error(), "x.mid") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file("\x00\xFF\x51\x03\x07\xA1\x20\x00\xFF\x2F\x00", "\x00\x90\x3C\x50\x32\x3E\x51\x32\x3C\x00\x00\xFF\x2F\x00"))
	f.Add(file("\x00\xF0\x02\x01\xF7"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(bytes.NewReader(data), "fuzz")
		if err != nil {
			if !fault.IsInput(err) {
				t.Error(err)
			}
			return
		}
		last := 0.0
		for _, n := range m.Notes {
			if n.Onset < last || n.Duration < 0 || n.Key > 127 || n.Velocity < 1 {
				t.Errorf("note %+v after %v", n, last)
			}
			last = n.Onset
		}
	})
}
