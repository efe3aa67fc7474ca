package alltick

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// ticks are the words of books and trades, of REST (sections 3.4 and 3.5), which has them in a list, and pushed (sections
// 4.5 and 4.6). Numbers are texts in REST; some times are seconds (section 4.6).
var ticks = wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:   "data tick_list",
		wire.Market: "code",
		wire.Seq:    "seq",
		wire.Time:   "tick_time",
		wire.Price:  "price",
		wire.Size:   "volume",
		wire.Cost:   "turnover",
		wire.Side:   "trade_direction",
		wire.Bids:   "bids",
		wire.Asks:   "asks",
	},
	NoZero:  []wire.Field{wire.Price},
	AnyTime: true,
})

// books reads books: each is whole.
var books = exchange.Books(ticks, "", func(u *book.Update, r *wire.Row, in *exchange.Scope) bool {
	m := in.At(r.Text(wire.Market))
	if m == nil || !r.Has(wire.Market) {
		return false
	}
	u.Snapshot, u.Last = true, r.Int(wire.Seq)
	u.Bids, u.Asks = side(u.Bids, m, falling), side(u.Asks, m, rising)
	return true
})

// touches reads the best prices of books.
var touches = exchange.Rows(ticks, "", func(v *exchange.BidAsk, r *wire.Row, m *exchange.Market) bool {
	if r.Has(wire.Bids) {
		v.Bid, v.BidSize = best(side(r.Bids, m, falling))
	}
	if r.Has(wire.Asks) {
		v.Ask, v.AskSize = best(side(r.Asks, m, rising))
	}
	return r.Has(wire.Market)
})

// side puts levels in order, as they are as a rule, and their sizes in units. A price of zero or none says that the side is
// empty (section 5.4).
func side(levels []book.Level, m *exchange.Market, worse func(a, b book.Level) int) []book.Level {
	levels = slices.DeleteFunc(levels, func(l book.Level) bool { return l.Price.Sign() == 0 })
	for i := range levels {
		levels[i].Size = sized(m, levels[i].Size)
	}
	slices.SortFunc(levels, worse)
	return levels
}

func rising(a, b book.Level) int  { return a.Price.Cmp(b.Price) }
func falling(a, b book.Level) int { return b.Price.Cmp(a.Price) }

func best(levels []book.Level) (price, size decimal.Decimal) {
	if len(levels) > 0 {
		price, size = levels[0].Price, levels[0].Size
	}
	return price, size
}

var hundred = decimal.New(100, 0)

// sized is a volume in shares or base units: of A-shares the venue tells lots of 100, and
// what it sends where it sells no volumes means nothing (section 3.2).
func sized(m *exchange.Market, v decimal.Decimal) decimal.Decimal {
	if strings.HasSuffix(m.ID, ".SH") || strings.HasSuffix(m.ID, ".SZ") {
		return v.Mul(hundred)
	}
	return sold(m, v)
}

// sold is a volume or a turnover, absent where the venue sells no volumes.
func sold(m *exchange.Market, v decimal.Decimal) decimal.Decimal {
	if m.Family != stock && m.Quote != "USDT" {
		return decimal.Decimal{}
	}
	return v
}

// matches reads trades. They have no ids: time and seq tell them apart (section 3.5).
var matches = exchange.Rows(ticks, "", func(v *exchange.Trade, r *wire.Row, m *exchange.Market) bool {
	switch string(r.Text(wire.Side)) {
	case "1":
		v.Side = exchange.Buy
	case "2":
		v.Side = exchange.Sell
	}
	v.Size, v.Cost = sized(m, v.Size), sold(m, v.Cost)
	if !r.Has(wire.Market) || v.Price.Absent() {
		return false
	}
	var room [48]byte
	b := strconv.AppendInt(room[:0], v.Time.UnixMilli(), 10)
	v.ID = string(strconv.AppendInt(append(b, '-'), v.Seq, 10))
	return true
})

// lasts reads trades as what a ticker has of them.
var lasts = exchange.Rows(ticks, "", func(v *exchange.Ticker, r *wire.Row, m *exchange.Market) bool {
	v.Last, v.LastSize = r.Decimal(wire.Price), sized(m, r.Decimal(wire.Size))
	return r.Has(wire.Market) && r.Has(wire.Price)
})

// lines are the words of candles: kline nests them once (section 3.2), batch-kline twice (section 3.3).
func lines(start wire.Field) *wire.Table {
	return wire.Compile(wire.Format{
		Words: wire.Words{
			wire.Rows:        "data kline_list kline_data",
			wire.Market:      "code",
			wire.Kind:        "kline_type",
			start:            "timestamp",
			wire.Open:        "open_price",
			wire.Close:       "close_price",
			wire.High:        "high_price",
			wire.Low:         "low_price",
			wire.Volume:      "volume",
			wire.QuoteVolume: "turnover",
		},
		Seconds: []wire.Field{start},
	})
}

var (
	errLength = errors.New("alltick: candles of another length")
	errCode   = errors.New("alltick: candles without a code before them")
)

// candleRows refuses candles of another length than was asked for: the venue numbers them, and clients have numbered
// them wrongly.
var candleRows = exchange.Rows(lines(wire.Start), "", func(k *exchange.Candle, r *wire.Row, m *exchange.Market) bool {
	switch {
	case !r.Has(wire.Start):
		return false
	case !r.Has(wire.Market):
		r.Fail(errCode)
	case string(r.Text(wire.Kind)) != bars[k.Interval]:
		r.Fail(errLength)
	}
	k.Volume, k.QuoteVolume = sized(m, k.Volume), sold(m, k.QuoteVolume)
	return true
})

// candles reads the answer of kline, the newest first, into the usual order.
func candles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	was := len(dst)
	dst, err := candleRows(dst, in, b)
	slices.SortStableFunc(dst[was:], func(a, b exchange.Candle) int { return a.Start.Compare(b.Start) })
	return dst, err
}

// dayRows makes a ticker of each day.
var dayRows = exchange.Rows(lines(wire.OpenTime), "", func(v *exchange.Ticker, r *wire.Row, m *exchange.Market) bool {
	v.Volume, v.QuoteVolume = sized(m, v.Volume), sold(m, v.QuoteVolume)
	v.Change, v.Percent = decimal.Decimal{}, decimal.Decimal{} // since the day before
	return r.Has(wire.Market) && r.Has(wire.OpenTime) && string(r.Text(wire.Kind)) == bars["1d"]
})

// days reads the answer of batch-kline: the running day, and the close of the one before (section 3.6).
func days(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	n := len(dst)
	all, err := dayRows(dst, in, b)
	rows := all[n:]
	slices.SortStableFunc(rows, func(a, b exchange.Ticker) int {
		return cmp.Or(cmp.Compare(a.Symbol, b.Symbol), a.OpenTime.Compare(b.OpenTime))
	})
	for i, v := range rows {
		if i+1 < len(rows) && rows[i+1].Symbol == v.Symbol {
			continue
		}
		if i > 0 && rows[i-1].Symbol == v.Symbol { // not written over: it was passed
			v.PreviousClose = rows[i-1].Last
			v.Change = v.Last.Sub(v.PreviousClose)
		}
		if v.PreviousClose.Sign() > 0 {
			v.Percent = v.Change.Mul(hundred).Quo(v.PreviousClose)
		}
		all[n] = v
		n++
	}
	return all[:n], err
}
