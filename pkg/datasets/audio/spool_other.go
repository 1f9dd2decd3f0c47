//go:build !unix

package audio

import (
	"errors"
	"os"
)

func mapped(*os.File, int) ([]float32, error) {
	return nil, errors.New("files cannot be mapped into memory on this system")
}
