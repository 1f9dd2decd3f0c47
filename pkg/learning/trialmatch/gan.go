package trialmatch

// The hidden layers of a discriminator, and the slope of its LeakyReLU below zero.
const (
	hidden1, hidden2 = 128, 64
	leak             = 0.2
)

// discriminator tells recorded trials from simulated ones by their features: a network
// d-128-64-1 with LeakyReLU and a logistic output D (spikeT-GAN, the adversarial baseline
// of 2306.03603, section 4 of the method).
type discriminator struct{ *perceptron }

func newDiscriminator(session, features int, seed uint64, rate, decay float64) *discriminator {
	return &discriminator{newPerceptron("discriminator", session, seed, []int{features, hidden1, hidden2, 1}, leak, rate, decay)}
}

// Match is the generator's loss, that simulated trials are taken for recorded ones,
//
//	L = mean_i -ln D(model_i)
//
// and its gradient.
func (d *discriminator) Match(model, _ [][]float64) (float64, [][]float64) {
	loss, g := crossEntropy(d.logits(model), true)
	flat := d.back(g)
	d.forget()
	gradient := make([][]float64, len(model))
	for i := range gradient {
		gradient[i] = flat[i*len(model[0]) : (i+1)*len(model[0])]
	}
	return loss, gradient
}

// learn takes one step along the gradient of the loss that recorded and simulated trials
// are told apart.
func (d *discriminator) learn(model, data [][]float64) error {
	for _, of := range []struct {
		trials [][]float64
		real   bool
	}{{data, true}, {model, false}} {
		_, g := crossEntropy(d.logits(of.trials), of.real)
		d.back(g)
	}
	return d.update()
}
