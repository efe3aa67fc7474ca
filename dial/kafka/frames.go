package kafka

import (
	"fmt"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// frames follows answers: Kafka's protocol, "Protocol Primitive Types" and
// "Common Request and Response Structure". A length of four bytes, most significant first, and that many
// bytes. What is said at a login by SASL has the same form.
type frames struct {
	most  int
	at    int // bytes of the length that came
	size  uint32
	after int // bytes of the answer that are still to come
}

func (f *frames) Follow(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if f.after > 0 {
			n := min(f.after, len(p)-i)
			f.after -= n
			i += n
			continue
		}
		f.size = f.size<<8 | uint32(p[i])
		if f.at++; f.at == 4 {
			switch {
			case int32(f.size) < 0:
				return i, fmt.Errorf("%w: an answer of negative length", dial.ErrProtocol)
			case int(f.size) > f.most:
				return i, broker.TooLarge(int(f.size), f.most)
			}
			f.at, f.after, f.size = 0, int(f.size), 0
		}
		i++
	}
	return len(p), nil
}
