package amqp

import (
	"encoding/binary"
	"fmt"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// frames follows frames: AMQP 0-9-1, section 2.3.5. A type, a channel of two bytes and a
// length of four, that many bytes, and an end. One of type 2 says how long the
// body is that follows in frames of its own: its class and weight, two bytes each, and
// the length, eight.
type frames struct {
	most  int
	head  [headed + announced]byte
	at    int // bytes of the head that came
	after int // bytes of the frame that are still to come
}

const (
	headed    = 7
	announced = 12
	content   = 2 // the type
	last      = 8 // of the types: 1 to 3, and heartbeats

	frameMax = 128 << 10 // what we ask for, as RabbitMQ does
)

func (f *frames) Follow(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if f.after > 0 {
			n := min(f.after, len(p)-i)
			f.after -= n
			i += n
			continue
		}
		want := headed
		if f.at >= headed {
			want = headed + announced
		}
		n := copy(f.head[f.at:want], p[i:])
		f.at += n
		i += n
		if f.at < want {
			break
		}
		if err := f.headed(); err != nil {
			return i - 1, err
		}
	}
	return len(p), nil
}

// headed looks at a head, of a frame or of a body, that is complete.
func (f *frames) headed() error {
	kind, size := f.head[0], int(binary.BigEndian.Uint32(f.head[3:]))
	switch {
	case f.at > headed:
		body := binary.BigEndian.Uint64(f.head[headed+4:])
		if body > uint64(f.most) {
			return broker.TooLarge(int(min(body, 1<<62)), f.most)
		}
		size -= announced
	case kind == 0 || kind > last:
		return fmt.Errorf("%w: no frame of AMQP 0-9-1", dial.ErrProtocol)
	case size > frameMax:
		return broker.TooLarge(size, frameMax)
	case kind == content && size < announced:
		return fmt.Errorf("%w: half a content header", dial.ErrProtocol)
	case kind == content:
		return nil // its first bytes, too
	}
	f.at, f.after = 0, size+1
	return nil
}
