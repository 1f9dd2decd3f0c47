package compression

import (
	"bytes"
	"io"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	metrics "github.com/snnctl/snnctl/pkg/metrics/sound"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Comparison is how far what comes back from a file is from the sound that went in, both mixed to one channel at the rate of
// the model (section 8 of the method).
type Comparison struct {
	SISNR   float64  `json:"si_snr_db"`
	SNR     float64  `json:"snr_db"`
	LogMel  float64  `json:"log_mel"`
	Spectra float64  `json:"stft"`
	OnsetF1 *float64 `json:"onset_f1,omitempty"` // none where nothing begins in the sound
}

// mostCompared is the length of the longest sound that is compared: both are held in memory.
const mostCompared = 3600 // s

// Compare decompresses a file and compares it with the original.
func Compare(codec *audiocodec.Codec, original *audio.Reader, file io.ReadSeeker, name string, threads int) (*Comparison, error) {
	rate := codec.Net.Spec.Rate
	x, err := mono(original, rate)
	if err != nil {
		return nil, err
	}
	r, err := Open(file, name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := Decompress(codec, r, file, &b, name, Decoding{AtModel: true, Bits: 32, Threads: threads}); err != nil {
		return nil, err
	}
	back, err := audio.NewReader(&b, name)
	if err != nil {
		return nil, err
	}
	y, err := mono(back, rate)
	if err != nil {
		return nil, err
	}
	n := min(len(x), len(y)) // rounding of a resampler's length
	if n == 0 {
		return nil, fault.Inputf("%s holds no sound, and there is nothing to compare", name)
	}
	x, y = x[:n], y[:n]
	c := &Comparison{SISNR: metrics.SISNR(x, y, rate), SNR: metrics.SNR(x, y), LogMel: metrics.LogMel(x, y, rate, metrics.QuickBands()), Spectra: metrics.Spectra(x, y)}
	if f := metrics.OnsetF1(x, y, rate); f == f { //nolint:staticcheck // false for NaN only
		c.OnsetF1 = &f
	}
	return c, nil
}

// mono is all of a sound, as one channel at a rate.
func mono(r *audio.Reader, rate int) ([]float32, error) {
	var all []float32
	err := r.Mono(rate, func(samples []float32) error {
		if all = append(all, samples...); len(all) > mostCompared*rate {
			return fault.Inputf("the sound is longer than an hour, more than is compared")
		}
		return nil
	})
	return all, err
}
