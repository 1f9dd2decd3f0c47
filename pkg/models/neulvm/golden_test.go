package neulvm

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
)

// goldenParams is how the golden vectors write a network and its bins.
type goldenParams struct {
	Dt                    float64
	N, Amem, Asyn, Mu, Th []float64
	J                     [][]float64
	Ref, Delay, Eps       float64
}

func (g *goldenParams) network() *Network {
	n := &Network{Leak: g.Amem, Synapse: g.Asyn, Rest: g.Mu, Threshold: g.Th, Refractory: g.Ref, Delay: g.Delay, Gain: g.Eps}
	for _, k := range g.N {
		n.Neurons = append(n.Neurons, int(k))
	}
	for _, row := range g.J {
		n.J = append(n.J, row...)
	}
	return n
}

type goldenInit struct {
	V, S, Vobs [][]float64
	I          []float64
	ObsV       [][]float64 `json:"v"`
	Age        [][]int
}

// UnmarshalJSON keeps V and v apart, which encoding/json does not.
func (g *goldenInit) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for key, to := range map[string]any{"V": &g.V, "S": &g.S, "I": &g.I, "v": &g.ObsV, "age": &g.Age} {
		if raw, ok := all[key]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *goldenInit) initial() *Initial {
	return &Initial{V: g.V, S: g.S, Trace: g.I, U: g.ObsV, Age: g.Age}
}

// goldenTrains turns [T][M][R] of 0 and 1 into [M][R][T].
func goldenTrains(y [][][]float64) [][][]bool {
	trains := make([][][]bool, len(y[0]))
	for p := range trains {
		trains[p] = make([][]bool, len(y[0][p]))
		for i := range trains[p] {
			for t := range y {
				trains[p][i] = append(trains[p][i], y[t][p][i] == 1)
			}
		}
	}
	return trains
}

type goldenValues struct {
	I, G, X, Mess, Lam, Raw, Zbar, NllZ [][]float64
	LlY                                 [][][]float64
	Nll, Loss                           float64
	GradNll                             struct {
		Z, J         [][]float64
		Amem, Mu, Th []float64
	}
	V, Lambda, P, S, M [][][]float64
	ObservedV          [][][]float64
}

func (g *goldenValues) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for key, to := range map[string]any{"I": &g.I, "G": &g.G, "X": &g.X, "mess": &g.Mess, "Lam": &g.Lam, "raw": &g.Raw, "Zbar": &g.Zbar,
		"nllZ": &g.NllZ, "llY": &g.LlY, "nll": &g.Nll, "loss": &g.Loss, "grad_nll": &g.GradNll, "V": &g.V, "lam": &g.Lambda, "P": &g.P,
		"S": &g.S, "m": &g.M, "v_obs_before_reset": &g.ObservedV} {
		if raw, ok := all[key]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

type goldenTiny struct {
	Params      goldenParams
	A, T        int
	Z           [][]float64
	Y           [][][]float64
	IExt        [][]float64 `json:"I_ext"`
	Init        goldenInit
	Exact, Code *goldenValues
	RefBins     int `json:"ref_bins"`
	DelayBins   int `json:"delay_bins"`
}

func decode[T any](t *testing.T, b []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// near fails unless got is want within rel of it, or of 1e-3 near zero.
func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*max(math.Abs(want), 1e-3)) {
		t.Errorf("%s = %.17g, want %.17g (relative error %.2g)", what, got, want, math.Abs(got-want)/math.Abs(want))
	}
}

func TestGoldenTiny(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "params", "init", "Z", "y", "exact", "code") {
		c := decode[goldenTiny](t, file.Bytes)
		for name, want := range map[string]*goldenValues{"exact": c.Exact, "code": c.Code} {
			t.Run(file.Path+"/"+name, func(t *testing.T) {
				net := c.Params.network()
				p := &Problem{Grid: Grid{Dt: c.Params.Dt, Ages: c.A, Published: name == "code"}, Bins: c.T, Spikes: goldenTrains(c.Y), Initial: c.Init.initial()}
				for _, x := range c.IExt {
					p.Input = append(p.Input, x...)
				}
				if err := p.Check(net); err != nil {
					t.Fatal(err)
				}
				if r, d := net.RefractoryBins(p.Grid.Dt), net.DelayBins(p.Grid.Dt); r != c.RefBins || d != c.DelayBins {
					t.Fatalf("refractory %d bins, delay %d bins, want %d and %d", r, d, c.RefBins, c.DelayBins)
				}
				compareTiny(t, net, p, c.Z, want)
			})
		}
	}
}

