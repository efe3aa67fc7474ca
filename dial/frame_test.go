package dial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// chunks is a source that gives at most n bytes at a time and counts how
// often it is asked.
type chunks struct {
	b     []byte
	n     int
	asked int
}

func (c *chunks) Read(p []byte) (int, error) {
	c.asked++
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.n)], c.b)
	c.b = c.b[n:]
	return n, nil
}

// outcome is all that a receiver made of a stream, as text.
func outcome(stream []byte, chunk, max int) []string {
	x := newReceiver(&chunks{b: stream, n: chunk}, minReadBuffer, max)
	var all []string
	for {
		op, payload, err := x.next()
		switch {
		case errors.Is(err, ErrTooLarge):
			all = append(all, "too large")
		case err != nil:
			return append(all, err.Error())
		default:
			all = append(all, fmt.Sprintf("%x %x", op, payload))
		}
	}
}

func TestReceiver(t *testing.T) {
	frag := func(op byte, final bool, payload string) []byte { return appendFrame(nil, op, final, payload) }
	long := strings.Repeat("x", 70_000)
	huge := binary.BigEndian.AppendUint64([]byte{0x82, 127}, 1<<63)
	for _, c := range []struct {
		name   string
		stream []byte
		want   []string // opcode and payload, or the error; EOF at the end
	}{
		{"text", text("hello"), []string{"1 hello"}},
		{"empty", text(""), []string{"1 "}},
		{"binary", frag(opBinary, true, "\x00\xff"), []string{"2 \x00\xff"}},
		{"125, 126, 65535, 65536", join(text(long[:125]), text(long[:126]), text(long[:65535]), text(long[:65536])),
			[]string{"1 " + long[:125], "1 " + long[:126], "1 " + long[:65535], "1 " + long[:65536]}},
		{"fragments", join(frag(opText, false, "a"), frag(opContinuation, false, ""), frag(opContinuation, true, "b")), []string{"1 ab"}},
		{"control among fragments", join(frag(opBinary, false, "a"), frag(opPing, true, "p"), frag(opContinuation, true, "b"), frag(opPong, true, "")),
			[]string{"9 p", "2 ab", "a "}},
		{"text after fragments", join(frag(opText, false, "aaaa"), frag(opContinuation, true, "b"), text(long)), []string{"1 aaaab", "1 " + long}},
		{"close", closeFrame(1000, "bye"), []string{"8 \x03\xe8bye"}},
		{"reserved bit", []byte{0xc1, 0}, []string{errReserved.Error()}},
		{"reserved opcode", []byte{0x83, 0}, []string{errReserved.Error()}},
		{"reserved control opcode", []byte{0x8b, 0}, []string{errReserved.Error()}},
		{"masked", []byte{0x81, 0x80, 0, 0, 0, 0}, []string{errMasked.Error()}},
		{"fragmented ping", []byte{0x09, 0}, []string{errControl.Error()}},
		{"long ping", frag(opPing, true, long[:126]), []string{errControl.Error()}},
		{"length in two bytes too many", append([]byte{0x81, 126, 0, 125}, long[:125]...), []string{errLength.Error()}},
		{"length in eight bytes too many", append([]byte{0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, long[:65535]...), []string{errLength.Error()}},
		{"length of 64 bits", huge, []string{errLength.Error()}},
		{"continuation of nothing", frag(opContinuation, true, "x"), []string{errContinuation.Error()}},
		{"continuation after the end", join(frag(opText, false, "a"), frag(opContinuation, true, "b"), frag(opContinuation, true, "c")),
			[]string{"1 ab", errContinuation.Error()}},
		{"message within a message", join(frag(opText, false, "a"), text("b")), []string{errInterrupted.Error()}},
		{"too large, then on", join(text(long+long), text("next")), []string{"too large", "1 next"}},
		{"too large in fragments, then on", join(frag(opText, false, long), frag(opPing, true, "p"), frag(opContinuation, false, long), frag(opPing, true, "q"), frag(opContinuation, true, long), text("next")),
			[]string{"9 p", "too large", "9 q", "1 next"}},
		{"cut in the header", []byte{0x81, 126, 1}, nil},
		{"cut in the payload", text("hello")[:4], nil},
	} {
		for _, chunk := range []int{1, 2, 3, 1000, 1 << 20} {
			var want []string
			for _, w := range c.want {
				op, payload, data := strings.Cut(w, " ")
				if data && len(op) == 1 {
					w = fmt.Sprintf("%s %x", op, payload)
				}
				want = append(want, w)
			}
			if len(want) == 0 || !strings.HasPrefix(want[len(want)-1], "dial:") {
				want = append(want, io.EOF.Error())
			}
			if got := outcome(c.stream, chunk, 100_000); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, %d bytes at a time: got %.100q, want %.100q", c.name, chunk, got, want)
			}
		}
	}
}

// TestPromise: a header alone takes no memory.
func TestPromise(t *testing.T) {
	for _, size := range []uint64{16 << 20, 64 << 20, 1 << 62} {
		header := binary.BigEndian.AppendUint64([]byte{0x82, 127}, size)
		x := newReceiver(&chunks{b: append(header, 1, 2, 3), n: 1 << 20}, minReadBuffer, defaultMaxMessage)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := x.next()
		runtime.ReadMemStats(&after)
		wanted := ErrTooLarge
		if size == defaultMaxMessage {
			wanted = io.EOF
		}
		if !errors.Is(err, wanted) || after.TotalAlloc-before.TotalAlloc > 64<<10 {
			t.Errorf("size %d: %v after %d bytes of memory; want %v", size, err, after.TotalAlloc-before.TotalAlloc, wanted)
		}
	}
}

