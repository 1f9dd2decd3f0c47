package relu

import (
	"math"
	"testing"
)

// Initial weights have mean 0 and the variance of their distribution, within five
// standard errors; the readout's are Glorot's whatever those before it are.
func TestInitialWeightsHaveTheirVariance(t *testing.T) {
	for start, variance := range map[Start]func(in, out float64) float64{
		GlorotUniform: func(in, out float64) float64 { return 2 / (in + out) },
		HeUniform:     func(in, _ float64) float64 { return 2 / in },
		HeNormal:      func(in, _ float64) float64 { return 2 / in },
	} {
		grouped := conv(24, 8, 5, none, none)
		grouped.Groups = 2
		n := chain(Shape{16, 5, 5}, grouped, &ReLU[float64]{}, dense(24, 600), &ReLU[float64]{}, dense(600, 10))
		n.Initialise(start, 7)
		for _, c := range []struct {
			name    string
			weights []float64
			want    float64
		}{
			{"conv", grouped.Weights.Data, variance(8*25, 12*25)},
			{"dense", n.Layers[2].Layer.(*Dense[float64]).Weights.Data, variance(24, 600)},
			{"readout", n.Layers[4].Layer.(*Dense[float64]).Weights.Data, 2.0 / 610},
		} {
			var sum, square float64
			for _, w := range c.weights {
				sum += w
				square += w * w
				if limit := math.Sqrt(3 * c.want); start != HeNormal && math.Abs(w) > limit {
					t.Fatalf("%s %s: %v is outside ±%v", start, c.name, w, limit)
				}
			}
			count := float64(len(c.weights))
			if mean := sum / count; math.Abs(mean) > 5*math.Sqrt(c.want/count) {
				t.Errorf("%s %s: mean %v", start, c.name, mean)
			}
			if got := square / count; math.Abs(got-c.want) > 5*c.want*math.Sqrt(2/count) {
				t.Errorf("%s %s: variance %v, want %v", start, c.name, got, c.want)
			}
		}
	}
}

func TestInitialiseUndoesATraining(t *testing.T) {
	n := chain(Shape{1, 3, 3}, conv(2, 1, 3, none, none), norm(2), &ReLU[float64]{}, dense(2, 2))
	randomise(n, 1)
	n.Initialise(HeUniform, 1)
	b := n.Layers[1].Layer.(*BatchNorm[float64])
	for c := range 2 {
		if b.Scale.Data[c] != 1 || b.Shift.Data[c] != 0 || b.Mean.Data[c] != 0 || b.Variance.Data[c] != 1 {
			t.Errorf("channel %d is normalised by %v, %v, %v, %v", c, b.Scale.Data[c], b.Shift.Data[c], b.Mean.Data[c], b.Variance.Data[c])
		}
		if n.Layers[0].Layer.(*Conv[float64]).Bias.Data[c] != 0 || n.Layers[3].Layer.(*Dense[float64]).Bias.Data[c] != 0 {
			t.Errorf("bias %d is not 0", c)
		}
	}
}
