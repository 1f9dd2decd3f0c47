package audio

import (
	"bufio"
	"fmt"
	"os"
	"unsafe"

	"github.com/snnctl/snnctl/internal/fault"
)

// spool keeps the samples of a piece in a file, from which they are read as they are needed. The file has no name any more when
// it is full, so that nothing is left of it when the program ends, however that is.
type spool struct {
	file   *os.File
	writer *bufio.Writer
	count  int
}

func newSpool(dir string) (*spool, error) {
	file, err := os.CreateTemp(dir, "snnctl-recording-*.f32")
	if err != nil {
		return nil, fault.Inputf("recordings beyond data.max_memory_mb have no place in data.spool_dir: %w", err)
	}
	return &spool{file: file, writer: bufio.NewWriterSize(file, 1<<18)}, nil
}

func (s *spool) write(x []float32) error {
	if len(x) == 0 {
		return nil
	}
	s.count += len(x)
	if _, err := s.writer.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))); err != nil {
		return fmt.Errorf("keeping a recording in %s: %w", s.file.Name(), err)
	}
	return nil
}

// samples are all that was written.
func (s *spool) samples() ([]float32, error) {
	if err := s.writer.Flush(); err != nil {
		return nil, fmt.Errorf("keeping a recording in %s: %w", s.file.Name(), err)
	}
	x, err := mapped(s.file, s.count)
	if err != nil {
		return nil, fmt.Errorf("reading a recording from %s: %w", s.file.Name(), err)
	}
	return x, nil
}

// close takes the file's name away; what is mapped stays.
func (s *spool) close() {
	_ = os.Remove(s.file.Name())
	_ = s.file.Close()
}
