package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptSpeech writes a corpus of 3 + 1 + 1 utterances of 0.4 s at 8 kHz in RIFF files
// with labels: the phones "low" and "high", tones of 300 and 2000 Hz.
func scriptSpeech(ts *testscript.TestScript, _ bool, args []string) {
	const rate, samples = 8000, 3200
	for i, name := range []string{"train/a/one", "train/a/two", "train/b/three", "dev/four", "test/five"} {
		sound := []byte("RIFF")
		sound = binary.LittleEndian.AppendUint32(sound, 36+2*samples)
		sound = append(sound, "WAVEfmt "...)
		for _, field := range []uint32{16, 1 | 1<<16, rate, 2 * rate, 2 | 16<<16} {
			sound = binary.LittleEndian.AppendUint32(sound, field)
		}
		sound = append(sound, "data"...)
		sound = binary.LittleEndian.AppendUint32(sound, 2*samples)
		change := samples/3 + 200*i
		for n := range samples {
			tone := 300.0
			if n >= change {
				tone = 2000
			}
			sound = binary.LittleEndian.AppendUint16(sound, uint16(int16(9000*math.Sin(2*math.Pi*tone*float64(n)/rate))))
		}
		path := filepath.Join(ts.MkAbs(args[0]), filepath.FromSlash(name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path+".wav", sound, 0o666))
		ts.Check(os.WriteFile(path+".phn", fmt.Appendf(nil, "0 %d low\n%d %d high\n", change, change, samples), 0o666))
	}
}
