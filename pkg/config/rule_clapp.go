package config

// CLAPP trains the layers of an encoder each by its own contrastive, predictive loss (arXiv:2010.08262), or by
// the references to that: objective info-nce and gradient layer is Greedy InfoMax, hinge and network is hinge-loss
// CPC, info-nce and network is CPC, classes and layer is greedy supervised, classes and network supervised learning.
type CLAPP struct {
	Objective string `yaml:"objective" jsonschema:"enum=hinge,enum=info-nce,enum=constant,enum=classes" jsonschema_description:"hinge: max(0, 1 - y u) of each score; info-nce: -ln of the softmax of what follows among its negatives; constant: 1 - u of all scores, a control without a third factor; classes: cross-entropy of a linear readout"`
	Gradient  string `yaml:"gradient" jsonschema:"enum=layer,enum=network" jsonschema_description:"layer: each layer has its loss and keeps its gradient; network: the last layer's loss goes back through all"`

	Update        string `yaml:"update" jsonschema:"enum=either,enum=both" jsonschema_description:"either: CLAPP, each image gives a positive or negatives, by chance; both: CLAPP-s, each gives both"`
	Steps         int    `yaml:"steps" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"K, steps of prediction"`
	Negatives     string `yaml:"negatives" jsonschema:"enum=same-everywhere,enum=local,enum=all" jsonschema_description:"same-everywhere: one other image for all places of an image; local: one for each place; all: any row, column and image"`
	NegativeCount int    `yaml:"negative_count" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"negatives of each context"`
	Asymmetric    bool   `yaml:"asymmetric" jsonschema_description:"W_pred and W_retro with losses and draws of their own, so that no weight is needed in both directions"`

	Context          string `yaml:"context" jsonschema:"enum=same,enum=above,enum=below,enum=same-and-below" jsonschema_description:"whose vectors predict a layer's: its own; those of the layer above; a layer's predict those below it; the mean of same and below"`
	HoldContext      bool   `yaml:"hold_context" jsonschema_description:"the context is taken for constant: of layers above, they do not learn from this; else no retrodiction"`
	NoPrediction     bool   `yaml:"no_prediction" jsonschema_description:"control: a score is Σc + Σz"`
	FixedPredictions bool   `yaml:"fixed_predictions" jsonschema_description:"control: M stays as it was drawn"`
	FeedbackGating   bool   `yaml:"feedback_gating" jsonschema_description:"the loss ℓ of an image in the next layer weighs its learning by σ(3(ℓ/mean - 1))"`
	Regions          int    `yaml:"regions" jsonschema:"minimum=0,maximum=100" jsonschema_description:"a vector is the means over regions×regions parts of a patch's map; 0: all its places"`
	LongestRows      int    `yaml:"longest_rows" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of sound: steps of time that a layer learns from at once, at a random place; 0: all"`

	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule  Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	L2        float64   `yaml:"l2" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l2·Σ w² on the encoder's weights; 0: none"`

	Probe LinearProbe `yaml:"probe" jsonschema_description:"the linear classifiers that measure what each layer tells"`
}

// LinearProbe is a linear classifier of frozen features, trained by Adam.
type LinearProbe struct {
	Trials       int     `yaml:"trials" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"the first so many training trials teach it; 0: all"`
	Epochs       int     `yaml:"epochs" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"passes through them"`
	BatchSize    int     `yaml:"batch_size" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"examples in a step"`
	LearningRate float64 `yaml:"learning_rate" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"of Adam"`
	Standardise  bool    `yaml:"standardise" jsonschema_description:"features get mean 0 and variance 1 in training"`
	Augmented    bool    `yaml:"augmented" jsonschema_description:"training images are changed at random as in training, anew in each epoch"`
}

func (CLAPP) isRule() {}

func defaultCLAPP() CLAPP {
	adam := defaultAdam()
	adam.LearningRate = 2e-4
	return CLAPP{Objective: "hinge", Gradient: "layer", Update: "either", Steps: 5, Negatives: "same-everywhere", NegativeCount: 1, Context: "same", Regions: 1, LongestRows: 128,
		Optimizer: adam, Schedule: ConstantRate{}, Probe: LinearProbe{Epochs: 20, BatchSize: 250, LearningRate: 5e-3, Standardise: true}}
}

func (r CLAPP) check(e *Experiment, report reporter) {
	if r.Gradient == "network" && r.Context != "same" {
		report("rule.context", "rule.context is %s, expected same with rule.gradient network, which has one loss", r.Context)
	}
	if r.FeedbackGating && (r.Context != "same" || r.Gradient != "layer" || r.Objective == "classes") {
		report("rule.feedback_gating", "rule.feedback_gating needs a contrastive rule.objective, rule.gradient layer and rule.context same")
	}
	if r.Asymmetric && (r.Objective == "classes" || r.NoPrediction) {
		report("rule.asymmetric", "rule.asymmetric is of predictions, which objective classes and no_prediction do not have")
	}
	if d, ok := e.Data.(Images); ok && d.PatchPixels == 0 {
		report("data.patch_pixels", "data.patch_pixels is 0, expected the side of the patches that images are cut into")
	}
	if r.Context != "same" && (TypeName(e.Data) == "speech-waves" || TypeName(e.Data) == "synthetic-speech") {
		report("rule.context", "rule.context is %s, expected same for sound, of which layers have different numbers of rows", r.Context)
	}
}
