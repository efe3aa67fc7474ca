package exchange

import (
	"context"
	"fmt"
)

// liveKey names a stream that a Live fetch keeps.
type liveKey struct {
	kind string
	key  seriesKey
}

// fetchState answers from a stream that is kept fresh, subscribes first where
// Options.Live asks for it, and goes to REST otherwise.
func fetchState[T any, P stamped[T]](ctx context.Context, c *Client, op, symbol string, s *shelf[T, P], call func(*Family) *Call[T]) (v T, err error) {
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return v, err
	}
	defer cancel()
	if v, ok := s.latest(m, Args{}); ok {
		return v, nil
	}
	if c.o.Live && s.offered(m, Args{}) {
		if v, ok := firstState(ctx, c, s, m); ok {
			return v, nil
		}
	}
	return one[T, P](ctx, c, op, m, call(m.family), Args{})
}

// firstState subscribes, and waits for the first state. Calls at the same time share it. When
// the stream is kept already it is not live now: no waiting.
func firstState[T any, P stamped[T]](ctx context.Context, c *Client, s *shelf[T, P], m *Market) (v T, ok bool) {
	fresh := c.flights.DoChan(s.name+" "+m.Family+" "+m.ID, func() (any, error) {
		sub := keep(c, s, m, Args{})
		if sub == nil {
			return false, nil
		}
		wait, cancel := context.WithTimeout(c.ctx, c.o.LiveWait)
		defer cancel()
		_, err := sub.Next(wait)
		return err == nil, nil
	})
	select {
	case r := <-fresh:
		if r.Val == true {
			return s.latest(m, Args{})
		}
	case <-ctx.Done():
	}
	return v, false
}

// firstBook is firstState for order books: it waits until the book is live.
func (c *Client) firstBook(ctx context.Context, m *Market, depth int) (b OrderBook, ok bool) {
	fresh := c.flights.DoChan(fmt.Sprint("book ", depth, " ", m.Family, " ", m.ID), func() (any, error) {
		if !c.keeps(liveKey{"order book", keyOf(m, Args{Depth: depth})}) {
			return false, nil
		}
		sub, err := c.kinds.books.watch(c.ctx, "FetchOrderBook", depth, []*Market{m})
		if err != nil {
			return false, nil
		}
		wait, cancel := context.WithTimeout(c.ctx, c.o.LiveWait)
		defer cancel()
		for {
			b, err := sub.Next(wait)
			if err != nil || b.live() {
				return err == nil, nil
			}
		}
	})
	select {
	case r := <-fresh:
		if r.Val == true {
			return c.kinds.books.latest(m, depth)
		}
	case <-ctx.Done():
	}
	return b, false
}

// keeps notes that a stream is kept from now on; false when it was already.
func (c *Client) keeps(k liveKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[k] || c.closed {
		return false
	}
	c.kept[k] = true
	return true
}
