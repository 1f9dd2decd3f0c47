package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/catalog"
)

// dataCommand runs snnctl data on a data directory.
func dataCommand(dataDir string, args ...string) (stdout, stderr string, err error) {
	var out, messages bytes.Buffer
	root := newRootCommand(&app{stdout: &out, stderr: &messages})
	root.SetArgs(append([]string{"data", "--data-dir", dataDir}, args...))
	err = root.Execute()
	return out.String(), messages.String(), err
}

func TestDataListSaysWhatIsHere(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "mnist"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mnist", "t10k-labels-idx1-ubyte"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	text, _, err := dataCommand(dir, "list")
	if err != nil || !strings.Contains(text, "1 of 4 files") || !strings.Contains(text, "fashion-mnist  30.9 MB   no ") {
		t.Errorf("error %v, list prints\n%s", err, text)
	}
	text, _, err = dataCommand(dir, "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var listed struct {
		DataDir string `json:"data_dir"`
		Sets    []listedSet
	}
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		t.Fatal(err)
	}
	if listed.DataDir != dir || len(listed.Sets) != len(catalog.Sets) || listed.Sets[3].Present != 1 || listed.Sets[3].Cite == "" {
		t.Errorf("list --json prints %+v", listed)
	}
}

func TestDataPath(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{dir: {"path"}, filepath.Join(dir, "mnist"): {"path", "mnist"}} {
		if text, _, err := dataCommand(dir, args...); err != nil || text != want+"\n" {
			t.Errorf("%q prints %q, error %v, want %q", args, text, err, want)
		}
	}
}

func TestDataRefusesUnknownNamesBeforeItStarts(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"get", "mnist", "fashion"}, {"verify", "fashion"}, {"path", "fashion"}} {
		text, _, err := dataCommand(dir, args...)
		if !fault.IsInput(err) || !strings.Contains(err.Error(), "did you mean fashion-mnist?") || text != "" {
			t.Errorf("%q: error %v, prints %q", args, err, text)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%s was made", entries[0].Name())
	}
	for _, args := range [][]string{{"get"}, {"verify"}, {"path", "mnist", "mnist"}, {"get", "mnist", "--mirror", "nowhere"}} {
		if _, _, err := dataCommand(dir, args...); !fault.IsInput(err) {
			t.Errorf("%q: error %v, want a usage error", args, err)
		}
	}
}

func TestDataVerifyNamesWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	_, _, err := dataCommand(dir, "verify", "mnist")
	want := filepath.Join(dir, "mnist", "train-images-idx3-ubyte.gz") + " is missing (and 3 more); run: snnctl data get mnist --data-dir " + dir
	if !fault.IsInput(err) || err.Error() != want {
		t.Errorf("error %v\n want %s", err, want)
	}
}

func TestDataCompletion(t *testing.T) {
	for _, sub := range []string{"get", "verify"} {
		var out bytes.Buffer
		root := newRootCommand(&app{stdout: &out, stderr: io.Discard})
		root.SetArgs([]string{"__complete", "data", sub, "mnist", ""})
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, "\nfashion-mnist\t") || strings.Contains(text, "\nmnist") {
			t.Errorf("%s: after mnist, the shell is offered\n%s", sub, text)
		}
	}
}

// The whole way, with the published files on a server of our own.
func TestDataGetVerifyMend(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(golden.Data(t, "mnist")))))
	t.Cleanup(server.Close)
	t.Setenv("SNNCTL_MIRROR", server.URL)
	dir := t.TempDir()

	text, progress, err := dataCommand(dir, "get", "mnist")
	if err != nil || !strings.HasPrefix(text, "mnist: 4 of 4 files fetched (") {
		t.Fatalf("get prints %q, error %v", text, err)
	}
	if lines := strings.Split(strings.TrimSpace(progress), "\n"); len(lines) != 4 ||
		lines[0] != "mnist/train-images-idx3-ubyte.gz: 9.9 MB from "+server.URL+"/mnist/train-images-idx3-ubyte.gz" {
		t.Errorf("progress is\n%s", progress)
	}
	if text, _, err = dataCommand(dir, "verify", "mnist"); err != nil || strings.Count(text, " valid\n") != 4 {
		t.Errorf("verify prints %q, error %v", text, err)
	}

	labels := filepath.Join(dir, "mnist", "t10k-labels-idx1-ubyte.gz")
	if err := os.WriteFile(labels, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, _, err = dataCommand(dir, "verify", "mnist", "--json")
	mnist, _ := catalog.Known("mnist")
	for _, part := range []string{labels + " is damaged", mnist.Files[3].SHA256, "run: snnctl data get mnist"} {
		if !fault.IsInput(err) || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want an input error with %q", err, part)
		}
	}
	var verified struct{ Sets []filesOfSet }
	if err := json.Unmarshal([]byte(text), &verified); err != nil {
		t.Fatal(err)
	}
	if s := verified.Sets[0]; s.Files[3].State != catalog.Damaged || s.Files[0].State != catalog.Valid {
		t.Errorf("verify --json prints %+v", verified)
	}

	text, progress, err = dataCommand(dir, "get", "mnist", "--quiet")
	if err != nil || !strings.HasPrefix(text, "mnist: 1 of 4 files fetched (") || progress != "" {
		t.Errorf("get prints %q and %q, error %v, want one file fetched in silence", text, progress, err)
	}
	if text, _, err = dataCommand(dir, "get", "mnist"); err != nil || !strings.HasPrefix(text, "mnist: already here and valid (") {
		t.Errorf("get prints %q, error %v", text, err)
	}
}

func TestCtrlCKeepsWhatCame(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send itself Ctrl-C")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1000))
		w.(http.Flusher).Flush()
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(os.Interrupt)
		}
		if err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	_, _, err := dataCommand(dir, "get", "mnist", "--mirror", server.URL)
	var s *stopped
	if !errors.As(err, &s) || s.status != exitInterrupted || !strings.Contains(s.message, "snnctl data get mnist") {
		t.Errorf("error %v, want to stop with status %d and to say how to go on", err, exitInterrupted)
	}
}
