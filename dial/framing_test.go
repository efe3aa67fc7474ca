package dial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func prefixed(msgs ...string) string {
	var b []byte
	for _, msg := range msgs {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(msg))), msg...)
	}
	return string(b)
}

// pieces reads stream in pieces of n bytes and returns each message, or the
// error in its place.
func pieces(framing Framing, max, n int, stream string) []string {
	src := &chunks{b: []byte(stream), n: n}
	x := &splitter{intake: intake{src: src, max: max, buf: make([]byte, minReadBuffer)}, framing: framing}
	var got []string
	for {
		asked, buffered := src.asked, x.buffered()
		msg, err := x.next()
		switch {
		case buffered != (src.asked == asked):
			return append(got, fmt.Sprintf("buffered = %v before %q", buffered, msg))
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return append(got, err.Error())
		case err != nil:
			got = append(got, err.Error())
		default:
			got = append(got, string(msg))
		}
	}
}

func TestFraming(t *testing.T) {
	const end, cut, large = "EOF", "unexpected EOF", "dial: message too large"
	long := strings.Repeat("l", 2000)
	for _, c := range []struct {
		framing Framing
		stream  string
		want    []string
	}{
		{Lines, "", []string{end}},
		{Lines, "one\ntwo\r\n\n\r\nfive\n", []string{"one", "two", "", "", "five", end}},
		{Lines, "a\rb\r\r\n", []string{"a\rb\r", end}},
		{Lines, "one\ntw", []string{"one", cut}},
		{Lines, long + "\n" + long + "\r\n", []string{long, long, end}},
		{Lines, long + "l\nafter\n", []string{large, "after", end}},
		{Lines, long + "l\r\nafter\n", []string{large, "after", end}},
		{Lines, long + long + long + "\n" + long + long + "\nafter\n", []string{large, large, "after", end}},
		{Lines, long + long, []string{large, cut}},
		{Length, "", []string{end}},
		{Length, prefixed("one", "", "three"), []string{"one", "", "three", end}},
		{Length, prefixed(long, "after"), []string{long, "after", end}},
		{Length, prefixed(long+"l", "after"), []string{large, "after", end}},
		{Length, prefixed(long + long)[:3000], []string{large, cut}},
		{Length, prefixed("one")[:6], []string{cut}},
		{Length, "\x00\x00", []string{cut}},
		{Length, "\xff\xff\xff\xffx", []string{large, cut}},
	} {
		for _, n := range []int{1, 3, 100, 1 << 20} {
			if got := pieces(c.framing, len(long), n, c.stream); !slices.Equal(got, c.want) {
				t.Errorf("%s of %.40q in pieces of %d = %.60q; want %.60q", c.framing, c.stream, n, got, c.want)
			}
		}
	}
	if got := pieces(Raw, 4, 3, "abcdefgh"); !slices.Equal(got, []string{"abc", "def", "gh", end}) {
		t.Errorf("raw in pieces of 3 = %q", got)
	}
	if got := pieces(Raw, 4, 100, "abcdefgh"); !slices.Equal(got, []string{"abcd", "efgh", end}) {
		t.Errorf("raw of at most 4 bytes = %q", got)
	}
}

// FuzzFraming compares the splitter with the slow obvious way, and what is
// written with what is read of it.
func FuzzFraming(f *testing.F) {
	f.Add("one\ntwo\r\n\nthree", 2)
	f.Add(prefixed("one", "", strings.Repeat("x", 30)), 3)
	f.Add("\xff\xff\xff\xff", 1)
	f.Fuzz(func(t *testing.T, stream string, n int) {
		const most = 20
		n = max(1, min(n, 1000))
		want := func(lines []string) (out []string) {
			last := len(lines) - 1
			for _, line := range lines[:last] {
				if line = strings.TrimSuffix(line, "\r"); len(line) > most {
					line = ErrTooLarge.Error()
				}
				out = append(out, line)
			}
			if len(lines[last]) > most+1 {
				out = append(out, ErrTooLarge.Error())
			}
			if lines[last] == "" {
				return append(out, "EOF")
			}
			return append(out, "unexpected EOF")
		}(strings.Split(stream, "\n"))
		if got := pieces(Lines, most, n, stream); !slices.Equal(got, want) {
			t.Fatalf("lines of %q in pieces of %d = %q; want %q", stream, n, got, want)
		}
		if got, whole := pieces(Length, most, n, stream), pieces(Length, most, 1<<20, stream); !slices.Equal(got, whole) {
			t.Fatalf("%q in pieces of %d = %q, in one %q", stream, n, got, whole)
		}
		for _, framing := range []Framing{Lines, Length} {
			b, err := appendFramed(nil, framing, []byte(stream))
			if err != nil {
				if framing != Lines || !strings.Contains(stream, "\n") {
					t.Fatalf("%s of %q: %v", framing, stream, err)
				}
				continue
			}
			back := stream
			if framing == Lines {
				back = strings.TrimSuffix(stream, "\r")
			}
			if got := pieces(framing, 1<<20, n, string(b)); !slices.Equal(got, []string{back, "EOF"}) {
				t.Fatalf("%s of %q = %q", framing, stream, got)
			}
		}
	})
}

// gush is a peer that sends its page again and again, so many bytes in all.
type gush struct {
	tape
	left int
	page []byte
}

func (g *gush) Read(p []byte) (int, error) {
	if g.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), g.left)], g.page)
	g.left -= n
	return n, nil
}

// TestEndlessMessage: a peer that sends 1 GiB without the end of a frame
// costs one message and a bounded buffer.
func TestEndlessMessage(t *testing.T) {
	for framing, b := range map[Framing]byte{Lines: 'x', Length: 0xff} {
		conn := dialed(t, over(&gush{left: 1 << 30, page: bytes.Repeat([]byte{b}, 64<<10)}, Options{Framing: framing}), "tcp://host:1")
		if _, err := conn.Read(t.Context()); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: Read = %v; want %v", framing, err, ErrTooLarge)
		}
		if _, err := conn.Read(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: Read = %v; want %v", framing, err, io.ErrUnexpectedEOF)
		}
		if n := len(conn.(*plain).in.buf); n > defaultMaxMessage+maxHeader {
			t.Errorf("%s: buffer of %d bytes; want at most %d", framing, n, defaultMaxMessage+maxHeader)
		}
	}
}

func BenchmarkFraming(b *testing.B) {
	msg := bytes.Repeat([]byte("m"), 200)
	for _, framing := range []Framing{Lines, Length} {
		b.Run(string(framing), func(b *testing.B) {
			frame, err := appendFramed(nil, framing, msg)
			if err != nil {
				b.Fatal(err)
			}
			x := &splitter{intake: intake{src: &tape{frames: bytes.Repeat(frame, 5000), loop: true}, max: defaultMaxMessage, buf: make([]byte, defaultReadBuffer)}, framing: framing}
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if got, err := x.next(); err != nil || len(got) != len(msg) {
					b.Fatalf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
}
