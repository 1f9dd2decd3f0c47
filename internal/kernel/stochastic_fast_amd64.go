//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

func membraneNoiseFast[F tensor.Float](normal, uniform []F, key [2]uint32, counter [3]uint32) bool {
	x, ok := any(normal).([]float32)
	if !ok || !useVectors {
		return false
	}
	u := any(uniform).([]float32)
	var keys [20]uint32
	for round := range uint32(10) {
		keys[2*round], keys[2*round+1] = key[0]+round*0x9E3779B9, key[1]+round*0xBB67AE85
	}
	blocks := len(x) / NoiseBlock
	switch { // called by name, so that keys and counter stay on the stack
	case blocks == 0:
	case useWide:
		membraneNoiseAVX512(blocks, &keys[0], &counter[0], &x[0], &u[0])
	default:
		membraneNoiseAVX2(blocks, &keys[0], &counter[0], &x[0], &u[0])
	}
	for first := blocks * NoiseBlock; first < len(x); first += NoiseBlock {
		drawBlock(x, u, first, key, counter)
	}
	return true
}

func wholeLanes[F tensor.Float](x []F) bool {
	_, ok := float32s(x)
	return ok && len(x)%Lanes == 0
}

func chargeFast[F tensor.Float](theta, steep F, v, decay, current, bias, scale, normal, logit []F) bool {
	if !wholeLanes(v) {
		return false
	}
	n := len(v)
	charge := chargeAVX2
	if useWide {
		charge = chargeAVX512
	}
	charge(n, float32(theta), float32(steep), first(v), first(decay[:n]), first(current[:n]), first(bias[:n]), first(scale[:n]), first(normal[:n]), first(logit[:n]))
	return true
}

func fireFast[F tensor.Float](of *Spiking[F]) bool {
	s, ok := any(of).(*Spiking[float32])
	if !ok || !wholeLanes(s.V) {
		return false
	}
	n := len(s.V)
	_, _, _, _, _ = s.P[n-1], s.Uniform[n-1], s.Drop[n-1], s.Counter[n-1], s.Spikes[n/Lanes-1]
	if s.Surrogate != nil {
		_ = s.Surrogate[n-1]
	}
	fire := fireAVX2
	if useWide {
		fire = fireAVX512
	}
	fire(n, s.Most, s.Slope, s.Refractory, &s.P[0], &s.Uniform[0], &s.V[0], &s.Drop[0], &s.Counter[0], unsafe.SliceData(s.Surrogate), &s.Spikes[0])
	return true
}

func dischargeFast[F tensor.Float](of *Backward[F]) bool {
	b, ok := any(of).(*Backward[float32])
	if !ok || !wholeLanes(b.Back) {
		return false
	}
	n := len(b.Back)
	for _, row := range [][]float32{b.G, b.Spike, b.Surrogate, b.Drop, b.Decay, b.Normal, b.Sum, b.Noise} {
		_ = row[n-1]
	}
	if b.Direct != nil {
		_ = b.Direct[n-1]
	}
	discharge := dischargeAVX2
	if useWide {
		discharge = dischargeAVX512
	}
	discharge(n, &b.G[0], &b.Back[0], &b.Spike[0], unsafe.SliceData(b.Direct), &b.Surrogate[0], &b.Drop[0], &b.Decay[0], &b.Normal[0], &b.Sum[0], &b.Noise[0])
	return true
}
