package config

import (
	"reflect"
	"slices"
)

// Data is a data set and its encoding: one of the variants in datas.
type Data interface{ isData() }

// Model is a network: one of the variants in models.
type Model interface{ isModel() }

// Rule is a way of learning: one of the variants in rules.
type Rule interface{ isRule() }

// variant is one choice of type in a union; defaults gives its struct, by value,
// with the paper's settings.
type variant struct {
	name     string
	defaults func() any
}

var datas = []variant{
	{"sequential-mnist", func() any { return defaultSequentialMNIST() }},
	{"store-recall", func() any { return defaultStoreRecall() }},
	{"arm-trajectory", func() any { return defaultArmTrajectory() }},
	{"pattern-generation", func() any { return defaultPatternGeneration() }},
	{"evidence-accumulation", func() any { return defaultEvidenceAccumulation() }},
	{"copy-repeat", func() any { return defaultCopyRepeat() }},
	{"function-episodes", func() any { return defaultFunctionEpisodes() }},
	{"delayed-cue", func() any { return defaultDelayedCue() }},
	{"navigation", func() any { return defaultNavigation() }},
	{"speech-frames", func() any { return defaultSpeechFrames() }},
	{"synthetic-frames", func() any { return defaultSyntheticFrames() }},
	{"images", func() any { return defaultImages() }},
	{"two-area-spikes", func() any { return defaultTwoAreaSpikes() }},
	{"recorded-trials", func() any { return defaultRecordedTrials() }},
	{"spike-trains", func() any { return defaultSpikeTrains() }},
	{"full-obs-spikes", func() any { return defaultFullObsSpikes() }},
	{"motif-spikes", func() any { return defaultMotifSpikes() }},
	{"synthetic-piano", func() any { return defaultSyntheticPiano() }},
	{"audio-files", func() any { return defaultAudioFiles() }},
	{"task-sequence", func() any { return defaultTaskSequence() }},
	{"feature-sequence", func() any { return defaultFeatureSequence() }},
	{"synthetic-features", func() any { return defaultSyntheticFeatures() }},
	{"hidden-populations", func() any { return defaultHiddenPopulations() }},
	{"moving-images", func() any { return defaultMovingImages() }},
	{"speech-waves", func() any { return defaultSpeechWaves() }},
	{"synthetic-speech", func() any { return defaultSyntheticSpeech() }},
}

var models = []variant{
	{"lsnn", func() any { return defaultLSNN() }},
	{"bidirectional-lsnn", func() any { return defaultBidirectionalLSNN() }},
	{"bidirectional-lstm", func() any { return defaultBidirectionalLSTM() }},
	{"lif-with-error-module", func() any { return defaultLIFWithErrorModule() }},
	{"lstm", func() any { return defaultLSTM() }},
	{"relu", func() any { return defaultReLU() }},
	{"ttfs", func() any { return defaultTTFS() }},
	{"rsnn-multiarea", func() any { return defaultMultiAreaRSNN() }},
	{"rsnn", func() any { return defaultRSNN() }},
	{"audio-codec", func() any { return defaultAudioCodec() }},
	{"gated", func() any { return defaultGated() }},
	{"neulvm", func() any { return defaultNeuLVM() }},
}

var rules = []variant{
	{"bptt", func() any { return defaultBPTT() }},
	{"eprop", func() any { return defaultEProp() }},
	{"eprop-2", func() any { return defaultEProp2() }},
	{"eprop-3", func() any { return defaultEProp3() }},
	{"truncated-bptt", func() any { return defaultTruncatedBPTT() }},
	{"eprop-reward", func() any { return defaultEPropReward() }},
	{"backprop", func() any { return defaultBackprop() }},
	{"ppo", func() any { return defaultPPO() }},
	{"ttfs-backprop", func() any { return defaultTTFSBackprop() }},
	{"trial-matching", func() any { return defaultTrialMatching() }},
	{"mle", func() any { return defaultMLE() }},
	{"sample-and-measure", func() any { return defaultSampleAndMeasure() }},
	{"autoencoder", func() any { return defaultAutoencoder() }},
	{"gateon", func() any { return defaultGateON() }},
	{"finetune", func() any { return defaultFinetune() }},
	{"joint", func() any { return Joint(defaultFinetune()) }},
	{"separate", func() any { return Separate(defaultFinetune()) }},
	{"ewc", func() any { return defaultEWC() }},
	{"si", func() any { return defaultSI() }},
	{"hat", func() any { return defaultHAT() }},
	{"a-gem", func() any { return defaultAGEM() }},
	{"replay", func() any { return Replay(defaultAGEM()) }},
	{"baum-viterbi", func() any { return defaultBaumViterbi() }},
	{"clapp", func() any { return defaultCLAPP() }},
}

var optimizers = []variant{
	{"sgd", func() any { return defaultSGD() }},
	{"adam", func() any { return defaultAdam() }},
	{"adamw", func() any { return defaultAdamW() }},
}

