package huobi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// list walks over the rows of a message: one of tick, or those of data or ticks, whether it was
// pulled, pushed or answered (sections 3, 4.3). It lives on the stack, as rows do.
type list struct {
	scan.Scanner
	sent time.Time // by the venue's clock
	kind byte
	n    int
}

func open(b []byte) (l list) {
	var found []byte
	l.Reset(b)
	for n := 0; ; n++ {
		key, ok := l.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "tick", "data", "ticks":
			found = l.Raw()
		case "ts":
			l.sent = l.Milli()
		}
	}
	if l.End() == nil {
		l.Reset(found) // none of them: the input is truncated
	}
	l.kind = l.Peek()
	return l
}

func (l *list) next() bool {
	l.n++
	return l.kind == '[' && l.NextItem(l.n-1) || l.kind == '{' && l.n == 1
}

// The words that the venue has for what it says of a market, the same in all messages but books: those whose values are numbers, and others.
const (
	first, high, low, last, amount, vol, turnover, contracted = 0, 1, 2, 3, 4, 5, 6, 7
	bid, bidSize, ask, askSize, lastSize, price, numbers      = 8, 9, 10, 11, 12, 13, 14
	id, code, texts, count, seq, wholes, at, side, rows       = 14, 15, 16, 16, 17, 18, 18, 19, 20
)

var words = map[string]int{
	"open": first, "high": high, "low": low, "close": last, "amount": amount, "vol": vol, "trade_turnover": turnover, "number_of": contracted,
	"bid": bid, "bidSize": bidSize, "ask": ask, "askSize": askSize, "lastSize": lastSize, "price": price, "id": id, "symbol": code, "contract_code": code,
	"count": count, "seqId": seq, "version": seq, "tradeId": seq, "trade-id": seq, "ts": at, "quoteTime": at, "direction": side, "data": rows,
}

var sides = map[string]exchange.Side{"buy": exchange.Buy, "sell": exchange.Sell} // the taker's

// row is what those words say. A side of the book that is empty is absent.
type row struct {
	n     [numbers]decimal.Decimal
	text  [texts - numbers][]byte
	whole [wholes - texts]int64
	rows  []byte // the trades of a match
	at    time.Time
	side  exchange.Side
}

func (r *row) read(s *scan.Scanner) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch w, ok := words[string(key)]; {
		case !ok:
		case (w == bid || w == ask) && s.Peek() == '[':
			r.n[w], r.n[w+1] = s.Pair()
		case w < numbers:
			r.n[w] = s.Decimal()
		case w < texts:
			r.text[w-numbers] = s.Text()
		case w < wholes:
			r.whole[w-texts] = s.Int()
		case w == at:
			r.at = s.Milli()
		case w == side:
			r.side = sides[string(s.Text())]
		case w == rows:
			r.rows = s.Raw()
		}
	}
}

// volumes puts volumes into one unit each: spot has amount in base and vol in quote; contracts
// amount in coins and vol in contracts, but where number_of has these vol is in quote (sections 3.3, 3.7). Those of contracts are of both sides.
func (r *row) volumes(m *exchange.Market) (base, quote, contracts decimal.Decimal, trades int64) {
	switch {
	case m.Contract.Absent():
		return r.n[amount], r.n[vol], decimal.Decimal{}, r.whole[0]
	case !r.n[contracted].Absent():
		return half(r.n[amount]), half(r.n[vol]), half(r.n[contracted]), r.whole[0] / 2
	}
	return half(r.n[amount]), half(r.n[turnover]), half(r.n[vol]), r.whole[0] / 2
}

// half takes one side of what the venue counts on both: of a contract traded the buyer's and the seller's (section 3.9).
func half(d decimal.Decimal) decimal.Decimal {
	if coef, scale, ok := d.Parts(); ok && coef&1 == 0 && d.Sign() >= 0 {
		return decimal.FromParts(false, coef/2, scale)
	}
	return d.Mul(decimal.New(5, 1))
}

