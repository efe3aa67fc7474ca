//go:build unix

package files

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lock makes the caller the only one who has the lock, until the file is closed, by himself or by his death.
func lock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, f.Close())
		}
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}

func unlock(f *os.File) error { return f.Close() }

// notDirectory is what the system says of a path through what is no directory.
const notDirectory = syscall.ENOTDIR
