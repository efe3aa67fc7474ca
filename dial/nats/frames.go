package nats

import (
	"bytes"
	"fmt"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// lineMost is how long a line of the server may be: INFO names all servers of
// a cluster.
const lineMost = 256 << 10

// frames follows operations: the client protocol of NATS. All are lines; the
// last word of MSG and HMSG is the length of a message that follows, with a line end of its own. What is
// ambiguous is refused, for nats.go may read it in another way.
type frames struct {
	most  int
	line  int  // bytes of the line that came
	first byte // of the line
	ended bool // the last byte was \r
	size  int  // what the last word says so far; behind a space it is not forgotten before another word begins
	word  bool // in one
	digit bool // it has digits only
	after int  // bytes of the message that are still to come
	close int  // bytes of the line end behind it, too
}

func (f *frames) Follow(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if f.after > 0 {
			n := min(f.after, len(p)-i)
			f.after -= n
			i += n
			continue
		}
		if n := f.whole(p[i:]); n > 0 {
			i += n
			continue
		}
		if err := f.next(p[i]); err != nil {
			return i, err
		}
		i++
	}
	return len(p), nil
}

// whole takes a line that came in one piece and is as it should be, and says how
// long it is; 0: next looks at it. It is ten times as fast.
func (f *frames) whole(p []byte) int {
	if f.line > 0 || f.close > 0 {
		return 0
	}
	end := bytes.IndexByte(p[:min(len(p), lineMost)], '\r')
	if end < 1 || end+1 == len(p) || p[end+1] != '\n' || bytes.IndexByte(p[:end], '\n') >= 0 {
		return 0
	}
	if kind := p[0] | 0x20; kind != 'm' && kind != 'h' {
		return end + 2
	}
	size, at, scale := 0, end-1, 1
	for ; at > 0 && '0' <= p[at] && p[at] <= '9' && scale <= 1e9; at-- {
		size += scale * int(p[at]-'0')
		scale *= 10
	}
	if at == end-1 || p[at] != ' ' || size > f.most {
		return 0
	}
	f.after, f.close = size, 2
	return end + 2
}

// next takes a byte that is none of a message.
func (f *frames) next(c byte) error {
	if f.close > 0 {
		if c != "\n\r"[f.close-1] {
			return fmt.Errorf("%w: a message longer than the server said", dial.ErrProtocol)
		}
		f.close--
		return nil
	}
	if f.line == 0 {
		f.first, f.word, f.digit = c|0x20, false, false
	}
	f.line++
	switch {
	case c == '\n':
		return f.over()
	case f.ended:
		return fmt.Errorf("%w: half a line end", dial.ErrProtocol)
	case f.line > lineMost:
		return fmt.Errorf("%w: a line of more than %d bytes", dial.ErrTooLarge, lineMost)
	case c == '\r':
		f.ended = true
	case c == ' ' || c == '\t':
		f.word = false
	default:
		if !f.word {
			f.word, f.digit, f.size = true, true, 0
		}
		if f.digit = f.digit && '0' <= c && c <= '9'; f.digit {
			f.size = min(f.size*10+int(c-'0'), 1<<40)
		}
	}
	return nil
}

// over ends a line.
func (f *frames) over() error {
	f.line, f.ended = 0, false
	switch {
	case f.first != 'm' && f.first != 'h':
		return nil
	case !f.digit:
		return fmt.Errorf("%w: a message without length", dial.ErrProtocol)
	case f.size > f.most:
		return broker.TooLarge(f.size, f.most)
	}
	f.after, f.close = f.size, 2
	return nil
}
