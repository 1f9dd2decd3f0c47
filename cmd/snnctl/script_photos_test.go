package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPhotos writes a small set of colour images, FORM being cifar: the binary
// version of CIFAR-10 with 30 training and 10 test images; or folder: PNG pictures
// of 12×8 pixels in folders of the classes a/abbey and b, 12 for training and 4 as val.
// An image is the brighter the higher its class is.
func scriptPhotos(ts *testscript.TestScript, _ bool, args []string) {
	dir, form := ts.MkAbs(args[0]), args[1]
	write := func(name string, content []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path, content, 0o666))
	}
	if form == "cifar" {
		for name, count := range map[string]int{"data_batch_1.bin": 30, "test_batch.bin": 10} {
			var records []byte
			for i := range count {
				records = append(records, byte(i%10))
				for j := range 3 * 32 * 32 {
					records = append(records, byte(25*(i%10)+j%7))
				}
			}
			write(name, records)
		}
		return
	}
	for split, count := range map[string]int{"train": 6, "val": 2} {
		for class, name := range []string{"a/abbey", "b"} {
			for i := range count {
				file := filepath.Join(dir, split, filepath.FromSlash(name), strconv.Itoa(i)+".png")
				ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
				f, err := os.Create(file)
				ts.Check(err)
				picture := image.NewGray(image.Rect(0, 0, 12, 8))
				for p := range picture.Pix {
					picture.SetGray(p%12, p/12, color.Gray{uint8(150*class + i + p%5)})
				}
				ts.Check(png.Encode(f, picture))
				ts.Check(f.Close())
			}
		}
	}
}
