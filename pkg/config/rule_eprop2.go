package config

// EProp2 learns to learn from one trial (arXiv:1901.09049, section 5 of the
// method): within a task, learning signals of the error module change the weights
// once; over tasks, back-propagation through both trials and that change trains
// both networks. The loss is ½ (mean squared distance of the arm's tip +
// motor_weight · mean squared error of the joints' velocities) in the second trial.
type EProp2 struct {
	InnerLearningRate float64    `yaml:"inner_learning_rate" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"η of the change of weights within a task; 0: none, the control"`
	MotorWeight       float64    `yaml:"motor_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"weight of the velocities, (rad/s)², beside the tip's distance"`
	Optimizer         Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters, over tasks"`
	Schedule          Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm          float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	Rate              FiringRate `yaml:"rate" jsonschema_description:"penalty on firing rates in both networks"`
	ErrorTargetHz     float64    `yaml:"error_target_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"wanted rate in the error module, Hz; rate.target_hz is that of the network that acts"`
}

func (EProp2) isRule() {}

func defaultEProp2() EProp2 {
	adam := defaultAdam()
	adam.LearningRate = 1e-3
	return EProp2{InnerLearningRate: 1e-4, MotorWeight: 0.1, Optimizer: adam, Schedule: ConstantRate{},
		Rate: FiringRate{Strength: 100, TargetHz: 20}, ErrorTargetHz: 10}
}
