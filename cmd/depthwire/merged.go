package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/stream"
)

// mergedKinds are the kinds that --merged has, by the names of kinds.
var mergedKinds = []kind{
	mergedShape(1, func(h head, b *exchange.ConsolidatedBook) mergedBidAskRecord {
		h.Kind, h.State = "merged-bidask", liveness(b)
		r := mergedBidAskRecord{head: h, Locked: b.Locked, Crossed: b.Crossed, Venues: venueRecords(b.Venues)}
		if len(b.Bids) > 0 {
			r.Bid = &mergedLevels(b.Bids[:1])[0]
		}
		if len(b.Asks) > 0 {
			r.Ask = &mergedLevels(b.Asks[:1])[0]
		}
		return r
	}).kind(kind{name: "bidask", depth: 1, columns: mergedColumns}),
	mergedShape(0, func(h head, b *exchange.ConsolidatedBook) mergedBookRecord {
		h.Kind, h.State = "merged-book", liveness(b)
		bids, asks := b.Complete()
		return mergedBookRecord{h, mergedLevels(b.Bids), mergedLevels(b.Asks), [2]int{bids, asks}, b.Locked, b.Crossed, venueRecords(b.Venues)}
	}).kind(kind{name: "book", depth: 5, columns: mergedColumns}),
}

var mergedColumns = []column{{title: "BIDS OF", align: right}, touchColumns[0], touchColumns[1], touchColumns[2], touchColumns[3], {title: "ASKS OF"}}

// mergedShape is that of the books of many venues in one, to a depth; 0: what the user asks for.
func mergedShape[R any](depth int, record func(head, *exchange.ConsolidatedBook) R) shape[exchange.ConsolidatedBook, R] {
	return shape[exchange.ConsolidatedBook, R]{
		watch: func(ctx context.Context, _ *exchange.Client, symbol string, a asking) (*stream.Subscription[exchange.ConsolidatedBook], error) {
			if depth > 0 {
				a.depth = depth
			}
			return a.merged.WatchOrderBook(ctx, a.depth, symbol)
		},
		stamp:  func(b *exchange.ConsolidatedBook) *exchange.Stamp { return &b.Stamp },
		state:  mergedState,
		rows:   mergedRows,
		record: record,
		venues: func(b *exchange.ConsolidatedBook) []exchange.VenueState { return b.Venues },
	}
}

// liveness is live when a venue is.
func liveness(b *exchange.ConsolidatedBook) string {
	if slices.ContainsFunc(b.Venues, func(v exchange.VenueState) bool { return v.State == book.Live }) {
		return book.Live.String()
	}
	return book.Syncing.String()
}

func mergedState(b *exchange.ConsolidatedBook) string {
	switch {
	case b.Crossed:
		return "crossed"
	case b.Locked:
		return "locked"
	}
	return liveness(b)
}

// mergedRows has as many rows as bookRows. Levels that some venue may lack or add to are faint.
func mergedRows(b *exchange.ConsolidatedBook, depth int) [][]cell {
	rows := make([][]cell, max(1, depth))
	bids, asks := b.Complete()
	for i := range rows {
		var bid, ask exchange.ConsolidatedLevel
		if i < len(b.Bids) {
			bid = b.Bids[i]
		}
		if i < len(b.Asks) {
			ask = b.Asks[i]
		}
		r := touch(bid.Size.String(), bid.Price.String(), ask.Price.String(), ask.Size.String())
		r = append(append([]cell{{text: standers(bid.Venues)}}, r...), cell{text: standers(ask.Venues)})
		for j := range r {
			if j < 3 && i >= bids || j >= 3 && i >= asks {
				r[j].style = faint
			}
		}
		rows[i] = r
	}
	return rows
}

// standers says who stands at a price, and with how much where there are several.
func standers(all []exchange.VenueSize) string {
	if len(all) == 1 {
		return all[0].Venue
	}
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = strings.TrimSpace(v.Venue + " " + v.Size.String())
	}
	return strings.Join(names, " + ")
}

