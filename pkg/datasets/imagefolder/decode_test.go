package imagefolder

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

func newDecoder(s pixels.Shape, shorter int) *decoder {
	return &decoder{shape: s, shorter: shorter, rgba: image.NewRGBA(image.Rect(0, 0, s.Width, s.Height))}
}

// steps is a grey picture whose pixel in column x and row y has the value 10x + y.
func steps(width, height int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetGray(x, y, color.Gray{uint8(10*x + y)})
		}
	}
	return m
}

// Where nothing is scaled the window is a crop, pixel by pixel.
func TestWindowsOfUnscaledPicturesAreCrops(t *testing.T) {
	content := encoded(t, steps(8, 4))
	s := pixels.Shape{Channels: 3, Height: 4, Width: 4}
	for at, left := range map[pixels.Window]int{{X: 0, Y: 0.5}: 0, pixels.Centre: 2, {X: 1, Y: 1}: 4, {X: 0.7, Y: 0.2}: 3} {
		dst := make([]float32, s.Size())
		if err := newDecoder(s, 4).decode(dst, content, "x", at); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst {
			if want := float32(10*(left+i%4) + i/4%4); v != want {
				t.Errorf("window %v: value %d is %g, want %g", at, i, v, want)
			}
		}
	}
}

// Scaling keeps a colour as it is and a ramp a ramp, shrinks by averages, and grows
// small pictures.
func TestScaling(t *testing.T) {
	for _, size := range [][2]int{{100, 60}, {60, 100}, {7, 5}, {64, 64}} {
		content := plain(t, size[0], size[1], color.NRGBA{200, 100, 50, 255})
		s := pixels.Shape{Channels: 3, Height: 16, Width: 16}
		dst := make([]float32, s.Size())
		if err := newDecoder(s, 20).decode(dst, content, "x", pixels.Window{X: 1}); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst {
			if want := []float32{200, 100, 50}[i/256]; v != want {
				t.Fatalf("%v: value %d is %g, want %g", size, i, v, want)
			}
		}
	}
	ramp := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range ramp.Pix {
		ramp.Pix[i] = uint8(2 * (i % 64))
	}
	s := pixels.Shape{Channels: 1, Height: 16, Width: 16}
	dst := make([]float32, s.Size())
	if err := newDecoder(s, 16).decode(dst, encoded(t, ramp), "x", pixels.Centre); err != nil {
		t.Fatal(err)
	}
	for x := 1; x < 15; x++ { // a pixel of 4: its middle is at 4x + 1.5
		if want := 2 * (4*float64(x) + 1.5); math.Abs(float64(dst[16*8+x])-want) > 1 {
			t.Errorf("column %d is %g, want %g", x, dst[16*8+x], want)
		}
	}
}

// The colour models of files become red, green and blue, or a luma.
func TestColourModels(t *testing.T) {
	rect := image.Rect(0, 0, 8, 8)
	cmyk := image.NewCMYK(rect)
	for i := 0; i < len(cmyk.Pix); i += 4 {
		copy(cmyk.Pix[i:], []byte{0, 255, 255, 0}) // red
	}
	transparent := image.NewNRGBA(rect)
	grey16 := image.NewGray16(rect)
	for i := range 64 {
		grey16.SetGray16(i%8, i/8, color.Gray16{0x8080})
	}
	paletted := image.NewPaletted(rect, color.Palette{color.NRGBA{10, 20, 30, 255}})
	for name, c := range map[string]struct {
		picture image.Image
		want    [3]float32
		luma    float32
	}{
		"cmyk":        {cmyk, [3]float32{255, 0, 0}, 76},
		"transparent": {transparent, [3]float32{}, 0},
		"16 bit":      {grey16, [3]float32{128, 128, 128}, 128},
		"paletted":    {paletted, [3]float32{10, 20, 30}, 18},
	} {
		content := encoded(t, c.picture)
		for _, channels := range []int{1, 3} {
			s := pixels.Shape{Channels: channels, Height: 8, Width: 8}
			dst := make([]float32, s.Size())
			if err := newDecoder(s, 0).decode(dst, content, name, pixels.Centre); err != nil {
				t.Fatal(err)
			}
			want := c.want[:]
			if channels == 1 {
				want = []float32{c.luma}
			}
			for channel, v := range want {
				if dst[64*channel+9] != v {
					t.Errorf("%s: channel %d of %d is %g, want %g", name, channel, channels, dst[64*channel+9], v)
				}
			}
		}
	}
	// JPEG, grey and with subsampled colours.
	for name, picture := range map[string]image.Image{"grey": steps(16, 16), "colours": image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420)} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		s := pixels.Shape{Channels: 3, Height: 16, Width: 16}
		dst := make([]float32, s.Size())
		if err := newDecoder(s, 0).decode(dst, b.Bytes(), name, pixels.Centre); err != nil {
			t.Fatal(err)
		}
		for i := range 256 {
			r, g, b, _ := picture.At(i%16, i/16).RGBA()
			for channel, v := range []uint32{r, g, b} {
				if math.Abs(float64(dst[256*channel+i])-float64(v>>8)) > 4 {
					t.Fatalf("%s: channel %d of pixel %d is %g, want about %d", name, channel, i, dst[256*channel+i], v>>8)
				}
			}
		}
	}
}

