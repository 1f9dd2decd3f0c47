package imagefolder

import (
	"bufio"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// mostClasses is more than any set of pictures has.
const mostClasses = 1 << 20

// trainList is the list of training images of PLACES365 in dir, or "".
func trainList(dir string) string {
	return firstOf(dir, "places365_train_standard.txt", "places365_train_challenge.txt")
}

// firstOf is the first of some names that there is in dir, or "".
func firstOf(dir string, names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ""
}

// placesSplits reads the lists of PLACES365.
func placesSplits(dir, train string) (*splits, error) {
	s := &splits{}
	var err error
	if s.train, err = readList(dir, train, "train", "data_256", "data_large", "data_256_standard", "data_large_standard", "train"); err != nil {
		return nil, err
	}
	classes := highest(s.train) + 1
	if validation := firstOf(dir, "places365_val.txt"); validation != "" {
		if s.validation, err = readList(dir, validation, "validation", "val_256", "val_large", "val"); err != nil {
			return nil, err
		}
		classes = max(classes, highest(s.validation)+1)
	}
	if names := firstOf(dir, "categories_places365.txt"); names != "" {
		err := eachLine(filepath.Join(dir, names), func(name string, number int) error {
			if number != len(s.classes) {
				return fault.Inputf("the class %q has the number %d, expected %d", name, number, len(s.classes))
			}
			s.classes = append(s.classes, name)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(s.classes) < classes {
			return nil, fault.Inputf("%s names %d classes, but the lists beside it number %d", filepath.Join(dir, names), len(s.classes), classes)
		}
		return s, nil
	}
	for number := range classes {
		s.classes = append(s.classes, strconv.Itoa(number))
	}
	return s, nil
}

func highest(s *split) int {
	number := int32(0)
	for i := range s.listed {
		number = max(number, s.listed[i].class)
	}
	return int(number)
}

// readList reads the pictures of a split, which lie in one of some folders.
func readList(dir, name, as string, folders ...string) (*split, error) {
	folder := firstOf(dir, folders...)
	if folder == "" {
		return nil, fault.Inputf("%s lists images, but there is none of the folders %s beside it", filepath.Join(dir, name), strings.Join(folders, ", "))
	}
	found := &files{name: dir, dir: dir}
	err := eachLine(filepath.Join(dir, name), func(picture string, number int) error {
		if !filepath.IsLocal(picture) || !isPicture(picture) {
			return fault.Inputf("%q is no name of a JPEG or PNG image", picture)
		}
		found.listed = append(found.listed, file{path: path.Join(folder, picture), class: int32(number)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found.listed) == 0 {
		return nil, fault.Inputf("%s lists no images", filepath.Join(dir, name))
	}
	alternate(found.listed)
	return &split{found, as}, nil
}

// eachLine calls visit with the name and the number on each line of a file. Its
// errors get file and line.
func eachLine(name string, visit func(name string, number int) error) error {
	f, err := os.Open(name)
	if err != nil {
		return fault.Inputf("opening a list: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for line := 1; lines.Scan(); line++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		number, err := strconv.Atoi(text[at+1:])
		if at < 1 || err != nil || number < 0 || number >= mostClasses {
			return fault.Inputf("%s:%d: found %.60q, expected a name and the number of a class", name, line, text)
		}
		if err := visit(strings.TrimPrefix(strings.TrimSpace(text[:at]), "/"), number); err != nil {
			return fault.Inputf("%s:%d: %w", name, line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fault.Inputf("reading %s: %w", name, err)
	}
	return nil
}
