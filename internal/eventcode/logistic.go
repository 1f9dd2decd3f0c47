package eventcode

// Probabilities in the logistic domain, in integers: stretch(p) = ln(p/(1-p)) in units of
// 1/256, within ±2047, and its inverse squash, in units of 2^-16.

const (
	mostStretch   = 2047
	stretchBits   = 14 // of a probability that stretch looks at
	stretchPlaces = 1 << stretchBits
)

// logistics are the two functions as tables. They are computed by IEEE additions,
// multiplications and divisions alone, each rounded by itself, so that they are the same on
// all machines; math.Exp is not.
type logistics struct {
	squashed  [2*mostStretch + 1]uint16
	stretched [stretchPlaces]int16
}

func newLogistics() *logistics {
	l := &logistics{}
	const root = 1.0039138893383475734 // e^(1/256)
	power := 1.0                       // e^(d/256)
	for d := 0; d <= mostStretch; d++ {
		p := power / (1 + power)
		l.squashed[mostStretch+d] = uint16(min(float64(65536*p)+0.5, 65535))
		l.squashed[mostStretch-d] = uint16(65536*(1/(1+power)) + 0.5)
		power = float64(power * root)
	}
	// stretch(p) is the last d whose squash is not above p.
	d := -mostStretch
	for i := range l.stretched {
		middle := (2*i + 1) << (15 - stretchBits)
		for d < mostStretch && int(l.squashed[mostStretch+d+1]) <= middle {
			d++
		}
		l.stretched[i] = int16(d)
	}
	return l
}

func (l *logistics) squash(d int32) int32 {
	return int32(l.squashed[mostStretch+min(max(d, -mostStretch), mostStretch)])
}
