package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/stream"
)

// Consolidated is a view over several venues: what each has of a symbol, merged into one
// book. It is never changed and may be used from any goroutine. It does not own its
// clients: they are closed by whoever made them.
type Consolidated struct {
	clients []*Client
	theirs  map[listing]string
	err     error // what is wrong with it: every call says it
}

// listing is a symbol on a venue.
type listing struct{ venue, symbol string }

// Consolidate returns the view over the clients, one of each venue. It sends nothing. What is wrong with
// them is reported by every call. The order of clients is that of the venues in what is returned.
func Consolidate(clients ...*Client) *Consolidated {
	v := &Consolidated{clients: slices.Clone(clients)}
	if len(clients) == 0 {
		v.err = errors.New("no clients")
	}
	seen := make(map[string]bool)
	for _, c := range clients {
		switch {
		case c == nil:
			v.err = errors.New("a client is nil")
			return v
		case seen[c.Venue()]:
			v.err = fmt.Errorf("two clients of %s: its levels would count twice", c.Venue())
		}
		seen[c.Venue()] = true
	}
	return v
}

// As returns a view in which, on one venue, another symbol stands for symbol: BTC/USDC for
// BTC/USDT. Its base must be the same; prices are taken as they are, so that one unit of its quote counts
// as one of the other. Without As nothing but the symbol itself is merged.
func (v *Consolidated) As(symbol, venue, theirs string) *Consolidated {
	if v.err != nil {
		return v
	}
	w := *v
	w.theirs = maps.Clone(v.theirs)
	if w.theirs == nil {
		w.theirs = make(map[listing]string)
	}
	w.theirs[listing{venue, symbol}] = theirs
	if !slices.ContainsFunc(v.clients, func(c *Client) bool { return c.Venue() == venue }) {
		w.err = fmt.Errorf("%s as %s: no client of %s", theirs, symbol, venue)
	}
	return &w
}

// FetchOrderBook returns the best depth levels of all venues together; depth 0 asks each for as
// many as it gives. Each is asked at once, in the way of Client.FetchOrderBook: memory where a stream is live,
// REST otherwise. A venue that fails is told by Venues, and the others are there; the error is not nil when all fail.
func (v *Consolidated) FetchOrderBook(ctx context.Context, symbol string, depth int) (ConsolidatedBook, error) {
	const op = "FetchOrderBook"
	if err := v.check(op, depth, symbol); err != nil {
		return ConsolidatedBook{}, err
	}
	legs := v.legs(symbol)
	var all errgroup.Group
	for _, l := range legs {
		all.Go(func() error {
			l.fetch(ctx, depth)
			return nil
		})
	}
	_ = all.Wait()
	var m merger
	var b ConsolidatedBook
	m.assemble(&b, symbol, depth, legs)
	if len(m.parts) > 0 {
		return b, nil
	}
	var errs []error
	for i := range b.Venues {
		errs = append(errs, b.Venues[i].Err)
	}
	return b, errors.Join(errs...)
}

// WatchOrderBook follows the merged books of the symbols, depth levels a side; depth 0 asks each venue for
// as many as it gives, depth 1 is the consolidated best bid and ask. The newest state wins, and is made when the
// reader looks. It returns at once: a venue is in the book from when it is live, is told in Venues while it
// is not, and is asked again when that may help. The subscription of a symbol ends with the last venue
// that could have it. Its end ends those of the venues.
//
// OnEvent is called in a goroutine of the subscription, not in one that reads a socket.
func (v *Consolidated) WatchOrderBook(ctx context.Context, depth int, symbols ...string) (*stream.Subscription[ConsolidatedBook], error) {
	const op = "WatchOrderBook"
	if err := v.check(op, depth, symbols...); err != nil {
		return nil, err
	}
	legsCtx, cancel := context.WithCancel(ctx)
	var all []*consolidation
	var feeds []*stream.Feed[ConsolidatedBook]
	for i, symbol := range symbols {
		if slices.Contains(symbols[:i], symbol) {
			continue
		}
		f := newConsolidation(symbol, depth, v.legs(symbol))
		all, feeds = append(all, f), append(feeds, f.feed)
	}
	for _, f := range all {
		f.start(legsCtx)
	}
	release := func() {
		cancel()
		for _, f := range all {
			f.work.Wait()
		}
	}
	return stream.Subscribe(ctx, release, feeds...), nil
}

func (v *Consolidated) check(op string, depth int, symbols ...string) error {
	bad := &Error{Venue: "consolidated", Op: op, Kind: ErrBadRequest, Err: v.err}
	switch {
	case v.err != nil:
	case len(symbols) == 0:
		bad.Message = "no symbols"
	case depth < 0:
		bad.Message = "negative depth"
	default:
		return nil
	}
	return bad
}

// leg is one venue's part of a consolidated book.
type leg struct {
	client *Client
	symbol string // that was asked for
	theirs string // the same on this venue
	named  bool   // theirs was named by As

	market Market
	book   OrderBook // Live, or without levels
	state  VenueState
}

func (v *Consolidated) legs(symbol string) (legs []*leg) {
	for _, c := range v.clients {
		l := &leg{client: c, symbol: symbol, theirs: symbol}
		if theirs, ok := v.theirs[listing{c.Venue(), symbol}]; ok {
			l.theirs, l.named = theirs, true
		}
		l.state = VenueState{Stamp: Stamp{Venue: c.Venue(), Symbol: l.theirs}, Since: time.Now()}
		l.state.Err = c.fail("WatchOrderBook", l.theirs, ErrOutOfSync, "not live yet")
		legs = append(legs, l)
	}
	return legs
}

// find returns the venue's market, if its levels may be merged with those of the others.
func (l *leg) find(ctx context.Context) (Market, error) {
	m, err := l.client.Market(ctx, l.theirs)
	base, _, _ := strings.Cut(l.symbol, "/")
	switch {
	case err != nil:
	case !l.named && m.Symbol != l.symbol:
		err = l.client.fail("Consolidate", l.theirs, ErrBadSymbol, "is "+m.Symbol+" on this venue; As may say that it stands for the symbol")
	case m.Base != base:
		err = l.client.fail("Consolidate", l.theirs, ErrBadSymbol, "counts in "+m.Base+", not in "+base)
	}
	return m, err
}

func (l *leg) fetch(ctx context.Context, depth int) {
	m, err := l.find(ctx)
	var b OrderBook
	if err == nil {
		b, err = l.client.FetchOrderBook(ctx, l.theirs, depth)
	}
	l.state.Since = time.Now()
	if l.state.Err = err; err == nil {
		l.market, l.book, l.state.Stamp, l.state.State = m, b, b.Stamp, b.State
	}
}

// assemble makes b of the legs.
func (m *merger) assemble(b *ConsolidatedBook, symbol string, depth int, legs []*leg) {
	b.Stamp = Stamp{Symbol: symbol}
	b.Venues, m.parts = b.Venues[:0], m.parts[:0]
	for _, l := range legs {
		b.Venues = append(b.Venues, l.state)
		if l.state.State != book.Live {
			continue
		}
		m.parts = append(m.parts, part{l.state.Venue, &l.market, &l.book})
		b.Source = max(b.Source, l.state.Source)
		if l.state.Time.After(b.Time) {
			b.Time = l.state.Time
		}
		if l.state.Received.After(b.Received) {
			b.Received = l.state.Received
		}
	}
	m.fill(b, depth)
}
