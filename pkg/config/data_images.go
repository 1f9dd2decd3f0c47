package config

import "fmt"

// Images shows whole images and asks for their classes.
type Images struct {
	Dataset      string `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"mnist, fashion-mnist, cifar-10, cifar-100, stl-10, or the directory or tar archive of a set of one's own, in the layout of one of them or of PLACES365"`
	Format       string `yaml:"format" jsonschema:"enum=auto,enum=idx,enum=cifar,enum=stl-10,enum=npy,enum=folder" jsonschema_description:"of the files: as MNIST has them; the binary or python version of CIFAR; the binary version of STL-10; NumPy's arrays x_train.npy, y_train.npy, x_test.npy and y_test.npy; JPEG and PNG pictures in a folder a class; auto: the first of these that is there"`
	Layout       string `yaml:"layout" jsonschema:"enum=auto,enum=channels-first,enum=channels-last" jsonschema_description:"where the arrays of npy have their channels; auto: where there are 1 to 4"`
	CoarseLabels bool   `yaml:"coarse_labels" jsonschema_description:"the 20 superclasses of CIFAR-100 for its 100 classes"`

	SizePixels        int  `yaml:"size_pixels" jsonschema:"minimum=0,maximum=4096" jsonschema_description:"side of the square images that pictures of a folder become; 0: as they are, all of one size"`
	ShorterSidePixels int  `yaml:"shorter_side_pixels" jsonschema:"minimum=0,maximum=8192" jsonschema_description:"what the shorter side of a picture is scaled to before the image is cut out of its centre; 0: size_pixels"`
	Grey              bool `yaml:"grey" jsonschema_description:"one channel, the luma, instead of red, green and blue"`
	CropPixels        int  `yaml:"crop_pixels" jsonschema:"minimum=0,maximum=4096" jsonschema_description:"side of the square that is cut out of the images' centre, or anywhere with augmentation.random_window; 0: none"`
	PatchPixels       int  `yaml:"patch_pixels" jsonschema:"minimum=0,maximum=4096" jsonschema_description:"side of the patches that an encoder sees one by one, for rule clapp; 0: whole images"`
	PatchStridePixels int  `yaml:"patch_stride_pixels" jsonschema:"minimum=0,maximum=4096" jsonschema_description:"from one patch to the next; 0: half a patch"`
	PatchStandardise  bool `yaml:"patch_standardise" jsonschema_description:"each patch gets mean 0 and variance 1, so that the brightness and contrast of an image do not tell its patches from others'"`

	Only             string `yaml:"only" jsonschema:"enum=all,enum=train,enum=test" jsonschema_description:"train or test: the data set is these of its images alone: the last test_images of them test and validate, the others train"`
	TestImages       int    `yaml:"test_images" jsonschema:"minimum=1,maximum=10000000" when:"only=train|test" jsonschema_description:"images that test and validate"`
	ValidationImages int    `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" when:"only=all" jsonschema_description:"the first so many training images validate, where the set has no validation images of its own"`
	TrainImages      int    `yaml:"train_images" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"the first so many of the images left train; 0: all"`

	Normalisation     string    `yaml:"normalisation" jsonschema:"enum=unit,enum=given,enum=measured,enum=centred,enum=none" jsonschema_description:"of a value v: unit: v/255; none: v; given: (v - mean)/(standard_deviation + 1e-7); measured: the same with those of each channel of the training images; centred: v - mean"`
	Mean              []float64 `yaml:"mean,omitempty" jsonschema:"minItems=1,maxItems=10000" when:"normalisation=given|centred" jsonschema_description:"in the files' values (0 to 255): one for all channels, or one a channel in channel_order"`
	StandardDeviation []float64 `yaml:"standard_deviation,omitempty" jsonschema:"minItems=1,maxItems=10000" when:"normalisation=given" jsonschema_description:"in the files' values (0 to 255): one for all channels, or one a channel in channel_order"`
	ChannelOrder      string    `yaml:"channel_order" jsonschema:"enum=rgb,enum=bgr" jsonschema_description:"bgr: blue first, as the VGG networks from Caffe want it"`

	Augmentation *ImageAugmentation `yaml:"augmentation,omitempty" jsonschema_description:"random changes of training images"`
}

// ImageAugmentation changes training images at random.
type ImageAugmentation struct {
	CropPadding     int     `yaml:"crop_padding" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"pixels of black around an image, from which its size is cropped anywhere"`
	Flip            bool    `yaml:"flip" jsonschema_description:"left to right, every other image"`
	Shift           float64 `yaml:"shift" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"largest shift as a fraction of height and width; the nearest pixels fill what it uncovers"`
	RotationDegrees float64 `yaml:"rotation_degrees" jsonschema:"minimum=0,maximum=180" jsonschema_description:"largest rotation to either side"`
	RandomWindow    bool    `yaml:"random_window" jsonschema_description:"cuts images out of larger ones, of a folder or with crop_pixels, anywhere instead of the centre"`
}

func (Images) isData() {}

func defaultImages() Images {
	return Images{Dataset: "mnist", Format: "auto", Layout: "auto", Only: "all", TestImages: 2000, ValidationImages: 5000, Normalisation: "unit", ChannelOrder: "rgb"}
}

func (d Images) check(e *Experiment, report reporter) {
	missing := func(key string) {
		report(key, "%s is missing, expected a list of numbers with data.normalisation %s", key, d.Normalisation)
	}
	if d.Mean == nil && (d.Normalisation == "given" || d.Normalisation == "centred") {
		missing("data.mean")
	}
	if d.StandardDeviation == nil && d.Normalisation == "given" {
		missing("data.standard_deviation")
	}
	for i, v := range d.StandardDeviation {
		if v <= 0 {
			report(fmt.Sprintf("data.standard_deviation.%d", i), "data.standard_deviation.%d is %g, expected a number above 0", i, v)
		}
	}
	if d.ShorterSidePixels > 0 && (d.SizePixels == 0 || d.ShorterSidePixels < d.SizePixels) {
		report("data.shorter_side_pixels", "data.shorter_side_pixels is %d, expected 0, or at least data.size_pixels (%d), which must be given", d.ShorterSidePixels, d.SizePixels)
	}
	if rule := TypeName(e.Rule); d.PatchPixels > 0 && rule != "clapp" {
		report("data.patch_pixels", "data.patch_pixels is %d, expected 0 with rule %s, which sees whole images", d.PatchPixels, rule)
	}
	most, key := d.ValidationImages, "validation_images"
	if d.Only != "all" {
		most, key = d.TestImages, "test_images"
	}
	if e.Train.EvalTrials > most {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.%s (%d)", e.Train.EvalTrials, key, most)
	}
}