var schedules = []variant{
	{"constant", func() any { return ConstantRate{} }},
	{"step", func() any { return defaultStepRate() }},
	{"linear", func() any { return LinearRate{} }},
	{"ramp", func() any { return defaultRampRate() }},
	{"exponential", func() any { return defaultExponentialRate() }},
}

var rewirings = []variant{
	{"none", func() any { return NoRewiring{} }},
	{"deep-r", func() any { return defaultDeepR() }},
}

var reluLayers = []variant{
	{"conv", func() any { return defaultConvLayer() }},
	{"dense", func() any { return DenseLayer{} }},
	{"batch-norm", func() any { return defaultBatchNormLayer() }},
	{"relu", func() any { return ReLUActivation{} }},
	{"max-pool", func() any { return MaxPoolLayer{} }},
	{"average-pool", func() any { return AveragePoolLayer{} }},
	{"global-average-pool", func() any { return GlobalAveragePoolLayer{} }},
	{"pad", func() any { return PadLayer{} }},
	{"flatten", func() any { return FlattenLayer{} }},
	{"dropout", func() any { return DropoutLayer{} }},
}

// unions maps each union to its variants.
var unions = map[reflect.Type][]variant{
	reflect.TypeFor[Data]():      datas,
	reflect.TypeFor[Model]():     models,
	reflect.TypeFor[Rule]():      rules,
	reflect.TypeFor[Optimizer](): optimizers,
	reflect.TypeFor[Schedule]():  schedules,
	reflect.TypeFor[Rewiring]():  rewirings,
	reflect.TypeFor[ReLULayer](): reluLayers,
}

// combination lists the data that a rule can train a model on.
type combination struct {
	model, rule string
	data        []string
}

// tasks are the data that are learned in turn.
var tasks = []string{"task-sequence", "feature-sequence", "synthetic-features"}

var combinations = []combination{
	{"lsnn", "bptt", []string{"sequential-mnist", "store-recall", "pattern-generation", "evidence-accumulation", "delayed-cue", "function-episodes"}},
	{"lsnn", "eprop", []string{"sequential-mnist", "store-recall", "pattern-generation", "evidence-accumulation", "delayed-cue"}},
	{"bidirectional-lsnn", "bptt", []string{"speech-frames", "synthetic-frames"}},
	{"bidirectional-lsnn", "eprop", []string{"speech-frames", "synthetic-frames"}},
	{"bidirectional-lstm", "bptt", []string{"speech-frames", "synthetic-frames"}},
	{"bidirectional-lstm", "eprop", []string{"speech-frames", "synthetic-frames"}},
	{"lsnn", "eprop-reward", []string{"sequential-mnist", "store-recall", "evidence-accumulation", "delayed-cue"}},
	{"lsnn", "ppo", []string{"navigation"}},
	{"lif-with-error-module", "eprop-2", []string{"arm-trajectory"}},
	{"lstm", "eprop", []string{"copy-repeat"}},
	{"lstm", "eprop-3", []string{"copy-repeat"}},
	{"lsnn", "eprop-3", []string{"copy-repeat"}},
	{"lstm", "truncated-bptt", []string{"copy-repeat"}},
	{"lsnn", "truncated-bptt", []string{"copy-repeat"}},
	{"relu", "backprop", []string{"images"}},
	{"ttfs", "ttfs-backprop", []string{"images"}},
	{"relu", "clapp", []string{"images", "moving-images", "speech-waves", "synthetic-speech"}},
	{"rsnn-multiarea", "trial-matching", []string{"two-area-spikes", "recorded-trials"}},
	{"rsnn", "mle", []string{"spike-trains", "full-obs-spikes", "motif-spikes"}},
	{"rsnn", "sample-and-measure", []string{"spike-trains", "full-obs-spikes", "motif-spikes"}},
	{"audio-codec", "autoencoder", []string{"synthetic-piano", "audio-files"}},
	{"gated", "gateon", tasks},
	{"gated", "finetune", tasks},
	{"gated", "joint", tasks},
	{"gated", "separate", tasks},
	{"gated", "ewc", tasks},
	{"gated", "si", tasks},
	{"gated", "hat", tasks},
	{"gated", "a-gem", tasks},
	{"gated", "replay", tasks},
	{"neulvm", "baum-viterbi", []string{"hidden-populations", "spike-trains"}},
}

// TypeName is the type key of a variant, such as "lsnn" for an LSNN.
func TypeName(v any) string {
	for _, variants := range unions {
		for _, candidate := range variants {
			if reflect.TypeOf(candidate.defaults()) == reflect.TypeOf(v) {
				return candidate.name
			}
		}
	}
	return ""
}

func names(variants []variant) []string {
	all := make([]string, len(variants))
	for i, v := range variants {
		all[i] = v.name
	}
	return all
}

func find(variants []variant, name string) (variant, bool) {
	i := slices.IndexFunc(variants, func(v variant) bool { return v.name == name })
	if i < 0 {
		return variant{}, false
	}
	return variants[i], true
}
