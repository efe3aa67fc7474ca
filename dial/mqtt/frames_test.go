package mqtt

import (
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
	"github.com/depthwire/depthwire/dial/internal/suite"
)

const most = 200

// sequence reads packets as the standard says.
func sequence(p []byte) (n int, refused error) {
	for at := 0; at < len(p); {
		at++
		size := 0
		for i := range 4 {
			if at == len(p) {
				return len(p), nil
			}
			if size |= int(p[at]&0x7f) << (7 * i); size > most {
				return at, dial.ErrTooLarge
			}
			if at++; p[at-1] < 0x80 {
				break
			}
		}
		at += size
	}
	return len(p), nil
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x20\x02\x00\x00\x30\x05\x00\x01tab\xd0\x00"), []byte{1, 2, 3})
	f.Add([]byte("\x30\xff\xff\xff\x7fno more"), []byte{2, 1})
	f.Add([]byte("\x30\x80\x80\x80\x80\x30\xc8\x01"), []byte{0, 5})
	f.Add([]byte("\x30\xc9\x01x"), []byte(nil))
	f.Fuzz(func(t *testing.T, p, cuts []byte) {
		suite.Followed(t, func() broker.Follower { return &frames{most: most} }, p, cuts, sequence)
	})
}
