package nats

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
	"github.com/depthwire/depthwire/dial/internal/suite"
)

const most = 200

// operations reads operations as the protocol says.
func operations(p []byte) (n int, refused error) {
	for at := 0; at < len(p); {
		line, _, whole := bytes.Cut(p[at:], []byte("\n"))
		if i := bytes.IndexByte(line, '\r'); i >= 0 && i+1 < len(line) {
			return at + i + 1, dial.ErrProtocol // more than a line end
		}
		if len(line) >= lineMost {
			return at + lineMost, dial.ErrTooLarge
		}
		if !whole {
			break
		}
		if at += len(line) + 1; len(line) == 0 || line[0]|0x20 != 'm' && line[0]|0x20 != 'h' {
			continue
		}
		words := strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
		size, refused := length(words[len(words)-1])
		if refused != nil {
			return at - 1, refused
		}
		if at += size; at >= len(p) {
			break
		}
		for _, c := range "\r\n" {
			if at == len(p) {
				return at, nil
			}
			if p[at] != byte(c) {
				return at, dial.ErrProtocol
			}
			at++
		}
	}
	return len(p), nil
}

func length(word string) (int, error) {
	if strings.Trim(word, "0123456789") != "" {
		return 0, dial.ErrProtocol
	}
	size, err := strconv.Atoi(word)
	if err != nil || size > most {
		return 0, dial.ErrTooLarge
	}
	return size, nil
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("INFO {\"a\":1}\r\nPONG\r\nMSG a.b 1 5\r\nhello\r\n+OK\r\nhmsg s 9 reply 12 14 \r\nNATS/1.0\r\n\r\nab\r\nPING\n"), []byte{1, 2, 30})
	f.Add([]byte("MSG s 1 200\r\nx"), []byte{12})
	f.Add([]byte("MSG s 1 201\r\nx"), []byte(nil))
	f.Add([]byte("MSG s 1 99999999999999999999999999\r\nx"), []byte{20})
	f.Add([]byte("MSG s 1 0\r\n\r\nMSG s 1 0\r\n\nPING\r\n"), []byte{3})
	f.Add([]byte("MSG s 1 1\r0\n"), []byte{11})
	f.Add([]byte("MSG s 1 -1\r\n"), []byte{0})
	f.Add([]byte("m\nH\r\n"), []byte{1})
	f.Add([]byte("-ERR 'no"+strings.Repeat(" ", lineMost)), []byte{255})
	f.Fuzz(func(t *testing.T, p, cuts []byte) {
		suite.Followed(t, func() broker.Follower { return &frames{most: most} }, p, cuts, operations)
	})
}

// What is followed costs nothing that is noticed.
func BenchmarkFollow(b *testing.B) {
	var p []byte
	for i := range 30 {
		p = append(p, fmt.Sprintf("MSG ticks.binance.btcusdt %d 1000\r\n%s\r\n", i, make([]byte, 1000))...)
	}
	f := &frames{most: 1 << 20}
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := f.Follow(p); n != len(p) || err != nil {
			b.Fatal(n, err)
		}
	}
}