// script writes random messages, in random fragments, with control frames
// between, and returns what is to be read.
func script(r *rand.Rand, messages int) (stream []byte, want []string) {
	letters := strings.Repeat("0123456789abcdef", 8<<10)
	size := func() int { return []int{0, 1, r.IntN(125), 125, 126, r.IntN(3_000), 65_535, 65_536}[r.IntN(8)] }
	control := func() {
		for r.IntN(3) == 0 {
			op, payload := byte(opPing+r.IntN(2)), letters[:r.IntN(126)]
			stream = appendFrame(stream, op, true, payload)
			want = append(want, fmt.Sprintf("%x %x", op, payload))
		}
	}
	for range messages {
		op, at := byte(opText+r.IntN(2)), r.IntN(100)
		payload := letters[at : at+size()]
		rest, next := payload, op
		for r.IntN(3) > 0 {
			n := r.IntN(len(rest) + 1)
			stream = appendFrame(stream, next, false, rest[:n])
			rest, next = rest[n:], opContinuation
			control()
		}
		stream = appendFrame(stream, next, true, rest)
		want = append(want, fmt.Sprintf("%x %x", op, payload))
		control()
	}
	return stream, want
}

func TestFragments(t *testing.T) {
	for seed := range uint64(8) {
		stream, want := script(rand.New(rand.NewPCG(seed, 1)), 10)
		want = append(want, io.EOF.Error())
		for _, chunk := range []int{1, 7, 4096, 1 << 20} {
			got := outcome(stream, chunk, 100_000)
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("seed %d, %d bytes at a time: got %d items, want %d, or they differ", seed, chunk, len(got), len(want))
			}
		}
	}
}

func FuzzFragments(f *testing.F) {
	f.Add(uint64(1), 1)
	f.Add(uint64(2), 3000)
	f.Fuzz(func(t *testing.T, seed uint64, chunk int) {
		chunk = min(max(chunk, 1), 1<<20)
		stream, want := script(rand.New(rand.NewPCG(seed, 1)), 4)
		want = append(want, io.EOF.Error())
		if got := outcome(stream, chunk, 100_000); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("got %.200q, want %.200q", got, want)
		}
	})
}

// FuzzFrames: any bytes end in an error, within bounded memory, in the same
// way however they are cut; and buffered tells the truth.
func FuzzFrames(f *testing.F) {
	stream, _ := script(rand.New(rand.NewPCG(3, 1)), 3)
	f.Add(stream[:300], 5)
	f.Add(join(appendFrame(nil, opText, false, "a"), appendFrame(nil, opPing, true, "b"), appendFrame(nil, opContinuation, true, "c"), closeFrame(1000, "")), 1)
	f.Add(join(text(strings.Repeat("x", 2100)), text("a"), []byte{0x81}), 100)
	f.Add(binary.BigEndian.AppendUint64([]byte{0x82, 127}, 64<<20), 2)
	f.Add([]byte{0x81, 0x85, 1, 2, 3, 4}, 2)
	f.Fuzz(func(t *testing.T, stream []byte, chunk int) {
		const most = 2000
		chunk = min(max(chunk, 1), 1<<20)
		whole, cut := outcome(stream, 1<<20, most), outcome(stream, chunk, most)
		if strings.Join(whole, "\n") != strings.Join(cut, "\n") {
			t.Fatalf("whole: %q\n%d bytes at a time: %q", whole, chunk, cut)
		}
		src := &chunks{b: stream, n: chunk}
		x := newReceiver(src, minReadBuffer, most)
		for {
			buffered, asked := x.buffered(), src.asked
			op, _, err := x.next()
			for err == nil && op > opClose {
				op, _, err = x.next()
			}
			if buffered != (src.asked == asked) {
				t.Fatalf("buffered = %v, and next asked %d times", buffered, src.asked-asked)
			}
			if len(x.buf) > most+maxHeader || cap(x.gathered) > 2*most {
				t.Fatalf("buffers of %d and %d bytes", len(x.buf), cap(x.gathered))
			}
			if err != nil && !errors.Is(err, ErrTooLarge) {
				if !errors.Is(err, ErrProtocol) && err != io.EOF {
					t.Fatalf("untyped error %v", err)
				}
				return
			}
		}
	})
}

func TestNoProgress(t *testing.T) {
	x := newReceiver(idle{}, minReadBuffer, 100)
	if _, _, err := x.next(); err != io.ErrNoProgress {
		t.Errorf("next = %v; want %v", err, io.ErrNoProgress)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestInPlace: an unfragmented payload is a slice of the receive buffer.
func TestInPlace(t *testing.T) {
	x := newReceiver(bytes.NewReader(text("hello")), minReadBuffer, 100)
	_, payload, err := x.next()
	if err != nil || &payload[0] != &x.buf[2] || cap(payload) != len(payload) {
		t.Errorf("next = %q (cap %d), %v; want a slice of the buffer without room to append", payload, cap(payload), err)
	}
}
