package exchangetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// judge tells what is wrong with a value: what must hold whatever the venue. It is pure.
type judge struct {
	venue    string
	source   exchange.Source
	markets  map[string]exchange.Market // by symbol: those that were asked for
	unsized  map[string]string          // symbols without sizes and sides
	interval exchange.Interval          // that was asked for
	began    time.Time                  // before it nothing was received
	now      time.Time
}

// findings are what is wrong with one value.
type findings []error

func (f *findings) want(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

func (f findings) of(s *exchange.Stamp) value {
	v := value{Stamp: *s, live: true}
	if len(f) > 0 {
		v.wrong = fmt.Errorf("%s at %s: %w", s.Symbol, s.Time.Format(time.RFC3339Nano), errors.Join(f...))
	}
	return v
}

// value is what the checks see of any value.
type value struct {
	exchange.Stamp
	live  bool   // not a book that is out of sync
	id    string // that no other value of the symbol may have
	at    time.Time
	book  *exchange.OrderBook
	wrong error
}

// How far the clock of a venue may be from ours, how long a push may tell of what has been.
const (
	ahead  = time.Second
	behind = 5 * time.Minute
)

// stamp judges what every value has. old says that the value tells of the past, fixed that it must say when.
func (j *judge) stamp(s *exchange.Stamp, old bool) (m exchange.Market, f findings) {
	m, known := j.markets[s.Symbol]
	f.want(known, "symbol %q was not asked for", s.Symbol)
	f.want(s.Venue == j.venue, "venue %q, want %q", s.Venue, j.venue)
	f.want(s.Source == j.source, "source %q, want %q", s.Source, j.source)
	f.want(!s.Received.Before(j.began) && !s.Received.After(j.now), "received %s", s.Received)
	f.want(s.Seq >= 0, "sequence %d", s.Seq)
	if s.Time.IsZero() {
		return m, f
	}
	f.want(!s.Time.After(s.Received.Add(ahead)), "time %s lies ahead", s.Time)
	f.want(old || s.Time.After(s.Received.Add(-behind)), "time %s is old", s.Time)
	return m, f
}

// price judges a price that must be there.
func (f *findings) price(what string, p decimal.Decimal) { f.want(p.Sign() > 0, "%s %s", what, p) }

// perhaps judges a number that may be absent, and is not negative.
func (f *findings) perhaps(what string, d decimal.Decimal) {
	f.want(d.Absent() || d.Sign() >= 0, "%s %s", what, d)
}

// size judges a size: positive, and absent exactly where the venue tells none.
func (j *judge) size(f *findings, symbol, what string, d decimal.Decimal) {
	if why, none := j.unsized[symbol]; none {
		f.want(d.Absent(), "%s is %s in spite of: %s", what, d, why)
		return
	}
	f.want(d.Sign() > 0, "%s %s", what, d)
}

// units judges a size in base units against that in contracts.
func (f *findings) units(m *exchange.Market, base, contracts, price decimal.Decimal) {
	f.want(contracts.Absent() == m.Contract.Absent(), "contracts %s, and a contract is %s", contracts, m.Contract)
	if !contracts.Absent() {
		want := m.BaseSize(contracts, price)
		f.want(base.Equal(want), "%s base units, and %s contracts are %s", base, contracts, want)
	}
}

func (j *judge) trade(v *exchange.Trade) value {
	m, f := j.stamp(&v.Stamp, true)
	f.want(v.ID != "", "no id")
	f.want(!v.Time.IsZero(), "no time")
	f.price("price", v.Price)
	j.size(&f, v.Symbol, "size", v.Size)
	f.perhaps("cost", v.Cost)
	if why, none := j.unsized[v.Symbol]; none {
		f.want(v.Side == "", "side %q in spite of: %s", v.Side, why)
	} else {
		f.want(v.Side == exchange.Buy || v.Side == exchange.Sell, "side %q", v.Side)
		f.units(&m, v.Size, v.Contracts, v.Price)
	}
	x := f.of(&v.Stamp)
	x.id, x.at = v.ID, v.Time
	return x
}

func (j *judge) ticker(v *exchange.Ticker) value {
	m, f := j.stamp(&v.Stamp, false)
	f.price("last", v.Last)
	for _, p := range []decimal.Decimal{v.LastSize, v.Bid, v.BidSize, v.Ask, v.AskSize, v.Open, v.High, v.Low, v.PreviousClose, v.VWAP, v.Volume, v.QuoteVolume, v.ContractVolume} {
		f.perhaps("a number", p)
	}
	f.want(v.Bid.Absent() || v.Ask.Absent() || v.Bid.Cmp(v.Ask) < 0, "bid %s, ask %s", v.Bid, v.Ask)
	f.want(v.High.Absent() || v.Low.Absent() || v.High.Cmp(v.Low) >= 0, "high %s, low %s", v.High, v.Low)
	f.want(v.Change.Absent() || v.Percent.Absent() || v.Change.Sign()*v.Percent.Sign() >= 0, "change %s is %s%%", v.Change, v.Percent)
	f.want(v.ContractVolume.Absent() || !m.Contract.Absent(), "contracts of a market without them")
	if !v.ContractVolume.Absent() && !v.Volume.Absent() && !m.Inverse {
		f.want(v.Volume.Equal(m.BaseSize(v.ContractVolume, v.Last)), "volume %s of %s contracts", v.Volume, v.ContractVolume)
	}
	f.want(v.OpenTime.IsZero() || v.OpenTime.Before(j.now), "opened %s", v.OpenTime)
	f.want(v.Trades >= 0, "%d trades", v.Trades)
	return f.of(&v.Stamp)
}

func (j *judge) bidAsk(v *exchange.BidAsk) value {
	_, f := j.stamp(&v.Stamp, false)
	f.price("bid", v.Bid)
	f.price("ask", v.Ask)
	f.want(v.Bid.Cmp(v.Ask) < 0, "bid %s, ask %s", v.Bid, v.Ask)
	j.size(&f, v.Symbol, "bid size", v.BidSize)
	j.size(&f, v.Symbol, "ask size", v.AskSize)
	return f.of(&v.Stamp)
}

func (j *judge) candle(v *exchange.Candle) value {
	as := *j
	if v.Closed && v.Source == exchange.REST {
		as.source = v.Source // it closed while it was not pushed
	}
	m, f := as.stamp(&v.Stamp, true)
	long := v.Interval.Duration()
	f.want(v.Interval == j.interval, "interval %q, want %q", v.Interval, j.interval)
	f.want(long == 0 || long >= 24*time.Hour || v.Start.Equal(v.Start.Truncate(long)), "start %s", v.Start)
	f.want(!v.Start.IsZero() && !v.Start.After(j.now.Add(ahead)), "start %s", v.Start)
	f.want(!v.Closed || !v.Start.Add(min(long, 28*24*time.Hour)).After(j.now.Add(ahead)), "closed, and began %s", v.Start)
	f.price("low", v.Low)
	for _, p := range []decimal.Decimal{v.Open, v.Close} {
		f.want(v.Low.Cmp(p) <= 0 && p.Cmp(v.High) <= 0, "%s is not between %s and %s", p, v.Low, v.High)
	}
	for _, d := range []decimal.Decimal{v.Volume, v.QuoteVolume, v.ContractVolume} {
		f.perhaps("volume", d)
	}
	if !v.ContractVolume.Absent() && !v.Volume.Absent() && !m.Inverse {
		f.want(v.Volume.Equal(m.BaseSize(v.ContractVolume, v.Close)), "volume %s of %s contracts", v.Volume, v.ContractVolume)
	}
	f.want(v.Trades >= 0, "%d trades", v.Trades)
	x := f.of(&v.Stamp)
	x.at = v.Start
	return x
}

func (j *judge) funding(v *exchange.FundingRate) value {
	f := j.rate(v, false)
	f.want(v.Next.After(j.now), "next charged %s", v.Next)
	return f.of(&v.Stamp)
}

// charged judges a rate of the past.
func (j *judge) charged(v *exchange.FundingRate) value {
	f := j.rate(v, true)
	f.want(!v.Next.After(j.now.Add(ahead)), "charged %s", v.Next)
	x := f.of(&v.Stamp)
	x.id, x.at = v.Next.String(), v.Next
	return x
}

func (j *judge) rate(v *exchange.FundingRate, old bool) findings {
	_, f := j.stamp(&v.Stamp, old)
	f.want(!v.Rate.Absent() && v.Rate.Abs().Cmp(decimal.New(1, 0)) < 0, "rate %s", v.Rate)
	f.want(!v.Next.IsZero(), "no time of the charge")
	f.want(v.Interval >= 0 && v.Interval <= 24*time.Hour, "interval %s", v.Interval)
	f.perhaps("mark", v.Mark)
	return f
}

func (j *judge) markPrice(v *exchange.MarkPrice) value {
	_, f := j.stamp(&v.Stamp, false)
	f.price("mark", v.Mark)
	f.perhaps("index", v.Index)
	return f.of(&v.Stamp)
}

func (j *judge) openInterest(v *exchange.OpenInterest) value {
	m, f := j.stamp(&v.Stamp, false)
	f.perhaps("value", v.Value)
	if f.price("size", v.Size); !m.Inverse {
		f.units(&m, v.Size, v.Contracts, v.Size)
	}
	return f.of(&v.Stamp)
}

func (j *judge) liquidation(v *exchange.Liquidation) value {
	m, f := j.stamp(&v.Stamp, true)
	f.want(!v.Time.IsZero(), "no time")
	f.want(v.Side == exchange.Buy || v.Side == exchange.Sell, "side %q", v.Side)
	f.price("price", v.Price)
	f.price("size", v.Size)
	f.units(&m, v.Size, v.Contracts, v.Price)
	f.perhaps("average", v.Average)
	f.perhaps("cost", v.Cost)
	x := f.of(&v.Stamp)
	x.at = v.Time
	return x
}

func (j *judge) orderBook(v *exchange.OrderBook) value {
	m, f := j.stamp(&v.Stamp, false)
	live := v.State == book.Live
	f.want(v.Contracts == !m.Contract.Absent(), "contracts: %t, and a contract is %s", v.Contracts, m.Contract)
	if !live {
		f.want(len(v.Bids)+len(v.Asks) == 0, "%d levels in a book that is %s", len(v.Bids)+len(v.Asks), v.State)
		f.want(v.Break != nil, "%s without a break", v.State)
	} else {
		f.want(len(v.Bids) > 0 && len(v.Asks) > 0, "%d bids, %d asks", len(v.Bids), len(v.Asks))
	}
	j.side(&f, v.Symbol, v.Bids, -1)
	j.side(&f, v.Symbol, v.Asks, 1)
	if bid, ask := v.Best(); len(v.Bids) > 0 && len(v.Asks) > 0 {
		f.want(bid.Price.Cmp(ask.Price) < 0, "bid %s, ask %s", bid.Price, ask.Price)
	}
	x := f.of(&v.Stamp)
	x.live, x.book = live, v
	return x
}

// side judges levels: sizes, and prices that get worse in the direction.
func (j *judge) side(f *findings, symbol string, levels []exchange.Level, direction int) {
	for i, l := range levels {
		f.price("level", l.Price)
		j.size(f, symbol, "level size", l.Size)
		f.want(i == 0 || l.Price.Cmp(levels[i-1].Price) == direction, "%s after %s", l.Price, levels[max(i, 1)-1].Price)
	}
}

func (j *judge) market(m *exchange.Market) value {
	var f findings
	f.want(m.ID != "" && m.Symbol != "" && m.Family != "", "id %q, symbol %q, family %q", m.ID, m.Symbol, m.Family)
	switch m.Kind {
	case exchange.Spot:
		f.want(m.Settle == "" && m.Contract.Absent(), "a pair that is settled in %q, contract %s", m.Settle, m.Contract)
	case exchange.Swap, exchange.Future, exchange.Option:
		f.want(m.Settle != "", "a contract that is not settled")
		f.want((m.Kind == exchange.Swap) == m.Expiry.IsZero(), "a %s that expires %s", m.Kind, m.Expiry)
	default:
		f.want(false, "kind %q", m.Kind)
	}
	for _, d := range []decimal.Decimal{m.Contract, m.TickSize, m.StepSize} {
		f.want(d.Absent() || !m.Active || d.Sign() > 0, "contract %s, tick %s, step %s", m.Contract, m.TickSize, m.StepSize)
	}
	for _, d := range []decimal.Decimal{m.MinSize, m.MaxSize, m.MinPrice, m.MaxPrice, m.MinCost, m.MaxCost} {
		f.perhaps("a limit", d)
	}
	return f.of(&exchange.Stamp{Symbol: m.Symbol})
}
