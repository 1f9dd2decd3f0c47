package speechfeatures

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// riff and sphere are files of 16-bit samples.
func riff(rate int, samples []int16) []byte {
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+2*len(samples)))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(2*rate))
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func sphere(rate int, samples []int16, order string) []byte {
	header := fmt.Sprintf("%schannel_count -i 1\nsample_count -i %d\nsample_rate -i %d\nsample_n_bytes -i 2\nsample_byte_format -s2 %s\nsample_sig_bits -i 16\nend_head\n",
		sphereMagic, len(samples), rate, order)
	b := []byte(header + strings.Repeat(" ", sphereHeader-len(header)))
	for _, s := range samples {
		if order == "01" {
			b = binary.LittleEndian.AppendUint16(b, uint16(s))
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(s))
		}
	}
	return b
}

func TestSoundFilesAgree(t *testing.T) {
	samples := []int16{0, 1, -1, 32767, -32768, 258}
	for name, content := range map[string][]byte{
		"riff": riff(16000, samples), "sphere 01": sphere(16000, samples, "01"), "sphere 10": sphere(16000, samples, "10"),
	} {
		s, err := decodeSound(content, name)
		if err != nil {
			t.Fatal(err)
		}
		if s.rate != 16000 || len(s.samples) != len(samples) {
			t.Fatalf("%s: %d samples at %d Hz", name, len(s.samples), s.rate)
		}
		for i, x := range samples {
			if s.samples[i] != float64(x)/32768 {
				t.Errorf("%s: sample %d is %g", name, i, s.samples[i])
			}
		}
	}
}

func TestDamagedSoundIsNamed(t *testing.T) {
	samples := make([]int16, 100)
	good, nist := riff(16000, samples), sphere(16000, samples, "01")
	change := func(content []byte, at int, b byte) []byte {
		c := append([]byte(nil), content...)
		c[at] = b
		return c
	}
	replaced := func(old, new string) []byte { return []byte(strings.Replace(string(nist), old, new, 1)) }
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"text":             {[]byte("hello"), "neither a RIFF nor a NIST SPHERE file"},
		"header":           {good[:20], "the sound"},
		"format":           {change(good, 20, 3), "in format 3"},
		"bits":             {change(good, 34, 24), "24-bit samples"},
		"stereo":           {change(good, 22, 2), "has 2 channels"},
		"rate":             {riff(100, samples), "100 Hz, expected 4000 to 192000"},
		"cut short":        {good[:100], "is cut short"},
		"sphere header":    {nist[:500], "ends within its header"},
		"sphere cut short": {nist[:len(nist)-2], "has 99 samples, but its header says \"100\""},
		"shorten":          {replaced("sample_sig_bits -i 16", "sample_coding -s3 ulaw"), "is coded as \"ulaw\""},
		"sphere channels":  {replaced("channel_count -i 1", "channel_count -i 2"), "has 2 channels"},
	} {
		if _, err := decodeSound(c.content, "the sound"); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func FuzzSound(f *testing.F) {
	f.Add(riff(16000, []int16{1, 2, 3}))
	f.Add(sphere(8000, []int16{1, 2, 3}, "10"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := decodeSound(content, "x")
		if err != nil {
			if !fault.IsInput(err) {
				t.Fatal(err)
			}
			return
		}
		for _, x := range s.samples {
			if math.Abs(x) > 1 {
				t.Fatalf("sample %g", x)
			}
		}
	})
}

func TestLabels(t *testing.T) {
	labels, err := parseLabels("0 3050 h#\r\n3050 4559 sh\n\n4559 5723 ix\n", "x.phn")
	if err != nil {
		t.Fatal(err)
	}
	for sample, want := range map[int]string{0: "h#", 3049: "h#", 3050: "sh", 4558: "sh", 4559: "ix", 99999: "ix"} {
		if got := labels.At(sample); got != want {
			t.Errorf("sample %d belongs to %s, want %s", sample, got, want)
		}
	}
	late, err := parseLabels("10 20 a\n", "x.phn")
	if err != nil || late.At(3) != "a" {
		t.Errorf("before the first label: %v", err)
	}
	for _, bad := range []string{"", "\n", "0 10", "0 10 a b", "a 10 b", "10 10 a", "0 10 a\n5 12 b\n3 20 c", "-1 4 a"} {
		if _, err := parseLabels(bad, "x.phn"); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), "x.phn") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
