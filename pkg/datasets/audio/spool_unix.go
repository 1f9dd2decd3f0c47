//go:build unix

package audio

import (
	"os"
	"syscall"
	"unsafe"
)

// mapped is the numbers of a file, in the memory of the machine as they are read; they stay there as long as the program runs.
func mapped(file *os.File, count int) ([]float32, error) {
	if count == 0 {
		return nil, nil
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, 4*count, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(data))), count), nil
}
