package okx

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

func parseTime(dst []time.Time, _ *exchange.Scope, b []byte) ([]time.Time, error) {
	d := open(b)
	for d.next() {
		for key := range d.Object() {
			if string(key) == "ts" {
				dst = append(dst, d.Milli())
			}
		}
	}
	return dst, d.End()
}

// tick is a row of a ticker (section 3.3). Prices of an empty side are "", and absent.
type tick struct {
	market          *exchange.Market
	ticker          exchange.Ticker
	volume, volCoin decimal.Decimal
}

func (t *tick) read(s *scan.Scanner, in *exchange.Scope) {
	t.market = in.Market
	v := &t.ticker
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "instId":
			t.market = in.At(s.Text())
		case "last":
			v.Last = s.Decimal()
		case "lastSz":
			v.LastSize = s.Decimal()
		case "askPx":
			v.Ask = s.Decimal()
		case "askSz":
			v.AskSize = s.Decimal()
		case "bidPx":
			v.Bid = s.Decimal()
		case "bidSz":
			v.BidSize = s.Decimal()
		case "open24h":
			v.Open = s.Decimal()
		case "high24h":
			v.High = s.Decimal()
		case "low24h":
			v.Low = s.Decimal()
		case "vol24h":
			t.volume = s.Decimal()
		case "volCcy24h":
			t.volCoin = s.Decimal()
		case "ts":
			v.Time = s.Milli()
		}
	}
}

// side takes the size away with a price that is absent.
func side(price, size decimal.Decimal) (decimal.Decimal, decimal.Decimal) {
	if price.Absent() {
		return price, price
	}
	return price, size
}

// percent is a ratio to four decimals. Exact division would allocate, ten times a second
// and market, for digits that nobody reads.
func percent(change, open decimal.Decimal) decimal.Decimal {
	p := math.Round(change.Float64() / open.Float64() * 1e6)
	if !(math.Abs(p) < 1e15) { // nor when there is no number
		return decimal.Decimal{}
	}
	return decimal.New(int64(p), 4)
}

func parseTickers(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	d := open(b)
	for d.next() {
		var t tick
		t.read(&d.Scanner, in)
		if t.market == nil {
			continue
		}
		v := &t.ticker
		v.Symbol = t.market.Symbol
		v.Bid, v.BidSize = side(v.Bid, v.BidSize)
		v.Ask, v.AskSize = side(v.Ask, v.AskSize)
		v.Change = v.Last.Sub(v.Open)
		v.Percent = percent(v.Change, v.Open)
		if t.market.Contract.Absent() { // volCcy24h is the quote currency of a pair, the coin of a contract
			v.Volume, v.QuoteVolume = t.volume, t.volCoin
		} else {
			v.ContractVolume, v.Volume = t.volume, t.volCoin
		}
		dst = append(dst, *v)
	}
	return dst, d.End()
}

// parseTouch reads the best prices of a ticker: REST has no other source of them.
func parseTouch(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	d := open(b)
	for d.next() {
		var t tick
		t.read(&d.Scanner, in)
		if t.market == nil {
			continue
		}
		v := exchange.BidAsk{Stamp: exchange.Stamp{Symbol: t.market.Symbol, Time: t.ticker.Time}}
		v.Bid, v.BidSize = side(t.ticker.Bid, t.ticker.BidSize)
		v.Ask, v.AskSize = side(t.ticker.Ask, t.ticker.AskSize)
		dst = append(dst, v)
	}
	return dst, d.End()
}

// parseTrades reads trades (sections 3.4, 4.4). The pushed ones join the matches of
// one taker at one price: the id is the last of count.
func parseTrades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	d := open(b)
	for d.next() {
		var t exchange.Trade
		m, count := readTrade(&d.Scanner, in, &t)
		if m == nil {
			continue
		}
		t.Symbol = m.Symbol
		t.Size, t.Contracts = m.Sized(t.Size, t.Price)
		if last, err := strconv.ParseInt(t.ID, 10, 64); err == nil && count > 1 && last >= count {
			t.First = strconv.FormatInt(last-count+1, 10)
		}
		dst = append(dst, t)
	}
	return dst, d.End()
}

// parseTradeList reads the trades of REST, which come newest first: those of one
// millisecond must keep their order. Where askTrades looked for the trade before a range
// and there is none, the range cannot be answered, which is not the same as empty.
func parseTradeList(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	n := len(dst)
	dst, err := parseTrades(dst, in, b)
	slices.Reverse(dst[n:])
	if r := &in.Args.Range; err == nil && len(dst) == n && r.FromID == "" && !r.Since.IsZero() {
		return dst, &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: "no trade before Since: the venue keeps those of three months"}
	}
	return dst, err
}

