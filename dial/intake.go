package dial

import (
	"io"
	"sync/atomic"
	"time"
)

// intake is a receive buffer in which messages are read where they lie. After
// an error of src it is as before, so that the next call goes on where this
// one stopped.
type intake struct {
	src io.Reader
	max int // bytes of a message

	buf  []byte
	r, w int   // buf[r:w] is received and not yet consumed
	skip int64 // bytes of a refused message still to be thrown away

	heard atomic.Int64 // nanoseconds of Unix time when bytes last arrived
}

// fill receives at least one byte more. What is left is moved to the front
// first: it is less than a message, and the read may then fill the whole
// buffer.
func (x *intake) fill() error {
	if x.r > 0 {
		x.w = copy(x.buf, x.buf[x.r:x.w])
		x.r = 0
	}
	if x.w == len(x.buf) {
		// Doubled as bytes arrive: a header that promises much costs nothing.
		bigger := make([]byte, min(2*len(x.buf), x.max+maxHeader))
		copy(bigger, x.buf)
		x.buf = bigger
	}
	for range 100 {
		n, err := x.src.Read(x.buf[x.w:])
		if n > 0 {
			x.w += n
			x.heard.Store(time.Now().UnixNano())
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// discard throws away what is left of a refused message.
func (x *intake) discard() error {
	for {
		n := min(x.skip, int64(x.w-x.r))
		x.r += int(n)
		if x.skip -= n; x.skip == 0 {
			return nil
		}
		if err := x.fill(); err != nil {
			return err
		}
	}
}

// lastHeard may be called from any goroutine.
func (x *intake) lastHeard() time.Time {
	if heard := x.heard.Load(); heard != 0 {
		return time.Unix(0, heard)
	}
	return time.Time{}
}
