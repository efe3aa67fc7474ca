package exchange

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// bookShelf holds the books that are being kept, and the views that readers have of them.
type bookShelf struct {
	c *Client

	mu    sync.Mutex
	views map[seriesKey]*bookView
	kept  map[bookKey]*keptBook
}

// bookKey is one channel of one market.
type bookKey struct {
	seriesKey
	channel int
}

// bookView is what the readers of one depth are given. It reads from one of the market's
// books and changes over to a deeper channel when the venue refuses its own.
type bookView struct {
	market *Market
	depth  int
	feed   *stream.Feed[OrderBook]
	show   func(dst *OrderBook) // as read, for who has the book's turn
	book   atomic.Pointer[keptBook]
	hole   atomic.Pointer[stream.Break] // of the book before this one, which another channel is to heal
	users  int
}

// healed returns what the view's readers are told with a state of k: that the hole of the book before
// it is healed, where nothing else is to be told. Its caller has the turn.
func (v *bookView) healed(b *stream.Break, k *keptBook) *stream.Break {
	if b != nil || v.hole.Load() == nil || k.sync.State() != book.Live {
		return b
	}
	h := *v.hole.Swap(nil)
	h.To, h.ToID, h.Healed = k.received, id(k.sync.Seq()), true
	return &h
}

func newBookShelf(c *Client) *bookShelf {
	return &bookShelf{c: c, views: make(map[seriesKey]*bookView), kept: make(map[bookKey]*keptBook)}
}

// serves returns the first channel from index from on that goes as deep as asked, or the last one.
func serves(channels []BookChannel, depth, from int) int {
	if depth == 0 {
		for i := range channels {
			depth = max(depth, slices.Max(channels[i].Depths))
		}
	}
	for i := from; i < len(channels); i++ {
		if last := len(channels) - 1; i == last || depth <= slices.Max(channels[i].Depths) {
			return i
		}
	}
	return -1
}

// watch subscribes to the books of the markets.
func (s *bookShelf) watch(ctx context.Context, op string, depth int, ms []*Market) (*stream.Subscription[OrderBook], error) {
	for _, m := range ms {
		if len(m.family.Push.OrderBook) == 0 {
			return nil, s.c.fail(op, m.Symbol, ErrNotSupported, "")
		}
	}
	var taken []*bookView
	release := func() {
		for _, v := range taken {
			s.release(v)
		}
	}
	var feeds []*stream.Feed[OrderBook]
	for _, m := range unique(ms) {
		v, err := s.acquire(m, depth)
		if err != nil {
			release()
			return nil, s.c.fail(op, m.Symbol, err, "")
		}
		taken = append(taken, v)
		feeds = append(feeds, v.feed)
	}
	return stream.Subscribe(ctx, release, feeds...), nil
}

func (s *bookShelf) acquire(m *Market, depth int) (*bookView, error) {
	key := keyOf(m, Args{Depth: depth})
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[key]
	if v == nil {
		v = &bookView{market: m, depth: depth}
		v.feed = stream.NewState(kind[OrderBook](), v.read)
		v.show = func(dst *OrderBook) { v.book.Load().copy(dst, v.depth) }
		if err := s.attach(v, serves(m.family.Push.OrderBook, depth, 0)); err != nil {
			return nil, err
		}
		s.views[key] = v
	}
	v.users++
	return v, nil
}

// attach gives a view its book, which is subscribed when it is the first of its channel. The shelf is locked.
func (s *bookShelf) attach(v *bookView, channel int) error {
	ch := &v.market.family.Push.OrderBook[channel]
	hub, err := s.c.hub(v.market.family.Sockets[ch.Socket])
	if err != nil {
		return err
	}
	a := Args{Depth: Enough(ch.Depths, v.depth), Speed: ch.speed(s.c.o.BookInterval)}
	key := bookKey{keyOf(v.market, a), channel}
	k := s.kept[key]
	if k == nil {
		k = newKeptBook(s.c, v.market, ch, hub, key, a)
		s.kept[key] = k
		k.join(v)
		hub.Add(k.topic, k)
	} else {
		k.join(v)
	}
	v.book.Store(k)
	return nil
}

// Enough returns the least depth of a channel that serves depth, or the greatest.
func Enough(depths []int, depth int) int {
	for _, d := range depths {
		if depth > 0 && d >= depth {
			return d
		}
	}
	return depths[len(depths)-1]
}

