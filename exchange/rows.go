package exchange

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/wire"
)

// rowed is a value that a row of a message fills in.
type rowed[T any] interface {
	stamped[T]
	read(r *wire.Row, m *Market, in *Scope)
}

// Rows returns the Parser of messages of a format. Each row gives one value: its fields are filled in as their
// names say, then adjust, where it is not nil, sees to what is special, and reports false for what is to be left out.
// Rows of an event of another name are left out, those that say nothing, and those of a market that is not known or not the
// one asked about.
//
// The fields that are read, beside Market, Event, Time and Seq:
//
//	Ticker        Close (the last price) LastSize Bid BidSize Ask AskSize Open High Low PreviousClose Change Percent
//	              VWAP Volume QuoteVolume ContractVolume OpenTime Trades
//	BidAsk        Bid BidSize Ask AskSize
//	Trade         TradeID, FirstID or Matches, Side or Maker, Price Size Cost; an id that is a number is Seq too
//	Candle        Start, End or Closed, Open High Low Close Volume QuoteVolume ContractVolume Trades
//	FundingRate   Rate MarkPrice Next After
//	MarkPrice     MarkPrice IndexPrice
//	OpenInterest  Interest InterestContracts InterestValue
//	Liquidation   Side or Maker, Price Average Size Cost
//
// Size is in the unit of the order book; what is counted in contracts is converted by Market.Contract. Rows stay in the
// order of the message: a venue that sends the newest first is for a Parser that reverses them, because many have one time.
func Rows[T any, P rowed[T]](t *wire.Table, event string, adjust func(v *T, r *wire.Row, m *Market) bool) Parser[T] {
	return func(dst []T, in *Scope, b []byte) ([]T, error) {
		r := &in.row
		for r.Begin(t, b); r.Next(); {
			m := in.of(r)
			if m == nil || r.Fields() == 0 || (event != "" && r.Has(wire.Event) && string(r.Text(wire.Event)) != event) {
				continue
			}
			var zero T
			dst = append(dst, zero)
			v := &dst[len(dst)-1]
			s := P(v).stamp()
			s.Symbol, s.Time, s.Seq = m.Symbol, r.Time(wire.Time), r.Int(wire.Seq)
			P(v).read(r, m, in)
			if adjust != nil && !adjust(v, r, m) {
				dst = dst[:len(dst)-1]
			}
		}
		return dst, r.End()
	}
}

// of returns the market of a row: nil when it names one that is not known, or not the one asked about.
func (s *Scope) of(r *wire.Row) *Market {
	id := r.Text(wire.Market)
	m := s.At(id)
	if m != nil && id != nil && m.ID != string(id) && (m.Alias == "" || m.Alias != string(id)) {
		return nil
	}
	return m
}

// side leaves out the size of a side that is empty.
func side(r *wire.Row, price, size wire.Field) (p, s decimal.Decimal) {
	if p = r.Decimal(price); !p.Absent() {
		s = r.Decimal(size)
	}
	return p, s
}

func (t *Ticker) read(r *wire.Row, m *Market, _ *Scope) {
	t.Last, t.LastSize = side(r, wire.Close, wire.LastSize)
	t.Bid, t.BidSize = side(r, wire.Bid, wire.BidSize)
	t.Ask, t.AskSize = side(r, wire.Ask, wire.AskSize)
	t.Open, t.High, t.Low = r.Decimal(wire.Open), r.Decimal(wire.High), r.Decimal(wire.Low)
	t.PreviousClose, t.VWAP = r.Decimal(wire.PreviousClose), r.Decimal(wire.VWAP)
	t.Volume, t.QuoteVolume, t.ContractVolume = r.Decimal(wire.Volume), r.Decimal(wire.QuoteVolume), r.Decimal(wire.ContractVolume)
	t.OpenTime, t.Trades = r.Time(wire.OpenTime), r.Int(wire.Trades)
	if t.Change, t.Percent = r.Decimal(wire.Change), r.Decimal(wire.Percent); t.Change.Absent() {
		t.SetChange()
	}
}

func (q *BidAsk) read(r *wire.Row, _ *Market, _ *Scope) {
	q.Bid, q.BidSize = side(r, wire.Bid, wire.BidSize)
	q.Ask, q.AskSize = side(r, wire.Ask, wire.AskSize)
}

// read takes an id that is a number for Seq where the venue has no other.
func (t *Trade) read(r *wire.Row, m *Market, _ *Scope) {
	t.ID, t.First = string(r.Text(wire.TradeID)), string(r.Text(wire.FirstID))
	if t.First == t.ID {
		t.First = ""
	}
	last, ok := count(t.ID)
	if ok && t.Seq == 0 {
		t.Seq = last
	}
	if n := r.Int(wire.Matches); n > 1 && ok && last >= n {
		t.First = strconv.FormatInt(last-n+1, 10)
	}
	t.Side, t.Price, t.Cost = takerSide(r), r.Decimal(wire.Price), r.Decimal(wire.Cost)
	t.Size, t.Contracts = m.Sized(r.Decimal(wire.Size), t.Price)
}

