package eventcode

// The model of mode Range: each cell (t, n) gets a probability from what is known of its
// past, frame by frame, n ascending. A dozen contexts each keep a probability that adapts
// to what followed; a logistic predictor weighs the events of the last frames and of this
// one so far, each by itself; two mixers, of which one is chosen by the unit and one by how
// busy the frame is, weigh all of these in the logistic domain, and learn from every bit
// (section 9, with the predictor of its "next steps").

// MostRangeUnits is the greatest number of units of mode Range.
const MostRangeUnits = 4096

const (
	contexts = 12
	inputs   = contexts + 2 // and the predictor, and a constant
	constant = 256          // the last input

	slotSize = 16   // most values that a context tells apart for each unit
	bandwise = 256  // with more units than that there is no predictor
	lags     = 3    // frames that the predictor sees, this one among them
	busy     = 5    // classes of a count of events
	ages     = 9    // classes of the frames since the last event
	mostAge  = 40   // beyond, all are one class
	limit    = 1023 // of the count of a slot
	sets     = busy * busy
)

// classOfCount: 0, 1, 2-3, 4-7, 8 and more.
func classOfCount(k int) int {
	switch {
	case k < 2:
		return k
	case k < 4:
		return 2
	case k < 8:
		return 3
	}
	return 4
}

// classOfAge: 1, 2, 3, 4, 5-6, 7-9, 10-15, 16-39, more.
func classOfAge(a int) int {
	switch {
	case a <= 4:
		return a - 1
	case a <= 6:
		return 4
	case a <= 9:
		return 5
	case a <= 15:
		return 6
	case a < mostAge:
		return 7
	}
	return 8
}

// knowledge is what the model has learned, and what a Prior holds.
type knowledge struct {
	slots   []uint32 // [contexts][N][slotSize]: a probability of 22 bits, and in 10 bits how often it was seen
	weights []int32  // of the predictor, [N][1 + lags·N] in units of 2^-16: constant, this frame, those before; or none
	byUnit  []int32  // mixers in 16.16, [N][inputs]
	byCount []int32  // [sets][inputs]
}

func newKnowledge(units int) knowledge {
	k := knowledge{slots: make([]uint32, contexts*units*slotSize), byUnit: make([]int32, units*inputs), byCount: make([]int32, sets*inputs)}
	if units <= bandwise {
		k.weights = make([]int32, units*(1+lags*units))
	}
	k.forget()
	return k
}

// forget sets what is known at the start without a prior.
func (k *knowledge) forget() {
	for i := range k.slots {
		k.slots[i] = 1 << (22 - 3) << 10 // p = 1/8, never seen
	}
	clear(k.weights)
	for i := range k.byUnit {
		k.byUnit[i] = 1 << 16 / 5
	}
	for i := range k.byCount {
		k.byCount[i] = 1 << 16 / 5
	}
}

func (k *knowledge) set(o *knowledge) {
	copy(k.slots, o.slots)
	copy(k.weights, o.weights)
	copy(k.byUnit, o.byUnit)
	copy(k.byCount, o.byCount)
}

// contextModel predicts and learns.
type contextModel struct {
	knowledge
	units    int
	prior    *Prior
	table    *logistics
	steps    [limit + 1]uint32 // 2^16/(count + 1.5)
	partners []partner

	history  []uint16 // of each unit, the last frame in the lowest bit
	age      []uint8
	active   [lags][]int32 // units with events in this frame so far, in the frame before, and so on
	previous int           // events in the frame before

	// Of the cell that was predicted last.
	places [contexts]int
	inputs [inputs]int32
	unit   int
	crowd  int
	mixed  [2]int32 // probabilities of the mixers
	linear int32    // probability of the predictor
}

func newContextModel(units int, prior *Prior) *contextModel {
	c := &contextModel{knowledge: newKnowledge(units), units: units, prior: prior, table: newLogistics(),
		history: make([]uint16, units), age: make([]uint8, units)}
	for i := range c.steps {
		c.steps[i] = uint32(65536 * 2 / (2*i + 3))
	}
	c.partners = make([]partner, units)
	for n := range c.partners {
		c.partners[n] = neighbours(n, units)
	}
	if prior != nil {
		copy(c.partners, prior.partners)
	}
	for i := range c.active {
		c.active[i] = make([]int32, 0, units)
	}
	return c
}

// reset forgets all of the last matrix.
func (c *contextModel) reset() {
	if c.prior != nil {
		c.knowledge.set(&c.prior.knowledge)
	} else {
		c.forget()
	}
	clear(c.history)
	for n := range c.age {
		c.age[n] = mostAge
	}
	for i := range c.active {
		c.active[i] = c.active[i][:0]
	}
	c.previous = 0
}

func (c *contextModel) encode(m *Matrix) []byte {
	e := newRangeEncoder(nil)
	c.run(m.frames, func(cell int, p uint32) uint64 {
		bit := m.bit(cell)
		e.encode(bit, p)
		return bit
	})
	return e.finish(0)
}

func (c *contextModel) decode(data []byte, m *Matrix) error {
	d := newRangeDecoder(data)
	c.run(m.frames, func(cell int, p uint32) uint64 {
		bit := d.decode(p)
		if bit == 1 {
			m.set(cell)
		}
		return bit
	})
	return d.check()
}

