package eventcode

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
)

// Prior is what the range coder knows before the first event of a matrix: the codes of a
// model are alike, so that it need not learn them anew for each. Files are coded with
// it, so it belongs to the model's identity.
type Prior struct {
	units    int
	partners []partner
	knowledge
}

// partner names the units that tell most of a unit: of this frame, coded before it, and of
// the frame before.
type partner struct{ same, past [partnersOfUnit]int32 }

const partnersOfUnit = 4

// neighbours are the partners without a prior. A unit that has too few before it has
// itself in their place, which tells nothing.
func neighbours(n, units int) (p partner) {
	for i := range p.same {
		p.same[i] = int32(n)
		if n > i {
			p.same[i] = int32(n - 1 - i)
		}
	}
	for i, d := range []int{-1, 1, -2, 2} {
		p.past[i] = int32(min(max(n+d, 0), units-1))
	}
	return p
}

// passes over the training codes, and the greatest count that a slot starts from: more
// makes it slow to follow a piece that differs.
const (
	passes    = 2
	mostPrior = 60
)

// Train learns a prior from the codes of a model.
func Train(units int, codes []*Matrix) *Prior {
	p := &Prior{units: units, partners: choosePartners(units, codes), knowledge: newKnowledge(units)}
	c := newContextModel(units, nil)
	c.partners = p.partners
	c.reset()
	learned := c.knowledge
	for range passes {
		for _, m := range codes {
			before := newKnowledge(units)
			before.set(&learned)
			c.prior = &Prior{knowledge: before}
			c.reset()
			c.goOn(m.frames, func(cell int, _ uint32) uint64 { return m.bit(cell) })
		}
	}
	p.set(&c.knowledge)
	p.round()
	return p
}

// round makes the numbers those that are stored.
func (p *Prior) round() {
	for i, s := range p.slots {
		p.slots[i] = s>>16<<16 | min(s&limit, mostPrior)
	}
	for i, w := range p.weights {
		p.weights[i] = min(max(w>>6, math.MinInt16), math.MaxInt16) << 6
	}
}

// choosePartners takes for each unit those of greatest mutual information.
func choosePartners(units int, codes []*Matrix) []partner {
	partners := make([]partner, units)
	for n := range partners {
		partners[n] = neighbours(n, units)
	}
	if units > bandwise {
		return partners
	}
	single := make([]float64, units)
	same, past := make([]float64, units*units), make([]float64, units*units)
	total := 0.0
	var now, before []int
	for _, m := range codes {
		before = before[:0]
		for t := range m.frames {
			now = now[:0]
			for n := range units {
				if m.At(t, n) {
					now = append(now, n)
				}
			}
			for _, n := range now {
				single[n]++
				for _, o := range now {
					same[n*units+o]++
				}
				for _, o := range before {
					past[n*units+o]++
				}
			}
			now, before = before, now
			total++
		}
	}
	for n := range partners {
		best := func(list *[partnersOfUnit]int32, joint []float64, among int) {
			order := make([]int, 0, among)
			gain := make([]float64, units)
			for o := range among {
				if o != n {
					order = append(order, o)
					gain[o] = information(joint[n*units+o], single[n], single[o], total)
				}
			}
			slices.SortStableFunc(order, func(a, b int) int {
				switch {
				case gain[a] > gain[b]:
					return -1
				case gain[a] < gain[b]:
					return 1
				}
				return 0
			})
			for i := range min(len(order), len(list)) {
				list[i] = int32(order[i])
			}
		}
		best(&partners[n].same, same, n)
		best(&partners[n].past, past, units)
	}
	return partners
}

// information is the mutual information of two events of which a and b happened in n
// frames, and both in some.
func information(both, a, b, n float64) float64 {
	sum := 0.0
	for _, cell := range [][3]float64{{both, a, b}, {a - both, a, n - b}, {b - both, n - a, b}, {n - a - b + both, n - a, n - b}} {
		if cell[0] > 0 && cell[1] > 0 && cell[2] > 0 {
			sum += cell[0] * math.Log(cell[0]*n/(cell[1]*cell[2]))
		}
	}
	return sum
}

// Units is N.
func (p *Prior) Units() int { return p.units }

// AppendBinary writes the prior, little endian: for each unit its partners (uint16); for
// each slot its probability (uint16) and count (uint8); the predictor's weights (int16 in
// units of 2^-10); the weights of the mixers (int32).
func (p *Prior) AppendBinary(b []byte) ([]byte, error) {
	for _, of := range p.partners {
		for _, unit := range slices.Concat(of.same[:], of.past[:]) {
			b = binary.LittleEndian.AppendUint16(b, uint16(unit))
		}
	}
	for _, s := range p.slots {
		b = append(binary.LittleEndian.AppendUint16(b, uint16(s>>16)), uint8(s&limit))
	}
	for _, w := range p.weights {
		b = binary.LittleEndian.AppendUint16(b, uint16(w>>6))
	}
	for _, w := range slices.Concat(p.byUnit, p.byCount) {
		b = binary.LittleEndian.AppendUint32(b, uint32(w))
	}
	return b, nil
}

// ReadPrior reads what AppendBinary wrote, for so many units.
func ReadPrior(units int, data []byte) (*Prior, error) {
	if units < 1 || units > MostRangeUnits {
		return nil, fault.Inputf("a prior of %d units, expected 1 to %d", units, MostRangeUnits)
	}
	p := &Prior{units: units, partners: make([]partner, units), knowledge: newKnowledge(units)}
	size := 2*2*partnersOfUnit*units + 3*len(p.slots) + 2*len(p.weights) + 4*(len(p.byUnit)+len(p.byCount))
	if len(data) != size {
		return nil, fault.Inputf("the entropy tables have %d bytes, expected %d for %d units", len(data), size, units)
	}
	at := 0
	word := func() uint16 {
		at += 2
		return binary.LittleEndian.Uint16(data[at-2:])
	}
	for n := range p.partners {
		for _, list := range []*[partnersOfUnit]int32{&p.partners[n].same, &p.partners[n].past} {
			for i := range list {
				list[i] = int32(word())
				if int(list[i]) >= units {
					return nil, fault.Inputf("the entropy tables name unit %d, expected below %d", list[i], units)
				}
			}
		}
	}
	for i := range p.slots {
		p.slots[i] = uint32(word())<<16 | uint32(data[at])
		at++
	}
	for i := range p.weights {
		p.weights[i] = int32(int16(word())) << 6
	}
	for _, weights := range [][]int32{p.byUnit, p.byCount} {
		for i := range weights {
			weights[i] = int32(binary.LittleEndian.Uint32(data[at:]))
			at += 4
		}
	}
	return p, nil
}
