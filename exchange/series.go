package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/depthwire/depthwire/stream"
)

// kinds are the streams of a client, by kind of value.
type kinds struct {
	ticker  *shelf[Ticker, *Ticker]
	bidAsk  *shelf[BidAsk, *BidAsk]
	trades  *shelf[Trade, *Trade]
	candles *shelf[Candle, *Candle]
	funding *shelf[FundingRate, *FundingRate]
	mark    *shelf[MarkPrice, *MarkPrice]
	open    *shelf[OpenInterest, *OpenInterest]
	forced  *shelf[Liquidation, *Liquidation]
	books   *bookShelf
}

func newKinds(c *Client) kinds {
	k := kinds{
		ticker:  newShelf[Ticker](c, "ticker", false, func(f *Family) *Channel[Ticker] { return &f.Push.Ticker }),
		bidAsk:  newShelf[BidAsk](c, "best bid/ask", false, func(f *Family) *Channel[BidAsk] { return &f.Push.BidAsk }),
		trades:  newShelf[Trade](c, "trades", true, func(f *Family) *Channel[Trade] { return &f.Push.Trades }),
		candles: newShelf[Candle](c, "candles", true, func(f *Family) *Channel[Candle] { return &f.Push.Candles }),
		funding: newShelf[FundingRate](c, "funding rate", false, func(f *Family) *Channel[FundingRate] { return &f.Push.Funding }),
		mark:    newShelf[MarkPrice](c, "mark price", false, func(f *Family) *Channel[MarkPrice] { return &f.Push.MarkPrice }),
		open:    newShelf[OpenInterest](c, "open interest", false, func(f *Family) *Channel[OpenInterest] { return &f.Push.OpenInterest }),
		forced:  newShelf[Liquidation](c, "liquidations", true, func(f *Family) *Channel[Liquidation] { return &f.Push.Liquidations }),
		books:   newBookShelf(c),
	}
	k.candles.refill = func(x *series[Candle, *Candle]) {
		m := &refill{x: x}
		x.refill, x.end = m.take, func() { m.gone.Store(true) }
	}
	return k
}

func (k *kinds) close(why error) {
	k.ticker.close(why)
	k.bidAsk.close(why)
	k.trades.close(why)
	k.candles.close(why)
	k.funding.close(why)
	k.mark.close(why)
	k.open.close(why)
	k.forced.close(why)
	k.books.close(why)
}

// seriesKey is what a feed is known by.
type seriesKey struct {
	family, id string
	interval   Interval
	depth      int
}

func keyOf(m *Market, a Args) seriesKey { return seriesKey{m.Family, m.ID, a.Interval, a.Depth} }

// shelf holds the feeds of one kind of value that are being watched.
type shelf[T any, P stamped[T]] struct {
	c       *Client
	name    string
	events  bool
	channel func(*Family) *Channel[T]
	refill  func(*series[T, P]) // gives a new series its refill; nil: none has one

	mu   sync.Mutex
	open map[seriesKey]*series[T, P]
}

func newShelf[T any, P stamped[T]](c *Client, name string, events bool, channel func(*Family) *Channel[T]) *shelf[T, P] {
	return &shelf[T, P]{c: c, name: name, events: events, channel: channel, open: make(map[seriesKey]*series[T, P])}
}

// offered reports whether the venue pushes this kind for the market.
func (s *shelf[T, P]) offered(m *Market, a Args) bool {
	ch := s.channel(m.family)
	return ch.Parse != nil && (ch.For == nil || ch.For(m)) && ch.Topic(m, a) != ""
}

// watch subscribes to the markets, for as long as ctx lives.
func (s *shelf[T, P]) watch(ctx context.Context, op string, a Args, ms []*Market) (*stream.Subscription[T], error) {
	for _, m := range ms {
		if !s.offered(m, a) {
			return nil, s.c.fail(op, m.Symbol, ErrNotSupported, "")
		}
	}
	var taken []*series[T, P]
	release := func() {
		for _, x := range taken {
			s.release(x)
		}
	}
	var feeds []*stream.Feed[T]
	for _, m := range unique(ms) {
		x, err := s.acquire(m, a)
		if err != nil {
			release()
			return nil, s.c.fail(op, m.Symbol, err, "")
		}
		taken = append(taken, x)
		feeds = append(feeds, x.feed)
	}
	return stream.Subscribe(ctx, release, feeds...), nil
}

