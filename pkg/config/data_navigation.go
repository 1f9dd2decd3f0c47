package config

// Navigation puts an agent into a disc of radius 1 with an unseen goal on its rim
// (arXiv:1803.09574, section 6.6 of the method). The step is 1 ms.
type Navigation struct {
	EpisodeMS          int     `yaml:"episode_ms" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"length of an episode, ms"`
	GoalRadius         float64 `yaml:"goal_radius" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"how near the centre of the goal is near enough"`
	MaxSpeed           float64 `yaml:"max_speed" jsonschema:"exclusiveMinimum=0,maximum=2" jsonschema_description:"longest way in a step"`
	WallPenalty        float64 `yaml:"wall_penalty" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"cost of a step that leads out of the arena; reaching the goal pays 1"`
	CodeNeurons        int     `yaml:"code_neurons" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"input neurons that code each coordinate of the place"`
	CodeHz             float64 `yaml:"code_hz" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1000" jsonschema_description:"firing rate of such a neuron at the place it is tuned to, Hz"`
	RewardNeurons      int     `yaml:"reward_neurons" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"input neurons that tell a reward, and as many that tell a penalty; 0: none"`
	RewardHz           float64 `yaml:"reward_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"firing rate of theirs in the step after, Hz"`
	EvaluationEpisodes int     `yaml:"evaluation_episodes" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (Navigation) isData() {}

func defaultNavigation() Navigation {
	return Navigation{EpisodeMS: 2000, GoalRadius: 0.3, MaxSpeed: 0.02, WallPenalty: 0.02,
		CodeNeurons: 40, CodeHz: 200, RewardNeurons: 40, RewardHz: 200, EvaluationEpisodes: 512}
}

func (d Navigation) check(e *Experiment, report reporter) {
	if e.Train.EvalTrials > d.EvaluationEpisodes {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_episodes (%d)", e.Train.EvalTrials, d.EvaluationEpisodes)
	}
}
