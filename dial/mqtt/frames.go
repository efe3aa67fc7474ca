package mqtt

import "github.com/depthwire/depthwire/dial/internal/broker"

// frames follows packets: MQTT 3.1.1, section 2.2. A type, the length of what
// remains, in one to four bytes of seven bits, least significant first, and that many bytes.
type frames struct {
	most  int
	at    int // of the header: bytes that came
	size  int // so far
	after int // bytes of the packet that are still to come
}

func (f *frames) Follow(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if f.after > 0 {
			n := min(f.after, len(p)-i)
			f.after -= n
			i += n
			continue
		}
		c := p[i]
		if f.at > 0 {
			f.size |= int(c&0x7f) << (7 * (f.at - 1))
			if f.size > f.most {
				return i, broker.TooLarge(f.size, f.most)
			}
			if c < 0x80 || f.at == 4 { // the library takes no fifth
				f.at, f.after, f.size = -1, f.size, 0
			}
		}
		f.at++
		i++
	}
	return len(p), nil
}
