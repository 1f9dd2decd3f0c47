package config

import (
	"fmt"
	"strconv"
)

// ReLU is a feed-forward network of rectified linear units: a list of layers, or
// one of the architectures of arXiv:2212.12522 and arXiv:2306.08744 (section 8
// of the method).
type ReLU struct {
	Preset      string      `yaml:"preset" jsonschema:"enum=none,enum=mlp,enum=lenet5,enum=vgg-mnist,enum=vgg-cifar,enum=vgg16,enum=vgg6" jsonschema_description:"none: the network of layers; mlp: 600 hidden units; lenet5; vgg-mnist: 16 layers; vgg-cifar: 15 layers; vgg16: 16 layers with two dense ones of 4096; vgg6: the encoder of CLAPP, six convolutions without a readout"`
	Width       int         `yaml:"width" jsonschema:"minimum=1,maximum=64" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16|vgg6" jsonschema_description:"divides the filters and hidden units of the architecture"`
	Classes     int         `yaml:"classes" jsonschema:"minimum=2,maximum=100000" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16" jsonschema_description:"units of the readout"`
	BatchNorm   string      `yaml:"batch_norm" jsonschema:"enum=published,enum=none,enum=before-relu,enum=after-relu" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16" jsonschema_description:"where hidden layers normalise batches; published: before ReLU in lenet5, after ReLU in vgg-cifar, none elsewhere"`
	Dropout     float64     `yaml:"dropout" jsonschema:"minimum=0,exclusiveMaximum=1" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16" jsonschema_description:"probability to drop each input of each dense layer in training"`
	Layers      []ReLULayer `yaml:"layers,omitempty" jsonschema:"minItems=1,maxItems=1000" when:"preset=none" jsonschema_description:"from the input to the logits"`
	Initialiser string      `yaml:"initialiser" jsonschema:"enum=glorot-uniform,enum=he-uniform,enum=he-normal,enum=fan-in-uniform" jsonschema_description:"initial weights of hidden layers: U(±√(6/(in+out))), U(±√(6/in)) or N(0, 2/in), and of the last layer U(±√(6/(in+out))), with biases of 0; fan-in-uniform: of all layers and their biases U(±1/√in)"`
}

func (ReLU) isModel() {}

func defaultReLU() ReLU {
	return ReLU{Preset: "none", Width: 1, Classes: 10, BatchNorm: "published", Initialiser: "glorot-uniform"}
}

func (m ReLU) check(_ *Experiment, report reporter) {
	if m.Preset == "none" && len(m.Layers) == 0 {
		report("model.layers", "model.layers is missing, expected a list of layers, or model.preset: mlp, lenet5, vgg-mnist, vgg-cifar, vgg16 or vgg6")
	}
	for i, layer := range m.Layers {
		at := "model.layers." + strconv.Itoa(i)
		switch l := layer.(type) {
		case ConvLayer:
			if l.Padding == "same" && l.Dilation*(l.Size-1)%2 != 0 {
				report(at+".size", "%s.size is %d, expected an odd number where padding is same", at, l.Size)
			}
			if l.Filters%l.Groups != 0 {
				report(at+".groups", "%s.groups is %d, expected a divisor of the %d filters", at, l.Groups, l.Filters)
			}
		case MaxPoolLayer:
			checkPadding(report, at, l.Padding, l.Size)
		case AveragePoolLayer:
			checkPadding(report, at, l.Padding, l.Size)
		}
	}
}

func checkPadding(report reporter, at string, padding, size int) {
	if padding >= size {
		report(at+".padding", "%s.padding is %d, expected less than the size (%d)", at, padding, size)
	}
}

// ReLULayer is a layer of a ReLU network: one of the variants in reluLayers.
type ReLULayer interface{ isReLULayer() }

// ConvLayer is a two-dimensional convolution with a bias.
type ConvLayer struct {
	Name     string `yaml:"name,omitempty" jsonschema:"maxLength=200" jsonschema_description:"of its tensors; by default the layer's place in the list, from 0"`
	Filters  int    `yaml:"filters" jsonschema:"required,minimum=1,maximum=1000000" jsonschema_description:"channels of the output"`
	Size     int    `yaml:"size" jsonschema:"required,minimum=1,maximum=1000" jsonschema_description:"height and width of a filter"`
	Axes     int    `yaml:"axes" jsonschema:"minimum=1,maximum=2" jsonschema_description:"2: over images; 1: along the width alone, with filters of one row, as over the time of sound"`
	Stride   int    `yaml:"stride" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"places from one output to the next"`
	Padding  string `yaml:"padding" jsonschema:"pattern=^(same|valid|[0-9]|[1-9][0-9])$" allowed:"same, valid or a number from 0 to 99 in quotes" jsonschema_description:"zeros on each side: same: dilation·(size-1)/2; valid: none"`
	Dilation int    `yaml:"dilation" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"places from tap to tap"`
	Groups   int    `yaml:"groups" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"parts of the channels that do not see each other"`
}

