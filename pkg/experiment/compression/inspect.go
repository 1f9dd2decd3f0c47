package compression

import (
	"encoding/hex"
	"errors"
	"io"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/snc"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Contents is what a file holds.
type Contents struct {
	Seconds      float64        `json:"seconds"`
	Samples      int64          `json:"samples"`
	Rate         int            `json:"rate_hz"`
	Channels     int            `json:"channels"`
	Bits         int            `json:"bits"`
	Streams      int            `json:"streams"`
	ModelHash    string         `json:"model_sha256"`
	ModelRate    int            `json:"model_rate_hz"`
	Quantiser    string         `json:"quantiser"`
	Units        int            `json:"units"`
	Hop          int            `json:"hop_samples"`
	Frames       int64          `json:"frames"`
	ChunkSeconds float64        `json:"chunk_seconds"`
	Gain         float64        `json:"gain"`
	Chunks       int            `json:"chunks"`
	Modes        map[string]int `json:"modes"`
	FileBytes    int64          `json:"file_bytes"`
	PayloadKbps  float64        `json:"payload_kbps"`
	FileKbps     float64        `json:"file_kbps"`

	// Of files whose events are known: with a model, where the range coder needs its tables.
	Events  int     `json:"events,omitempty"`
	Density float64 `json:"density,omitempty"`
}

// counting counts the bytes that are read.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Inspect reads a whole file, checks it, and says what it holds. find gives the model of a hash;
// without one (an error) events are not counted.
func Inspect(in io.Reader, name string, find func(hash [32]byte) (*audiocodec.Codec, error)) (*Contents, error) {
	read := &counting{r: in}
	r, err := Open(read, name)
	if err != nil {
		return nil, err
	}
	var coder *eventcode.Codec
	if codec, err := find(r.ModelHash); err == nil {
		if err := Fits(codec, &r.Header, name); err != nil {
			return nil, err
		}
		coder = eventcode.NewCodec(r.Units, codec.Prior)
	}
	c := &Contents{Rate: r.Rate, Channels: r.Channels, Bits: r.Bits, Streams: r.Streams, ModelHash: hex.EncodeToString(r.ModelHash[:]), ModelRate: r.ModelRate,
		Quantiser: []string{"binary", "rvq"}[r.Quantiser], Units: r.Units, Hop: r.Hop, ChunkSeconds: float64(r.ChunkFrames*r.Hop) / float64(r.ModelRate), Gain: float64(r.Gain), Modes: map[string]int{}}
	m := &eventcode.Matrix{}
	for {
		chunk, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, broken(name, err)
		}
		c.Modes[eventcode.Mode(chunk.Mode).String()]++
		if coder == nil {
			continue
		}
		m.Resize(chunk.Frames, r.Units)
		p := eventcode.Payload{Mode: eventcode.Mode(chunk.Mode), Param: chunk.Param, Bits: chunk.Bits, Data: chunk.Data}
		if err := coder.Decode(p, m); err != nil {
			return nil, broken(name, &snc.CorruptError{Offset: chunk.Offset, What: err.Error()})
		}
		c.Events += m.Count()
	}
	t := r.Trailer
	c.Samples, c.Frames, c.Chunks, c.FileBytes = t.Samples, t.Frames, t.Chunks, read.n
	c.Seconds = float64(t.Samples) / float64(r.Rate)
	if t.Samples > 0 {
		c.PayloadKbps, c.FileKbps = float64(t.PayloadBits)/c.Seconds/1000, 8*float64(c.FileBytes)/c.Seconds/1000
		c.Density = float64(c.Events) / (float64(t.Frames) * float64(r.Units*r.Streams))
	}
	return c, nil
}