// turns tells which venues left, came back or were cut off since before. That one begins is no news.
func turns(before, now []exchange.VenueState) (all []notice) {
	for i, v := range now {
		var was exchange.VenueState
		if i < len(before) {
			was = before[i]
		}
		text := ""
		switch {
		case v.State == was.State && v.Break == was.Break && reason(&v) == reason(&was):
		case v.State != book.Live && !begins(&v):
			text = "left out: " + reason(&v)
		case v.State == book.Live && v.Break != nil:
			text = "break: " + breakText(v.Break)
		case v.State == book.Live && !begins(&was):
			text = "live"
		}
		if text != "" {
			all = append(all, notice{v.Since, v.Venue, v.Symbol, text})
		}
	}
	return all
}

// begins reports whether nothing has gone wrong with a venue that is not live yet.
func begins(v *exchange.VenueState) bool {
	return v.Break == nil && (v.Err == nil || errors.Is(v.Err, exchange.ErrOutOfSync))
}

// reason says why a venue is left out.
func reason(v *exchange.VenueState) string {
	if v.Err == nil {
		return v.State.String()
	}
	if told, ok := v.Err.(*exchange.Error); ok { // who and what stands beside it
		why := *told
		why.Venue, why.Op, why.Symbol = "", "", ""
		return oneLine(strings.TrimPrefix(why.Error(), ": "))
	}
	return oneLine(v.Err.Error())
}

// absence says since when and why a venue is left out.
func absence(v *exchange.VenueState, now time.Time) string {
	return fmt.Sprintf("%s %s: %s since %s (%s): %s", v.Venue, v.Symbol, v.State, clock(v.Since), span(now.Sub(v.Since)), reason(v))
}

// ages writes how old the newest book of each venue is and how long it was on its way.
func ages(venues []exchange.VenueState, now time.Time) string {
	var all []string
	for _, v := range venues {
		text := v.State.String()
		if v.State == book.Live {
			text = strings.TrimSuffix(ago(v.Received, now)+" "+latency(&v.Stamp), " ")
		}
		all = append(all, v.Venue+" "+text)
	}
	return strings.Join(all, ", ")
}

// part is a venue of a merged source, and the symbol it has there.
type part struct{ venue, symbol string }

// mergedSources makes one source of each symbol.
func (w *watching) mergedSources(symbols []string) {
	for _, symbol := range once(symbols) {
		s := &source{venue: "merged", symbol: symbol}
		for _, v := range w.venues {
			s.parts = append(s.parts, part{v, symbol})
		}
		w.sources = append(w.sources, s)
	}
}

// substitute reads --as, whose form is VENUE/SYMBOL=THEIRS, into the parts of the sources.
func (w *watching) substitute() error {
	if len(w.as) > 0 && !w.merged {
		return usagef("--as is for --merged")
	}
	for _, text := range w.as {
		ours, theirs, _ := strings.Cut(text, "=")
		venue, symbol, _ := strings.Cut(ours, "/")
		i := slices.IndexFunc(w.sources, func(s *source) bool { return s.symbol == symbol })
		switch {
		case theirs == "" || symbol == "":
			return usagef("--as %s is not written VENUE/SYMBOL=THEIRS, such as backpack/BTC/USDT=BTC/USDC", quoted(text))
		case !slices.Contains(exchanges.Names(), venue):
			return usagef("--as %s: %s", quoted(text), unknown("venue", venue, exchanges.Names()))
		case !slices.Contains(w.venues, venue):
			return usagef("--as %s: %s is not among the venues to merge", quoted(text), venue)
		case i < 0:
			return usagef("--as %s: %s is not among the symbols to watch", quoted(text), printable(symbol))
		}
		p := &w.sources[i].parts[slices.Index(w.venues, venue)]
		if p.symbol != symbol {
			return usagef("--as: %s/%s is given twice", venue, printable(symbol))
		}
		p.symbol = theirs
	}
	return nil
}

