package catalog

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
)

// small is a set of one file of 300 kB, and that file.
func small(t testing.TB) (Set, []byte) {
	t.Helper()
	raw := make([]byte, 300_000)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(raw)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(raw)
	z.Close()
	return Set{Name: "small", Files: []File{{"data.gz", int64(b.Len()), sum(b.Bytes()), sum(raw)}}}, b.Bytes()
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// check asks that the file of the set is there, whole, and nothing beside it.
func check(t *testing.T, dataDir string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dataDir, "small", "data.gz"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file has %d bytes (error %v), want the %d that were served", len(got), err, len(content))
	}
	if _, err := os.Stat(filepath.Join(dataDir, "small", "data.gz.part")); err == nil {
		t.Error("the .part is still there")
	}
}

func writePart(t *testing.T, dataDir string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dataDir, "small"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dataDir, "small", "data.gz.part"), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestGet(t *testing.T) {
	set, content := small(t)
	half := len(content) / 2
	wrong := bytes.Clone(content)
	wrong[10] ^= 1
	for name, c := range map[string]struct {
		part   []byte // here before
		handle func(http.ResponseWriter, *http.Request)
		ranges string // asked for, in turn
	}{
		"whole":                         {nil, whole(content), ""},
		"resumed":                       {content[:half], whole(content), fmt.Sprintf("bytes=%d-", half)},
		"broken off three times":        {nil, breaking(content, 100_000), ",bytes=100000-,bytes=200000-,bytes=300000-"},
		"range ignored":                 {content[:half], noRange(content), fmt.Sprintf("bytes=%d-", half)},
		"part is whole":                 {content, whole(content), "none"},
		"part is too long":              {append(bytes.Clone(content), 1), whole(content), ""},
		"part of another version":       {wrong[:half], whole(content), fmt.Sprintf("bytes=%d-,", half)},
		"part is whole, but wrong":      {wrong, whole(content), ""},
		"range not satisfiable":         {content[:half], notSatisfiable(content), fmt.Sprintf("bytes=%d-,", half)},
		"another part than asked for":   {content[:half], wrongPart(content), fmt.Sprintf("bytes=%d-,", half)},
		"no length, in chunks":          {nil, chunked(content), ""},
		"decompression in the protocol": {nil, encoded(content), ""},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := t.TempDir()
			if c.part != nil {
				writePart(t, dataDir, c.part)
			}
			s := serve(t, c.handle)
			set := set
			set.Mirrors = []string{s.URL + "/"}
			files, err := Get(t.Context(), set, dataDir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 1 || files[0].State != Fetched {
				t.Errorf("files %+v, want one that was fetched", files)
			}
			check(t, dataDir, content)
			if got := strings.Join(s.ranges, ","); c.ranges == "none" && len(s.ranges) > 0 || c.ranges != "none" && got != c.ranges {
				t.Errorf("ranges asked for: %q in %d requests, want %q", got, len(s.ranges), c.ranges)
			}

			// Again: nothing is fetched.
			s.ranges = nil
			files, err = Get(t.Context(), set, dataDir, Options{})
			if err != nil || files[0].State != Valid || s.ranges != nil {
				t.Errorf("second time: %+v, error %v, %d requests; want a valid file and none", files, err, len(s.ranges))
			}
		})
	}
}

