package kafka

import (
	"encoding/binary"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
	"github.com/depthwire/depthwire/dial/internal/suite"
)

const most = 200

// answers reads answers as the protocol says.
func answers(p []byte) (n int, refused error) {
	for at := 0; at+4 <= len(p); {
		size := int32(binary.BigEndian.Uint32(p[at:]))
		switch {
		case size < 0:
			return at + 3, dial.ErrProtocol
		case size > most:
			return at + 3, dial.ErrTooLarge
		}
		at += 4 + int(size)
	}
	return len(p), nil
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x00\x00\x01c"), []byte{1, 2, 3})
	f.Add([]byte("\x00\x00\x00\xc8\x00"), []byte{0, 1})
	f.Add([]byte("\x00\x00\x00\xc9no more"), []byte{4})
	f.Add([]byte("\x40\x00\x00\x00"), []byte(nil))
	f.Add([]byte("HTTP/1.1 400"), []byte{2})
	f.Add([]byte("\xff\xff\xff\xff"), []byte{3})
	f.Fuzz(func(t *testing.T, p, cuts []byte) {
		suite.Followed(t, func() broker.Follower { return &frames{most: most} }, p, cuts, answers)
	})
}
