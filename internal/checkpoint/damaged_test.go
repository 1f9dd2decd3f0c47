package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

const ours = `"__metadata__":{"format":"snnctl-checkpoint","format_version":"1","sha256":"","tensors":"{}"}`

// raw is a file with the header and that many bytes of data.
func raw(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// damagedFiles are wrong files, and what the error must say.
var damagedFiles = []struct {
	name    string
	content []byte
	says    string
}{
	{"empty", nil, "0 bytes"},
	{"length alone", raw("", 0)[:7], "7 bytes"},
	{"no header", raw("", 0), "no JSON object"},
	{"huge header", binary.LittleEndian.AppendUint64(nil, 1<<63), "at most 100000000"},
	{"large header", binary.LittleEndian.AppendUint64(nil, maxHeader+1), "at most 100000000"},
	{"truncated header", raw("{"+ours+"}", 0)[:50], "truncated"},
	{"png", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 50)...), "no safetensors file"},
	{"array", raw("[]", 0), "no JSON object"},
	{"unclosed", raw(`{"a":`, 0), "header"},
	{"unclosed object", raw(`{`+ours, 0), "broken JSON"},
	{"rest", raw(`{`+ours+`}{}`, 0), "goes on for 2 bytes"},
	{"metadata is a list", raw(`{"__metadata__":[]}`, 0), "where an object belongs"},
	{"metadata value", raw(`{"__metadata__":{"a":1}}`, 0), `"a" holds no string`},
	{"metadata null", raw(`{"__metadata__":{"a":null}}`, 0), `"a" holds no string`},
	{"metadata twice", raw(`{"__metadata__":{"a":"1","a":"2"}}`, 0), `"a" twice`},
	{"tensor twice", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}`, 2), `"a" twice`},
	{"type", tensors(`"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}`, 2), `"F16" is not supported`},
	{"no entry", tensors(`"a":null`, 0), `"" is not supported`},
	{"entry is a number", tensors(`"a":1`, 0), `tensor "a"`},
	{"no shape", tensors(`"a":{"dtype":"U8","data_offsets":[0,1]}`, 1), "no shape"},
	{"negative shape", tensors(`"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}`, 1), "negative"},
	{"fractional shape", tensors(`"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,1]}`, 1), `tensor "a"`},
	{"overflowing shape", tensors(`"a":{"dtype":"F64","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}`, 0), "too many elements"},
	{"overflowing bytes", tensors(`"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}`, 0), "too many elements"},
	{"one offset", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}`, 1), "1 data_offsets"},
	{"backwards", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}`, 1), "the begin and the end"},
	{"negative offset", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}`, 1), "the begin and the end"},
	{"offset overflow", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[0,99999999999999999999]}`, 1), `tensor "a"`},
	{"wrong length", tensors(`"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}`, 4), "4 bytes of data, its type F32 and shape [2] need 8"},
	{"overlap", tensors(`"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}`, 3), "within the one before"},
	{"hole", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}`, 3), "belong to no tensor"},
	{"hole at the start", tensors(`"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}`, 2), "belong to no tensor"},
	{"truncated data", tensors(`"a":{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8000000000]}`, 9), "truncated"},
	{"appended data", tensors(``, 5), "appended"},
	{"foreign", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "another program"},
	{"version", raw(strings.Replace("{"+ours+"}", `version":"1"`, `version":"one"`, 1), 0), `"one"`},
	{"meanings", raw(strings.Replace("{"+ours+"}", `"{}"`, `"["`, 1), 0), "units and docs"},
	{"no sum", raw("{"+ours+"}", 0), "damaged or was changed"},
}

func tensors(entries string, data int) []byte {
	if entries != "" {
		entries = "," + entries
	}
	return raw("{"+ours+entries+"}", data)
}

func TestDamagedFiles(t *testing.T) {
	for _, test := range damagedFiles {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.safetensors")
			if err := os.WriteFile(path, test.content, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if !fault.IsInput(err) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, expected a fault of the input that names the file and says %q", err, test.says)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

func TestNoFileAtAll(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := Read(path); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	_, content := write(t, everyKind())
	content = bytes.Replace(content, []byte(`"format_version":"1"`), []byte(`"format_version":"9"`), 1)
	_, err := decode(bytes.NewReader(content), int64(len(content)))
	if !errors.Is(err, ErrNewer) {
		t.Fatalf("got %v, expected ErrNewer", err)
	}
	for _, want := range []string{"version 9", "up to version 1", "newer snnctl"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// Any one byte changed, removed from the end or appended is noticed.
func TestEveryByteCounts(t *testing.T) {
	_, content := write(t, everyKind())
	read := func(b []byte) error {
		_, err := decode(bytes.NewReader(b), int64(len(b)))
		return err
	}
	if err := read(content); err != nil {
		t.Fatal(err)
	}
	for i := range content {
		changed := bytes.Clone(content)
		changed[i] ^= 1
		if read(changed) == nil {
			t.Errorf("byte %d of %d can change unnoticed", i, len(content))
		}
		if read(content[:i]) == nil {
			t.Errorf("the first %d of %d bytes are read without an error", i, len(content))
		}
	}
	if read(append(content, 0)) == nil {
		t.Error("an appended byte is read without an error")
	}
}

func FuzzRead(f *testing.F) {
	for _, test := range damagedFiles {
		f.Add(test.content)
	}
	path := filepath.Join(f.TempDir(), "a")
	if err := Write(path, everyKind()); err != nil {
		f.Fatal(err)
	}
	valid, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Fuzz(func(t *testing.T, content []byte) {
		// The header alone is read too, because the checksum would keep the
		// fuzzer from most of what comes after it.
		h, _, err := readHeader(bytes.NewReader(content), int64(len(content)), kinds)
		if err == nil {
			var sum int64
			for _, p := range h.places {
				sum += int64(p.elements) * int64(p.kind.size)
			}
			if sum > int64(len(content)) {
				t.Errorf("the tensors would take %d bytes of a file of %d", sum, len(content))
			}
		}
		file, err := decode(bytes.NewReader(content), int64(len(content)))
		if (file == nil) == (err == nil) {
			t.Errorf("decode returned %v and %v", file, err)
		}
		if err != nil && fmt.Sprint(err) == "" {
			t.Error("an error without a message")
		}
	})
}
