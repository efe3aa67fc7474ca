package broker

import (
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"testing"

	"github.com/depthwire/depthwire/dial"
)

// upTo lets so many bytes pass.
type upTo int

func (u *upTo) Follow(p []byte) (int, error) {
	if len(p) > int(*u) {
		return int(*u), TooLarge(len(p), int(*u))
	}
	*u -= upTo(len(p))
	return len(p), nil
}

// What came before the refusal is handed on, and nothing after it, ever.
func TestGuard(t *testing.T) {
	client, server := net.Pipe()
	var writing sync.WaitGroup
	defer writing.Wait()
	defer client.Close()
	defer server.Close()
	writing.Go(func() { io.WriteString(server, "good, bad") })
	limit := upTo(4)
	g := NewGuard(client, &limit)
	if g.Refused() != nil || g.Blame(io.EOF) != io.EOF {
		t.Error("it refuses what it has not seen")
	}
	b := make([]byte, 100)
	if n, err := g.Read(b); string(b[:n]) != "good" || err != nil {
		t.Errorf("%q, %v; want what came before", b[:n], err)
	}
	for range 3 {
		if n, err := g.Read(b); n != 0 || !errors.Is(err, dial.ErrTooLarge) {
			t.Errorf("%d bytes, %v; want ErrTooLarge", n, err)
		}
	}
	if !errors.Is(g.Refused(), dial.ErrTooLarge) || !errors.Is(g.Blame(io.EOF), dial.ErrTooLarge) {
		t.Errorf("%v; want ErrTooLarge", g.Refused())
	}
	var none *Guard
	if none.Refused() != nil || none.Blame(io.EOF) != io.EOF {
		t.Error("none refuses")
	}
}

func TestMost(t *testing.T) {
	for limit, want := range map[int]int{0: 4 << 20, 1 << 20: 6 << 20, math.MaxInt: 2<<40 + 4<<20} {
		if got := Most(dial.Options{MaxMessage: limit}); got != want {
			t.Errorf("%d: %d, want %d", limit, got, want)
		}
	}
}
