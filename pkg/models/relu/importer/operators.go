package importer

import (
	"maps"
	"slices"
)

// operator imports a node that reads the activation x, and returns what it
// writes; the error is the reason why it cannot be imported. If x is not known it
// only checks what it can.
type operator func(w *walk, n *node, x *activation) (*activation, error)

// operators are those of section 10.2 of the method.
var operators = map[string]operator{
	"Add":                (*walk).elementwise,
	"AveragePool":        (*walk).averagePool,
	"BatchNormalization": (*walk).batchNorm,
	"Cast":               (*walk).cast,
	"Clip":               (*walk).clip,
	"Conv":               (*walk).conv,
	"Div":                (*walk).elementwise,
	"Dropout":            (*walk).dropout,
	"Flatten":            (*walk).flatten,
	"Gemm":               (*walk).gemm,
	"GlobalAveragePool":  (*walk).globalAveragePool,
	"GlobalMaxPool":      (*walk).globalMaxPool,
	"Identity":           (*walk).identity,
	"LogSoftmax":         (*walk).softmax,
	"MatMul":             (*walk).matMul,
	"MaxPool":            (*walk).maxPool,
	"Mul":                (*walk).elementwise,
	"Pad":                (*walk).pad,
	"ReduceMean":         (*walk).reduceMean,
	"Relu":               (*walk).relu,
	"Reshape":            (*walk).reshape,
	"Softmax":            (*walk).softmax,
	"Squeeze":            (*walk).squeeze,
	"Sub":                (*walk).elementwise,
	"Transpose":          (*walk).transpose,
	"Unsqueeze":          (*walk).unsqueeze,
}

// Supported lists the operators that can be imported, on activations or, where
// exporters compute shapes, on constants.
func Supported() []string {
	names := slices.Collect(maps.Keys(operators))
	names = slices.AppendSeq(names, maps.Keys(folds))
	names = append(names, "Constant")
	slices.Sort(names)
	return slices.Compact(names)
}

// Why operators that networks often have cannot be imported.
const (
	notReLU   = "this activation function has no exact form in spikes, only ReLU has"
	perInput  = "it normalises by statistics of each input, which is not linear"
	control   = "recurrent networks and control flow are no chains of layers"
	attention = "attention multiplies activations"
	enlarges  = "layers that enlarge images are not supported"
	quantised = "quantised networks are not supported, export the network in floating point"
)

var unsupported = map[string]string{
	"Celu":                      notReLU,
	"Elu":                       notReLU,
	"Erf":                       notReLU,
	"Gelu":                      notReLU,
	"HardSigmoid":               notReLU,
	"HardSwish":                 notReLU,
	"Hardmax":                   notReLU,
	"LeakyRelu":                 notReLU,
	"Mish":                      notReLU,
	"PRelu":                     notReLU,
	"Selu":                      notReLU,
	"Sigmoid":                   notReLU,
	"Softplus":                  notReLU,
	"Softsign":                  notReLU,
	"Swish":                     notReLU,
	"Tanh":                      notReLU,
	"ThresholdedRelu":           notReLU,
	"GroupNormalization":        perInput,
	"InstanceNormalization":     perInput,
	"LRN":                       perInput,
	"LayerNormalization":        perInput,
	"LpNormalization":           perInput,
	"MeanVarianceNormalization": perInput,
	"GRU":                       control,
	"If":                        control,
	"LSTM":                      control,
	"Loop":                      control,
	"RNN":                       control,
	"Scan":                      control,
	"Attention":                 attention,
	"MultiHeadAttention":        attention,
	"ConvTranspose":             enlarges,
	"DepthToSpace":              enlarges,
	"Resize":                    enlarges,
	"Upsample":                  enlarges,
	"ConvInteger":               quantised,
	"DequantizeLinear":          quantised,
	"DynamicQuantizeLinear":     quantised,
	"MatMulInteger":             quantised,
	"QLinearConv":               quantised,
	"QLinearMatMul":             quantised,
	"QuantizeLinear":            quantised,
}

// keepsShape says whether a node that cannot be imported leaves the shape of the
// activation as it is, so that what follows can still be checked.
func keepsShape(op string) bool {
	switch reason := unsupported[op]; {
	case reason == notReLU, reason == perInput:
		return true
	}
	switch op {
	case "BatchNormalization", "Clip", "Dropout", "LogSoftmax", "Relu", "Softmax":
		return true
	}
	return false
}
