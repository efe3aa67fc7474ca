//go:build !unix

package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lock makes the caller the directory's writer. Where files cannot be locked, a file that is there is the lock: after a
// crash it is taken away by hand.
func lock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w: %s exists", ErrLocked, path)
	}
	return f, err
}

func unlock(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }
