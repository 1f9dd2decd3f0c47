package config

// LSTM is a layer of long short-term memory cells with a linear readout of their
// outputs (section 3.3 of the method of arXiv:1901.09049).
type LSTM struct {
	Cells int `yaml:"cells" jsonschema:"required,minimum=1,maximum=100000" jsonschema_description:"memory cells"`
}

func (LSTM) isModel() {}

func defaultLSTM() LSTM { return LSTM{} }
