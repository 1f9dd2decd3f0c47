// Package midi reads the notes of standard MIDI files, and writes them.
package midi

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
)

// Note is a key that is struck and let go.
type Note struct {
	Key      int     // 0 to 127; 60 is middle C
	Velocity int     // 1 to 127
	Onset    float64 // s
	Duration float64 // s, until the key is let go; the sustain pedal may let it sound on
}

// Music is what a file holds.
type Music struct {
	Notes []Note  // by onset
	Pedal []Pedal // changes of the sustain pedal, by time
}

// Pedal is a position of the sustain pedal (controller 64), 0 to 127.
type Pedal struct {
	Time  float64 // s
	Value int
}

const mostBytes = 64 << 20 // of a file

// event is one that matters, at a tick.
type event struct {
	tick  uint64
	kind  byte   // 0x80 off, 0x90 on, 0xB0 controller, 0xFF tempo
	a, b  byte   // key and velocity, or controller and value
	tempo uint32 // µs per quarter
}

// Read reads a standard MIDI file of format 0 or 1; name is for errors, which are
// faults of the input.
func Read(r io.Reader, name string) (*Music, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, fault.Inputf("reading %s: %w", name, err)
	}
	if len(data) > mostBytes {
		return nil, fault.Inputf("%s has more than %d MiB, which is no MIDI file of music", name, mostBytes>>20)
	}
	m, err := decode(data)
	if err != nil {
		return nil, fault.Inputf("%s is no MIDI file that can be read: %w", name, err)
	}
	return m, nil
}

func decode(data []byte) (*Music, error) {
	head, rest, err := chunk(data)
	if err != nil || string(data[:4]) != "MThd" || len(head) < 6 {
		return nil, errors.New("it does not begin with a header MThd of 6 bytes")
	}
	format, tracks, division := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:])), binary.BigEndian.Uint16(head[4:])
	if format > 1 {
		return nil, errors.New("it has format 2 (independent tracks), expected 0 or 1")
	}
	var events []event
	for found := 0; found < tracks; {
		if len(rest) == 0 {
			return nil, errors.New("it has fewer tracks than its header says")
		}
		kind := string(rest[:min(4, len(rest))])
		var body []byte
		if body, rest, err = chunk(rest); err != nil {
			return nil, err
		}
		if kind != "MTrk" {
			continue // others are allowed, and to be skipped
		}
		found++
		if events, err = track(events, body); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.tick, b.tick) })
	return play(events, division)
}

func chunk(data []byte) (body, rest []byte, err error) {
	if len(data) < 8 {
		return nil, nil, errors.New("it ends in the middle of a chunk")
	}
	length := binary.BigEndian.Uint32(data[4:])
	if uint64(length) > uint64(len(data)-8) {
		return nil, nil, errors.New("it ends in the middle of a chunk")
	}
	return data[8 : 8+length], data[8+length:], nil
}

var errShort = errors.New("a track ends in the middle of an event")

// track appends the events of a track.
func track(events []event, data []byte) ([]event, error) {
	r := bytes.NewReader(data)
	var tick uint64
	var status byte
	for r.Len() > 0 {
		delta, err := variable(r)
		if err != nil {
			return nil, err
		}
		tick += uint64(delta)
		first, err := r.ReadByte()
		if err != nil {
			return nil, errShort
		}
		switch {
		case first == 0xFF:
			kind, err := r.ReadByte()
			if err != nil {
				return nil, errShort
			}
			body, err := sized(r)
			if err != nil {
				return nil, err
			}
			if kind == 0x51 && len(body) == 3 {
				tempo := uint32(body[0])<<16 | uint32(body[1])<<8 | uint32(body[2])
				events = append(events, event{tick: tick, kind: 0xFF, tempo: tempo})
			}
			if kind == 0x2F {
				return events, nil
			}
			status = 0
			continue
		case first == 0xF0 || first == 0xF7:
			if _, err := sized(r); err != nil {
				return nil, err
			}
			status = 0
			continue
		case first >= 0xF1:
			return nil, errors.New("a track holds a system message, which files have not")
		case first >= 0x80:
			status = first
		default:
			if status == 0 {
				return nil, errors.New("a track has data where an event begins")
			}
			_ = r.UnreadByte() // running status
		}
		a, err := r.ReadByte()
		if err != nil {
			return nil, errShort
		}
		var b byte
		if kind := status & 0xF0; kind != 0xC0 && kind != 0xD0 {
			if b, err = r.ReadByte(); err != nil {
				return nil, errShort
			}
		}
		if a > 127 || b > 127 {
			return nil, errors.New("an event has data above 127")
		}
		switch kind := status & 0xF0; {
		case kind == 0x90 && b > 0, kind == 0xB0 && a == 64:
			events = append(events, event{tick: tick, kind: kind, a: a, b: b})
		case kind == 0x80, kind == 0x90:
			events = append(events, event{tick: tick, kind: 0x80, a: a})
		}
	}
	return events, nil
}

