// Package catalog knows the public data sets by name: their files, checksums
// and servers, and how to fetch and verify them.
package catalog

import (
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/spelling"
)

// Set is a public data set.
type Set struct {
	Name    string
	Summary string
	Licence string
	Cite    string
	Files   []File
	Mirrors []string // each holds every file, under its name
}

// File is a file of a set, as its authors published it: compressed by gzip.
type File struct {
	Name          string
	Bytes         int64
	SHA256        string // of the file, in hexadecimal
	ContentSHA256 string // of what it decompresses to; "" of archives, which are read as they are
}

// RawName is the name of the decompressed file, or that of an archive.
func (f File) RawName() string {
	if f.ContentSHA256 == "" {
		return f.Name
	}
	return strings.TrimSuffix(f.Name, ".gz")
}

// Bytes is the size of all files.
func (s Set) Bytes() (total int64) {
	for _, f := range s.Files {
		total += f.Bytes
	}
	return total
}

// Sets are the known data sets, in the order of their names.
//
// The checksums of MNIST and Fashion-MNIST are those of the files; those of CIFAR are
// the ones that TensorFlow Datasets publishes (url_checksums/cifar10.txt, cifar100.txt).
var Sets = []Set{
	{
		Name:    "cifar-10",
		Summary: "60,000 photographs of 10 classes, 32×32 colours",
		Licence: "none stated by its authors",
		Cite:    citeCIFAR,
		Mirrors: mirrorsCIFAR,
		Files: []File{{Name: "cifar-10-binary.tar.gz", Bytes: 170052171,
			SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}},
	},
	{
		Name:    "cifar-100",
		Summary: "60,000 photographs of 100 classes in 20 superclasses, 32×32 colours",
		Licence: "none stated by its authors",
		Cite:    citeCIFAR,
		Mirrors: mirrorsCIFAR,
		Files: []File{{Name: "cifar-100-binary.tar.gz", Bytes: 168513733,
			SHA256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}},
	},
	{
		Name:    "fashion-mnist",
		Summary: "70,000 pictures of clothes in 10 classes, 28×28 grey values",
		Licence: "MIT",
		Cite:    "Xiao, Rasul and Vollgraf, Fashion-MNIST, arXiv:1708.07747 (2017)",
		Mirrors: []string{
			"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		},
		Files: []File{
			{"train-images-idx3-ubyte.gz", 26421880,
				"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
				"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
			{"train-labels-idx1-ubyte.gz", 29515,
				"a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
				"bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
			{"t10k-images-idx3-ubyte.gz", 4422102,
				"346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
				"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
			{"t10k-labels-idx1-ubyte.gz", 5148,
				"67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
				"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
		},
	},
	{
		Name:    "mnist",
		Summary: "70,000 handwritten digits in 10 classes, 28×28 grey values",
		Licence: "none stated by its authors",
		Cite:    "LeCun, Bottou, Bengio and Haffner, Proceedings of the IEEE 86(11), 2278-2324 (1998)",
		Mirrors: []string{
			"https://ossci-datasets.s3.amazonaws.com/mnist/",
			"https://storage.googleapis.com/cvdf-datasets/mnist/",
		},
		Files: []File{
			{"train-images-idx3-ubyte.gz", 9912422,
				"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
				"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
			{"train-labels-idx1-ubyte.gz", 28881,
				"3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
				"65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
			{"t10k-images-idx3-ubyte.gz", 1648877,
				"8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
				"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
			{"t10k-labels-idx1-ubyte.gz", 4542,
				"f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
				"ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
		},
	},
}

const citeCIFAR = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, University of Toronto (2009)"

// mirrorsCIFAR are the two addresses of the authors' page.
var mirrorsCIFAR = []string{
	"https://www.cs.toronto.edu/~kriz/",
	"https://cave.cs.toronto.edu/kriz/",
}

// Known returns the set of that name.
func Known(name string) (Set, bool) {
	i := slices.IndexFunc(Sets, func(s Set) bool { return s.Name == name })
	if i < 0 {
		return Set{}, false
	}
	return Sets[i], true
}

// Names lists the known sets.
func Names() []string {
	names := make([]string, len(Sets))
	for i, s := range Sets {
		names[i] = s.Name
	}
	return names
}

// Find is Known, with an error that names the nearest set and all others.
func Find(name string) (Set, error) {
	if s, ok := Known(name); ok {
		return s, nil
	}
	hint := ""
	if near := spelling.Nearest(name, Names()); near != "" {
		hint = "did you mean " + near + "? "
	}
	return Set{}, fault.Inputf("there is no data set %q (%sknown: %s)", name, hint, strings.Join(Names(), ", "))
}
