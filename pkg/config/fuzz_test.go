package config

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/snnctl/snnctl/configs"
)

// FuzzLoad: no file and no --set makes Load panic; what it accepts can be written
// and read again; what it refuses gets one printable sentence a line.
func FuzzLoad(f *testing.F) {
	for _, name := range BuiltinNames() {
		data, err := configs.Files.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "train.iterations=3")
	}
	f.Add([]byte(demo), "data.type=sequential-mnist")
	f.Add([]byte(smnist), "data.encoding=rows")
	f.Add([]byte("a: &a [*a]\n<<: *a\n? [x]\n: !!binary aGk=\n"), "a.b.c=")
	f.Add([]byte("name: !!int x\nseed: !!float y\ndata: !!null z\nmodel: ? "), "model=1")
	f.Add([]byte("\xff\xfen\x00:\x001\x00"), "type=")
	f.Fuzz(func(t *testing.T, data []byte, set string) {
		r, err := Load(data, "x.yaml", []string{set})
		if err != nil {
			var all Errors
			if r != nil || !errors.As(err, &all) {
				t.Fatalf("error %q of type %T, with %v", err, err, r)
			}
			for _, e := range all {
				if e.Message == "" || !printable(e.Error()) {
					t.Fatalf("the sentence %q is not one printable line", e.Error())
				}
			}
			return
		}
		yaml, err := Marshal(&r.Experiment)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(yaml, "again.yaml", nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, yaml)
		}
		if diff := cmp.Diff(r.Experiment, again.Experiment); diff != "" {
			t.Fatalf("(-before +after)\n%s\n%s", diff, yaml)
		}
	})
}
