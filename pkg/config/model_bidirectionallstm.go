package config

// BidirectionalLSTM is two layers of LSTM cells, of which one is shown the frames of
// an utterance in their order and the other in reverse, with one readout (section 7.5 of
// the method of arXiv:1901.09049).
type BidirectionalLSTM struct {
	Cells            int     `yaml:"cells" jsonschema:"required,minimum=1,maximum=100000" jsonschema_description:"memory cells of either layer"`
	TauReadoutFrames float64 `yaml:"tau_readout_frames" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"time constant of the readout, in frames; 0: it has no filter"`
}

func (BidirectionalLSTM) isModel() {}

func defaultBidirectionalLSTM() BidirectionalLSTM { return BidirectionalLSTM{} }

func (m BidirectionalLSTM) check(e *Experiment, report reporter) {
	var rewiring Rewiring
	var rate FiringRate
	switch r := e.Rule.(type) {
	case EProp:
		rewiring, rate = r.Rewiring, r.Rate
		if r.Compute != "adjoint" {
			report("rule.compute", "rule.compute is %s, expected adjoint with model.type bidirectional-lstm, which hears the end of an utterance first", r.Compute)
		}
	case BPTT:
		rewiring, rate = r.Rewiring, r.Rate
	}
	if rate.Strength != 0 {
		report("rule.rate.strength", "rule.rate.strength is %v, expected 0 with model.type bidirectional-lstm, whose cells do not spike", rate.Strength)
	}
	if _, rewired := rewiring.(DeepR); rewired {
		report("rule.rewiring.type", "rule.rewiring.type is deep-r, expected none with model.type bidirectional-lstm")
	}
}
