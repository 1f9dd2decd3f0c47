package speechfeatures

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/go-audio/wav"

	"github.com/snnctl/snnctl/internal/fault"
)

// sound is one channel of samples in [-1, 1].
type sound struct {
	rate    int
	samples []float64
}

// The sampling rates of speech and music, in Hz: what else a header says is damage.
const minRate, maxRate = 4000, 192000

// readSound reads a file of 16-bit samples in one channel: RIFF, as wav files are
// today, or NIST SPHERE, as those of TIMIT are.
func readSound(path string) (*sound, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Inputf("reading sound: %w", err)
	}
	return decodeSound(content, path)
}

func decodeSound(content []byte, name string) (*sound, error) {
	switch {
	case bytes.HasPrefix(content, []byte("RIFF")):
		return decodeWAV(content, name)
	case bytes.HasPrefix(content, []byte(sphereMagic)):
		return decodeSphere(content, name)
	}
	return nil, fault.Inputf("%s is neither a RIFF nor a NIST SPHERE file, as its first bytes say neither", name)
}

func decodeWAV(content []byte, name string) (*sound, error) {
	d := wav.NewDecoder(bytes.NewReader(content))
	d.ReadInfo()
	const pcm = 1
	switch {
	case d.Err() != nil:
		return nil, fault.Inputf("%s has a damaged header: %w", name, d.Err())
	case d.WavAudioFormat != pcm || d.BitDepth != 16:
		return nil, fault.Inputf("%s holds %d-bit samples in format %d, expected 16 bits in format 1 (PCM)", name, d.BitDepth, d.WavAudioFormat)
	case d.NumChans != 1:
		return nil, fault.Inputf("%s has %d channels, expected one", name, d.NumChans)
	case d.SampleRate < minRate || d.SampleRate > maxRate:
		return nil, fault.Inputf("%s has a sampling rate of %d Hz, expected %d to %d", name, d.SampleRate, minRate, maxRate)
	}
	if err := d.FwdToPCM(); err != nil || d.PCMChunk == nil {
		return nil, fault.Inputf("%s has no samples", name)
	}
	body, err := io.ReadAll(d.PCMChunk.R)
	if err != nil || len(body) < d.PCMSize {
		return nil, fault.Inputf("%s is cut short: it has %d bytes of samples, but its header says %d", name, len(body), d.PCMSize)
	}
	return &sound{int(d.SampleRate), samples(body, 0)}, nil
}

// sphereMagic begins a NIST SPHERE file of the usual header of 1024 bytes.
const (
	sphereMagic  = "NIST_1A\n   1024\n"
	sphereHeader = 1024
)

// decodeSphere reads lines such as "sample_rate -i 16000" up to "end_head", and the
// samples behind the header.
func decodeSphere(content []byte, name string) (*sound, error) {
	if len(content) < sphereHeader {
		return nil, fault.Inputf("%s is cut short: it ends within its header", name)
	}
	fields := map[string]string{"channel_count": "1", "sample_n_bytes": "2", "sample_byte_format": "01", "sample_coding": "pcm"}
	for line := range strings.Lines(string(content[len(sphereMagic):sphereHeader])) {
		if line = strings.TrimSpace(line); line == "end_head" {
			break
		}
		if key, rest, ok := strings.Cut(line, " "); ok {
			_, fields[key], _ = strings.Cut(rest, " ")
		}
	}
	rate, _ := strconv.Atoi(fields["sample_rate"])
	switch order := fields["sample_byte_format"]; {
	case fields["sample_coding"] != "pcm":
		return nil, fault.Inputf("%s is coded as %q, expected pcm; uncompress it with NIST's w_decode", name, fields["sample_coding"])
	case fields["channel_count"] != "1" || fields["sample_n_bytes"] != "2" || order != "01" && order != "10":
		return nil, fault.Inputf("%s has %s channels of %s bytes in the order %s, expected 1 channel of 2 bytes in the order 01 or 10",
			name, fields["channel_count"], fields["sample_n_bytes"], order)
	case rate < minRate || rate > maxRate:
		return nil, fault.Inputf("%s has the sample_rate %q, expected %d to %d Hz", name, fields["sample_rate"], minRate, maxRate)
	}
	body := content[sphereHeader:]
	if count, err := strconv.Atoi(fields["sample_count"]); err != nil || count != len(body)/2 {
		return nil, fault.Inputf("%s has %d samples, but its header says %q", name, len(body)/2, fields["sample_count"])
	}
	high := 1 // the place of the high byte
	if fields["sample_byte_format"] == "10" {
		high = 0
	}
	return &sound{rate, samples(body, 1-high)}, nil
}

// samples takes pairs of bytes, of which the one at low is the lower.
func samples(body []byte, low int) []float64 {
	s := make([]float64, len(body)/2)
	for i := range s {
		s[i] = float64(int16(uint16(body[2*i+low])|uint16(body[2*i+1-low])<<8)) / (1 << 15)
	}
	return s
}
