// Package rng gives every random draw of the program an address.
//
// A stream is named by (seed, purpose, step, index); its values depend on that
// name alone, so no draw depends on the number of threads, on the order of
// work, or on what was drawn before. Nothing of a stream needs to be saved to
// resume a run.
package rng

import "math/rand/v2"

// Purpose names what a stream is drawn for, so that two uses of one seed never
// share their numbers.
type Purpose string

// Stream returns the random stream of (seed, purpose, step, index).
//
// step is usually the training step, index the trial or group within it.
func Stream(seed uint64, purpose Purpose, step, index uint64) *rand.Rand {
	return rand.New(&source{key: Key(seed, purpose), counter: [4]uint32{
		0, 0, uint32(step) ^ uint32(step>>32)*0x9E3779B1, uint32(index) ^ uint32(index>>32)*0x85EBCA6B}})
}

// Key mixes seed and purpose (FNV-1a, then the SplitMix64 finaliser) into a Philox
// key, for kernels that draw many numbers at once.
func Key(seed uint64, purpose Purpose) [2]uint32 {
	h := uint64(14695981039346656037)
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	h += seed * 0x9E3779B97F4A7C15
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	h ^= h >> 31
	return [2]uint32{uint32(h), uint32(h >> 32)}
}

// source is a Philox 4×32 counter read out as a rand.Source: two uint64 a block.
// The first two counter words number the blocks, the last two name the stream.
type source struct {
	key     [2]uint32
	counter [4]uint32
	block   [4]uint32
	left    int
}

func (s *source) Uint64() uint64 {
	if s.left == 0 {
		s.block = Philox4x32(s.counter, s.key)
		s.left = 2
		if s.counter[0]++; s.counter[0] == 0 {
			s.counter[1]++
		}
	}
	i := 4 - 2*s.left
	s.left--
	return uint64(s.block[i]) | uint64(s.block[i+1])<<32
}

// Philox4x32 is the ten-round Philox-4×32 bijection of Salmon et al.,
// "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
func Philox4x32(counter [4]uint32, key [2]uint32) [4]uint32 {
	const rounds = 10
	c, k := counter, key
	for range rounds {
		p0 := uint64(0xD2511F53) * uint64(c[0])
		p1 := uint64(0xCD9E8D57) * uint64(c[2])
		c = [4]uint32{uint32(p1>>32) ^ c[1] ^ k[0], uint32(p1), uint32(p0>>32) ^ c[3] ^ k[1], uint32(p0)}
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
	return c
}