// parseTickers reads tickers of all kinds (sections 3.3, 3.7, 4.5.1, 4.6.5).
func parseTickers(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	l := open(b)
	for l.next() {
		var r row
		r.read(&l.Scanner)
		m := in.At(r.text[1])
		if m == nil {
			continue
		}
		v := exchange.Ticker{Last: r.n[last], LastSize: r.n[lastSize], Bid: r.n[bid], BidSize: r.n[bidSize], Ask: r.n[ask], AskSize: r.n[askSize]}
		v.Symbol, v.Time = m.Symbol, l.sent
		v.Volume, v.QuoteVolume, v.ContractVolume, v.Trades = r.volumes(m)
		if in.Market != nil || m.Kind != exchange.Spot { // in the list of all pairs these are of the calendar day
			v.Open, v.High, v.Low = r.n[first], r.n[high], r.n[low]
			v.SetChange()
		}
		dst = append(dst, v)
	}
	return dst, l.End()
}

// parseBidAsk reads the best prices of bbo, or of a ticker: REST has no other source of them for one market (sections 3.3, 4.5.3, 4.6.4).
func parseBidAsk(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	l := open(b)
	for l.next() {
		r := row{at: l.sent}
		r.read(&l.Scanner)
		dst = append(dst, exchange.BidAsk{Stamp: exchange.Stamp{Time: r.at, Seq: r.whole[1]}, Bid: r.n[bid], BidSize: r.n[bidSize], Ask: r.n[ask], AskSize: r.n[askSize]})
	}
	return dst, l.End()
}

// parseTrades reads trades (sections 3.4, 3.8, 4.5.4, 4.6.6), oldest first: spot sends
// the newest first, and matches of several trades in lists of lists. REST has the newest only: a
// range that begins before them cannot be answered, which is not the same as empty.
func parseTrades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	l, n := open(b), len(dst)
	for l.next() {
		dst = readTrades(dst, in, &l.Scanner)
	}
	slices.SortStableFunc(dst[n:], func(x, y exchange.Trade) int { return cmp.Compare(x.Seq, y.Seq) })
	if since := in.Args.Range.Since; !since.IsZero() && len(dst)-n >= mostRows && dst[n].Time.After(since) {
		return dst, refuse(in.Market, exchange.ErrBadRequest, newestOnly)
	}
	return dst, l.End()
}

// readTrades reads a trade, or what has trades as its data.
func readTrades(dst []exchange.Trade, in *exchange.Scope, s *scan.Scanner) []exchange.Trade {
	var r row
	r.read(s)
	of := scan.New(r.rows)
	for i := 0; r.rows != nil && of.NextItem(i); i++ {
		dst = readTrades(dst, in, &of)
	}
	if r.rows != nil || in.Market == nil {
		return dst
	}
	t := exchange.Trade{ID: string(r.text[0]), Side: r.side, Price: r.n[price], Size: r.n[amount]}
	t.Time, t.Seq = r.at, r.whole[1]
	if !in.Market.Contract.Absent() {
		t.Size, t.Contracts = in.Market.Sized(half(t.Size), t.Price)
		t.Cost = half(r.n[turnover])
		t.Seq, _ = strconv.ParseInt(t.ID, 10, 64) // 0 when it is none
	}
	return append(dst, t)
}

// span returns the number of a trade. Those of spot grow by one with each, those of contracts have the match before the last four digits.
func span(t *exchange.Trade) (first, last int64, ok bool) { return t.Seq, t.Seq, t.Seq > 0 }

// parseCandles reads candles, pushed or pulled (sections 3.5, 3.10, 4.5.7, 4.6.1). Nothing says that one is closed but the time.
func parseCandles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	l := open(b)
	for l.next() {
		var r row
		r.read(&l.Scanner)
		begin, err := strconv.ParseInt(string(r.text[0]), 10, 64)
		if err != nil || in.Market == nil {
			continue
		}
		v := exchange.Candle{Interval: in.Args.Interval, Start: time.Unix(begin, 0).UTC(), Open: r.n[first], High: r.n[high], Low: r.n[low], Close: r.n[last]}
		v.Time = l.sent
		v.Volume, v.QuoteVolume, v.ContractVolume, v.Trades = r.volumes(in.Market)
		end := v.Start.Add(v.Interval.Duration())
		if v.Interval == "1M" {
			end = v.Start.Add(12*time.Hour).AddDate(0, 1, 0).Add(-12 * time.Hour) // of UTC+8
		}
		v.Closed = !end.After(l.sent)
		dst = append(dst, v)
	}
	return dst, l.End()
}

