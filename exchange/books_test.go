package exchange

import (
	"context"
	"errors"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// quiet is a venue whose sockets are never made.
func quiet(depths ...[]int) (*Client, *Market) {
	socket := &Socket{Endpoint: Endpoint{Name: "stream", URL: "ws://127.0.0.1:1"}, Dialect: func() stream.Dialect { return nil }}
	f := &Family{Name: "spot", Base: Endpoint{Name: "rest", URL: "http://127.0.0.1:1"}, Sockets: map[string]*Socket{"stream": socket}}
	for i, d := range depths {
		name := string(rune('a' + i))
		f.Push.OrderBook = append(f.Push.OrderBook, BookChannel{
			Channel: Channel[book.Update]{Socket: "stream", Topic: func(*Market, Args) string { return name }}, Depths: d,
		})
	}
	socket.Dials = &rest.Limit{Max: 1, Per: 1 << 62}
	return New(&Venue{Name: "quiet", Families: []*Family{f}}, Options{}), &Market{ID: "AB", Symbol: "A/B", Family: "spot", family: f}
}

// The shallowest channel that serves the depth is taken, the next one when it is refused, and
// when none is left the reader is told why.
func TestBookChannels(t *testing.T) {
	for _, c := range []struct {
		depth int
		want  string // channels, in order of refusal
	}{{1, "abc"}, {2, "bc"}, {5, "bc"}, {20, "bc"}, {21, "c"}, {400, "c"}, {5000, "c"}, {0, "c"}} {
		cl, m := quiet([]int{1}, []int{5, 10, 20}, []int{400})
		sub, err := cl.kinds.books.watch(t.Context(), "Watch", c.depth, []*Market{m})
		if err != nil {
			t.Fatal(err)
		}
		why := errors.New("not for you")
		for i, want := range c.want {
			v := cl.kinds.books.views[keyOf(m, Args{Depth: c.depth})]
			k := v.book.Load()
			if k.topic != string(want) {
				t.Errorf("depth %d: channel %s after %d refusals, want %c", c.depth, k.topic, i, want)
			}
			k.Refused(why)
		}
		if _, err := sub.Next(t.Context()); !errors.Is(err, why) {
			t.Errorf("depth %d: %v, want the reason", c.depth, err)
		}
		again, err := cl.kinds.books.watch(t.Context(), "Watch", c.depth, []*Market{m}) // who asks anew is not told the old reason
		if err != nil {
			t.Fatal(err)
		}
		sub.Close()
		if n := len(cl.kinds.books.kept); n != 1 {
			t.Errorf("depth %d: %d books kept after the refused reader left, want the new one's", c.depth, n)
		}
		again.Close()
		if n := len(cl.kinds.books.kept) + len(cl.kinds.books.views); n != 0 {
			t.Errorf("depth %d: %d left", c.depth, n)
		}
		cl.Close()
	}
}

// Views of several depths share one book.
func TestViewsShareABook(t *testing.T) {
	cl, m := quiet([]int{400})
	defer cl.Close()
	a, err := cl.kinds.books.watch(t.Context(), "Watch", 5, []*Market{m})
	if err != nil {
		t.Fatal(err)
	}
	b, err := cl.kinds.books.watch(t.Context(), "Watch", 50, []*Market{m, m})
	if err != nil {
		t.Fatal(err)
	}
	if len(cl.kinds.books.kept) != 1 || len(cl.kinds.books.views) != 2 {
		t.Errorf("%d books, %d views", len(cl.kinds.books.kept), len(cl.kinds.books.views))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	a.Close()
	if len(cl.kinds.books.kept) != 1 {
		t.Error("the book is gone with one of its readers")
	}
	b.Close()
	if len(cl.kinds.books.kept) != 0 {
		t.Error("the book is kept for nobody")
	}
}
