package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
)

// download fetches one file into part, and renames that when it is whole.
type download struct {
	client  *http.Client
	file    File
	part    string
	options Options
}

var errChecksum = errors.New("the checksum is wrong")

// size is how many bytes are here.
func (d *download) size() int64 {
	info, err := os.Stat(d.part)
	if err != nil {
		return 0
	}
	return info.Size()
}

// try goes on with the file from one server. Errors of the local disk are input
// errors, all others are the server's.
func (d *download) try(ctx context.Context, address string) error {
	f, err := os.OpenFile(d.part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fault.Inputf("%w", err)
	}
	defer f.Close()
	if err := d.receive(ctx, address, f); err != nil {
		if d.size() == 0 {
			os.Remove(d.part)
		}
		return err
	}
	if err := f.Sync(); err != nil {
		return fault.Inputf("%w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fault.Inputf("%w", err)
	}
	sum, err := checksumOf(f)
	if err != nil {
		return fault.Inputf("%w", err)
	}
	f.Close()
	if sum != d.file.SHA256 {
		if err := os.Remove(d.part); err != nil {
			return fault.Inputf("%w", err)
		}
		return fmt.Errorf("%w: SHA-256 %s, expected %s; what came was deleted", errChecksum, sum, d.file.SHA256)
	}
	if err := os.Rename(d.part, strings.TrimSuffix(d.part, ".part")); err != nil {
		return fault.Inputf("%w", err)
	}
	return syncDirectory(filepath.Dir(d.part))
}

// receive completes f to the size of the file.
func (d *download) receive(ctx context.Context, address string, f *os.File) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stall := time.AfterFunc(d.options.patience, func() {
		stop(fmt.Errorf("nothing came for %v", d.options.patience))
	})
	defer stall.Stop()

	body, offset, err := d.open(ctx, address, f)
	if body == nil || err != nil {
		return because(ctx, err)
	}
	defer body.Close()
	buffer := make([]byte, 1<<16)
	for {
		d.options.Report(Event{Kind: Progress, File: d.file, Done: offset})
		n, err := body.Read(buffer)
		stall.Reset(d.options.patience)
		if offset+int64(n) > d.file.Bytes {
			return fmt.Errorf("it sends more than the %d bytes of the file", d.file.Bytes)
		}
		if _, err := f.WriteAt(buffer[:n], offset); err != nil {
			return fault.Inputf("%w", err)
		}
		offset += int64(n)
		switch {
		case offset == d.file.Bytes:
			return nil
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("it broke off after %d of %d bytes", offset, d.file.Bytes)
		case err != nil:
			return because(ctx, err)
		}
	}
}

// open asks for what is missing in f, or for everything if the server will not
// send parts, and returns where in f its answer belongs. The body is nil if f
// is full.
func (d *download) open(ctx context.Context, address string, f *os.File) (io.ReadCloser, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fault.Inputf("%w", err)
	}
	offset := info.Size()
	switch {
	case offset == d.file.Bytes:
		return nil, offset, nil
	case offset > d.file.Bytes:
		offset = 0
	}
	response, err := d.ask(ctx, address, offset)
	if err == nil && offset > 0 && !continues(response, offset) && response.StatusCode != http.StatusOK {
		response.Body.Close() // 416, or another part than asked for
		response, err = d.ask(ctx, address, 0)
	}
	if err != nil {
		return nil, 0, err
	}
	switch {
	case offset > 0 && continues(response, offset):
	case response.StatusCode == http.StatusOK:
		offset = 0
	default:
		response.Body.Close()
		return nil, 0, fmt.Errorf("it answers %s", response.Status)
	}
	if n := response.ContentLength; n >= 0 && n != d.file.Bytes-offset {
		response.Body.Close()
		return nil, 0, fmt.Errorf("it offers %d bytes, expected %d", n, d.file.Bytes-offset)
	}
	if offset == 0 && info.Size() > 0 {
		if err := f.Truncate(0); err != nil {
			response.Body.Close()
			return nil, 0, fault.Inputf("%w", err)
		}
	}
	return response.Body, offset, nil
}

// ask requests the file from offset on.
func (d *download) ask(ctx context.Context, address string, offset int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "snnctl")
	request.Header.Set("Accept-Encoding", "identity") // the file is compressed, and wanted so
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	return d.client.Do(request)
}

// continues reports whether a response is the part of the file from offset on.
func continues(r *http.Response, offset int64) bool {
	return r.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(r.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset))
}

// because is the reason why ctx was cancelled, if it was, or else err without
// the address, which the caller names.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// syncDirectory makes a rename last; some systems cannot, which is no failure.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fault.Inputf("%w", err)
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}
