//go:build unix

package server

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockDatabase makes this process the one server of a SQLite file: a second one would take the first one's messages for
// abandoned and send them again. The lock ends with the process, whatever ends it.
func lockDatabase(path string) (release func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close()
		return nil, fmt.Errorf("another server uses %s: stop it, or use PostgreSQL for more than one", path)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