func unique(ms []*Market) []*Market {
	var once []*Market
	for _, m := range ms {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// acquire returns the feed of a market with one more user, subscribed.
func (s *shelf[T, P]) acquire(m *Market, a Args) (*series[T, P], error) {
	ch := s.channel(m.family)
	hub, err := s.c.hub(m.family.Sockets[ch.Socket])
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.open[keyOf(m, a)]
	if x == nil {
		x = s.series(m, a, ch, hub)
		s.open[keyOf(m, a)] = x
		hub.Add(x.topic, x)
	}
	x.users++
	return x, nil
}

func (s *shelf[T, P]) series(m *Market, a Args, ch *Channel[T], hub *stream.Hub) *series[T, P] {
	index, _ := s.c.known()
	x := &series[T, P]{c: s.c, market: m, channel: ch, hub: hub, key: keyOf(m, a), topic: ch.Topic(m, a), events: s.events}
	x.scope = Scope{Market: m, Markets: index.Names(m.Family), Args: a}
	if ch.Shared {
		x.scope.Market = nil
	}
	if ch.Rare {
		x.at = time.Now() // what is lost before the first value is missed all the same
	}
	if s.events {
		x.feed = stream.NewEvents(kind[T, P](), s.c.o.Ring)
	} else {
		x.feed = stream.NewState(kind[T, P](), nil)
	}
	if s.refill != nil {
		s.refill(x)
	}
	return x
}

// release gives a feed back; with its last user the topic is given up.
func (s *shelf[T, P]) release(x *series[T, P]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.users--; x.users == 0 {
		delete(s.open, x.key)
		x.hub.Remove(x.topic, x)
		if x.end != nil {
			x.end()
		}
	}
}

func (s *shelf[T, P]) find(m *Market, a Args) *series[T, P] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[keyOf(m, a)]
}

// latest returns the newest state if the stream keeps it fresh.
func (s *shelf[T, P]) latest(m *Market, a Args) (v T, ok bool) {
	x := s.find(m, a)
	if x == nil || !x.fresh() {
		return v, false
	}
	last := x.feed.Last(nil, 1)
	if len(last) == 0 {
		return v, false
	}
	return last[0], true
}

// recent returns the newest n events if the stream has them without a hole.
func (s *shelf[T, P]) recent(m *Market, n int) []T {
	x := s.find(m, Args{})
	if x == nil || !x.fresh() {
		return nil
	}
	last := x.feed.Last(nil, n)
	if len(last) < n {
		return nil
	}
	for i := range last[1:] {
		if P(&last[i+1]).stamp().Break != nil {
			return nil
		}
	}
	return last
}

func (s *shelf[T, P]) close(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.open {
		x.feed.Fail(why)
	}
}

// keep subscribes to a market for as long as the client lives, once; nil when that was
// done before.
func keep[T any, P stamped[T]](c *Client, s *shelf[T, P], m *Market, a Args) *stream.Subscription[T] {
	if !s.offered(m, a) || !c.keeps(liveKey{s.name, keyOf(m, a)}) {
		return nil
	}
	sub, err := s.watch(c.ctx, "Fetch", a, []*Market{m})
	if err != nil {
		return nil
	}
	return sub
}

// series is one topic's values on their way to a feed. It is the stream.Sink of its topic.
type series[T any, P stamped[T]] struct {
	c       *Client
	market  *Market
	channel *Channel[T]
	hub     *stream.Hub
	feed    *stream.Feed[T]
	topic   string
	key     seriesKey
	refill  func(v *T, received time.Time) // publishes a value in place of the series; nil: none does
	end     func()                         // the last reader has left; nil: it matters to nobody
	events  bool
	users   int // guarded by the shelf

	// of the goroutine that reads the topic
	scope Scope
	rows  []T

	mu   sync.Mutex
	up   bool          // since the last Down something has come
	open *stream.Break // what a Down has told: missing before the next value
	last int64         // the last id, where ids have no holes
	at   time.Time     // when the last value was received
}

// Data reads one message and publishes its values. What readers do in callbacks runs
// while no lock of the series is held.
func (x *series[T, P]) Data(data []byte, received time.Time) error {
	x.scope.Received = received
	rows, err := x.channel.read(x.rows[:0], &x.scope, data)
	if err != nil {
		x.miss(&stream.Break{Cause: stream.Malformed, Err: err})
		return err
	}
	x.rows = rows
	for i := range rows {
		v := &rows[i]
		s := P(v).stamp()
		if x.channel.Shared && s.Symbol != x.market.Symbol {
			continue
		}
		s.Venue, s.Symbol, s.Received, s.Source = x.c.venue.Name, x.market.Symbol, received, Stream
		if x.c.o.Raw {
			s.Raw = slices.Clone(data)
		}
		if x.refill != nil {
			x.refill(v, received)
		} else if x.continues(v, received) {
			x.feed.Publish(v)
		}
	}
	return nil
}

// miss notes that something may be missing before the next value. A series that has
// shown nothing yet misses nothing.
func (x *series[T, P]) miss(why *stream.Break) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.at.IsZero() && x.open == nil {
		x.open = why
	}
}

