package amqp

import (
	"encoding/binary"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
	"github.com/depthwire/depthwire/dial/internal/suite"
)

const most = 200

// sequence reads frames as the standard says.
func sequence(p []byte) (n int, refused error) {
	for at := 0; at+headed <= len(p); {
		kind, size := p[at], int(binary.BigEndian.Uint32(p[at+3:]))
		switch {
		case kind == 0 || kind > last:
			return at + headed - 1, dial.ErrProtocol
		case size > frameMax:
			return at + headed - 1, dial.ErrTooLarge
		case kind == content && size < announced:
			return at + headed - 1, dial.ErrProtocol
		}
		if at += headed; kind == content && at+announced <= len(p) && binary.BigEndian.Uint64(p[at+4:]) > most {
			return at + announced - 1, dial.ErrTooLarge
		}
		at += size + 1
	}
	return len(p), nil
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x00\x00\x00\x00\xce\x01\x00\x01\x00\x00\x00\x04\x00\x0a\x00\x33\xce\x08"), []byte{1, 2, 3})
	f.Add([]byte("\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc8\x00\x00\xce\x03\x00"), []byte{8, 8})
	f.Add([]byte("\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc9\x00\x00\xce"), []byte{18})
	f.Add([]byte("\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), []byte(nil))
	f.Add([]byte("\x02\x00\x01\x00\x00\x00\x02\x00\x3c\xce"), []byte{0, 6})
	f.Add([]byte("\x03\x00\x01\x40\x00\x00\x00x"), []byte{3})
	f.Add([]byte("AMQP\x00\x00\x09\x01"), []byte{4})
	f.Fuzz(func(t *testing.T, p, cuts []byte) {
		suite.Followed(t, func() broker.Follower { return &frames{most: most} }, p, cuts, sequence)
	})
}
