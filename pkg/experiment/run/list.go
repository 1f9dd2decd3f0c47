package run

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
)

// Entry is a run in a listing.
type Entry struct {
	Name    string
	Path    string
	Info    Info
	Summary *Summary // nil until the run has one
	Err     error    // what keeps the run from being read; its status is Broken
}

// List reads the runs in runsDir, the oldest first and the broken ones before
// those. It reads run.json and summary.json alone. Where there is no such
// directory, there are no runs.
func List(runsDir string) ([]Entry, error) {
	folders, err := os.ReadDir(runsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Inputf("cannot read the runs in %s: %w", runsDir, cause(err))
	}
	entries := make([]*Entry, len(folders))
	// More workers than cores: on a network file system they mostly wait.
	parallel.For(max(8, runtime.NumCPU()), len(folders), func(_, i int) {
		entries[i] = readEntry(runsDir, folders[i])
	})
	var found []Entry
	for _, entry := range entries {
		if entry != nil {
			found = append(found, *entry)
		}
	}
	slices.SortStableFunc(found, func(a, b Entry) int {
		return cmp.Or(a.Info.Start.Compare(b.Info.Start), strings.Compare(a.Name, b.Name))
	})
	return found, nil
}

// readEntry returns nil for a folder that is no run.
func readEntry(runsDir string, folder fs.DirEntry) *Entry {
	if strings.HasPrefix(folder.Name(), ".") {
		return nil
	}
	d := &Dir{path: filepath.Join(runsDir, folder.Name())}
	entry := &Entry{Name: folder.Name(), Path: d.path}
	if entry.Info, entry.Err = d.ReadInfo(); entry.Err != nil {
		if !isRun(d.path) {
			return nil
		}
		entry.Info.Status = Broken
		return entry
	}
	switch summary, err := d.ReadSummary(); {
	case err == nil:
		entry.Summary = &summary
	case !isMissing(err):
		entry.Info.Status, entry.Err = Broken, err
	}
	return entry
}

// Names lists the runs in runsDir by name, without reading them.
func Names(runsDir string) []string {
	folders, err := os.ReadDir(runsDir)
	if err != nil {
		return nil
	}
	var names []string
	for _, folder := range folders {
		if !strings.HasPrefix(folder.Name(), ".") && isRun(filepath.Join(runsDir, folder.Name())) {
			names = append(names, folder.Name())
		}
	}
	return names
}

// nearest returns up to three names that begin or end most like word. Names
// of runs are long and share much, and most wrong ones are cut short or have
// one letter wrong; so at least half of the word must agree.
func nearest(word string, names []string) []string {
	agreement := func(name string) int {
		limit := min(len(word), len(name))
		front, back := 0, 0
		for front < limit && word[front] == name[front] {
			front++
		}
		for back < limit-front && word[len(word)-1-back] == name[len(name)-1-back] {
			back++
		}
		return front + back
	}
	var near []string
	for _, name := range names {
		if 2*agreement(name) >= len(word) && word != "" {
			near = append(near, name)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return agreement(b) - agreement(a) })
	return near[:min(3, len(near))]
}
