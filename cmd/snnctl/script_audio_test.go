package main

import (
	"bytes"
	"errors"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
)

// scriptPiano is "piano FILE RATE SECONDS": it writes a wav file of the synthetic piano.
func scriptPiano(ts *testscript.TestScript, _ bool, args []string) {
	rate, err := strconv.Atoi(args[1])
	ts.Check(err)
	seconds, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	o := synthpiano.Options{Rate: rate, Seconds: seconds, Low: 48, High: 72, Seed: 1}
	samples := o.Play(1).Samples
	var b bytes.Buffer
	w, err := audio.NewWAVWriter(&b, audio.Format{Rate: rate, Channels: 1, Bits: 16, Frames: int64(len(samples))})
	ts.Check(errors.Join(err, w.Write(samples), w.Close(), os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644)))
}
