package suite

import (
	"errors"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// Followed checks what a Follower makes of what a peer sends: whether it comes at once or in
// pieces, the same is handed on, and that is what whole, which has all before it, says: so many bytes
// before what is refused, or all.
func Followed(t *testing.T, make func() broker.Follower, p []byte, cuts []byte, whole func(p []byte) (n int, refused error)) {
	t.Helper()
	want, refused := whole(p)
	at, cut := 0, 0
	f := make()
	for at < len(p) {
		piece := p[at:]
		if cut < len(cuts) {
			piece = piece[:min(len(piece), int(cuts[cut]))]
			cut++
		}
		n, err := f.Follow(piece)
		at += n
		if err != nil {
			if refused == nil || !errors.Is(err, refused) || at != want {
				t.Fatalf("%q in pieces %v: %v at %d; want %v at %d", p, cuts, err, at, refused, want)
			}
			if !errors.Is(err, dial.ErrTooLarge) && !errors.Is(err, dial.ErrProtocol) {
				t.Fatalf("%q: %v is of no kind", p, err)
			}
			return
		}
		if n != len(piece) {
			t.Fatalf("%q in pieces %v: %d of %d handed on without an error", p, cuts, n, len(piece))
		}
	}
	if refused != nil {
		t.Fatalf("%q in pieces %v: all is handed on; want %v at %d", p, cuts, refused, want)
	}
}
