package storerecall

import (
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/fault"
)

// symbol is what one symbol step of a trial shows.
type symbol struct {
	command int   // store, recall, or noCommand
	bit     uint8 // the digit shown; at a recall, the one to be told
}

const noCommand = 0

// populations are those that fire: at a store, its digit's and its own; at a
// recall, its own only; else the digit's.
func (s symbol) populations() []int { return firing[s.command][s.bit] }

var firing = [populations][2][]int{
	noCommand: {{valueZero}, {valueOne}},
	store:     {{valueZero, store}, {valueOne, store}},
	recall:    {{recall}, {recall}},
}

// sequences draws what a trial shows.
type sequences interface {
	draw(r *rand.Rand, dst []symbol)
}

// fixedDelay puts as many pairs of store and recall as fit, one right after the
// other, the first at random where there is room.
type fixedDelay struct{ symbols, delay int }

func newFixedDelay(symbols, delay int) (sequences, error) {
	if delay < 1 || delay >= symbols {
		return nil, fault.Inputf("delay_symbols is %d, expected 0 (random) or 1 to %d with %d symbols", delay, symbols-1, symbols)
	}
	return fixedDelay{symbols, delay}, nil
}

func (f fixedDelay) draw(r *rand.Rand, dst []symbol) {
	period := f.delay + 1
	pairs := f.symbols / period
	for i := range dst {
		dst[i] = symbol{command: noCommand}
	}
	first := r.IntN(f.symbols - pairs*period + 1)
	for i := range pairs {
		dst[first+i*period].command = store
		dst[first+i*period+f.delay].command = recall
	}
	drawBits(r, dst)
}

// randomDelays draws the paper's sequences. In each step, the command whose
// turn it is comes with probability p; a sequence is valid if it holds a
// command, starts with store and ends with recall, and no recall follows right
// after its store.
//
// The original redraws until a sequence is valid. Here each command is drawn
// with the probability that it has among the valid sequences, which gives the
// same distribution in one go:
//
//	P(command | state, n steps to go) = p V(n-1, next state) / V(n, state),
//
// V being the probability that a valid sequence follows.
type randomDelays struct {
	p     float64
	valid [][states]float64 // V(n, ·), up to a factor for each n
}

// The states between commands.
const (
	untouched = iota // no command yet
	recalled         // the last was a recall
	stored           // the step before was a store: a digit must follow
	waiting          // for the recall
	states
)

// onCommand and onDigit are the next states; -1 is invalid.
var (
	onCommand = [states]int{untouched: stored, recalled: stored, stored: -1, waiting: recalled}
	onDigit   = [states]int{untouched: untouched, recalled: recalled, stored: waiting, waiting: waiting}
)

func newRandomDelays(symbols int, p float64) (sequences, error) {
	if !(p > 0 && p < 1) {
		return nil, fault.Inputf("command_probability is %g, expected a number above 0 and below 1", p)
	}
	if symbols < 3 {
		return nil, fault.Inputf("symbols is %d, expected at least 3 (store, a digit, recall) where delays are random", symbols)
	}
	d := &randomDelays{p: p, valid: make([][states]float64, symbols+1)}
	d.valid[0][recalled] = 1
	for n := 1; n <= symbols; n++ {
		largest := 0.0
		for state := range states {
			command, digit := d.weights(n, state)
			d.valid[n][state] = command + digit
			largest = max(largest, command+digit)
		}
		for state := range states {
			d.valid[n][state] /= largest // or a long sequence would underflow
		}
	}
	if d.valid[symbols][untouched] == 0 {
		return nil, fault.Inputf("command_probability is %g, which makes no valid sequence of %d symbols", p, symbols)
	}
	return d, nil
}

// weights are proportional to the probabilities of a command and of a digit in
// a state with n steps to go.
func (d *randomDelays) weights(n, state int) (command, digit float64) {
	if next := onCommand[state]; next >= 0 {
		command = d.p * d.valid[n-1][next]
	}
	return command, (1 - d.p) * d.valid[n-1][onDigit[state]]
}

func (d *randomDelays) draw(r *rand.Rand, dst []symbol) {
	state := untouched
	for i := range dst {
		command, digit := d.weights(len(dst)-i, state)
		if r.Float64()*(command+digit) >= command {
			dst[i] = symbol{command: noCommand}
			state = onDigit[state]
			continue
		}
		dst[i] = symbol{command: store}
		if state == waiting {
			dst[i] = symbol{command: recall}
		}
		state = onCommand[state]
	}
	drawBits(r, dst)
}

// drawBits draws the digits and gives each recall the bit that was stored.
//
// The original takes the bit to be stored from the step after the store, and
// flips the digit then shown there with probability 1/2: that digit tells
// nothing. So all digits are drawn independently here.
func drawBits(r *rand.Rand, dst []symbol) {
	var kept uint8
	for i := range dst {
		switch dst[i].command {
		case recall:
			dst[i].bit = kept
			continue
		case store:
			kept = uint8(r.IntN(2))
			dst[i].bit = kept
		default:
			dst[i].bit = uint8(r.IntN(2))
		}
	}
}