// Zeros is the padding on each side.
func (l ConvLayer) Zeros() int {
	switch l.Padding {
	case "same":
		return l.Dilation * (l.Size - 1) / 2
	case "valid":
		return 0
	}
	n, err := strconv.Atoi(l.Padding)
	if err != nil {
		panic(fmt.Sprintf("config: padding %q was not checked", l.Padding))
	}
	return n
}

// DenseLayer is an affine map of all features.
type DenseLayer struct {
	Name  string `yaml:"name,omitempty" jsonschema:"maxLength=200" jsonschema_description:"of its tensors; by default the layer's place in the list, from 0"`
	Units int    `yaml:"units" jsonschema:"required,minimum=1,maximum=1000000" jsonschema_description:"features of the output"`
}

// BatchNormLayer normalises each channel over batch and places.
type BatchNormLayer struct {
	Name     string  `yaml:"name,omitempty" jsonschema:"maxLength=200" jsonschema_description:"of its tensors; by default the layer's place in the list, from 0"`
	Epsilon  float64 `yaml:"epsilon" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"added to the variance"`
	Momentum float64 `yaml:"momentum" jsonschema:"minimum=0,maximum=1" jsonschema_description:"of a new batch in the running averages"`
}

// ReLUActivation is max(0, x), or with a ceiling the less of that and it.
type ReLUActivation struct {
	Ceiling float64 `yaml:"ceiling" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"greatest value; 0: none"`
}

// MaxPoolLayer is the greatest value of each window.
type MaxPoolLayer struct {
	Size    int `yaml:"size" jsonschema:"required,minimum=1,maximum=1000" jsonschema_description:"height and width of the window"`
	Stride  int `yaml:"stride" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"places from one window to the next; 0: size"`
	Padding int `yaml:"padding" jsonschema:"minimum=0,maximum=999" jsonschema_description:"places on each side that are never the greatest"`
}

// AveragePoolLayer is the mean of each window.
type AveragePoolLayer struct {
	Size         int  `yaml:"size" jsonschema:"required,minimum=1,maximum=1000" jsonschema_description:"height and width of the window"`
	Stride       int  `yaml:"stride" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"places from one window to the next; 0: size"`
	Padding      int  `yaml:"padding" jsonschema:"minimum=0,maximum=999" jsonschema_description:"zeros on each side"`
	CountPadding bool `yaml:"count_padding" jsonschema_description:"the mean is over the padding too"`
}

// GlobalAveragePoolLayer is the mean of each channel.
type GlobalAveragePoolLayer struct{}

// PadLayer puts zeros around an image.
type PadLayer struct {
	Top    int `yaml:"top" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"rows of zeros above"`
	Left   int `yaml:"left" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"columns of zeros on the left"`
	Bottom int `yaml:"bottom" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"rows of zeros below"`
	Right  int `yaml:"right" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"columns of zeros on the right"`
}

// FlattenLayer makes features of an image: channels, then rows, then columns.
type FlattenLayer struct{}

// DropoutLayer drops values in training.
type DropoutLayer struct {
	Rate float64 `yaml:"rate" jsonschema:"required,minimum=0,exclusiveMaximum=1" jsonschema_description:"probability to drop a value"`
}

func (ConvLayer) isReLULayer()              {}
func (DenseLayer) isReLULayer()             {}
func (BatchNormLayer) isReLULayer()         {}
func (ReLUActivation) isReLULayer()         {}
func (MaxPoolLayer) isReLULayer()           {}
func (AveragePoolLayer) isReLULayer()       {}
func (GlobalAveragePoolLayer) isReLULayer() {}
func (PadLayer) isReLULayer()               {}
func (FlattenLayer) isReLULayer()           {}
func (DropoutLayer) isReLULayer()           {}

func defaultConvLayer() ConvLayer {
	return ConvLayer{Axes: 2, Stride: 1, Padding: "same", Dilation: 1, Groups: 1}
}
func defaultBatchNormLayer() BatchNormLayer { return BatchNormLayer{Epsilon: 1e-5, Momentum: 0.1} }