func TestGetFails(t *testing.T) {
	set, content := small(t)
	wrong := bytes.Clone(content)
	wrong[10] ^= 1
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, c := range map[string]struct {
		handle func(http.ResponseWriter, *http.Request)
		want   string
		part   int // bytes that must stay for next time
	}{
		"not found":      {http.NotFound, "it answers 404 Not Found", 0},
		"wrong content":  {noRange(wrong), "the checksum is wrong: SHA-256 " + sum(wrong), 0},
		"a page instead": {noRange([]byte("<html>please log in</html>")), "it offers 26 bytes, expected", 0},
		"too much":       {chunked(append(bytes.Clone(content), 1)), "it sends more than the", 0},
		"breaks at once": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				panic(http.ErrAbortHandler)
			}
			breaking(content, 100_000)(w, r)
		}, "EOF", 100_000},
		"silence": {func(w http.ResponseWriter, r *http.Request) {
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "nothing came for 200ms", 1000},
		"not listening": {nil, "connection refused", 0},
	} {
		t.Run(name, func(t *testing.T) {
			address := closed.URL
			if c.handle != nil {
				address = serve(t, c.handle).URL
			}
			set := set
			set.Mirrors = []string{address + "/a/", closed.URL + "/"}
			dataDir := t.TempDir()
			var failed int
			_, err := Get(t.Context(), set, dataDir, Options{patience: 200 * time.Millisecond,
				Report: func(e Event) {
					if e.Kind == Failed {
						failed++
					}
				}})
			if err == nil || fault.IsInput(err) {
				t.Fatalf("error %v, want one that is not the user's", err)
			}
			for _, part := range []string{c.want, "small/data.gz", address + "/a/data.gz", closed.URL + "/data.gz", "--mirror URL"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q, want it to hold %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q is more than a line", err)
			}
			if failed < 2 {
				t.Errorf("%d failures were reported, want one for each server", failed)
			}
			if _, err := os.Stat(filepath.Join(dataDir, "small", "data.gz")); err == nil {
				t.Error("the file got its name")
			}
			info, err := os.Stat(filepath.Join(dataDir, "small", "data.gz.part"))
			if c.part > 0 && (err != nil || info.Size() != int64(c.part)) {
				t.Errorf("part: %v, error %v, want %d bytes kept", info, err, c.part)
			}
			if name == "wrong content" && err == nil {
				t.Error("the wrong content is still there")
			}
		})
	}
}

func TestNextServerGoesOnWhereOneBrokeOff(t *testing.T) {
	set, content := small(t)
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			http.NotFound(w, r)
			return
		}
		breaking(content, 50_000)(w, r)
	})
	second := serve(t, whole(content))
	set.Mirrors = []string{first.URL + "/", second.URL + "/"}
	dataDir := t.TempDir()
	if _, err := Get(t.Context(), set, dataDir, Options{}); err != nil {
		t.Fatal(err)
	}
	check(t, dataDir, content)
	if len(second.ranges) != 1 || second.ranges[0] != "bytes=50000-" {
		t.Errorf("asked the second server for %q, want the rest", second.ranges)
	}
}

