package snc

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

func header() Header {
	return Header{ModelHash: [32]byte{1, 2, 3}, ModelRate: 8000, Rate: 44100, Channels: 2, Bits: 16, Streams: 1, Units: 40, Hop: 128, ChunkFrames: 50,
		Samples: 123456, Frames: 176, Gain: 1}
}

// payload is that of chunk i.
func payload(i int) []byte {
	r := rng.Stream(1, "payload", 0, uint64(i))
	b := make([]byte, 3+5*i)
	for k := range b {
		b[k] = byte(r.Uint32())
	}
	return b
}

// file has chunks of 50, 50, 50 and 26 frames in each stream.
func file(t testing.TB, h Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 * h.Streams {
		frames := 50
		if i/h.Streams == 3 {
			frames = 26
		}
		if err := w.Chunk(frames, uint8(i%8), 0, 8*len(payload(i))-3, payload(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(123456); err != nil {
		t.Fatal(err)
	}
	if w.Written() != int64(b.Len()) {
		t.Errorf("%d bytes, of which the writer says %d", b.Len(), w.Written())
	}
	return b.Bytes()
}

// everything reads a file, and returns its payloads by index.
func everything(data []byte) (map[int][]byte, *Trailer, error) {
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	chunks := map[int][]byte{}
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			return chunks, r.Trailer, nil
		}
		if err != nil {
			return chunks, nil, err
		}
		chunks[c.Index] = slices.Clone(c.Data)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for name, change := range map[string]func(*Header){
		"plain":       func(*Header) {},
		"two streams": func(h *Header) { h.Streams = 2 },
		"no length":   func(h *Header) { h.Samples, h.Frames = -1, -1 },
		"vectors":     func(h *Header) { h.Quantiser, h.Stages, h.Gain = 1, 4, .5 },
	} {
		h := header()
		change(&h)
		data := file(t, h)
		size := 0
		for i := range 4 * h.Streams {
			size += len(payload(i))
		}
		if want := Overhead(4*h.Streams) + size; len(data) != want || Overhead(4) != 92+4*20+36 {
			t.Errorf("%s: %d bytes, want %d", name, len(data), want)
		}
		r, err := NewReader(bytes.NewReader(data))
		if err != nil || r.Header != h {
			t.Errorf("%s: the header is %+v, was %+v, error %v", name, r.Header, h, err)
		}
		chunks, trailer, err := everything(data)
		if err != nil || len(chunks) != 4*h.Streams || trailer.Samples != 123456 || trailer.Frames != 176 {
			t.Fatalf("%s: %d chunks, trailer %+v, error %v", name, len(chunks), trailer, err)
		}
		for i, c := range chunks {
			if !bytes.Equal(c, payload(i)) {
				t.Errorf("%s: chunk %d is another", name, i)
			}
		}
		if end, err := ReadTrailer(bytes.NewReader(data)); err != nil || *end != *trailer {
			t.Errorf("%s: the trailer by itself: %+v, error %v", name, end, err)
		}
	}
}

// Every byte that is changed, and every end that is missing, is found.
func TestAllDamageIsFound(t *testing.T) {
	data := file(t, header())
	for i := range data {
		for _, flip := range []byte{1, 0x80, 0xFF} {
			bad := bytes.Clone(data)
			bad[i] ^= flip
			if _, _, err := everything(bad); err == nil {
				t.Errorf("byte %d changed by %#x is not found", i, flip)
			} else if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) && !errors.Is(err, ErrNotSNC) && !errors.Is(err, ErrVersion) {
				t.Errorf("byte %d: %v", i, err)
			}
		}
		if _, _, err := everything(data[:i]); err == nil {
			t.Errorf("an end after %d bytes is not found", i)
		}
	}
	if _, _, err := everything(append(bytes.Clone(data), 0)); err == nil || !strings.Contains(err.Error(), "behind the trailer") {
		t.Errorf("a byte too many: %v", err)
	}
	// Chunks that are whole, but not where they belong.
	h, other := headerSize, header()
	other.Frames = 200
	first := h + chunkHead + len(payload(0)) + 4
	second := first + chunkHead + len(payload(1)) + 4
	for name, bad := range map[string][]byte{
		"one is missing": append(bytes.Clone(data[:h]), data[first:]...),
		"one is twice":   append(bytes.Clone(data[:first]), data[h:]...),
		"two change places": slices.Concat(data[:h], data[first:second], data[h:first],
			data[second:]),
		"another file's header": append(other.bytes(), data[h:]...),
	} {
		if _, _, err := everything(bad); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	if _, err := NewReader(strings.NewReader(text)); !errors.Is(err, ErrNotSNC) {
		t.Errorf("sent as text: %v", err)
	}
}

func TestHeadersThatNoWriterWrites(t *testing.T) {
	for name, change := range map[string]func(*Header){
		"no units":       func(h *Header) { h.Units = 0 },
		"endless chunks": func(h *Header) { h.Units, h.ChunkFrames = 65535, 65535 },
		"no frames":      func(h *Header) { h.ChunkFrames = 0 },
		"three streams":  func(h *Header) { h.Streams = 3 },
		"no gain":        func(h *Header) { h.Gain = 0 },
		"a gain of NaN":  func(h *Header) { h.Gain = float32(strings.Count("", "x")) / float32(strings.Count("", "y")) },
		"rates":          func(h *Header) { h.Rate = 0 },
	} {
		h := header()
		change(&h)
		if _, err := NewWriter(io.Discard, h); err == nil {
			t.Errorf("%s: written", name)
		}
		if h.Streams == 3 {
			continue // has no bytes of its own
		}
		var corrupt *CorruptError
		if _, err := NewReader(bytes.NewReader(h.bytes())); !errors.As(err, &corrupt) {
			t.Errorf("%s: read, error %v", name, err)
		}
	}
	newer := header()
	b := newer.bytes()
	b[8] = 2
	if _, err := NewReader(bytes.NewReader(append(b[:12], append([]byte{200, 0, 0, 0}, b[16:]...)...))); !errors.Is(err, ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
}

// Salvage gives all chunks but those that are damaged.
func TestSalvage(t *testing.T) {
	data := file(t, header())
	places := []int{headerSize}
	for i := range 4 {
		places = append(places, places[i]+chunkHead+len(payload(i))+4)
	}
	for damaged := range 4 {
		for _, at := range []int{places[damaged], places[damaged] + 5, places[damaged] + 12, places[damaged+1] - 1} {
			bad := bytes.Clone(data)
			bad[at] ^= 0xFF
			f := bytes.NewReader(bad)
			r, err := NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			found := map[int]bool{}
			for {
				c, err := r.Next()
				if err != nil && !errors.Is(err, io.EOF) {
					c, err = r.Salvage(f)
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(c.Data, payload(c.Index)) {
					t.Errorf("byte %d changed: chunk %d is another", at, c.Index)
				}
				found[c.Index] = true
			}
			if len(found) != 3 || found[damaged] || r.Trailer == nil {
				t.Errorf("byte %d of chunk %d changed: chunks %v, trailer %v", at, damaged, found, r.Trailer)
			}
		}
	}
	f := bytes.NewReader(data[:places[2]+7])
	r, _ := NewReader(f)
	count := 0
	for {
		c, err := r.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			c, err = r.Salvage(f)
		}
		if err != nil {
			break
		}
		count += c.Frames
	}
	if count != 100 || r.Trailer != nil {
		t.Errorf("cut in chunk 2: %d frames, trailer %v", count, r.Trailer)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(file(f, header()))
	two := header()
	two.Streams = 2
	f.Add(file(f, two))
	f.Add([]byte(Magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, err := everything(data)
		var corrupt *CorruptError
		if err != nil && !errors.As(err, &corrupt) && !errors.Is(err, ErrNotSNC) && !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
		in := bytes.NewReader(data)
		r, err := NewReader(in)
		if err != nil {
			return
		}
		for n := 0; n <= len(data); n++ {
			_, err := r.Next()
			if err != nil && !errors.Is(err, io.EOF) {
				_, err = r.Salvage(in)
			}
			if err != nil {
				return
			}
		}
		t.Error("salvage does not end")
	})
}
