//go:build !unix

package files

import (
	"context"
	"errors"
	"os"
	"time"
)

// lock makes the caller the only one who has the lock. Where files cannot be locked, a file that is there is the lock: after a
// crash it is taken away by hand.
func lock(ctx context.Context, path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func unlock(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }

// notDirectory is what the system says of a path through what is no directory.
var notDirectory = os.ErrNotExist