// parseMarks reads mark prices, which come as candles (sections 3.11, 4.7.1).
func parseMarks(dst []exchange.MarkPrice, _ *exchange.Scope, b []byte) ([]exchange.MarkPrice, error) {
	l := open(b)
	for l.next() {
		var r row
		r.read(&l.Scanner)
		dst = append(dst, exchange.MarkPrice{Stamp: exchange.Stamp{Time: l.sent}, Mark: r.n[last]})
	}
	return dst, l.End()
}

// each reads lists that are seldom asked for: data is a row, a list of them, or a page of a list.
func each(b []byte, read func(r gjson.Result)) error {
	if !gjson.ValidBytes(b) {
		return errFrame
	}
	data := gjson.GetBytes(b, "data")
	if page := data.Get("data"); page.Exists() {
		data = page
	}
	for _, r := range data.Array() { // one that is none is a list of itself
		read(r)
	}
	return nil
}

// number reads a number as it is written; what is none is absent.
func number(r gjson.Result) decimal.Decimal {
	d, _ := decimal.ParseString(strings.Trim(r.Raw, `"`))
	return d
}

func milli(r gjson.Result) (t time.Time) {
	if n := r.Int(); n > 0 {
		t = time.UnixMilli(n).UTC()
	}
	return t
}

// parseTime reads the time of spot, which is data, or of contracts (section 3.1).
func parseTime(dst []time.Time, _ *exchange.Scope, b []byte) ([]time.Time, error) {
	t := milli(gjson.ParseBytes([]byte(cmp.Or(field(b, "data"), field(b, "ts")))))
	if !gjson.ValidBytes(b) || t.IsZero() {
		return dst, errFrame
	}
	return append(dst, t), nil
}

// parsePairs reads the trading rules of spot (section 2.1). Leveraged tokens, which have an underlying, are left out, and so are rows that cannot be used.
func parsePairs(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	err := each(b, func(r gjson.Result) {
		m := exchange.Market{ID: r.Get("symbol").String(), Kind: exchange.Spot, Base: strings.ToUpper(r.Get("bc").String()), Quote: strings.ToUpper(r.Get("qc").String())}
		m.Symbol, m.Status = m.Base+"/"+m.Quote, r.Get("state").String()
		m.Active = m.Status == "online" && r.Get("at").String() == "enabled"
		m.TickSize, m.StepSize = step(r.Get("pp")), step(r.Get("ap"))
		m.MinSize, m.MaxSize, m.MinCost = number(r.Get("lominoa")), number(r.Get("lomaxoa")), number(r.Get("minov"))
		if r.Get("u").String() == "" && usable(&m) {
			dst = append(dst, m)
		}
	})
	return dst, err
}

// step is what a number of digits after the point makes.
func step(r gjson.Result) decimal.Decimal {
	if n := r.Int(); r.Type == gjson.Number && n >= 0 && n <= 28 {
		return decimal.New(1, int(n))
	}
	return decimal.Decimal{}
}

func usable(m *exchange.Market) bool {
	return m.ID != "" && !strings.ContainsAny(m.ID, "\"\\ .,") && m.Base != "" && m.Quote != "" && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0
}