// run goes through all cells; code codes a bit of probability p.
func (c *contextModel) run(frames int, code func(cell int, p uint32) uint64) {
	c.reset()
	c.goOn(frames, code)
}

func (c *contextModel) goOn(frames int, code func(cell int, p uint32) uint64) {
	for t := range frames {
		for n := range c.units {
			bit := code(t*c.units+n, clampP(c.predict(n)))
			c.learn(bit)
			if bit == 1 {
				c.active[0] = append(c.active[0], int32(n))
			}
		}
		c.next()
	}
}

// next ends a frame.
func (c *contextModel) next() {
	for n := range c.age {
		c.age[n] = min(c.age[n]+1, mostAge)
		c.history[n] <<= 1
	}
	for _, n := range c.active[0] {
		c.age[n] = 1
		c.history[n] |= 1
	}
	c.previous = len(c.active[0])
	last := c.active[lags-1][:0]
	copy(c.active[1:], c.active[:lags-1])
	c.active[0] = last
}

// last is whether a unit had an event in the frame before.
func (c *contextModel) last(n int) int { return int(c.history[n] & 1) }

// predict is the probability of an event of unit n, in units of 2^-16.
func (c *contextModel) predict(n int) int32 {
	c.unit = n
	sofar, before := classOfCount(len(c.active[0])), classOfCount(c.previous)
	h := int(c.history[n])
	age := classOfAge(int(c.age[n]))
	left1, left2 := 0, 0
	for i := len(c.active[0]) - 1; i >= 0 && int(c.active[0][i]) >= n-2; i-- {
		if int(c.active[0][i]) == n-1 {
			left1 = 1
		} else {
			left2 = 1
		}
	}
	right := 0
	if n+1 < c.units {
		right = c.last(n + 1)
	}
	p := &c.partners[n]
	var same, past int
	for i, unit := range p.same {
		same |= c.fired(unit) << i
	}
	for i, unit := range p.past {
		past |= c.last(int(unit)) << i
	}
	values := [contexts]int{
		0,
		h & 15,
		age,
		min(sofar, 3)<<2 | min(before, 3),
		h&1 | left1<<1 | left2<<2 | right<<3,
		same & 15,
		past & 15,
		same&3 | past&3<<2,
		same&7 | h&1<<3,
		min(age, 3)<<2 | min(sofar, 3),
		h >> 4 & 15,
		past&7 | h&1<<3,
	}
	for i, v := range values {
		at := (i*c.units+n)*slotSize + v
		c.places[i] = at
		c.inputs[i] = int32(c.table.stretched[c.slots[at]>>(32-stretchBits)])
	}
	linear := int32(0)
	if len(c.weights) > 0 {
		w := c.weights[n*(1+lags*c.units):][:1+lags*c.units]
		sum := w[0]
		for lag, active := range &c.active {
			row := w[1+lag*c.units:][:c.units]
			for _, unit := range active {
				sum += row[unit]
			}
		}
		linear = min(max(sum>>8, -mostStretch), mostStretch)
	}
	c.inputs[contexts] = linear
	c.inputs[contexts+1] = constant
	c.linear = c.table.squash(linear)
	c.crowd = sofar*busy + before
	d1 := dot(c.byUnit[n*inputs:][:inputs], &c.inputs)
	d2 := dot(c.byCount[c.crowd*inputs:][:inputs], &c.inputs)
	c.mixed[0], c.mixed[1] = c.table.squash(d1), c.table.squash(d2)
	return c.table.squash((d1 + d2) >> 1)
}

// fired reports whether a unit has an event in this frame, among those coded so far.
func (c *contextModel) fired(unit int32) int {
	active := c.active[0]
	for i := len(active) - 1; i >= 0; i-- {
		if active[i] <= unit {
			if active[i] == unit {
				return 1
			}
			return 0
		}
	}
	return 0
}

func dot(weights []int32, x *[inputs]int32) int32 {
	var sum int64
	for i, w := range weights {
		sum += int64(w) * int64(x[i])
	}
	return int32(min(max(sum>>16, -mostStretch), mostStretch))
}

// learn moves all that took part in the last prediction.
func (c *contextModel) learn(bit uint64) {
	target := int32(bit << 16)
	for _, at := range &c.places {
		s := c.slots[at]
		p, count := s>>10, s&limit
		step := c.steps[count]
		if bit == 1 {
			p += uint32(uint64(1<<22-1-p) * uint64(step) >> 16)
		} else {
			p -= uint32(uint64(p) * uint64(step) >> 16)
		}
		if count < limit {
			count++
		}
		c.slots[at] = p<<10 | count
	}
	if len(c.weights) > 0 {
		if move := (target - c.linear) >> 5; move != 0 { // η = 1/32
			w := c.weights[c.unit*(1+lags*c.units):][:1+lags*c.units]
			w[0] += move
			for lag, active := range &c.active {
				row := w[1+lag*c.units:][:c.units]
				for _, unit := range active {
					row[unit] += move
				}
			}
		}
	}
	train(c.byUnit[c.unit*inputs:][:inputs], &c.inputs, target-c.mixed[0])
	train(c.byCount[c.crowd*inputs:][:inputs], &c.inputs, target-c.mixed[1])
}

// train is w += η err x, with η ≈ 0.02 in units of the two.
func train(weights []int32, x *[inputs]int32, err int32) {
	for i := range weights {
		weights[i] += int32((int64(x[i])*int64(err) + 1<<13) >> 14)
	}
}