// nowhere says that no venue has the symbol of a source, and which it may have been.
func (w *watching) nowhere(ctx context.Context, s *source) error {
	var names []string
	for _, c := range w.clients {
		ctx, cancel := context.WithTimeout(ctx, w.timeout)
		if all, err := c.FetchMarkets(ctx); err == nil { // for the suggestion only
			names = append(names, marketNames(all)...)
		}
		cancel()
	}
	slices.Sort(names)
	return fmt.Errorf("%s: %s", strings.Join(w.venues, ", "), unknown("symbol", s.symbol, slices.Compact(names)))
}

// nobodys reports whether the end of a merged book is that no venue has the symbol.
func nobodys(err error) bool {
	all, ok := err.(interface{ Unwrap() []error })
	return ok && !slices.ContainsFunc(all.Unwrap(), func(err error) bool { return !errors.Is(err, exchange.ErrBadSymbol) })
}

// consolidate returns the view over the clients, in the order of the venues.
func (w *watching) consolidate() *exchange.Consolidated {
	v := exchange.Consolidate(w.clients...)
	for _, s := range w.sources {
		for _, p := range s.parts {
			if p.symbol != s.symbol {
				v = v.As(s.symbol, p.venue, p.symbol)
			}
		}
	}
	return v
}

type mergedLevel struct {
	Price  decimal.Decimal `json:"price"`
	Size   decimal.Decimal `json:"size"` // of all together, in base units
	Venues []venueSize     `json:"venues"`
}

type venueSize struct {
	Venue string          `json:"venue"`
	Size  decimal.Decimal `json:"size"`
}

// venueRecord is what a venue gives, or why it gives nothing.
type venueRecord struct {
	Venue    string       `json:"venue"`
	Symbol   string       `json:"symbol"` // the venue's
	State    string       `json:"state"`
	Since    *time.Time   `json:"since"`    // of the state
	Time     *time.Time   `json:"time"`     // of the venue's newest book, by its clock
	Received *time.Time   `json:"received"` // and by ours
	Seq      int64        `json:"seq"`
	Break    *breakRecord `json:"break"` // the last
	Error    string       `json:"error"` // why it is left out
}

type mergedBidAskRecord struct {
	head
	Bid     *mergedLevel  `json:"bid"`
	Ask     *mergedLevel  `json:"ask"`
	Locked  bool          `json:"locked"`
	Crossed bool          `json:"crossed"`
	Venues  []venueRecord `json:"venues"`
}

type mergedBookRecord struct {
	head
	Bids     []mergedLevel `json:"bids"`
	Asks     []mergedLevel `json:"asks"`
	Complete [2]int        `json:"complete"` // how many bids and asks no live venue can lack or add to
	Locked   bool          `json:"locked"`
	Crossed  bool          `json:"crossed"`
	Venues   []venueRecord `json:"venues"`
}

func mergedLevels(levels []exchange.ConsolidatedLevel) []mergedLevel {
	all := make([]mergedLevel, len(levels))
	for i, l := range levels {
		all[i] = mergedLevel{Price: l.Price, Size: l.Size}
		for _, v := range l.Venues {
			all[i].Venues = append(all[i].Venues, venueSize(v))
		}
	}
	return all
}

func venueRecords(venues []exchange.VenueState) []venueRecord {
	all := make([]venueRecord, len(venues))
	for i, v := range venues {
		all[i] = venueRecord{
			Venue: v.Venue, Symbol: v.Symbol, State: v.State.String(), Since: moment(v.Since),
			Time: moment(v.Time), Received: moment(v.Received), Seq: v.Seq, Break: newBreak(v.Break),
		}
		if v.Err != nil {
			all[i].Error = v.Err.Error()
		}
	}
	return all
}
