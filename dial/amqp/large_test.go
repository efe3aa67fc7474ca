package amqp_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/depthwire/depthwire/dial/internal/suite"
)

// A broker that announces more than it should.
func TestLargeMessages(t *testing.T) {
	suite.Liar{
		Address: func(host string) string { return "amqp://test:s3cret@" + host + "/?queue=s3cret" },
		Serve:   lie,
	}.Run(t)
}

const (
	method, header, body = 1, 2, 3
	frameMost            = 128<<10 - 8
)

func frame(w io.Writer, kind byte, channel uint16, payload []byte) {
	w.Write(framed(kind, channel, payload))
}

func framed(kind byte, channel uint16, payload []byte) []byte {
	b := make([]byte, 0, len(payload)+8)
	b = binary.BigEndian.AppendUint16(append(b, kind), channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return append(append(b, payload...), 0xCE)
}

// answers of a broker, by class and method of what is asked.
var answers = map[uint32]string{
	10<<16 | 11: "\x00\x0a\x00\x1e\x07\xff\x00\x02\x00\x00\x00\x00", // start-ok: tune
	10<<16 | 40: "\x00\x0a\x00\x29\x00",                             // open
	10<<16 | 50: "\x00\x0a\x00\x33",                                 // close
	20<<16 | 10: "\x00\x14\x00\x0b\x00\x00\x00\x00",                 // channel: open
	20<<16 | 40: "\x00\x14\x00\x29",                                 // close
	50<<16 | 10: "\x00\x32\x00\x0b\x01q\x00\x00\x00\x00\x00\x00\x00\x00",
	50<<16 | 40: "\x00\x32\x00\x29\x00\x00\x00\x00", // queue: declare, delete
	85<<16 | 10: "\x00\x55\x00\x0b",                 // confirm: select
	60<<16 | 10: "\x00\x3c\x00\x0b",                 // basic: qos
}

const consume = 60<<16 | 20

// lie delivers one message of a size to who consumes.
func lie(c net.Conn, size int) {
	in := bufio.NewReader(c)
	in.Discard(8) // AMQP 0 0 9 1
	frame(c, method, 0, []byte("\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x00\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US"))
	for {
		var head [7]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(in, payload); err != nil {
			return
		}
		if head[0] != method {
			continue
		}
		channel, asked := binary.BigEndian.Uint16(head[1:]), binary.BigEndian.Uint32(payload)
		if answer := answers[asked]; answer != "" {
			frame(c, method, channel, []byte(answer))
		}
		if asked == consume && deliver(c, channel, tag(payload), size) != nil {
			return
		}
	}
}

// tag finds the name of the consumer: it follows 2 bytes and the name of the queue.
func tag(payload []byte) []byte {
	at := 6 + 1 + int(payload[6])
	return payload[at : at+1+int(payload[at])]
}

func deliver(c net.Conn, channel uint16, tag []byte, size int) error {
	frame(c, method, channel, append([]byte("\x00\x3c\x00\x15"), tag...))
	frame(c, method, channel, append(append([]byte("\x00\x3c\x00\x3c"), tag...), "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x01q"...))
	frame(c, header, channel, append(binary.BigEndian.AppendUint64([]byte("\x00\x3c\x00\x00"), uint64(size)), 0, 0))
	zeros := make([]byte, frameMost)
	full := framed(body, channel, zeros)
	for ; size > len(zeros); size -= len(zeros) {
		if _, err := c.Write(full); err != nil {
			return err
		}
	}
	_, err := c.Write(framed(body, channel, zeros[:size]))
	return err
}