func compareTiny(t *testing.T, net *Network, p *Problem, z [][]float64, want *goldenValues) {
	const tight, loose = 1e-10, 1e-8
	m := net.Populations()
	l := NewLikelihood(p, m)
	nll := l.NegLogLikelihood(net, z)
	near(t, "nll", nll, want.Nll, tight)
	near(t, "loss", nll/float64(p.Bins*m), want.Loss, tight)
	for bin := range p.Bins {
		for q := range m {
			at := fmt.Sprintf(" of bin %d, population %d", bin, q)
			terms := l.Terms(bin, q)
			near(t, "I"+at, terms.Trace, want.I[bin][q], tight)
			near(t, "G"+at, terms.Drive, want.G[bin][q], tight)
			near(t, "X"+at, terms.X, want.X[bin][q], tight)
			near(t, "mess"+at, terms.Mess, want.Mess[bin][q], tight)
			near(t, "Lambda"+at, terms.Lambda, want.Lam[bin][q], tight)
			near(t, "raw"+at, terms.X+terms.Lambda*terms.Mess, want.Raw[bin][q], tight)
			near(t, "Zbar"+at, terms.Zbar, want.Zbar[bin][q], tight)
			near(t, "nllZ"+at, terms.NegLogZ, want.NllZ[bin][q], tight)
			spikes := 0.0
			for i, ll := range want.LlY[bin][q] {
				spikes += ll
				if want.ObservedV != nil {
					near(t, "v"+at, l.spikes[q][i].u[bin], want.ObservedV[bin][q][i], tight)
				}
			}
			near(t, "llY"+at, terms.SpikeLogLikelihood, spikes, tight)
			if want.V == nil {
				continue
			}
			cell := (bin*m + q) * p.Grid.Ages
			for a := range p.Grid.Ages {
				i := p.Grid.Ages - 1 - a
				at := fmt.Sprintf("%s, age %d", at, a)
				near(t, "V"+at, l.tape.v[cell+i], want.V[bin][q][a], tight)
				near(t, "lambda"+at, l.tape.lam[cell+i], want.Lambda[bin][q][a], tight)
				near(t, "P"+at, l.tape.p[cell+i], want.P[bin][q][a], tight)
				near(t, "S"+at, l.tape.s[cell+i], want.S[bin][q][a], tight)
				near(t, "m"+at, l.tape.s[cell+i]*z[q][bin+i], want.M[bin][q][a], tight)
			}
		}
	}
	grad := NewGradient(p, m)
	l.Gradient(z, grad)
	for q := range m {
		near(t, fmt.Sprint("∂α ", q), grad.Leak[q], want.GradNll.Amem[q], loose)
		near(t, fmt.Sprint("∂μ ", q), grad.Rest[q], want.GradNll.Mu[q], loose)
		near(t, fmt.Sprint("∂θ ", q), grad.Threshold[q], want.GradNll.Th[q], loose)
		for to := range m {
			near(t, fmt.Sprint("∂J ", q, to), grad.J[q*m+to], want.GradNll.J[q][to], loose)
		}
		for i, g := range grad.Z[q] {
			near(t, fmt.Sprint("∂Z ", q, i), g, want.GradNll.Z[q][i], loose)
		}
	}
}

func TestGoldenInitialState(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "S_code", "A0", "ages", "h") {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(file.Bytes, &all); err != nil {
			t.Fatal(err)
		}
		c := decode[struct {
			A      int
			A0     []float64
			Ages   [][]int
			S      [][]float64 `json:"S_code"`
			I      []float64
			Params goldenParams
			H      []float64
		}](t, file.Bytes)
		potentials := decode[map[string]json.RawMessage](t, file.Bytes)
		byAge, observed := decode[[][]float64](t, potentials["V"]), decode[[][]float64](t, potentials["v"])
		net := c.Params.network()
		s, err := StationaryInitial(net, Grid{Dt: c.Params.Dt, Ages: c.A}, c.A0, c.Ages, true)
		if err != nil {
			t.Fatal(err)
		}
		for p := range c.A0 {
			near(t, fmt.Sprint("h ", p), net.Drive(p, c.A0), c.H[p], 1e-12)
			near(t, fmt.Sprint("I ", p), s.Trace[p], c.I[p], 1e-12)
			for k := range c.A {
				near(t, fmt.Sprint("V ", p, k), s.V[p][k], byAge[p][k], 1e-12)
				near(t, fmt.Sprint("S ", p, k), s.S[p][k], c.S[p][k], 1e-12)
			}
			for i := range c.Ages[p] {
				near(t, fmt.Sprint("v ", p, i), s.U[p][i], observed[p][i], 1e-12)
			}
		}
	}
}

