package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/snnctl/snnctl/internal/fault"
)

// Options change how a set is fetched; the zero Options are fine.
type Options struct {
	// Mirror, if not "", is the address to fetch from instead of the set's own
	// servers; files are looked for in MIRROR/NAME/ and in MIRROR/.
	Mirror string

	// Report, if not nil, is told what happens, by the goroutine that runs Get.
	Report func(Event)

	// patience is how long a server may send nothing; 0 is a minute.
	patience time.Duration
}

// Event is something that happens while a set is fetched.
type Event struct {
	Kind EventKind
	File File   // but for Waiting
	Done int64  // bytes of File here so far, for Progress
	URL  string // for FetchedFile and Failed
	Err  error  // for Failed
}

// EventKind says what happened.
type EventKind int

const (
	Waiting     EventKind = iota // for another process that fetches the set
	Progress                     // bytes have come
	FetchedFile                  // a file is complete and valid
	Failed                       // a server failed; the same or another one is tried next
)

// Get fetches the files of a set that are missing or damaged into DATADIR/NAME.
//
// A download that breaks off stays beside its place as FILE.part and is gone on
// with next time. A file gets its name only once its checksum is right. Several
// processes may get one set at once: one fetches, the others wait.
func Get(ctx context.Context, set Set, dataDir string, o Options) ([]Status, error) {
	if o.Report == nil {
		o.Report = func(Event) {}
	}
	if o.patience == 0 {
		o.patience = time.Minute
	}
	mirrors, err := set.mirrors(o.Mirror)
	if err != nil {
		return nil, err
	}
	// A complete set may lie where nothing can be written.
	if files, err := set.Verify(dataDir); err != nil || Complete(files) {
		return files, err
	}
	dir := set.Directory(dataDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fault.Inputf("making the directory of %s: %w", set.Name, err)
	}
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o666)) // other users may share it
	defer lock.Close()
	if err := acquire(ctx, lock, o.Report); err != nil {
		return nil, err
	}
	files, err := set.Verify(dataDir) // another process may have been faster
	if err != nil {
		return nil, err
	}
	client := newClient(o.patience)
	defer client.CloseIdleConnections()
	for i := range files {
		if files[i].State == Valid {
			continue
		}
		d := download{client: client, file: set.Files[i], part: filepath.Join(dir, set.Files[i].Name+".part"), options: o}
		if err := d.run(ctx, mirrors); err != nil {
			return nil, fmt.Errorf("getting %s/%s: %w", set.Name, set.Files[i].Name, err)
		}
		files[i] = Status{File: d.file.Name, Path: filepath.Join(dir, d.file.Name), State: Fetched, Found: d.file.SHA256, Expected: d.file.SHA256}
	}
	return files, nil
}

func acquire(ctx context.Context, lock *flock.Flock, report func(Event)) error {
	locked, err := lock.TryLock()
	if err == nil && !locked {
		report(Event{Kind: Waiting})
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fault.Inputf("locking the directory: %w", err)
	}
	return nil
}

// mirrors are the addresses that a file's name is appended to.
func (s Set) mirrors(base string) ([]string, error) {
	if base == "" {
		return s.Mirrors, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.Inputf("the mirror is %q, expected an address like https://example.org/data/", base)
	}
	base = strings.TrimRight(base, "/") + "/"
	return []string{base + s.Name + "/", base}, nil
}

// newClient waits for the head of an answer no longer than patience. Proxies
// are taken from the environment.
func newClient(patience time.Duration) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = patience
	return &http.Client{Transport: transport}
}

// run fetches the file from the first server that delivers it.
func (d *download) run(ctx context.Context, mirrors []string) error {
	const tries = 20 // a server may break off so often, if something came each time
	var failures []string
	for _, mirror := range mirrors {
		address := mirror + d.file.Name
		var err error
		for range tries {
			before := d.size()
			if err = d.try(ctx, address); err == nil {
				d.options.Report(Event{Kind: FetchedFile, File: d.file, URL: address})
				return nil
			}
			if ctx.Err() != nil {
				return fmt.Errorf("stopped after %d of %d bytes: %w", d.size(), d.file.Bytes, context.Cause(ctx))
			}
			if fault.IsInput(err) { // not the server's failure
				return err
			}
			d.options.Report(Event{Kind: Failed, File: d.file, URL: address, Err: err})
			// What is here may be the start of another version of the file.
			startAgain := errors.Is(err, errChecksum) && before > 0
			if d.size() <= before && !startAgain {
				break
			}
		}
		failures = append(failures, fmt.Sprintf("%s: %v", address, err))
	}
	return fmt.Errorf("no server delivers it (%s); try again on-line, or name another server with --mirror URL", strings.Join(failures, "; "))
}
