package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
)

const lockFile = ".lock"

// lockPatience outlasts the moment for which a listing holds a shared lock.
const lockPatience = 300 * time.Millisecond

// Lock makes this process the only one that may write to the run; it lasts
// until Unlock or the end of the process, however it ends. If another process
// has the lock, the fault.Input says which one. Whoever holds the lock already
// may call Lock again.
func (d *Dir) Lock() error {
	if d.lock != nil {
		return nil
	}
	lock := flock.New(d.Path(lockFile), flock.SetPermissions(0o666))
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	held, err := lock.TryLockContext(ctx, 10*time.Millisecond)
	if !held {
		lock.Close()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fault.Inputf("cannot lock the run directory %s: %w", d.path, cause(err))
		}
		return fault.Inputf("the run directory %s is in use%s: wait until it ends, or stop it", d.path, d.holder())
	}
	d.lock = lock
	// The name only serves the message to others, so a system on which a locked
	// file cannot be written (Windows) goes without.
	host, _ := os.Hostname()
	_ = os.WriteFile(d.Path(lockFile), fmt.Appendf(nil, "pid %d on %s\n", os.Getpid(), host), 0o666)
	return d.sweep()
}

// sweep removes what a killed process had not finished writing.
func (d *Dir) sweep() error {
	for _, folder := range []string{"", checkpointsDir, plotsDir} {
		if err := atomicfile.RemoveLeftovers(d.Path(folder)); err != nil && !os.IsNotExist(err) {
			return errors.Join(fault.Inputf("cannot clean the run directory %s: %w", d.path, err), d.Unlock())
		}
	}
	return nil
}

// Unlock lets other processes write to the run.
func (d *Dir) Unlock() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	return err
}

// holder names the process that has the lock, as it wrote itself.
func (d *Dir) holder() string {
	content, err := os.ReadFile(d.Path(lockFile))
	line := strings.TrimSpace(string(content))
	if err != nil || !strings.HasPrefix(line, "pid ") || len(line) > 200 || strings.ContainsAny(line, "\n\r\x1b") {
		return " by another process"
	}
	return " by " + line
}

// inUse reports whether some process has the lock, or may have it. It does not
// make a lock file where there is none.
func (d *Dir) inUse() bool {
	if _, err := os.Stat(d.Path(lockFile)); err != nil {
		return false
	}
	lock := flock.New(d.Path(lockFile), flock.SetFlag(os.O_RDONLY))
	defer lock.Close()
	free, err := lock.TryRLock()
	return err != nil || !free
}