func TestGoldenEnumeration(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "top10", "logsumexp", "ynorm") {
		c := decode[struct {
			Params goldenParams
			A, T   int
			Zhist  [][]float64
			Age    [][]int
			Init   goldenInit
			Y      [][][]float64
			Top10  []struct {
				N      []int
				LogLik float64
			}
			Bottom struct {
				N      []int
				LogLik float64
			}
			LogSumExp float64     `json:"logsumexp"`
			ZForYNorm [][]float64 `json:"Z_for_ynorm"`
			YNorm     map[string]struct {
				SumProb float64 `json:"sum_prob"`
				LogLik  []float64
			}
		}](t, file.Bytes)
		net := c.Params.network()
		if c.Init.Age == nil {
			c.Init.Age = c.Age
		}
		p := &Problem{Grid: Grid{Dt: c.Params.Dt, Ages: c.A}, Bins: c.T, Spikes: goldenTrains(c.Y), Initial: c.Init.initial()}
		l := NewLikelihood(p, 1)
		logJoint := func(counts []int) float64 {
			z := append([]float64(nil), c.Zhist[0]...)
			for _, k := range counts {
				z = append(z, max(float64(k)/c.Params.N[0], 1e-5))
			}
			return -l.NegLogLikelihood(net, [][]float64{z})
		}
		for _, top := range append(c.Top10, c.Bottom) {
			near(t, fmt.Sprint("ln p of ", top.N), logJoint(top.N), top.LogLik, 1e-10)
		}
		n := int(c.Params.N[0])
		sum := 0.0
		counts := make([]int, c.T)
		for done := false; !done; {
			ll := logJoint(counts)
			if ll > c.Top10[0].LogLik+1e-9 {
				t.Errorf("trajectory %v has %v, above the golden best", counts, ll)
			}
			sum += math.Exp(ll)
			done = true
			for i := range counts {
				if counts[i]++; counts[i] <= n {
					done = false
					break
				}
				counts[i] = 0
			}
		}
		near(t, "logsumexp", math.Log(sum), c.LogSumExp, 1e-10)

		for variant, want := range c.YNorm {
			p := *p
			p.Grid.Published = variant == "code"
			total := 0.0
			for pattern := range 1 << c.T {
				p.Spikes = [][][]bool{{make([]bool, c.T)}}
				for bin := range c.T {
					// the last bin varies fastest
					p.Spikes[0][0][bin] = pattern>>(c.T-1-bin)&1 == 1
				}
				_, ll := NewLikelihood(&p, 1).Parts(net, c.ZForYNorm)
				near(t, fmt.Sprintf("%s: ln p of spikes %03b", variant, pattern), ll, want.LogLik[pattern], 1e-10)
				total += math.Exp(ll)
			}
			near(t, variant+": sum over spike patterns", total, want.SumProb, 1e-12)
		}
	}
}

func TestGoldenSynchronousMeanField(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "params", "A", "T", "exact", "code", "note") {
		type run struct {
			Zbar       []float64
			MaxAbsMess float64 `json:"max_abs_mess"`
		}
		c := decode[struct {
			Params      goldenParams
			A, T        int
			Exact, Code run
		}](t, file.Bytes)
		net := c.Params.network()
		for name, want := range map[string]run{"exact": c.Exact, "code": c.Code} {
			g := Grid{Dt: c.Params.Dt, Ages: c.A, Published: name == "code"}
			s := NewSimulation(net, g, SynchronousInitial(net, g, []int{0}), [][]float64{synchronousHistory(c.A)})
			most := 0.0
			for bin, z := range want.Zbar {
				s.Advance(nil, func(_ int, zbar float64) float64 { return zbar })
				if got := s.Fraction(0); !(math.Abs(got-z) <= 1e-10*max(z, 1e-2)) {
					t.Fatalf("%s: Zbar of bin %d = %.12g, want %.12g", name, bin, got, z)
				}
				most = max(most, math.Abs(s.Mess(0)))
			}
			if name == "exact" && most > 1e-12 {
				t.Errorf("mass not accounted for: %g, want at most 1e-12", most)
			}
			near(t, name+": largest |mess|", most, want.MaxAbsMess, map[string]float64{"exact": 1e-8, "code": 1e-6}[name])
		}
	}
}

func synchronousHistory(ages int) []float64 {
	z := make([]float64, ages)
	z[ages-1] = 1
	return z
}

func TestGoldenRates(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "uncoupled", "wta_fixed_points") {
		c := decode[struct {
			Amem, Th, Ref float64
			Uncoupled     []struct{ Mu, Dt, Rate float64 }
			WTA           []struct {
				Dt      float64
				Winner1 []float64
			} `json:"wta_fixed_points"`
		}](t, file.Bytes)
		for _, u := range c.Uncoupled {
			net := &Network{Neurons: []int{1}, Leak: []float64{c.Amem}, Synapse: []float64{1}, Rest: []float64{u.Mu}, Threshold: []float64{c.Th}, J: []float64{0}, Refractory: c.Ref}
			near(t, fmt.Sprintf("rate at μ = %g, Δt = %g", u.Mu, u.Dt), net.RenewalRate(0, u.Mu, Grid{Dt: u.Dt}), u.Rate, 1e-8)
		}
		for _, w := range c.WTA {
			// The golden rates are those after 400 steps of 0.05, some 0.02 Hz from where they end.
			net := WinnerTakeAll()
			rates := []float64{20, 5, 25}
			net.RelaxRates(Grid{Dt: w.Dt}, rates, 400)
			for p, r := range rates {
				near(t, fmt.Sprintf("rate of population %d at Δt = %g", p, w.Dt), r, w.Winner1[p], 1e-8)
			}
		}
	}
}