// parseContracts reads swaps and dated futures (sections 2.5, 2.6), by the mapping of section 1.4. Sizes are whole contracts.
func parseContracts(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	err := each(b, func(r gjson.Result) {
		m := exchange.Market{ID: r.Get("contract_code").String(), Base: r.Get("symbol").String(), Status: r.Get("contract_status").String(), Kind: exchange.Swap}
		_, rest, _ := strings.Cut(m.ID, "-")
		m.Quote, _, _ = strings.Cut(rest, "-")
		if m.Settle, m.Inverse = m.Quote, m.Quote == "USD"; m.Inverse {
			m.Settle = m.Base
		}
		m.Active, m.Expiry = m.Status == "1", milli(r.Get("delivery_time"))
		m.Listed, _ = time.Parse("20060102", r.Get("create_date").String()) // zero when it is no day
		m.Contract, m.TickSize = number(r.Get("contract_size")), number(r.Get("price_tick"))
		m.StepSize, m.MinSize = decimal.New(1, 0), decimal.New(1, 0)
		m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
		if !m.Expiry.IsZero() {
			m.Kind, m.Symbol = exchange.Future, m.Symbol+m.Expiry.Format("-060102")
		}
		if m.Contract.Sign() > 0 && usable(&m) {
			dst = append(dst, m)
		}
	})
	return dst, err
}

// parseFunding reads the running rate of the present period, or a page of those that were charged
// (sections 3.11, 4.7.2). Pushed, funding_time is when it was computed; pulled, when it is charged.
func parseFunding(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	sent := milli(gjson.GetBytes(b, "ts"))
	err := each(b, func(r gjson.Result) {
		m := in.At([]byte(r.Get("contract_code").String()))
		v := exchange.FundingRate{Stamp: exchange.Stamp{Time: sent}, Rate: number(r.Get("funding_rate")), Next: milli(r.Get("settlement_time"))}
		if v.Next.IsZero() {
			v.Next = milli(r.Get("funding_time"))
		}
		if realized := number(r.Get("realized_rate")); !realized.Absent() {
			v.Rate = realized
		}
		if m != nil && !v.Rate.Absent() {
			v.Symbol = m.Symbol
			dst = append(dst, v)
		}
	})
	return dst, err
}

// linked is the rule of sections 5.2 and 5.3: each change names the one before it, and numbers
// grow in steps of any size. A snapshot must meet the end of a change: one that lies inside may have a level
// that came and went within it, of which no change tells. Changes that are linked to each other below the book's number are the venue counting anew.
func linked(at book.At, u *book.Update) book.Verdict {
	switch {
	case u.Last <= at.Seq && !at.Fresh && u.Prev == at.Heard && at.Heard < at.Seq:
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.Prev == at.Seq:
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// parseBook reads the books of REST and of all channels (sections 3.2, 3.6, 4.5, 4.6), pushed or answered. The levels of earlier calls are used again.
func parseBook(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	l := open(b)
	for l.next() {
		dst = slices.Grow(dst, 1)[:len(dst)+1]
		u := &dst[len(dst)-1]
		*u = book.Update{Bids: u.Bids[:0], Asks: u.Asks[:0], Snapshot: true, Limit: in.Args.Depth}
		version, event := readBook(&l.Scanner, u)
		if u.Time.IsZero() {
			u.Time = l.sent
		}
		switch contract := in.Market != nil && !in.Market.Contract.Absent(); {
		case u.Last != 0:
		case event: // versions grow by one on a connection (section 5.3)
			u.Last, u.Prev = version, version-1
		case version != 0 && !contract:
			u.Last = version
		case !u.Time.IsZero(): // the version of a contract's plain snapshot is the time in seconds (section 4.6.2)
			u.Last = u.Time.UnixMilli()
		}
	}
	return dst, l.End()
}

// readBook reads what a message says of a book. A change has the number before it, or the event that it is one.
func readBook(s *scan.Scanner, u *book.Update) (version int64, event bool) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return version, event
		}
		switch string(key) {
		case "bids":
			u.Bids = levels(s, u.Bids[:0])
		case "asks":
			u.Asks = levels(s, u.Asks[:0])
		case "seqNum":
			u.Last = s.Int()
		case "prevSeqNum":
			u.Prev, u.Snapshot = s.Int(), false
		case "version":
			version = s.Int()
		case "event":
			event, u.Snapshot = true, string(s.Text()) != "update"
		case "ts":
			u.Time = s.Milli()
		}
	}
}

func levels(s *scan.Scanner, dst []book.Level) []book.Level {
	for n := 0; s.NextItem(n); n++ {
		price, size := s.Pair()
		dst = append(dst, book.Level{Price: price, Size: size})
	}
	return dst
}
