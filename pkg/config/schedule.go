package config

// Schedule changes the learning rate η over the iterations: one of the variants
// in schedules.
type Schedule interface{ isSchedule() }

// ConstantRate keeps η.
type ConstantRate struct{}

// StepRate multiplies η by factor after every so many iterations; with a decay, it also
// divides it by 1 + decay·t at iteration t.
type StepRate struct {
	Factor float64 `yaml:"factor" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"of the learning rate, at each decay"`
	Every  int     `yaml:"every" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"iterations between decays"`
	Decay  float64 `yaml:"decay" jsonschema:"minimum=0,maximum=1" jsonschema_description:"per iteration, of the divisor 1 + decay·t; 0: none"`
}

// LinearRate lowers η in a straight line, from the whole at the first iteration
// to final_fraction of it at the last.
type LinearRate struct {
	FinalFraction float64 `yaml:"final_fraction" jsonschema:"minimum=0,maximum=1" jsonschema_description:"of the learning rate, left at the last iteration"`
}

// RampRate raises η in a straight line, from 0 at the first iteration to the whole
// at the one numbered iterations, and keeps it.
type RampRate struct {
	Iterations int `yaml:"iterations" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"until the whole learning rate is reached"`
}

// ExponentialRate multiplies η by factor over every so many iterations, a little at
// each: η·factor^(t/every).
type ExponentialRate struct {
	Factor float64 `yaml:"factor" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"of the learning rate, over every so many iterations"`
	Every  int     `yaml:"every" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"iterations in which the learning rate falls by the factor"`
}

func (ConstantRate) isSchedule()    {}
func (StepRate) isSchedule()        {}
func (LinearRate) isSchedule()      {}
func (RampRate) isSchedule()        {}
func (ExponentialRate) isSchedule() {}

func defaultStepRate() StepRate               { return StepRate{Factor: 0.8, Every: 2500} }
func defaultRampRate() RampRate               { return RampRate{Iterations: 100} }
func defaultExponentialRate() ExponentialRate { return ExponentialRate{Factor: 0.9, Every: 5000} }