// heard notes that a value has come, and returns what may be missing before it.
func (x *series[T, P]) heard(received time.Time) (open *stream.Break) {
	x.mu.Lock()
	defer x.mu.Unlock()
	open, x.open = x.open, nil
	x.up, x.at = true, received
	return open
}

// continues notes what is missing before v, and reports false when v came before.
func (x *series[T, P]) continues(v *T, received time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.up = true
	defer func(now time.Time) { x.at = now }(received)
	open := x.open
	first, last, numbered := int64(0), int64(0), false
	if x.channel.Span != nil {
		first, last, numbered = x.channel.Span(v)
	}
	if !numbered || x.last == 0 {
		x.tell(open, "", received)
		if numbered {
			x.last = last
		}
		return true
	}
	back := int64(restarted)
	if x.channel.Sparse {
		back <<= 20
	}
	switch {
	case last <= x.last && x.last-last < back:
		return false // of an overlap, or pushed again after a subscription
	case last <= x.last:
		x.tell(&stream.Break{Cause: stream.Gap, From: x.at, FromID: id(x.last), Err: errRestarted}, id(first), received)
	case x.channel.Sparse:
		x.tell(open, id(first), received)
	case first > x.last+1:
		if open == nil {
			open = &stream.Break{Cause: stream.Gap, From: x.at}
		}
		b := *open
		b.Lost, b.FromID = uint64(first-x.last-1), id(x.last)
		x.tell(&b, id(first), received)
	default:
		x.open = nil // nothing is missing: the ids are the proof
	}
	x.last = last
	return true
}

// restarted is how far ids go back when a venue begins to count anew; a million times as far
// where they have holes.
const restarted = 1 << 20

var errRestarted = errors.New("exchange: the venue began to count anew")

func (x *series[T, P]) tell(b *stream.Break, to string, received time.Time) {
	x.open = nil
	if b == nil {
		return
	}
	t := *b
	t.To, t.ToID, t.Healed = received, to, !x.events // a state that comes is whole
	if t.From.IsZero() {
		t.From = x.at
	}
	x.feed.Lose(&t)
}

func id(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// Rare reports whether the topic's silence means nothing.
func (x *series[T, P]) Rare() bool { return x.channel.Rare }

// Flush wakes the readers.
func (x *series[T, P]) Flush() { x.feed.Flush() }

// Down notes that the stream stopped.
func (x *series[T, P]) Down(why *stream.Break) {
	x.mu.Lock()
	x.up = false
	x.mu.Unlock()
	x.miss(why)
}

// Up is when the topic is subscribed: its values speak for themselves.
func (x *series[T, P]) Up() {}

// Refused ends the feed.
func (x *series[T, P]) Refused(err error) {
	x.feed.Fail(x.c.refusal("Watch", x.market.Symbol, fmt.Errorf("%s: %w", x.topic, err)))
}

func (x *series[T, P]) fresh() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.up
}

// refusal makes the error of a topic that the venue will not serve.
func (c *Client) refusal(op, symbol string, err error) error {
	e := &Error{Venue: c.venue.Name, Op: op, Symbol: symbol, Kind: ErrBadRequest, Err: err}
	var told *Error
	switch {
	case errors.Is(err, stream.ErrFull):
		e.Kind = ErrPermission
	case errors.Is(err, stream.ErrDenied):
		e.Kind = ErrAuth
	}
	if errors.As(err, &told) {
		e.Kind, e.Code, e.Message = told.Kind, told.Code, told.Message
	}
	return e
}
