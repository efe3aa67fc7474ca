package record

import (
	"context"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// bookKeeper writes books: whole when they begin and now and then, else what has changed since the state before.
type bookKeeper struct {
	j     *journal
	every time.Duration // until a book is written whole again
	e     Encoder
	kept  map[string]*keptBook // by symbol
}

// keptBook is the state that the log has of a book.
type keptBook struct {
	*count
	live       bool
	bids, asks []exchange.Level
	snapshot   time.Time // when it was written whole

	lessBids, lessAsks []exchange.Level // scratch: what has changed
}

func (k *bookKeeper) keep(ctx context.Context, v *exchange.OrderBook) error {
	b := k.kept[v.Symbol]
	if b == nil {
		b = &keptBook{count: k.j.count(series{venue: v.Venue, symbol: v.Symbol, channel: Books})}
		k.kept[v.Symbol] = b
	}
	live := v.State == book.Live
	if !live && !b.live && v.Break == nil {
		return nil // not there yet: nothing is missing
	}
	if err := k.write(ctx, b, v, live); err != nil {
		k.j.lose(b.count, &v.Stamp, err)
		b.live = false // what comes next is written whole
		return err
	}
	return nil
}

func (k *bookKeeper) write(ctx context.Context, b *keptBook, v *exchange.OrderBook, live bool) error {
	if !live && !b.begun {
		return nil // it was lost before it was there
	}
	if err := k.j.before(ctx, &k.e, b.count, &v.Stamp, live, ""); err != nil {
		return err
	}
	k.j.change(func() { b.down = !live })
	if !live {
		return k.down(ctx, b, v)
	}
	received := v.Received
	if !b.live || v.Break != nil || received.Sub(b.snapshot) >= k.every || received.Before(b.snapshot) {
		if err := k.j.row(ctx, b.count, received, "", k.e.Book(BookSnapshot, v, v.Bids, v.Asks)); err != nil {
			return err
		}
		b.snapshot = received
	} else {
		b.lessBids = changes(b.lessBids[:0], b.bids, v.Bids, 1)
		b.lessAsks = changes(b.lessAsks[:0], b.asks, v.Asks, -1)
		if err := k.j.row(ctx, b.count, received, "", k.e.Book(BookDelta, v, b.lessBids, b.lessAsks)); err != nil {
			return err
		}
	}
	b.live = true
	b.bids, b.asks = append(b.bids[:0], v.Bids...), append(b.asks[:0], v.Asks...)
	return nil
}

// down writes that nothing is known of a book any more.
func (k *bookKeeper) down(ctx context.Context, b *keptBook, v *exchange.OrderBook) error {
	if !b.live {
		return nil
	}
	if err := k.j.row(ctx, b.count, v.Received, "", k.e.Book(BookDown, v, nil, nil)); err != nil {
		return err
	}
	b.live = false
	return nil
}

// end writes that the recording ends: nobody shall take the last states for those of later.
func (k *bookKeeper) end(ctx context.Context) {
	now := time.Now()
	for symbol, b := range k.kept {
		v := exchange.OrderBook{Stamp: exchange.Stamp{Venue: b.of.venue, Symbol: symbol, Received: now}}
		if err := k.down(ctx, b, &v); err != nil {
			return // the log is closed or full: the next start tells it
		}
	}
}

// changes appends the levels by which side has become now: those that are new or have another size, and those that are gone with a
// size of zero. dir is 1 for bids, whose best price is the highest.
func changes(dst, side, now []exchange.Level, dir int) []exchange.Level {
	for len(side) > 0 || len(now) > 0 {
		if len(side) > 0 && len(now) > 0 && side[0] == now[0] { // nearly all
			side, now = side[1:], now[1:]
			continue
		}
		switch at := next(side, now, dir); {
		case at < 0:
			dst = append(dst, exchange.Level{Price: side[0].Price, Size: decimal.New(0, 0)})
			side = side[1:]
		case at > 0:
			dst = append(dst, now[0])
			now = now[1:]
		default:
			dst = append(dst, now[0])
			side, now = side[1:], now[1:]
		}
	}
	return dst
}

// next is below zero when the next price is of side only, above when it is of now only.
func next(side, now []exchange.Level, dir int) int {
	switch {
	case len(now) == 0:
		return -1
	case len(side) == 0:
		return 1
	case side[0].Price == now[0].Price:
		return 0
	}
	return -dir * side[0].Price.Cmp(now[0].Price)
}
