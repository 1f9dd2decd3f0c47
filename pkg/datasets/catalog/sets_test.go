package catalog

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
)

// The table is right: the published files have its checksums and sizes.
func TestPublishedFilesAreValid(t *testing.T) {
	for _, set := range Sets {
		t.Run(set.Name, func(t *testing.T) {
			dataDir := filepath.Dir(golden.Data(t, set.Name))
			files, err := set.Verify(dataDir)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range files {
				if f.State != Valid || f.Found != set.Files[i].SHA256 {
					t.Errorf("%s is %s, with checksum %s", f.Path, f.State, f.Found)
				}
				if set.Files[i].ContentSHA256 != "" && !set.Files[i].sameContent(f.Path) {
					t.Errorf("%s does not decompress to the content in the table", f.Path)
				}
			}
			// Nothing is fetched where all is there, even if nothing can be written.
			set.Mirrors = nil
			if files, err := Get(t.Context(), set, dataDir, Options{}); err != nil || !Complete(files) {
				t.Errorf("Get: %+v, error %v, want it to find all valid", files, err)
			}
		})
	}
}

func TestTableIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, set := range Sets {
		if len(set.Files) == 0 || len(set.Mirrors) == 0 || set.Licence == "" || set.Cite == "" || set.Summary == "" {
			t.Errorf("%s is incomplete: %+v", set.Name, set)
		}
		for _, f := range set.Files {
			if len(f.SHA256) != 64 || f.Bytes <= 0 || seen[f.SHA256] {
				t.Errorf("%s/%s: %+v", set.Name, f.Name, f)
			}
			seen[f.SHA256] = true
			if archive := strings.HasSuffix(f.Name, ".tar.gz"); archive != (f.ContentSHA256 == "") {
				t.Errorf("%s/%s: content %q, expected a checksum of all but archives", set.Name, f.Name, f.ContentSHA256)
			} else if !archive && (len(f.ContentSHA256) != 64 || seen[f.ContentSHA256]) {
				t.Errorf("%s/%s: %+v", set.Name, f.Name, f)
			}
			seen[f.ContentSHA256] = true
		}
		for _, m := range set.Mirrors {
			if !strings.HasPrefix(m, "http") || !strings.HasSuffix(m, "/") {
				t.Errorf("%s: mirror %q", set.Name, m)
			}
		}
	}
}

func TestUnknownNamesGetTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"mnits": "did you mean mnist?", "MNIST": "did you mean mnist?", "minst": "did you mean mnist?",
		"fashion": "did you mean fashion-mnist?", "fashion_mnist": "did you mean fashion-mnist?",
		"imagenet": "(known: cifar-10, cifar-100, fashion-mnist, mnist)", "cifar10": "did you mean cifar-10?", "": "(known:", "m": "(known:",
	} {
		_, err := Find(name)
		if !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", name, err, want)
		}
	}
	if s, err := Find("mnist"); err != nil || s.Name != "mnist" {
		t.Errorf("mnist: %v, error %v", s.Name, err)
	}
}
