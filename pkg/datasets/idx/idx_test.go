package idx

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
)

// file builds an idx file: its magic number, sizes and body.
func file(magic uint32, sizes []uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	for _, size := range sizes {
		b = binary.BigEndian.AppendUint32(b, size)
	}
	return append(b, body...)
}

func compressed(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Name = "train-images.idx3-ubyte"
	z.Write(content)
	z.Close()
	return b.Bytes()
}

func TestRawAndGzipReadAlike(t *testing.T) {
	raw := file(0x803, []uint32{2, 1, 3}, []byte{1, 2, 3, 4, 5, 6})
	sum := sha256.Sum256(raw)
	for name, content := range map[string][]byte{"raw": raw, "gzip": compressed(raw)} {
		f, err := Read(bytes.NewReader(content), name, Images)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(f.Sizes, []int{2, 1, 3}) || !slices.Equal(f.Values, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%s: sizes %d, values %d", name, f.Sizes, f.Values)
		}
		if f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the checksum %s is not that of the decompressed file", name, f.SHA256)
		}
	}
}

func TestMalformedFilesAreNamedAndExplained(t *testing.T) {
	labels := file(0x801, []uint32{4}, []byte{1, 2, 3, 4})
	damaged := compressed(labels)
	damaged[len(damaged)-5] ^= 1 // in the CRC
	for name, c := range map[string]struct {
		content    []byte
		dimensions int
		want       string
	}{
		"empty":              {nil, Labels, "holds 0 of the 8 bytes of an idx header"},
		"half a header":      {file(0x803, []uint32{1}, nil), Images, "holds 8 of the 16 bytes of an idx header"},
		"labels for images":  {labels, Images, "magic number 0x00000801, expected 0x00000803"},
		"floats":             {file(0xd01, []uint32{1}, make([]byte, 4)), Labels, "magic number 0x00000d01, expected 0x00000801"},
		"text":               {[]byte("<html>not found</html>"), Images, "magic number 0x3c68746d"},
		"short body":         {labels[:10], Labels, "holds 2 of the 4 values"},
		"long body":          {append(slices.Clone(labels), 0), Labels, "goes on after the 4 values"},
		"absurd sizes":       {file(0x803, []uint32{1 << 31, 1 << 31, 1 << 31}, nil), Images, "no file can hold"},
		"large, no body":     {file(0x803, []uint32{60000, 1 << 12, 1 << 12}, nil), Images, "holds 0 of the 1006632960000 values"},
		"gzip magic only":    {[]byte{0x1f, 0x8b}, Labels, "starts like a gzip file"},
		"gzip cut":           {compressed(labels)[:45], Labels, "is truncated"},
		"gzip bad CRC":       {damaged, Labels, "damaged at its end"},
		"gzip, then garbage": {append(compressed(labels), "garbage garbage"...), Labels, "damaged at its end"},
		"gzip in gzip":       {compressed(compressed(labels)), Labels, "magic number 0x1f8b"},
	} {
		f, err := Read(bytes.NewReader(c.content), "FILE", c.dimensions)
		if err == nil {
			t.Errorf("%s: read as %v", name, f.Sizes)
			continue
		}
		if !fault.IsInput(err) || !strings.HasPrefix(err.Error(), "FILE ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q (input: %v), want it to name FILE and hold %q", name, err, fault.IsInput(err), c.want)
		}
	}
}

func TestMemoryFollowsTheBodyNotTheHeader(t *testing.T) {
	content := file(0x803, []uint32{1 << 20, 1 << 10, 1 << 10}, make([]byte, 100_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(bytes.NewReader(content), "FILE", Images)
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; err == nil || taken > 2<<20 {
		t.Errorf("error %v after taking %d bytes, want an error and under 2 MiB", err, taken)
	}
}

func TestMissingFileIsInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	if _, err := ReadFile(path, Labels); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want an input error naming %s", err, path)
	}
}

func TestRealMNIST(t *testing.T) {
	dir := golden.Data(t, "mnist")
	f, err := ReadFile(filepath.Join(dir, "t10k-images-idx3-ubyte.gz"), Images)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Sizes, []int{10000, 28, 28}) {
		t.Fatalf("sizes %d, want 10000 images of 28×28", f.Sizes)
	}
	var sum float64
	for _, v := range f.Values {
		sum += float64(v)
	}
	if mean := sum / float64(len(f.Values)) / 255; mean < 0.13245 || mean > 0.13255 {
		t.Errorf("mean grey value %.5f, want 0.1325", mean)
	}
}

// What is read is consistent; what is not is refused as input, without a panic.
func FuzzRead(f *testing.F) {
	labels := file(0x801, []uint32{4}, []byte{1, 2, 3, 4})
	images := file(0x803, []uint32{2, 1, 3}, []byte{1, 2, 3, 4, 5, 6})
	for _, seed := range [][]byte{nil, labels, images, compressed(labels), compressed(images), compressed(images)[:20],
		file(0x803, []uint32{1 << 31, 1 << 31, 4}, nil), file(0x803, []uint32{1 << 31, 0, 0}, nil)} {
		f.Add(seed, Labels)
		f.Add(seed, Images)
	}
	f.Fuzz(func(t *testing.T, content []byte, dimensions int) {
		if dimensions != Labels && dimensions != Images {
			return
		}
		got, err := Read(io.LimitReader(bytes.NewReader(content), 1<<20), "FILE", dimensions)
		if err != nil {
			if !fault.IsInput(err) {
				t.Errorf("%v is no input error", err)
			}
			return
		}
		total := 1
		for _, size := range got.Sizes {
			total *= size
		}
		if len(got.Sizes) != dimensions || len(got.Values) != total {
			t.Errorf("%d values for the sizes %d", len(got.Values), got.Sizes)
		}
	})
}
