package speechfeatures

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

// recording is an utterance in the corpus.
type recording struct {
	split, name   string
	sound, labels string // paths
}

// find lists the recordings below a directory with folders train, dev and test (in
// capitals or not): each .wav with the .phn of the same name beside it, at any depth.
//
// Without a folder dev it is the corpus TIMIT as published. Then the sentences SA,
// which every speaker reads, are left out, and of the speakers in test the 24 of the
// core test set are the test split and 50 others, as usual, the development split.
func find(root string) ([]recording, error) {
	folders, err := splitFolders(root)
	if err != nil {
		return nil, err
	}
	_, hasDev := folders["dev"]
	var all []recording
	for _, split := range speechframes.Folders {
		folder, ok := folders[split]
		if !ok {
			continue
		}
		found, err := findSounds(folder, split)
		if err != nil {
			return nil, err
		}
		if !hasDev {
			found = asPublished(found)
		}
		all = append(all, found...)
	}
	for _, split := range speechframes.Folders {
		if !slices.ContainsFunc(all, func(r recording) bool { return r.split == split }) {
			where := ""
			if !hasDev && split != "train" {
				where = " (there is no folder dev, so the folder test was searched for TIMIT's speakers of that set)"
			}
			return nil, fault.Inputf("%s holds no utterance for the split %s, expected a .wav and a .phn file of the same name%s", root, split, where)
		}
	}
	slices.SortStableFunc(all, func(a, b recording) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// splitFolders finds the folders of the splits.
func splitFolders(root string) (map[string]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fault.Inputf("reading the corpus: %w", err)
	}
	folders := map[string]string{}
	for _, e := range entries {
		if split := strings.ToLower(e.Name()); slices.Contains(speechframes.Folders, split) {
			folders[split] = filepath.Join(root, e.Name())
		}
	}
	for _, split := range []string{"train", "test"} {
		if folders[split] == "" {
			return nil, fault.Inputf("%s has no folder %s, expected the folders train and test, and dev unless it is TIMIT", root, split)
		}
	}
	return folders, nil
}

// findSounds lists the recordings below a folder. Their names are their paths in
// lower case, with dashes between the parts.
func findSounds(folder, split string) ([]recording, error) {
	var found []recording
	labels := map[string]string{} // path by name
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		name := strings.ToLower(strings.ReplaceAll(filepath.ToSlash(relative), "/", "-"))
		if stem, ok := strings.CutSuffix(name, ".wav"); ok {
			found = append(found, recording{split: split, name: stem, sound: path})
		} else if stem, ok := strings.CutSuffix(name, ".phn"); ok {
			labels[stem] = path
		}
		return nil
	})
	if err != nil {
		return nil, fault.Inputf("reading the corpus: %w", err)
	}
	for i := range found {
		r := &found[i]
		if r.labels = labels[r.name]; r.labels == "" {
			return nil, fault.Inputf("%s has no file of labels beside it, expected one of the same name that ends in .phn", r.sound)
		}
	}
	return found, nil
}

// asPublished gives recordings of TIMIT's own two folders their splits.
func asPublished(found []recording) (kept []recording) {
	for _, r := range found {
		speaker := strings.ToLower(filepath.Base(filepath.Dir(r.sound)))
		sentence := strings.ToLower(filepath.Base(r.sound))
		switch {
		case strings.HasPrefix(sentence, "sa"):
			continue
		case r.split == "train" || slices.Contains(coreTest, speaker):
		case slices.Contains(development, speaker):
			r.split = "dev"
		default:
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// The speakers of TIMIT's core test set, two men and a woman of each region, and
// those of the development set that is in general use.
var (
	coreTest = strings.Fields(`mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0
		mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0`)
	development = strings.Fields(`faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0
		fadg0 fdms0 fedw0 mgjf0 mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0
		mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 mteb0 mjfc0
		mrjr0 fmml0 mrws1`)
)
