package main

import (
	"bytes"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/snnctl/snnctl/internal/npy"
)

// scriptArray writes inputs for a network: values from 0 to 1 without an order.
func scriptArray(ts *testscript.TestScript, _ bool, args []string) {
	size, shape := 1, []int(nil)
	for _, arg := range args[1:] {
		n, err := strconv.Atoi(arg)
		ts.Check(err)
		shape = append(shape, n)
		size *= n
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i*7919%101) / 100
	}
	var b bytes.Buffer
	ts.Check(npy.Encode(&b, values, shape...))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}
