package venuetest

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Position is what an account holds of one contract: one net position a market, with cross margin.
type Position struct {
	ID         int64
	Symbol     string
	Market     string
	Family     string
	Size       decimal.Decimal // as the book counts, below zero short; 0 of one that was closed
	Base       decimal.Decimal // the same in base units at the entry price, above zero
	Entry      decimal.Decimal // average price; 0 of one that was closed
	Mark       decimal.Decimal // now
	Unrealized decimal.Decimal // now, in the currency of settlement
	Realized   decimal.Decimal // since it was opened, without fees
	Fees       decimal.Decimal // since it was opened
	Margin     decimal.Decimal // initial, at the entry price
	Settle     string
	Leverage   int
	Created    time.Time
	Updated    time.Time
	Version    int64 // grows with each change, over all positions of the account
}

// holding is a position as the engine has it; of one that was closed size is 0. Under Server.mu.
type holding struct {
	a                      *Account
	m                      *market
	p                      *purse
	id, size               int64
	entry                  decimal.Decimal
	realized, fees, margin decimal.Decimal
	created, updated       time.Time
	version                int64
}

// holding returns what the account holds or held of a market, or nil.
func (a *Account) holding(m *market) *holding {
	for _, h := range a.holdings {
		if h.m == m {
			return h
		}
	}
	return nil
}

// hold is holding, with one made where there is none.
func (a *Account) hold(m *market, p *purse) *holding {
	if h := a.holding(m); h != nil {
		return h
	}
	h := &holding{a: a, m: m, p: p, margin: decimal.New(0, 0)}
	a.holdings = append(a.holdings, h)
	return h
}

// positions returns what the account holds, and also what it held where closed ones are wanted. Under mu.
func (a *Account) positions(closed bool) (all []Position) {
	for _, h := range a.holdings {
		if h.size != 0 || closed {
			all = append(all, h.position())
		}
	}
	return all
}

// trade adds sz contracts, below zero sold ones, at a price, and returns the profit that is realised.
func (h *holding) trade(px, sz int64, fee decimal.Decimal) decimal.Decimal {
	price, profit := decimal.New(px, h.m.pscale), decimal.New(0, 0)
	h.updated = h.a.s.stamp()
	h.a.s.versions++
	h.version = h.a.s.versions
	if h.size != 0 && (h.size > 0) != (sz > 0) {
		closed := min(max(sz, -sz), max(h.size, -h.size))
		if h.size < 0 {
			closed = -closed
		}
		profit = h.gain(price, closed).Round(h.a.s.rules.digits)
		h.realized, h.fees = h.realized.Add(profit), h.fees.Add(fee)
		h.size, sz = h.size-closed, sz+closed
		fee = decimal.New(0, 0)
	}
	switch {
	case sz == 0:
	case h.size == 0:
		h.a.s.positionIDs += 1 + h.a.rng.Int64N(1000)
		h.id, h.created = 4_238_420_454+h.a.s.positionIDs, h.updated
		h.size, h.entry, h.realized, h.fees = sz, price, decimal.New(0, 0), fee
	default:
		h.entry, h.fees = h.m.blend(h.entry, h.size, price, sz), h.fees.Add(fee)
		h.size += sz
	}
	margin := decimal.New(0, 0)
	if h.size != 0 {
		margin = h.a.margin(h.worth())
	}
	h.p.hold(margin.Sub(h.margin))
	h.margin = margin
	return profit
}

// blend is the average price of two sizes of one sign.
func (m *market) blend(entry decimal.Decimal, size int64, price decimal.Decimal, sz int64) decimal.Decimal {
	a, b := decimal.New(size, 0), decimal.New(sz, 0)
	if m.Family == "inverse" {
		return a.Add(b).Quo(a.Quo(entry).Add(b.Quo(price))).Round(m.pscale + 8).Reduce()
	}
	return a.Mul(entry).Add(b.Mul(price)).Quo(a.Add(b)).Round(m.pscale + 8).Reduce()
}

// face is a size, without its sign, as contracts are worth.
func (h *holding) face() decimal.Decimal {
	return decimal.New(max(h.size, -h.size), h.m.sscale).Mul(decimal.New(h.m.contract, h.m.cscale))
}

// worth is the position's value at the entry price, in the currency of settlement.
func (h *holding) worth() decimal.Decimal {
	if h.m.Family == "inverse" {
		return h.face().Quo(h.entry).Round(12)
	}
	return h.face().Mul(h.entry)
}

// gain is what sz contracts, below zero short ones, have gained since the entry at a price.
func (h *holding) gain(price decimal.Decimal, sz int64) decimal.Decimal {
	face := decimal.New(sz, h.m.sscale).Mul(decimal.New(h.m.contract, h.m.cscale))
	if h.m.Family == "inverse" {
		return face.Quo(h.entry).Sub(face.Quo(price))
	}
	return price.Sub(h.entry).Mul(face)
}

func (h *holding) position() Position {
	mark, _ := h.m.mark()
	p := Position{
		ID: h.id, Symbol: h.m.Symbol, Market: h.m.ID, Family: h.m.Family, Settle: h.m.Settle,
		Size: decimal.New(h.size, h.m.sscale), Mark: decimal.New(mark, moneyScale),
		Realized: h.realized, Fees: h.fees, Margin: h.margin, Leverage: h.a.opts.Leverage,
		Created: h.created, Updated: h.updated, Version: h.version,
	}
	p.Base, p.Entry, p.Unrealized = decimal.New(0, 0), decimal.New(0, 0), decimal.New(0, 0)
	if h.size != 0 {
		p.Entry, p.Base, p.Unrealized = h.entry, h.face(), h.gain(p.Mark, h.size).Round(h.a.s.rules.digits)
		if h.m.Family == "inverse" {
			p.Base = h.worth()
		}
	}
	return p
}