// speed returns the venue's word for the shortest interval that is as long as every, or for the longest.
func (ch *BookChannel) speed(every time.Duration) string {
	all := slices.Sorted(maps.Keys(ch.Speeds))
	for _, d := range all {
		if d >= every {
			return ch.Speeds[d]
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ch.Speeds[all[len(all)-1]]
}

func (s *bookShelf) release(v *bookView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.users--; v.users > 0 {
		return
	}
	if key := keyOf(v.market, Args{Depth: v.depth}); s.views[key] == v {
		delete(s.views, key)
		s.detach(v)
	}
}

// detach takes a view from its book; a book without views is given up. The shelf is locked.
func (s *bookShelf) detach(v *bookView) {
	k := v.book.Load()
	if k.leave(v) == 0 {
		delete(s.kept, k.key)
		k.hub.Remove(k.topic, k)
		k.end()
	}
}

// refused moves the views of a book to the next channel of the market, or ends them.
func (s *bookShelf) refused(k *keptBook, why error) {
	if moved := s.move(k, why); moved > 0 { // told without the lock: a log may be slow, or ask for the Health
		s.c.o.Log.Warn("book channel refused, next one taken", "venue", s.c.venue.Name, "symbol", k.market.Symbol, "views", moved, "why", why)
	}
}

// move does that, and returns how many views have found another channel.
func (s *bookShelf) move(k *keptBook, why error) (moved int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range k.viewers() {
		v.hole.CompareAndSwap(nil, k.open())
		next := serves(v.market.family.Push.OrderBook, v.depth, k.key.channel+1)
		s.detach(v)
		if next >= 0 && s.attach(v, next) == nil {
			moved++
			continue
		}
		v.feed.Fail(why)
		delete(s.views, keyOf(v.market, Args{Depth: v.depth}))
	}
	return moved
}

// latest returns a copy of the market's book if one is live that goes as deep.
func (s *bookShelf) latest(m *Market, depth int) (b OrderBook, ok bool) {
	s.mu.Lock()
	v := s.views[keyOf(m, Args{Depth: depth})]
	var deeper *keptBook
	for key, k := range s.kept {
		if v == nil && key.family == m.Family && key.id == m.ID && depth > 0 && k.depth() >= depth {
			deeper = k
		}
	}
	s.mu.Unlock()
	switch {
	case v != nil:
		v.read(&b)
	case deeper != nil:
		deeper.read(&b, depth)
	}
	return b, b.live()
}

func (b *OrderBook) live() bool { return b.State == book.Live }

func (s *bookShelf) close(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.views {
		v.feed.Fail(why)
	}
	for _, k := range s.kept {
		k.end()
	}
}

func (v *bookView) read(dst *OrderBook) {
	if k := v.book.Load(); k != nil {
		k.read(dst, v.depth)
	}
}

// pullBook fetches a book over REST.
func (c *Client) pullBook(ctx context.Context, op string, m *Market, depth int) (OrderBook, error) {
	rows, answer, err := ask(ctx, c, m.family, &m.family.Pull.OrderBook, []*Market{m}, Args{Depth: depth}, rest.Normal)
	if err := answered(rows, err); err != nil {
		return OrderBook{}, c.explain(m.family, op, m.Symbol, err)
	}
	u := &rows[0]
	b := OrderBook{State: book.Live, Bids: top(u.Bids, depth), Asks: top(u.Asks, depth), Contracts: !m.Contract.Absent()}
	b.Stamp = Stamp{Venue: c.venue.Name, Symbol: m.Symbol, Time: u.Time, Received: answer.Received, Seq: u.Last, Source: REST}
	if c.o.Raw {
		b.Raw = answer.Body
	}
	return b, nil
}

func top(levels []Level, n int) []Level {
	if n > 0 && n < len(levels) {
		return levels[:n]
	}
	return levels
}

// How long a book waits for its snapshot.
const (
	snapshotLate  = 10 * time.Second       // after a subscription whose first message should be one
	answerLate    = 5 * time.Second        // after a question on the socket
	deltaLate     = 3 * time.Second        // after a subscription whose first delta should come before it
	snapshotAgain = 100 * time.Millisecond // after one that was too old, doubled each time
	snapshotSlow  = 5 * time.Second        // the longest wait between two
	renewEvery    = 5                      // questions on the socket, before the topic is renewed
)