// count is the number that an id is. What ParseInt says of other ids would cost memory.
func count(id string) (n int64, ok bool) {
	for i := range len(id) {
		digit := int64(id[i] - '0')
		if digit > 9 || n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, id != ""
}

func takerSide(r *wire.Row) Side {
	switch string(r.Text(wire.Side)) {
	case "buy", "BUY", "Buy", "bid", "BID", "Bid":
		return Buy
	case "sell", "SELL", "Sell", "ask", "ASK", "Ask":
		return Sell
	}
	switch {
	case r.Bool(wire.Maker):
		return Sell
	case r.Has(wire.Maker):
		return Buy
	}
	return ""
}

// read finds out whether a candle is closed by the time, where the venue does not say it.
func (k *Candle) read(r *wire.Row, m *Market, in *Scope) {
	k.Interval, k.Start = in.Args.Interval, r.Time(wire.Start)
	k.Open, k.High, k.Low, k.Close = r.Decimal(wire.Open), r.Decimal(wire.High), r.Decimal(wire.Low), r.Decimal(wire.Close)
	k.Volume, k.QuoteVolume, k.ContractVolume = r.Decimal(wire.Volume), r.Decimal(wire.QuoteVolume), r.Decimal(wire.ContractVolume)
	k.Trades = r.Int(wire.Trades)
	if r.Has(wire.Closed) {
		k.Closed = r.Bool(wire.Closed)
		return
	}
	now, end := k.Time, r.Time(wire.End)
	if now.IsZero() {
		now = in.Received
	}
	if end.IsZero() {
		end = k.Interval.After(k.Start)
	}
	k.Closed = !end.After(now)
}

// read takes the length of a period from two charges of which the venue tells both.
func (f *FundingRate) read(r *wire.Row, _ *Market, _ *Scope) {
	f.Rate, f.Mark, f.Next = r.Decimal(wire.Rate), r.Decimal(wire.MarkPrice), r.Time(wire.Next)
	if after := r.Time(wire.After); !f.Next.IsZero() && after.After(f.Next) {
		f.Interval = after.Sub(f.Next)
	}
}

func (p *MarkPrice) read(r *wire.Row, _ *Market, _ *Scope) {
	p.Mark, p.Index = r.Decimal(wire.MarkPrice), r.Decimal(wire.IndexPrice)
}

func (o *OpenInterest) read(r *wire.Row, _ *Market, _ *Scope) {
	o.Size, o.Contracts, o.Value = r.Decimal(wire.Interest), r.Decimal(wire.InterestContracts), r.Decimal(wire.InterestValue)
}

var errSide = errors.New("exchange: liquidation without a side")

func (l *Liquidation) read(r *wire.Row, m *Market, _ *Scope) {
	l.Side, l.Price, l.Average, l.Cost = takerSide(r), r.Decimal(wire.Price), r.Decimal(wire.Average), r.Decimal(wire.Cost)
	l.Size, l.Contracts = m.Sized(r.Decimal(wire.Size), l.Price)
	if l.Side == "" {
		r.Fail(errSide)
	}
}

// Books returns the Parser of order books of a format: First Last Prev Time Checksum Bids Asks. What it returns is a delta
// until adjust, which must not be nil, sets Snapshot; it reports false for what is to be left out. The levels of earlier calls are
// used again.
func Books(t *wire.Table, event string, adjust func(u *book.Update, r *wire.Row, in *Scope) bool) Parser[book.Update] {
	return func(dst []book.Update, in *Scope, b []byte) ([]book.Update, error) {
		r := &in.row
		for r.Begin(t, b); r.Next(); {
			if r.Has(wire.Market) && in.of(r) == nil || (event != "" && r.Has(wire.Event) && string(r.Text(wire.Event)) != event) {
				continue
			}
			dst = appendRoom(dst)
			u := &dst[len(dst)-1]
			u.First, u.Last, u.Prev, u.Time = r.Int(wire.First), r.Int(wire.Last), r.Int(wire.Prev), r.Time(wire.Time)
			u.Checksum = uint32(r.Int(wire.Checksum)) // zero is none
			u.HasChecksum = u.Checksum != 0
			if r.Has(wire.Bids) {
				u.Bids, r.Bids = r.Bids, u.Bids
			}
			if r.Has(wire.Asks) {
				u.Asks, r.Asks = r.Asks, u.Asks
			}
			if !adjust(u, r, in) {
				dst = dst[:len(dst)-1]
			}
		}
		return dst, r.End()
	}
}

// appendRoom appends an Update that has the memory for levels of one that was there before.
func appendRoom(dst []book.Update) []book.Update {
	n := len(dst)
	if n == cap(dst) {
		return append(dst, book.Update{})
	}
	dst = dst[:n+1]
	dst[n] = book.Update{Bids: dst[n].Bids[:0], Asks: dst[n].Asks[:0]}
	return dst
}

// Exact returns the Merge of deltas that are byte for byte of one of some forms. All of a message is read before the book
// is touched.
func Exact(forms ...*wire.Form) func(*book.Sync, *Scope, []byte) (book.Verdict, error) {
	return func(s *book.Sync, in *Scope, b []byte) (book.Verdict, error) {
		d := &in.delta
		read := false
		for i := 0; i < len(forms) && !read; i++ {
			read = forms[i].Read(d, in.Market.ID, b)
		}
		if !read || d.Time <= 0 {
			return book.Keep, nil
		}
		u := book.Update{First: d.First, Last: d.Last, Prev: d.Prev, Time: time.UnixMicro(d.Time).UTC()}
		u.Checksum, u.HasChecksum = uint32(d.Checksum), d.Checksum != 0
		if u.Prev < 0 { // what follows on nothing is a snapshot, whatever it is called
			return book.Keep, nil
		}
		if v := s.Begin(&u); v != book.Apply {
			return v, nil
		}
		s.SetLots(d.Bids, d.Asks)
		return book.Apply, s.End()
	}
}

// ServerTime returns the Parser of the venue's clock: the wire.Time of a row.
func ServerTime(t *wire.Table) Parser[time.Time] {
	return func(dst []time.Time, in *Scope, b []byte) ([]time.Time, error) {
		r := &in.row
		for r.Begin(t, b); r.Next(); {
			if at := r.Time(wire.Time); !at.IsZero() {
				dst = append(dst, at)
			}
		}
		return dst, r.End()
	}
}
