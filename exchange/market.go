package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// MarketKind says what is traded.
type MarketKind string

// The kinds of markets.
const (
	Spot   MarketKind = "spot"
	Swap   MarketKind = "swap"   // a perpetual contract
	Future MarketKind = "future" // a dated contract
	Option MarketKind = "option"
)

// Market is one tradable thing. Absent limits are limits that the venue does not tell.
type Market struct {
	ID      string // the venue's own name, unique in its Family only
	Alias   string // what the venue calls a dated contract by its term until Expiry, such as BTC-USDT-CQ; empty: it has no such name
	Code    string // the venue's number for it, where some requests want that in place of ID; empty: there is none
	Symbol  string // the unified name: BTC/USDT, BTC/USDT:USDT, BTC/USD:BTC-261225
	Family  string
	Kind    MarketKind
	Base    string
	Quote   string
	Settle  string // empty for spot
	Active  bool
	Status  string // the venue's own word for it
	Inverse bool   // a contract that is worth a fixed amount of Quote
	Listed  time.Time
	Expiry  time.Time // zero: none

	// Contract is how much one contract is: base units, or quote units when Inverse.
	// It is absent where the venue counts sizes in base units.
	Contract decimal.Decimal

	TickSize         decimal.Decimal // step of prices
	StepSize         decimal.Decimal // step of sizes, in the unit of the order book
	MinSize, MaxSize decimal.Decimal // of a limit order, in the unit of the order book
	MinPrice         decimal.Decimal
	MaxPrice         decimal.Decimal
	MinCost, MaxCost decimal.Decimal // in quote units

	family *Family
	stray  bool // it is in no list, and its contracts are of a size that is not known
}

// BaseSize converts a size of the order book at a price to base units. Inverse
// contracts are rounded to 28 digits, and say so by Exact.
func (m *Market) BaseSize(size, price decimal.Decimal) decimal.Decimal {
	switch {
	case m.stray:
		return decimal.Decimal{}
	case m.Contract.Absent() || size.Absent():
		return size
	case !m.Inverse:
		return size.Mul(m.Contract)
	case price.Sign() <= 0:
		return decimal.Decimal{}
	}
	return size.Mul(m.Contract).Quo(price)
}

// Sized returns a size as base units and, where the venue counts them, contracts.
func (m *Market) Sized(size, price decimal.Decimal) (base, contracts decimal.Decimal) {
	if m.Contract.Absent() && !m.stray {
		return size, decimal.Decimal{}
	}
	return m.BaseSize(size, price), size
}

// Index finds the markets of one family by their ids, and those of all families by
// their symbols. It is never changed: a reload makes a new one.
type Index struct {
	bySymbol map[string]*Market
	byFamily map[string]map[string]*Market
	all      []*Market
	rolls    time.Time // when the first that has an Alias expires: from then on others have these names
}

// rolled reports whether an alias may mean another market by now.
func (x *Index) rolled() bool { return !x.rolls.IsZero() && !time.Now().Before(x.rolls) }

// Names returns the view of one family.
func (x *Index) Names(family string) Names {
	if x == nil {
		return Names{}
	}
	return Names{x.byFamily[family]}
}

// Symbol returns the market of that unified name, nil when there is none.
func (x *Index) Symbol(symbol string) *Market {
	if x == nil {
		return nil
	}
	return x.bySymbol[symbol]
}

// All returns all markets, by family and symbol. The slice is not the caller's to change.
func (x *Index) All() []*Market {
	if x == nil {
		return nil
	}
	return x.all
}

// Names finds the markets of one family by the venue's ids.
type Names struct{ byID map[string]*Market }

// ByID returns the market, nil when there is none. It does not allocate.
func (n Names) ByID(id []byte) *Market { return n.byID[string(id)] }

// newIndex puts markets in order. Where two have one symbol the first that is active
// keeps it; the others are found by their ids only, and are returned.
func newIndex(markets []Market) (x *Index, hidden []*Market) {
	x = &Index{bySymbol: make(map[string]*Market, len(markets)), byFamily: make(map[string]map[string]*Market)}
	now := time.Now()
	for i := range markets {
		m := &markets[i]
		ids := x.byFamily[m.Family]
		if ids == nil {
			ids = make(map[string]*Market)
			x.byFamily[m.Family] = ids
		}
		ids[m.ID] = m
		if m.Alias != "" && ids[m.Alias] == nil && m.Expiry.After(now) {
			ids[m.Alias] = m
			if x.rolls.IsZero() || m.Expiry.Before(x.rolls) {
				x.rolls = m.Expiry
			}
		}
		switch first := x.bySymbol[m.Symbol]; {
		case first == nil:
			x.bySymbol[m.Symbol] = m
		case !first.Active && m.Active:
			x.bySymbol[m.Symbol] = m
			hidden = append(hidden, first)
		default:
			hidden = append(hidden, m)
		}
		x.all = append(x.all, m)
	}
	slices.SortStableFunc(x.all, func(a, b *Market) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Symbol, b.Symbol))
	})
	return x, hidden
}
