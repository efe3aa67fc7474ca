package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// board is what is known of every market. Readers of streams write to it, the screen reads.
type board struct {
	venues []venue
	begin  time.Time

	mu      sync.Mutex
	rows    []*row
	all     exchange.ConsolidatedBook // of all venues
	events  []string                  // of accidents, with their time
	checked int                       // books compared with the simulator's
	wrong   []string
}

// row is one market of one venue.
type row struct {
	venue, symbol string
	book          exchange.OrderBook // the newest, live or not
	values        int                // of all kinds
	latency       time.Duration      // from the venue's clock to ours, smoothed

	accident string    // what has been done to it, until it is mended
	struck   time.Time // when
	noticed  time.Time // when the book was said to be out of sync, zero: not yet
}

func newBoard(venues []venue) *board {
	b := &board{venues: venues, begin: time.Now()}
	for _, v := range venues {
		for _, symbol := range symbols {
			b.rows = append(b.rows, &row{venue: v.name, symbol: symbol})
		}
	}
	return b
}

// row returns the market of a value, and counts the value. The board is locked.
func (b *board) row(stamp *exchange.Stamp) *row {
	for _, r := range b.rows {
		if r.venue == stamp.Venue && r.symbol == stamp.Symbol {
			r.values++
			return r
		}
	}
	return &row{}
}

// books follows the order books of a venue: the newest state of each, and in band
// whether it can be trusted.
func (b *board) books(ctx context.Context, v venue) {
	sub, err := v.client.WatchOrderBook(ctx, depth, symbols...)
	follow(ctx, b, sub, err, func(k *exchange.OrderBook) { b.book(v, k) })
}

// trades and tickers are counted; a bot would look at each.
func (b *board) trades(ctx context.Context, v venue) {
	sub, err := v.client.WatchTrades(ctx, symbols...)
	follow(ctx, b, sub, err, func(t *exchange.Trade) { b.row(&t.Stamp) })
}

func (b *board) tickers(ctx context.Context, v venue) {
	sub, err := v.client.WatchTicker(ctx, symbols...)
	follow(ctx, b, sub, err, func(t *exchange.Ticker) { b.row(&t.Stamp) })
}

// follow hands the values of a subscription to the board, which is locked then.
func follow[T any](ctx context.Context, b *board, sub *stream.Subscription[T], err error, see func(*T)) {
	if err != nil {
		b.fail(ctx, err)
		return
	}
	defer sub.Close()
	for v, err := range sub.All() {
		if err != nil {
			b.fail(ctx, err)
			continue
		}
		b.mu.Lock()
		see(&v)
		b.mu.Unlock()
	}
}

func (b *board) book(v venue, k *exchange.OrderBook) {
	r := b.row(&k.Stamp)
	r.book = *k
	if k.State != book.Live {
		if r.accident != "" && r.noticed.IsZero() {
			r.noticed = time.Now()
		}
		return
	}
	if !k.Time.IsZero() { // a snapshot over REST may have no time
		r.latency += (k.Received.Sub(k.Time) - r.latency) / 8
	}
	if r.accident != "" && k.Break != nil {
		b.mended(v, r, k)
	}
}

// mended notes the first live book after an accident, and compares it with the
// simulator's.
func (b *board) mended(v venue, r *row, k *exchange.OrderBook) {
	noticed := r.noticed
	if noticed.IsZero() { // this reader was given both news as one
		noticed = time.Now()
	}
	verdict := fmt.Sprintf("%d + %d levels equal to the simulator's at %d", len(k.Bids), len(k.Asks), k.Seq)
	if why := b.compare(v, k); why != "" {
		verdict = "DIFFERENT: " + why
	}
	b.event(fmt.Sprintf("%s %s: %s, noticed after %d ms (%s), live again after %d ms, %s", r.venue, r.symbol, r.accident,
		noticed.Sub(r.struck).Milliseconds(), k.Break.Cause, time.Since(r.struck).Milliseconds(), verdict))
	r.accident, r.noticed = "", time.Time{}
}

func (b *board) fail(ctx context.Context, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() == nil { // the end of the program is no failure
		b.wrong = append(b.wrong, err.Error())
	}
}

// event notes something for the log. The board is locked.
func (b *board) event(text string) {
	b.events = append(b.events, fmt.Sprintf("%5.1f s  %s", time.Since(b.begin).Seconds(), text))
}

// show lets accidents happen in their time, and draws, until ctx ends.
func (b *board) show(ctx context.Context, s *screen, length time.Duration) {
	todo := accidents
	beat := time.NewTicker(250 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if len(todo) > 0 && time.Since(b.begin) > time.Duration(todo[0].at*float64(length)) && b.settled() {
			b.strike(todo[0])
			todo = todo[1:]
		}
		b.check("")
		s.draw()
	}
}

func (b *board) strike(a accident) {
	v := b.venues[a.venue]
	b.mu.Lock()
	for _, symbol := range a.symbols {
		for _, r := range b.rows {
			if r.venue == v.name && r.symbol == symbol {
				r.accident, r.struck = a.what, time.Now()
			}
		}
	}
	b.mu.Unlock()
	v.server.Fault(a.fault)
}

// settle waits until every book is live and every accident is mended, or too long.
func (b *board) settle(most time.Duration) {
	late := time.NewTimer(most)
	defer late.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !b.settled() {
		select {
		case <-late.C:
			return
		case <-look.C:
		}
	}
}

func (b *board) settled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		if r.accident != "" || r.book.State != book.Live {
			return false
		}
	}
	return len(b.all.Venues) > 0 && len(absent(&b.all)) == 0
}

// check compares the newest book of every market with the simulator's. With a moment to name,
// books that are not live are wrong too, and the result is an event.
func (b *board) check(moment string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	equal := 0
	for i, r := range b.rows {
		if r.book.State == book.Live && b.compare(b.venues[i/len(symbols)], &r.book) == "" {
			equal++
		}
		if moment != "" && (r.book.State != book.Live || r.accident != "") {
			b.wrong = append(b.wrong, fmt.Sprintf("%s %s: %s %s, not mended: %q", r.venue, r.symbol, r.book.State, moment, r.accident))
		}
	}
	if moment != "" {
		b.event(fmt.Sprintf("%d of %d books equal to the simulator's %s, %d levels a side", equal, len(b.rows), moment, depth))
	}
}

// compare compares one book with the simulator's at its sequence number.
func (b *board) compare(v venue, k *exchange.OrderBook) string {
	b.checked++
	why := differs(v.server, k)
	if why != "" {
		b.wrong = append(b.wrong, fmt.Sprintf("%s %s at %d: %s", k.Venue, k.Symbol, k.Seq, why))
	}
	return why
}

var errWrong = errors.New("not everything was right")

// failure returns what went wrong.
func (b *board) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d findings, the first: %s", errWrong, len(b.wrong), b.wrong[0])
}
