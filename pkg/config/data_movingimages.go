package config

// MovingImages is clips of images that drift over a larger canvas (arXiv:2010.08262, section 12 of
// the method).
type MovingImages struct {
	Dataset           string    `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"a set of images, as in data of type images"`
	ValidationImages  int       `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many training images validate"`
	TrainImages       int       `yaml:"train_images" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"the first so many of the images left train; 0: all"`
	Mean              []float64 `yaml:"mean" jsonschema:"minItems=1,maxItems=10000" jsonschema_description:"what is taken from the files' values (0 to 255): one for all channels, or one a channel"`
	StandardDeviation []float64 `yaml:"standard_deviation" jsonschema:"minItems=1,maxItems=10000" jsonschema_description:"what the rest is divided by"`
	CanvasPixels      int       `yaml:"canvas_pixels" jsonschema:"minimum=1,maximum=4096" jsonschema_description:"side of the canvas"`
	Frames            int       `yaml:"frames" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"of a clip"`
	Speed             float64   `yaml:"speed" jsonschema:"minimum=0,maximum=4096" jsonschema_description:"greatest component of the velocity, pixels a frame"`
}

func (MovingImages) isData() {}

func defaultMovingImages() MovingImages {
	return MovingImages{Dataset: "mnist", ValidationImages: 1000, Mean: []float64{0}, StandardDeviation: []float64{255}, CanvasPixels: 40, Frames: 8, Speed: 3}
}