func TestDamagedFileIsReplaced(t *testing.T) {
	set, content := small(t)
	s := serve(t, whole(content))
	set.Mirrors = []string{s.URL + "/"}
	dataDir := t.TempDir()
	writePart(t, dataDir, content[:10])
	path := filepath.Join(dataDir, "small", "data.gz")
	if err := os.WriteFile(path, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := set.Verify(dataDir)
	if err != nil || files[0].State != Damaged || files[0].Found != sum([]byte("damaged")) || files[0].Expected != set.Files[0].SHA256 {
		t.Fatalf("before: %+v, error %v, want a damaged file with both checksums", files, err)
	}
	if _, err := Get(t.Context(), set, dataDir, Options{}); err != nil {
		t.Fatal(err)
	}
	check(t, dataDir, content)
}

func TestDecompressedAndRecompressedFilesAreValid(t *testing.T) {
	set, content := small(t)
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	w, _ := gzip.NewWriterLevel(&again, gzip.HuffmanOnly)
	w.Write(raw)
	w.Close()
	for name, content := range map[string][]byte{"data": raw, "data.gz": again.Bytes()} {
		dataDir := t.TempDir()
		writePart(t, dataDir, nil)
		if err := os.WriteFile(filepath.Join(dataDir, "small", name), content, 0o644); err != nil {
			t.Fatal(err)
		}
		if files, err := set.Verify(dataDir); err != nil || files[0].State != Valid || set.Present(dataDir) != 1 {
			t.Errorf("%s: %+v, error %v, want a valid file", name, files, err)
		}
	}
}

// Two at once: one downloads, the other waits, and the file is fetched once.
func TestTwoGetsAtOnce(t *testing.T) {
	set, content := small(t)
	var requests atomic.Int32
	waiting := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		<-waiting
		whole(content)(w, r)
	})
	set.Mirrors = []string{s.URL + "/"}
	dataDir := t.TempDir()
	var wg sync.WaitGroup
	var once sync.Once
	for range 2 {
		wg.Go(func() {
			_, err := Get(t.Context(), set, dataDir, Options{Report: func(e Event) {
				if e.Kind == Waiting {
					once.Do(func() { close(waiting) })
				}
			}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	check(t, dataDir, content)
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
}

func TestInterruptKeepsThePart(t *testing.T) {
	set, content := small(t)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:150_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	set.Mirrors = []string{s.URL + "/"}
	dataDir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Get(ctx, set, dataDir, Options{Report: func(e Event) {
		if e.Kind == Progress && e.Done == 150_000 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "150000 of") {
		t.Errorf("error %v, want it to say what is kept", err)
	}
	part, err := os.ReadFile(filepath.Join(dataDir, "small", "data.gz.part"))
	if err != nil || !bytes.Equal(part, content[:150_000]) {
		t.Errorf("%d bytes are kept (error %v), want 150000", len(part), err)
	}
}

func TestLocalFailuresAreInput(t *testing.T) {
	set, content := small(t)
	s := serve(t, whole(content))
	set.Mirrors = []string{s.URL + "/", s.URL + "/b/"}
	for name, prepare := range map[string]func(t *testing.T, dataDir string){
		"the directory is a file": func(t *testing.T, dataDir string) {
			if err := os.WriteFile(filepath.Join(dataDir, "small"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"the disk is full": func(t *testing.T, dataDir string) {
			if runtime.GOOS != "linux" {
				t.Skip("needs /dev/full")
			}
			if err := os.Mkdir(filepath.Join(dataDir, "small"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/dev/full", filepath.Join(dataDir, "small", "data.gz.part")); err != nil {
				t.Fatal(err)
			}
		},
		"the directory is read-only": func(t *testing.T, dataDir string) {
			if os.Getuid() <= 0 {
				t.Skip("nothing is read-only to the super-user")
			}
			if err := os.Mkdir(filepath.Join(dataDir, "small"), 0o555); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := t.TempDir()
			prepare(t, dataDir)
			_, err := Get(t.Context(), set, dataDir, Options{})
			if !fault.IsInput(err) || !strings.Contains(err.Error(), filepath.Join(dataDir, "small")) {
				t.Errorf("error %v, want an input error that names the place", err)
			}
			if len(s.ranges) > 1 {
				t.Errorf("%d requests, want no second server tried", len(s.ranges))
			}
			s.ranges = nil
		})
	}
}

func TestMirror(t *testing.T) {
	set, content := small(t)
	set.Mirrors = []string{"http://unused.invalid/"}
	for _, path := range []string{"/lab/small/data.gz", "/lab/data.gz"} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			whole(content)(w, r)
		})
		for _, base := range []string{s.URL + "/lab", s.URL + "/lab/"} {
			dataDir := t.TempDir()
			if _, err := Get(t.Context(), set, dataDir, Options{Mirror: base}); err != nil {
				t.Errorf("%s at %s: %v", path, base, err)
				continue
			}
			check(t, dataDir, content)
		}
	}
	for _, bad := range []string{"example.org/data", "ftp://example.org/", "http://", "::"} {
		if _, err := Get(t.Context(), set, t.TempDir(), Options{Mirror: bad}); !fault.IsInput(err) || !strings.Contains(err.Error(), bad) {
			t.Errorf("mirror %q: error %v, want an input error that names it", bad, err)
		}
	}
}

// An archive is its published bytes: compressed anew or decompressed it counts as
// damaged, or missing.
func TestArchivesAreTheirPublishedBytes(t *testing.T) {
	_, content := small(t)
	set := Set{Name: "small", Files: []File{{Name: "data.tar.gz", Bytes: int64(len(content)), SHA256: sum(content)}}}
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    State
	}{
		"published":       {"data.tar.gz", content, Valid},
		"one byte more":   {"data.tar.gz", append(bytes.Clone(content), 0), Damaged},
		"under raw names": {"data.tar", content, Missing},
	} {
		dataDir := t.TempDir()
		writePart(t, dataDir, nil)
		if err := os.WriteFile(filepath.Join(dataDir, "small", c.file), c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if files, err := set.Verify(dataDir); err != nil || files[0].State != c.want {
			t.Errorf("%s: %+v, error %v, want %s", name, files, err, c.want)
		}
	}
	s := serve(t, whole(content))
	set.Mirrors = []string{s.URL + "/"}
	dataDir := t.TempDir()
	if files, err := Get(t.Context(), set, dataDir, Options{}); err != nil || files[0].State != Fetched {
		t.Errorf("Get: %+v, error %v", files, err)
	}
}
