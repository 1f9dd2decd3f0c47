package neulvm

import (
	"math"
	"math/rand/v2"
)

// direct simulates neurons one by one, as section 3 of the method says it.
type direct struct {
	net   *Network
	grid  Grid
	rest  [][]float64
	u     [][]float64
	age   [][]int
	trace []float64
	past  [][]float64 // activities of the last steps, newest last
	r     *rand.Rand
}

func newDirect(net *Network, g Grid, rest [][]float64) *direct {
	d := &direct{net: net, grid: g, rest: rest, trace: make([]float64, net.Populations()), r: rand.New(rand.NewPCG(3, 4))}
	for _, n := range net.Neurons {
		d.u, d.age = append(d.u, make([]float64, n)), append(d.age, make([]int, n))
		d.past = append(d.past, make([]float64, 1+net.DelayBins(g.Dt)))
	}
	return d
}

func (d *direct) advance(input []float64) []int {
	dt, m := d.grid.Dt, d.net.Populations()
	for q := range d.trace {
		e := math.Exp(-d.net.Synapse[q] * dt)
		d.trace[q] = e*d.trace[q] + (1-e)*d.past[q][0]
	}
	counts := make([]int, m)
	for p := range d.u {
		drive := d.net.Gain * input[p]
		for q := range d.trace {
			drive += d.trace[q] * d.net.J[q*m+p]
		}
		alpha := d.net.Leak[p]
		for i := range d.u[p] {
			e := math.Exp(-alpha * dt)
			switch d.grid.Integrator {
			case Euler:
				d.u[p][i] += dt*alpha*(d.rest[p][i]-d.u[p][i]) + dt*drive
			case ExactLeak:
				d.u[p][i] = e*d.u[p][i] + (1-e)*d.rest[p][i] + dt*drive
			default:
				d.u[p][i] = e*d.u[p][i] + (1-e)*(d.rest[p][i]+drive/alpha)
			}
			if d.age[p][i] < d.net.RefractoryBins(dt) {
				d.u[p][i] = 0
				d.age[p][i]++
				continue
			}
			if d.r.Float64() < -math.Expm1(-math.Exp(d.u[p][i]-d.net.Threshold[p])*dt) {
				d.u[p][i], d.age[p][i] = 0, 0
				counts[p]++
			} else {
				d.age[p][i]++
			}
		}
	}
	for p := range d.past {
		d.past[p] = append(d.past[p][1:], float64(counts[p])/(float64(d.net.Neurons[p])*dt))
	}
	return counts
}
