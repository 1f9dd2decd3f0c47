package audiocodec

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
)

func fileOf(t testing.TB, s Spec) []byte {
	t.Helper()
	net := New[float32](s, 1)
	if err := Round(net); err != nil {
		t.Fatal(err)
	}
	code, err := net.EncodeAll(1, random[float32](1, 500).Data, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteFile(&b, net, eventcode.Train(s.Bits(), []*eventcode.Matrix{code})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestModelFiles(t *testing.T) {
	vectors := tiny()
	vectors.Quantiser, vectors.Stages, vectors.Entries = "rvq", 2, 8
	sea := SEANet{Ratios: []int{2, 3}, Widths: []int{4, 5, 6}, Dimension: 4, Residuals: 1, Kernel: 5, ResidualKernel: 3,
		DilationBase: 2, Compress: 2, LSTMLayers: 1, Causal: true, Padding: "reflect", WeightNorm: true}
	for name, s := range map[string]Spec{"mdct": tiny(), "magnitudes": noisy(), "rvq": vectors, "seanet": seanet(sea, 5)} {
		data := fileOf(t, s)
		c, err := ReadFile(bytes.NewReader(data), "model")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		net := New[float32](s, 1)
		_ = Round(net)
		for i, p := range net.Parameters {
			if !slices.Equal(p.Value.Data, c.Net.Parameters[i].Value.Data) {
				t.Errorf("%s: %s is another", name, p.Name)
			}
		}
		if s.numbers() != int64(len(data)-len(fileMagic)-4-len(`{"spec":,"entropy_tables":}`)-len(s.JSON())-len("00000"))/2 && c.Prior == nil {
			t.Errorf("%s: %d numbers", name, s.numbers())
		}
		var again bytes.Buffer
		if err := WriteFile(&again, c.Net, c.Prior); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("%s: written again it is another file, error %v", name, err)
		}
	}
}

func TestWhatIsNoModelFile(t *testing.T) {
	data := fileOf(t, tiny())
	infinite := bytes.Clone(data)
	at := bytes.IndexByte(data, '}') // in the header; the numbers begin behind its end
	at += bytes.LastIndexByte(data[at:at+400], '}') + 1
	infinite[at], infinite[at+1] = 0, 0x7c
	for name, bad := range map[string][]byte{
		"empty":         nil,
		"another kind":  []byte("RIFF and so on, and so forth"),
		"cut":           data[:len(data)-1],
		"longer":        append(bytes.Clone(data), 0),
		"cut in header": data[:30],
		"infinite":      infinite,
		"huge":          bytes.Replace(data, []byte(`"channels":10`), []byte(`"channels":99`), 1),
		"no front":      bytes.Replace(data, []byte(`"mdct","rate"`), []byte(`"mdcx","rate"`), 1),
		"unknown key":   bytes.Replace(data, []byte(`"hop"`), []byte(`"hip"`), 1),
	} {
		if _, err := ReadFile(bytes.NewReader(bad), "some.snm"); !fault.IsInput(err) || !strings.Contains(err.Error(), "some.snm") {
			t.Errorf("%s: %v", name, err)
		}
	}
	net := New[float32](tiny(), 1)
	net.Parameters[0].Value.Data[0] = float32(math.Pow(2, 17))
	if err := Round(net); !fault.IsInput(err) {
		t.Errorf("a weight of 2^17: %v", err)
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add(fileOf(f, tiny()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ReadFile(bytes.NewReader(data), "fuzz"); err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
