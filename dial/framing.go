package dial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Framing is how messages are told apart in the byte streams of tcp, tls and
// unix.
type Framing string

const (
	Raw    Framing = ""       // a message is what has arrived, in pieces of at most ReadBuffer bytes
	Lines  Framing = "lines"  // a message ends with \n or \r\n, neither of them part of it; \n is written
	Length Framing = "length" // a message follows its length in bytes, 4 bytes, most significant first

	datagrams Framing = "datagrams" // of udp, which needs none
)

// lengthPrefix is the size in bytes of what Length writes before a message.
const lengthPrefix = 4

// splitter reads the messages of a framing.
type splitter struct {
	intake
	framing Framing
	scanned int  // bytes of the intake that hold no line end
	refused bool // the line is too large, and the rest of it is thrown away
}

// next returns the next message, valid until the next call. One that is
// refused with ErrTooLarge is skipped by the next call.
func (x *splitter) next() ([]byte, error) {
	switch x.framing {
	case Lines:
		return x.line()
	case Length:
		return x.prefixed()
	case datagrams:
		return x.datagram()
	}
	if x.r == x.w {
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
	return x.take(min(x.w-x.r, x.max)), nil
}

// take consumes n bytes.
func (x *splitter) take(n int) []byte {
	start := x.r
	x.r += n
	return x.buf[start:x.r:x.r]
}

func (x *splitter) line() ([]byte, error) {
	for {
		if end := bytes.IndexByte(x.buf[x.r+x.scanned:x.w], '\n'); end >= 0 {
			line := x.take(x.scanned + end)
			x.r++
			x.scanned = 0
			if x.refused {
				x.refused = false
				continue
			}
			if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) > x.max {
				return nil, ErrTooLarge
			}
			return line, nil
		}
		x.scanned = x.w - x.r
		if x.refused || x.overlong() {
			first := !x.refused
			x.r, x.scanned, x.refused = x.w, 0, true
			if first {
				return nil, ErrTooLarge
			}
		}
		if err := x.fill(); err != nil {
			return nil, x.cut(err)
		}
	}
}

// overlong reports whether what is received is more than a line and its \r.
func (x *splitter) overlong() bool { return x.w-x.r > x.max+1 }

func (x *splitter) prefixed() ([]byte, error) {
	for {
		if x.skip > 0 {
			if err := x.discard(); err != nil {
				return nil, x.cut(err)
			}
		}
		if have := x.w - x.r; have >= lengthPrefix {
			size := int64(binary.BigEndian.Uint32(x.buf[x.r:]))
			switch {
			case size > int64(x.max):
				x.r += lengthPrefix
				x.skip = size
				return nil, ErrTooLarge
			case size <= int64(have-lengthPrefix):
				x.r += lengthPrefix
				return x.take(int(size)), nil
			}
		}
		if err := x.fill(); err != nil {
			return nil, x.cut(err)
		}
	}
}

// datagram asks the network once: an empty datagram is an empty message.
func (x *splitter) datagram() ([]byte, error) {
	n, err := x.src.Read(x.buf)
	if err != nil {
		return nil, err
	}
	x.heard.Store(time.Now().UnixNano())
	if n > x.max {
		return nil, ErrTooLarge
	}
	return x.buf[:n:n], nil
}

// cut makes the end of the stream within a message an unexpected one.
func (x *splitter) cut(err error) error {
	if err == io.EOF && (x.r < x.w || x.refused || x.skip > 0) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// buffered reports whether next returns without asking the network.
func (x *splitter) buffered() bool {
	have := x.buf[x.r:x.w]
	switch x.framing {
	case Lines:
		end := bytes.IndexByte(have[x.scanned:], '\n')
		if x.refused {
			return end >= 0 && bytes.IndexByte(have[x.scanned+end+1:], '\n') >= 0
		}
		return end >= 0 || x.overlong()
	case Length:
		if x.skip > int64(len(have)) {
			return false
		}
		have = have[x.skip:]
		if len(have) < lengthPrefix {
			return false
		}
		size := int64(binary.BigEndian.Uint32(have))
		return size > int64(x.max) || size <= int64(len(have)-lengthPrefix)
	}
	return len(have) > 0
}

var errLineEnd = errors.New("dial: a message of framing lines may not hold a line end")

// appendFramed appends msg as it goes onto the wire.
func appendFramed(b []byte, framing Framing, msg []byte) ([]byte, error) {
	switch framing {
	case Lines:
		if bytes.IndexByte(msg, '\n') >= 0 {
			return nil, errLineEnd
		}
		return append(append(b, msg...), '\n'), nil
	case Length:
		if int64(len(msg)) > math.MaxUint32 {
			return nil, fmt.Errorf("%w: its length does not fit the prefix", ErrTooLarge)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(msg)))
	}
	return append(b, msg...), nil
}
