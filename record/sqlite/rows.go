package sqlite

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// rows inserts a batch, and gives up when ctx ends. calm is the context that statements run under.
func (s *Sink) rows(ctx, calm context.Context, b *record.Batch) error {
	return each(ctx,
		of(b.Trades, func(t *exchange.Trade) error { return s.trade(calm, t) }),
		of(b.Books, func(k *exchange.OrderBook) error { return s.book(calm, k) }),
		of(b.Tickers, func(t *exchange.Ticker) error { return s.ticker(calm, t) }),
		of(b.BidAsks, func(q *exchange.BidAsk) error { return s.bidAsk(calm, q) }),
		of(b.Gaps, func(g *record.Gap) error { return s.gap(calm, g) }),
	)
}

// some is n rows and how to insert one.
type some struct {
	n      int
	insert func(i int) error
}

func of[T any](rows []T, insert func(*T) error) some {
	return some{len(rows), func(i int) error { return insert(&rows[i]) }}
}

func each(ctx context.Context, kinds ...some) error {
	for _, k := range kinds {
		for i := range k.n {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := k.insert(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sink) trade(ctx context.Context, t *exchange.Trade) error {
	m, err := s.market(ctx, t.Venue, t.Symbol)
	if err != nil {
		return err
	}
	_, err = s.stmts[insertTrade].ExecContext(ctx, m, clock(t.Time), nanos(t.Received), t.Seq,
		word(t.ID), word(t.First), word(string(t.Side)), number(t.Price), number(t.Size), number(t.Contracts), number(t.Cost))
	return err
}

func (s *Sink) book(ctx context.Context, b *exchange.OrderBook) error {
	m, err := s.market(ctx, b.Venue, b.Symbol)
	if err != nil {
		return err
	}
	_, err = s.stmts[insertBook].ExecContext(ctx, m, clock(b.Time), nanos(b.Received), b.Seq,
		b.Contracts, number(b.KnownBid), number(b.KnownAsk), s.levels(b.Bids), s.levels(b.Asks))
	return err
}

func (s *Sink) ticker(ctx context.Context, t *exchange.Ticker) error {
	m, err := s.market(ctx, t.Venue, t.Symbol)
	if err != nil {
		return err
	}
	_, err = s.stmts[insertTicker].ExecContext(ctx, m, clock(t.Time), nanos(t.Received), t.Seq,
		number(t.Last), number(t.LastSize), number(t.Bid), number(t.BidSize), number(t.Ask), number(t.AskSize),
		number(t.Open), number(t.High), number(t.Low), number(t.PreviousClose), number(t.Change), number(t.Percent), number(t.VWAP),
		number(t.Volume), number(t.QuoteVolume), number(t.ContractVolume), clock(t.OpenTime), t.Trades)
	return err
}

func (s *Sink) bidAsk(ctx context.Context, q *exchange.BidAsk) error {
	m, err := s.market(ctx, q.Venue, q.Symbol)
	if err != nil {
		return err
	}
	_, err = s.stmts[insertBidAsk].ExecContext(ctx, m, clock(q.Time), nanos(q.Received), q.Seq,
		number(q.Bid), number(q.BidSize), number(q.Ask), number(q.AskSize))
	return err
}

func (s *Sink) gap(ctx context.Context, g *record.Gap) error {
	m, err := s.market(ctx, g.Venue, g.Symbol)
	if err != nil {
		return err
	}
	_, err = s.stmts[insertGap].ExecContext(ctx, m, string(g.Channel), g.Cause, clock(g.From), clock(g.To),
		word(g.FromID), word(g.ToID), int64(g.Lost), g.Healed, word(g.Err))
	return err
}

// market returns the number of a market, and gives it one when it is new.
func (s *Sink) market(ctx context.Context, venue, symbol string) (id int64, err error) {
	key := market{venue, symbol}
	if id, ok := s.markets[key]; ok {
		return id, nil
	}
	if err := s.stmts[insertMarket].QueryRowContext(ctx, venue, symbol).Scan(&id); err != nil {
		return 0, err
	}
	s.markets[key] = id
	return id, nil
}

// levels writes one side of a book as JSON.
func (s *Sink) levels(side []exchange.Level) string {
	b := append(s.text[:0], '[')
	for i := range side {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = side[i].Price.AppendTo(b)
		b = append(b, `","`...)
		b = side[i].Size.AppendTo(b)
		b = append(b, `"]`...)
	}
	s.text = append(b, ']')
	return string(s.text)
}

// number, word and clock are NULL for what is absent.
func number(d decimal.Decimal) driver.Value {
	if d.Absent() {
		return nil
	}
	return d.String()
}

func word(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

func clock(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// nanos is clock for what is never NULL.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