// inks is a JPEG of 8×8 pixels of one colour in CMYK, as image editors write it: the
// values are those of Adobe, 255 for no ink. Each component has one coefficient.
func inks(values [4]byte) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0}
	b = append(append(b, 0xff, 0xdb, 0, 67, 0), bytes.Repeat([]byte{8}, 64)...) // divisors of 8
	b = append(b, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	// Constant coefficients: the lengths 0 to 11 of values have codes of four bits;
	// all others: the end of the block is the one code, 0.
	b = append(b, 0xff, 0xc4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	b = append(b, 0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, 0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	stream := ""
	for _, v := range values {
		coefficient := int(v) - 128
		length := bits.Len(uint(max(coefficient, -coefficient)))
		if coefficient < 0 {
			coefficient += 1<<length - 1
		}
		stream += fmt.Sprintf("%04b", length)
		if length > 0 {
			stream += fmt.Sprintf("%0*b", length, coefficient)
		}
		stream += "0"
	}
	for stream += strings.Repeat("1", 7); len(stream) >= 8; stream = stream[8:] {
		v, _ := strconv.ParseUint(stream[:8], 2, 8)
		if b = append(b, byte(v)); v == 0xff {
			b = append(b, 0)
		}
	}
	return append(b, 0xff, 0xd9)
}

func TestCMYKInJPEG(t *testing.T) {
	s := pixels.Shape{Channels: 3, Height: 8, Width: 8}
	dst := make([]float32, s.Size())
	if err := newDecoder(s, 0).decode(dst, inks([4]byte{255, 60, 0, 200}), "x", pixels.Centre); err != nil {
		t.Fatal(err)
	}
	if got := []float32{dst[0], dst[64], dst[128]}; !slices.Equal(got, []float32{200, 47, 0}) { // ink times black
		t.Errorf("the colour is %g", got)
	}
}

// Whatever the bytes are, there is an image of bytes or an error of input.
func FuzzDecode(f *testing.F) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, steps(9, 5), nil); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{nil, photo.Bytes(), photo.Bytes()[:photo.Len()/2], encoded(f, steps(3, 4)), []byte("\x89PNG"), {0xff, 0xd8}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s := pixels.Shape{Channels: 3, Height: 4, Width: 4}
		dst := make([]float32, s.Size())
		if err := newDecoder(s, 6).decode(dst, content, "x", pixels.Window{X: 0.3, Y: 1}); err != nil {
			if !fault.IsInput(err) {
				t.Fatal(err)
			}
			return
		}
		for _, v := range dst {
			if v < 0 || v > 255 || v != float32(uint8(v)) {
				t.Fatalf("value %g", v)
			}
		}
	})
}

// Whatever an archive holds, it is listed or refused; listed pictures can be asked for.
func FuzzArchive(f *testing.F) {
	whole := tarred(f, nested(f))
	f.Add(whole)
	f.Add(gzipped(whole))
	f.Add(whole[:700])
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		for _, name := range []string{"a.tar", "a.tar.gz"} {
			writeFiles(t, dir, []picture{{name, content}})
			set, err := Open(dir+"/"+name, Options{Size: 2, Channels: 3})
			if err == nil {
				err = set.Train.Read(make([]float32, 12), set.Train.Len()-1, pixels.Centre)
			}
			if err != nil && !fault.IsInput(err) {
				t.Fatal(err)
			}
		}
	})
}
