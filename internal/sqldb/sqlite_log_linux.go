package sqldb

import (
	"os"
	"syscall"
)

// syncData waits until the file's contents, and of its attributes its length, are on disk.
func syncData(file *os.File) error {
	for {
		if err := syscall.Fdatasync(int(file.Fd())); err != syscall.EINTR { // a bare errno by contract
			return err
		}
	}
}
