package audiocodec

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sound of any length is coded in windows of the same frames, whatever the pieces that it
// comes in: a window reads as many frames more on either side as a frame depends on, so that
// what it gives is what the whole sound at once would give, and memory does not grow with
// the length (section 11.3).
const windowFrames = 256

// Encoder codes a stream of sound. Emit gets the pre-activations l of block after block of
// frames: [N][frames], from frame number first on; they are valid during the call.
type Encoder[F tensor.Float] struct {
	Net     *Network[F]
	Threads int
	Emit    func(first, frames int, l []F) error

	tape   autodiff.Tape[F]
	buffer []F // samples from number start on
	start  int
	total  int // samples so far
	next   int // frame
	block  []F
}

// Write takes samples.
func (e *Encoder[F]) Write(x []F) error {
	halo, _ := e.Net.Halo()
	hop := e.Net.Spec.Hop()
	for len(x) > 0 {
		n := min(len(x), windowFrames*hop)
		e.buffer = append(e.buffer, x[:n]...)
		e.total += n
		x = x[n:]
		// A window is coded when all that it reads is there, and a frame more, so that the end of the sound
		// cannot lie within it.
		for e.total >= (e.next+windowFrames+halo+2)*hop {
			if err := e.window(e.next+windowFrames, math.MaxInt); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close codes what is left, and returns how many frames there are in all.
func (e *Encoder[F]) Close() (frames int, err error) {
	frames = e.Net.Spec.Frames(e.total)
	for e.next < frames {
		if err := e.window(min(e.next+windowFrames, frames), frames); err != nil {
			return 0, err
		}
	}
	return frames, nil
}

// window codes the frames from e.next to end, of a sound of so many frames.
func (e *Encoder[F]) window(end, frames int) error {
	halo, _ := e.Net.Halo()
	hop := e.Net.Spec.Hop()
	lo, hi := max(0, e.next-halo), min(end+halo, frames)
	from := lo*hop - e.Net.Spec.Lead()
	x := tensor.New[F](1, e.Net.Padded(hi-lo))
	if e.Net.mdct == nil && from+len(x.Data) > e.total {
		x = tensor.New[F](1, e.total-from)
	}
	first := max(from, 0)
	last := min(from+len(x.Data), e.total)
	copy(x.Data[first-from:], e.buffer[first-e.start:last-e.start])
	e.tape.Inference = true
	e.tape.Reset()
	l := e.Net.Encode(&Pass[F]{Tape: &e.tape, Threads: e.Threads}, autodiff.Constant(x))
	count := end - e.next
	e.block = resized(e.block, e.Net.Spec.Units*count)
	for n := range e.Net.Spec.Units {
		row := l.Value.Data[n*(hi-lo)+e.next-lo:][:count]
		for i, v := range row {
			if v != v { //nolint:staticcheck // true for NaN only
				return fault.Inputf("the model gives NaN for frame %d: its weights, or the sound, are no finite numbers", e.next+i)
			}
		}
		copy(e.block[n*count:], row)
	}
	at := e.next
	e.next = end
	// The next window reads from here on.
	if keep := max(0, (end-halo)*hop-e.Net.Spec.Lead()); keep > e.start {
		drop := min(keep-e.start, len(e.buffer))
		e.buffer = e.buffer[:copy(e.buffer, e.buffer[drop:])]
		e.start += drop
	}
	return e.Emit(at, count, e.block)
}

// Decoder turns a stream of code frames into sound. Emit gets samples, one block behind the other; they are
// valid during the call.
type Decoder[F tensor.Float] struct {
	Net     *Network[F]
	Threads int
	Emit    func(samples []F) error
	// Start is the number of the first frame of the stream: what comes out begins with sample Start·hop. It is a multiple
	// of Alignment, or the sound's own first frame, or else what comes out differs in rounding.
	Start int

	tape   autodiff.Tape[F]
	buffer []F // of z, [frames][N] from frame `start` on
	start  int
	have   int // frames so far, with Start
	next   int // frame whose sound comes next
	begun  bool
}

// Alignment is the number of frames of a window.
const Alignment = windowFrames

// Write takes frames of z, each of N numbers.
func (d *Decoder[F]) Write(z []F) error {
	d.begin()
	_, halo := d.Net.Halo()
	d.buffer = append(d.buffer, z...)
	d.have += len(z) / d.Net.Spec.Units
	for d.have >= d.next+windowFrames+halo {
		if err := d.window(d.next+windowFrames, math.MaxInt, math.MaxInt); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder[F]) begin() {
	if !d.begun {
		d.begun, d.start, d.have, d.next = true, d.Start, d.Start, d.Start
	}
}

// Close gives the rest: of a sound of so many samples in all, those up to number end.
func (d *Decoder[F]) Close(end int) error {
	d.begin()
	hop := d.Net.Spec.Hop()
	for d.next*hop < end {
		if err := d.window(min(d.next+windowFrames, (end+hop-1)/hop), d.have, end); err != nil {
			return err
		}
	}
	return nil
}

// window gives the sound of the frames up to end, of a sound of so many frames and samples.
func (d *Decoder[F]) window(end, frames, samples int) error {
	_, halo := d.Net.Halo()
	units, hop := d.Net.Spec.Units, d.Net.Spec.Hop()
	lo, hi := max(d.start, d.next-halo), min(end+halo, frames)
	width := hi - lo
	z := tensor.New[F](1, units, max(1, width))
	for t := range width {
		for n, v := range d.buffer[(lo-d.start+t)*units:][:units] {
			z.Data[n*width+t] = v
		}
	}
	d.tape.Inference = true
	d.tape.Reset()
	y := d.Net.Decode(&Pass[F]{Tape: &d.tape, Threads: d.Threads, Frame: lo}, autodiff.Constant(z))
	from := d.next*hop - (lo*hop - d.Net.Spec.Lead())
	to := from + min(end*hop, samples) - d.next*hop
	out := y.Value.Data[from:to]
	d.next = end
	if keep := max(d.start, end-halo); keep > d.start {
		drop := min(keep-d.start, len(d.buffer)/units)
		d.buffer = d.buffer[:copy(d.buffer, d.buffer[drop*units:])]
		d.start += drop
	}
	for i, v := range out {
		out[i] = min(max(v, -1), 1)
	}
	return d.Emit(out)
}

// Threshold is what l of a unit has to exceed for an event, where events are to be rarer than the model makes them
// by a part in [0, ∞): that part itself, of all units alike. Of a nested model the part, at most 1, of the units, the last ones, have none.
func (s *Spec) Threshold(unit int, part float64) float64 {
	if !s.Nested {
		return part
	}
	if float64(unit) >= (1-part)*float64(s.Units) {
		return math.Inf(1)
	}
	return 0
}

// Events writes the code of l [N][frames] as frames first… of m: with the binary
// quantiser z = 1 where l > Spec.Threshold, otherwise the bits of the indices of the stages,
// least significant first.
func (n *Network[F]) Events(m *eventcode.Matrix, first, frames int, l []F, part float64) {
	units := n.Spec.Units
	if n.Vectors == nil {
		for u := range units {
			threshold := F(n.Spec.Threshold(u, part))
			for t, v := range l[u*frames : (u+1)*frames] {
				if v > threshold {
					m.Set(first+t, u)
				}
			}
		}
		return
	}
	rows := make([]F, frames*units)
	for u := range units {
		for t, v := range l[u*frames : (u+1)*frames] {
			rows[t*units+u] = v
		}
	}
	n.Vectors.assign(1, rows)
	bits := n.Spec.Bits() / n.Spec.Stages
	for q := range n.Vectors.used() {
		for t, k := range n.Vectors.indices[q*frames:][:frames] {
			for b := range bits {
				if k>>b&1 == 1 {
					m.Set(first+t, q*bits+b)
				}
			}
		}
	}
}

// Code writes frame t of m as the decoder takes it, into z [N].
func (n *Network[F]) Code(z []F, m *eventcode.Matrix, t int) {
	clear(z)
	if n.Vectors == nil {
		for u := range z {
			if m.At(t, u) {
				z[u] = 1
			}
		}
		return
	}
	bits := n.Spec.Bits() / n.Spec.Stages
	for q := range n.Vectors.used() {
		k := 0
		for b := range bits {
			if m.At(t, q*bits+b) {
				k |= 1 << b
			}
		}
		code := n.Vectors.Codes[(q*n.Spec.Entries+min(k, n.Spec.Entries-1))*n.Spec.Units:]
		for u := range z {
			z[u] += code[u]
		}
	}
}

// EncodeAll is the code of a whole sound in memory.
func (n *Network[F]) EncodeAll(threads int, x []F, part float64) (*eventcode.Matrix, error) {
	m := eventcode.NewMatrix(n.Spec.Frames(len(x)), n.Spec.Bits())
	e := &Encoder[F]{Net: n, Threads: threads, Emit: func(first, frames int, l []F) error {
		n.Events(m, first, frames, l, part)
		return nil
	}}
	if err := e.Write(x); err != nil {
		return nil, err
	}
	_, err := e.Close()
	return m, err
}

// DecodeAll is the sound of so many samples of a whole code.
func (n *Network[F]) DecodeAll(threads int, m *eventcode.Matrix, samples int) ([]F, error) {
	out := make([]F, 0, samples)
	d := &Decoder[F]{Net: n, Threads: threads, Emit: func(y []F) error {
		out = append(out, y...)
		return nil
	}}
	z := make([]F, n.Spec.Units)
	for t := range m.Frames() {
		n.Code(z, m, t)
		if err := d.Write(z); err != nil {
			return nil, err
		}
	}
	return out, d.Close(samples)
}