// variable reads a number of up to four bytes of seven bits.
func variable(r *bytes.Reader) (uint32, error) {
	var x uint32
	for range 4 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, errShort
		}
		x = x<<7 | uint32(b&0x7F)
		if b < 0x80 {
			return x, nil
		}
	}
	return 0, errors.New("a track has a number of more than four bytes")
}

func sized(r *bytes.Reader) ([]byte, error) {
	n, err := variable(r)
	if err != nil {
		return nil, err
	}
	if int64(n) > int64(r.Len()) {
		return nil, errShort
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r, body)
	return body, err
}

// play turns ticks into seconds and pairs the strokes of keys with their ends.
func play(events []event, division uint16) (*Music, error) {
	perTick := 0.0 // s
	smpte := division&0x8000 != 0
	if smpte {
		frames, ticks := -int(int8(division>>8)), int(division&0xFF)
		if frames == 0 || ticks == 0 {
			return nil, errors.New("its division is 0")
		}
		perTick = 1 / float64(frames*ticks)
	} else {
		if division == 0 {
			return nil, errors.New("its division is 0")
		}
		perTick = 0.5 / float64(division) // 120 quarters a minute until a tempo is set
	}
	m := &Music{}
	sounding := map[byte][]int{} // notes of a key, the oldest first
	now, last := 0.0, uint64(0)
	for _, e := range events {
		now += float64(e.tick-last) * perTick
		last = e.tick
		switch e.kind {
		case 0xFF:
			if !smpte {
				perTick = float64(e.tempo) * 1e-6 / float64(division)
			}
		case 0xB0:
			m.Pedal = append(m.Pedal, Pedal{now, int(e.b)})
		case 0x90:
			sounding[e.a] = append(sounding[e.a], len(m.Notes))
			m.Notes = append(m.Notes, Note{Key: int(e.a), Velocity: int(e.b), Onset: now})
		case 0x80:
			if of := sounding[e.a]; len(of) > 0 {
				m.Notes[of[0]].Duration = now - m.Notes[of[0]].Onset
				sounding[e.a] = of[1:]
			}
		}
	}
	for _, of := range sounding { // never let go: until the end
		for _, i := range of {
			m.Notes[i].Duration = now - m.Notes[i].Onset
		}
	}
	return m, nil
}

// Write writes notes as a standard MIDI file of format 1 with 1000 ticks a second: track 0
// has the tempo, track 1 the notes, with strokes of velocity 0 for their ends.
func Write(w io.Writer, notes []Note) error {
	const perSecond = 1000
	type stroke struct {
		tick     uint32
		key, vel byte
	}
	var strokes []stroke
	for _, n := range notes {
		on := uint32(math.Round(n.Onset * perSecond))
		strokes = append(strokes, stroke{on, byte(n.Key), byte(n.Velocity)},
			stroke{max(on+1, uint32(math.Round((n.Onset+n.Duration)*perSecond))), byte(n.Key), 0})
	}
	slices.SortStableFunc(strokes, func(a, b stroke) int {
		return cmp.Or(cmp.Compare(a.tick, b.tick), cmp.Compare(min(a.vel, 1), min(b.vel, 1))) // a key is let go before it is struck anew
	})
	tempo := []byte{0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 0, 0xFF, 0x2F, 0} // half a second a quarter, of perSecond/2 ticks
	var body []byte
	last := uint32(0)
	for i, s := range strokes {
		body = appendVariable(body, s.tick-last)
		if i == 0 {
			body = append(body, 0x90)
		}
		body = append(body, s.key, s.vel)
		last = s.tick
	}
	body = append(body, 0, 0xFF, 0x2F, 0)
	var file []byte
	appendChunk := func(kind string, body []byte) {
		file = append(file, kind...)
		file = binary.BigEndian.AppendUint32(file, uint32(len(body)))
		file = append(file, body...)
	}
	appendChunk("MThd", []byte{0, 1, 0, 2, perSecond / 2 >> 8, perSecond / 2 & 0xFF})
	appendChunk("MTrk", tempo)
	appendChunk("MTrk", body)
	_, err := w.Write(file)
	return err
}

func appendVariable(b []byte, x uint32) []byte {
	for shift := 21; shift > 0; shift -= 7 {
		if x>>shift > 0 {
			b = append(b, byte(x>>shift&0x7F|0x80))
		}
	}
	return append(b, byte(x&0x7F))
}
