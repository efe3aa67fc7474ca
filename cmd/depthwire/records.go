package main

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// head is what the JSON of every value begins with. A clock that did not speak is null, a
// number that the venue does not say too.
type head struct {
	Kind     string       `json:"kind"`
	Venue    string       `json:"venue"`
	Symbol   string       `json:"symbol"`
	State    string       `json:"state"`
	Time     *time.Time   `json:"time"`     // the venue's clock
	Received *time.Time   `json:"received"` // ours
	Seq      int64        `json:"seq"`
	Source   string       `json:"source"`
	Break    *breakRecord `json:"break"`
}

type breakRecord struct {
	Cause  string     `json:"cause"`
	From   *time.Time `json:"from"`
	To     *time.Time `json:"to"`
	FromID string     `json:"fromId"`
	ToID   string     `json:"toId"`
	Lost   uint64     `json:"lost"`
	Healed bool       `json:"healed"`
	Error  string     `json:"error"`
}

// failureRecord is the end of one market's stream.
type failureRecord struct {
	Kind   string `json:"kind"` // "error"
	Venue  string `json:"venue"`
	Symbol string `json:"symbol"`
	Error  string `json:"error"`
}

// moment returns a time as JSON has it, nil when there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func newHead(kind, state string, s *exchange.Stamp) head {
	return head{
		Kind: kind, Venue: s.Venue, Symbol: s.Symbol, State: state,
		Time: moment(s.Time), Received: moment(s.Received), Seq: s.Seq, Source: s.Source.String(), Break: newBreak(s.Break),
	}
}

func newBreak(b *exchange.Break) *breakRecord {
	if b == nil {
		return nil
	}
	r := &breakRecord{
		Cause: string(b.Cause), From: moment(b.From), To: moment(b.To), FromID: b.FromID, ToID: b.ToID, Lost: b.Lost, Healed: b.Healed,
	}
	if b.Err != nil {
		r.Error = b.Err.Error()
	}
	return r
}

type bookRecord struct {
	head
	Bids      [][2]decimal.Decimal `json:"bids"` // price, size; the best first
	Asks      [][2]decimal.Decimal `json:"asks"`
	Contracts bool                 `json:"contracts"`
}

func pairs(levels []exchange.Level) [][2]decimal.Decimal {
	all := make([][2]decimal.Decimal, len(levels))
	for i, l := range levels {
		all[i] = [2]decimal.Decimal{l.Price, l.Size}
	}
	return all
}

type tradeRecord struct {
	head
	ID        string          `json:"id"`
	First     string          `json:"first"`
	Side      exchange.Side   `json:"side"`
	Price     decimal.Decimal `json:"price"`
	Size      decimal.Decimal `json:"size"`
	Contracts decimal.Decimal `json:"contracts"`
	Cost      decimal.Decimal `json:"cost"`
}

type tickerRecord struct {
	head
	Last           decimal.Decimal `json:"last"`
	LastSize       decimal.Decimal `json:"lastSize"`
	Bid            decimal.Decimal `json:"bid"`
	BidSize        decimal.Decimal `json:"bidSize"`
	Ask            decimal.Decimal `json:"ask"`
	AskSize        decimal.Decimal `json:"askSize"`
	Open           decimal.Decimal `json:"open"`
	High           decimal.Decimal `json:"high"`
	Low            decimal.Decimal `json:"low"`
	PreviousClose  decimal.Decimal `json:"previousClose"`
	Change         decimal.Decimal `json:"change"`
	Percent        decimal.Decimal `json:"percent"`
	VWAP           decimal.Decimal `json:"vwap"`
	Volume         decimal.Decimal `json:"volume"`
	QuoteVolume    decimal.Decimal `json:"quoteVolume"`
	ContractVolume decimal.Decimal `json:"contractVolume"`
	OpenTime       *time.Time      `json:"openTime"`
	Trades         int64           `json:"trades"`
}

type bidAskRecord struct {
	head
	Bid     decimal.Decimal `json:"bid"`
	BidSize decimal.Decimal `json:"bidSize"`
	Ask     decimal.Decimal `json:"ask"`
	AskSize decimal.Decimal `json:"askSize"`
}

type candleRecord struct {
	head
	Interval       exchange.Interval `json:"interval"`
	Start          *time.Time        `json:"start"`
	Open           decimal.Decimal   `json:"open"`
	High           decimal.Decimal   `json:"high"`
	Low            decimal.Decimal   `json:"low"`
	Close          decimal.Decimal   `json:"close"`
	Volume         decimal.Decimal   `json:"volume"`
	QuoteVolume    decimal.Decimal   `json:"quoteVolume"`
	ContractVolume decimal.Decimal   `json:"contractVolume"`
	Trades         int64             `json:"trades"`
	Closed         bool              `json:"closed"`
}

type fundingRecord struct {
	head
	Rate     decimal.Decimal `json:"rate"`
	Next     *time.Time      `json:"next"`
	Interval string          `json:"interval"` // as Go writes durations, empty when it is not known
	Mark     decimal.Decimal `json:"mark"`
}

type markRecord struct {
	head
	Mark  decimal.Decimal `json:"mark"`
	Index decimal.Decimal `json:"index"`
}

type openInterestRecord struct {
	head
	Size      decimal.Decimal `json:"size"`
	Contracts decimal.Decimal `json:"contracts"`
	Value     decimal.Decimal `json:"value"`
}

type liquidationRecord struct {
	head
	Side      exchange.Side   `json:"side"`
	Price     decimal.Decimal `json:"price"`
	Average   decimal.Decimal `json:"average"`
	Size      decimal.Decimal `json:"size"`
	Contracts decimal.Decimal `json:"contracts"`
	Cost      decimal.Decimal `json:"cost"`
}
