package imagefolder

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// splits are the pictures of a set; validation and test may be missing.
type splits struct {
	train, validation, test *split
	classes                 []string // their names, by number
}

// split is pictures with their classes, in the order of the images.
type split struct {
	*files
	name string
}

// splitOf is the split that a folder stands for, or "".
func splitOf(folder string) string {
	switch strings.ToLower(folder) {
	case "train", "training":
		return "train"
	case "val", "valid", "validation":
		return "validation"
	case "test", "testing":
		return "test"
	}
	return ""
}

// folderSplits sorts pictures into splits and classes by the folders they lie in.
func folderSplits(found *files) (*splits, error) {
	slices.SortFunc(found.listed, func(a, b file) int { return cmp.Compare(a.path, b.path) })
	root := rootOf(found.listed)
	byName := map[string][]file{}
	for _, f := range found.listed {
		first, _, nested := strings.Cut(strings.TrimPrefix(f.path, root), "/")
		name := ""
		if nested {
			name = splitOf(first)
		}
		byName[name] = append(byName[name], f)
	}
	if len(found.listed) == 0 {
		return nil, fault.Inputf("%s holds no JPEG or PNG images", found.name)
	}
	if len(byName) == 1 && byName[""] != nil { // no splits: all are for training
		byName["train"] = byName[""]
		delete(byName, "")
	}
	if byName["train"] == nil {
		return nil, fault.Inputf("%s has no folder train beside those of its other splits", found.name)
	}
	// What lies beside the folders of splits belongs to none.
	s := &splits{}
	for _, name := range []string{"train", "validation", "test"} {
		if len(byName[name]) == 0 {
			continue
		}
		part, err := s.classify(found, name, root, byName[name])
		if err != nil {
			return nil, err
		}
		switch name {
		case "train":
			s.train = part
		case "validation":
			s.validation = part
		case "test":
			s.test = part
		}
	}
	return s, nil
}

// rootOf is the path of the folders that lead to the splits or classes, such as
// "CIFAR-10-images/", given the pictures in the order of their paths.
func rootOf(listed []file) string {
	root := ""
	for len(listed) > 0 {
		folder, rest, nested := strings.Cut(listed[0].path[len(root):], "/")
		last := listed[len(listed)-1].path
		if !nested || !strings.Contains(rest, "/") || splitOf(folder) != "" || !strings.HasPrefix(last, root+folder+"/") {
			return root
		}
		root += folder + "/"
	}
	return root
}

// classify numbers the classes, which the training images define.
func (s *splits) classify(found *files, name, root string, listed []file) (*split, error) {
	part := &files{name: found.name, dir: found.dir, archive: found.archive, sha256: found.sha256, listed: listed}
	classOf := func(f *file) string {
		below := strings.TrimPrefix(f.path, root)
		if first, rest, nested := strings.Cut(below, "/"); nested && splitOf(first) == name {
			below = rest
		}
		return path.Dir(below)
	}
	if name == "train" {
		for i := range listed {
			s.classes = append(s.classes, classOf(&listed[i]))
		}
		slices.Sort(s.classes)
		s.classes = slices.Clip(slices.Compact(s.classes))
	}
	for i := range listed {
		f := &listed[i]
		class := classOf(f)
		if class == "." {
			return nil, fault.Inputf("%s lies in no folder of a class", part.where(f))
		}
		number, known := slices.BinarySearch(s.classes, class)
		if !known {
			return nil, fault.Inputf("%s is of the class %q, which has no training images", part.where(f), class)
		}
		f.class = int32(number)
	}
	alternate(listed)
	return &split{part, name}, nil
}

// alternate orders pictures by their place within their class, then by class.
func alternate(listed []file) {
	seen := map[int32]int{}
	type placed struct {
		file
		place int
	}
	all := make([]placed, len(listed))
	for i, f := range listed {
		all[i] = placed{f, seen[f.class]}
		seen[f.class]++
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.class, b.class))
	})
	for i := range all {
		listed[i] = all[i].file
	}
}