func readTrade(s *scan.Scanner, in *exchange.Scope, t *exchange.Trade) (m *exchange.Market, count int64) {
	m = in.Market
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return m, count
		}
		switch string(key) {
		case "instId":
			m = in.At(s.Text())
		case "tradeId":
			t.ID = s.Str()
		case "px":
			t.Price = s.Decimal()
		case "sz":
			t.Size = s.Decimal()
		case "side": // the taker's
			switch string(s.Text()) {
			case "buy":
				t.Side = exchange.Buy
			case "sell":
				t.Side = exchange.Sell
			}
		case "ts":
			t.Time = s.Milli()
		case "count":
			count = s.Int()
		case "seqId":
			t.Seq = s.Int()
		}
	}
}

// span returns the ids that a pushed trade stands for. Ids grow by one with each match;
// those of liquidations are negative and out of order (section 3.4).
func span(t *exchange.Trade) (first, last int64, ok bool) {
	last, err := strconv.ParseInt(t.ID, 10, 64)
	if err != nil || last <= 0 {
		return 0, 0, false
	}
	first = last
	if t.First != "" {
		if first, err = strconv.ParseInt(t.First, 10, 64); err != nil {
			return 0, 0, false
		}
	}
	return first, last, true
}

var errCandle = errors.New("okx: candle without its nine columns")

// parseCandles reads candles (section 3.5): ts, open, high, low, close, vol, volCcy,
// volCcyQuote, confirm.
func parseCandles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	d := open(b)
	short := false
	for d.next() {
		v := exchange.Candle{Interval: in.Args.Interval}
		n, coins := readCandle(&d.Scanner, &v)
		if n < 9 {
			short = true
		}
		if in.Market == nil {
			continue
		}
		if !in.Market.Contract.Absent() { // vol is contracts, volCcy the coin; else base and quote
			v.ContractVolume, v.Volume = v.Volume, coins
		}
		dst = append(dst, v)
	}
	if err := d.End(); err != nil {
		return dst, err
	}
	if short {
		return dst, errCandle
	}
	return dst, nil
}

func readCandle(s *scan.Scanner, v *exchange.Candle) (columns int, coins decimal.Decimal) {
	n := 0
	for ; s.NextItem(n); n++ {
		switch n {
		case 0:
			v.Start = s.Milli()
		case 1:
			v.Open = s.Decimal()
		case 2:
			v.High = s.Decimal()
		case 3:
			v.Low = s.Decimal()
		case 4:
			v.Close = s.Decimal()
		case 5:
			v.Volume = s.Decimal()
		case 6:
			coins = s.Decimal()
		case 7:
			v.QuoteVolume = s.Decimal()
		case 8:
			v.Closed = s.Int() == 1
		}
	}
	return n, coins
}

// rate is a row of funding, of now or of the past (section 3.6).
type rate struct {
	market                 *exchange.Market
	rate, realized         decimal.Decimal
	time, charged, nextOne time.Time
}

func (r *rate) read(s *scan.Scanner, in *exchange.Scope) {
	r.market = in.Market
	for key := range s.Object() {
		switch string(key) {
		case "instId":
			r.market = in.At(s.Text())
		case "fundingRate":
			r.rate = s.Decimal()
		case "realizedRate":
			r.realized = s.Decimal()
		case "fundingTime":
			r.charged = s.Milli()
		case "nextFundingTime":
			r.nextOne = s.Milli()
		case "ts":
			r.time = s.Milli()
		}
	}
}

// parseFunding reads the rate of the present period. Its length changes in stress: it
// is how far the next charge is from the one after it.
func parseFunding(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	d := open(b)
	for d.next() {
		var r rate
		r.read(&d.Scanner, in)
		if r.market == nil {
			continue
		}
		v := exchange.FundingRate{Stamp: exchange.Stamp{Symbol: r.market.Symbol, Time: r.time}, Rate: r.rate, Next: r.charged}
		if r.nextOne.After(r.charged) && !r.charged.IsZero() {
			v.Interval = r.nextOne.Sub(r.charged)
		}
		dst = append(dst, v)
	}
	return dst, d.End()
}

// parseHistory reads rates that were charged: realizedRate, where the venue tells it.
func parseHistory(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	d := open(b)
	for d.next() {
		var r rate
		r.read(&d.Scanner, in)
		if r.market == nil {
			continue
		}
		if r.realized.Absent() {
			r.realized = r.rate
		}
		dst = append(dst, exchange.FundingRate{Stamp: exchange.Stamp{Symbol: r.market.Symbol, Time: r.charged}, Rate: r.realized, Next: r.charged})
	}
	return dst, d.End()
}

func parseMarks(dst []exchange.MarkPrice, in *exchange.Scope, b []byte) ([]exchange.MarkPrice, error) {
	d := open(b)
	for d.next() {
		var v exchange.MarkPrice
		m := in.Market
		for key := range d.Object() {
			switch string(key) {
			case "instId":
				m = in.At(d.Text())
			case "markPx":
				v.Mark = d.Decimal()
			case "ts":
				v.Time = d.Milli()
			}
		}
		if m == nil {
			continue
		}
		v.Symbol = m.Symbol
		dst = append(dst, v)
	}
	return dst, d.End()
}
