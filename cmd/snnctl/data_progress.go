package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/snnctl/snnctl/pkg/datasets/catalog"
)

// downloadProgress shows a download on stderr: a bar for each file on a
// terminal, a line for each file elsewhere.
type downloadProgress struct {
	a    *app
	set  string
	bars bool
	bar  *progressbar.ProgressBar // of the file that is coming
}

func newDownloadProgress(a *app, set string) *downloadProgress {
	return &downloadProgress{a: a, set: set, bars: isTerminal(a.stderr)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *downloadProgress) report(e catalog.Event) {
	if e.Kind == catalog.Failed { // if none is left, the error will tell
		p.end()
		p.a.log.Info("a server failed", "url", e.URL, "error", e.Err)
		return
	}
	if p.a.quiet {
		return
	}
	switch e.Kind {
	case catalog.Waiting:
		fmt.Fprintf(p.a.stderr, "%s: waiting for another process that fetches it\n", p.set)
	case catalog.Progress:
		p.draw(e.File, e.Done)
	case catalog.FetchedFile:
		if p.bar == nil {
			fmt.Fprintf(p.a.stderr, "%s/%s: %s from %s\n", p.set, e.File.Name, megabytes(e.File.Bytes), e.URL)
		}
		p.end()
	}
}

func (p *downloadProgress) draw(f catalog.File, done int64) {
	if !p.bars {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(f.Bytes,
			progressbar.OptionSetWriter(p.a.stderr),
			progressbar.OptionSetDescription(fmt.Sprintf("%s/%-26s", p.set, f.Name)),
			progressbar.OptionSetWidth(20),
			progressbar.OptionShowBytes(true),
			progressbar.OptionShowCount(),
			progressbar.OptionShowTotalBytes(true),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	_ = p.bar.Set64(done) // a terminal that is gone is no reason to stop
}

// end leaves the last line of a bar as it is.
func (p *downloadProgress) end() {
	if p.bar != nil {
		fmt.Fprintln(p.a.stderr)
		p.bar = nil
	}
}
