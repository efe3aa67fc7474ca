package venuetest

import (
	"cmp"
	"slices"

	"github.com/depthwire/depthwire/decimal"
)

// Balance is what an account has of one asset in one wallet: Total = Free + Used. Profit of contracts counts once it is
// realised.
type Balance struct {
	Wallet, Asset     string
	Free, Used, Total decimal.Decimal // Used is held by orders and positions
}

// purseKey names a purse.
type purseKey struct{ wallet, asset string }

// purse is what an account has of one asset in one wallet. Under Server.mu.
type purse struct {
	purseKey
	cash, used decimal.Decimal
	changed    bool // since the last BalanceChanged
}

func (p *purse) free() decimal.Decimal { return p.cash.Sub(p.used) }

func (p *purse) add(v decimal.Decimal) { p.cash, p.changed = p.cash.Add(v), true }
func (p *purse) hold(v decimal.Decimal) {
	if v.Sign() != 0 {
		p.used, p.changed = p.used.Add(v), true
	}
}

func (p *purse) balance() Balance { return Balance{p.wallet, p.asset, p.free(), p.used, p.cash} }

// purse returns the purse of an asset, an empty one where there is none yet. Under mu.
func (a *Account) purse(wallet, asset string) *purse {
	k := purseKey{wallet, asset}
	p := a.purses[k]
	if p == nil {
		p = &purse{purseKey: k, cash: decimal.New(0, 0), used: decimal.New(0, 0)}
		a.purses[k] = p
	}
	return p
}

// balances returns what is in a wallet, or in all, by wallet and asset. Under mu.
func (a *Account) balances(wallet string) []Balance {
	var all []Balance
	for k, p := range a.purses {
		if wallet == "" || k.wallet == wallet {
			all = append(all, p.balance())
		}
	}
	slices.SortFunc(all, byWallet)
	return all
}

func byWallet(a, b Balance) int {
	return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Asset, b.Asset))
}

// settleUp tells which balances have changed, and why: "place", "fill", "cancel", "amend", "deposit" or "withdrawal".
func (a *Account) settleUp(why string) {
	var all []Balance
	for _, p := range a.purses {
		if p.changed {
			p.changed = false
			all = append(all, p.balance())
		}
	}
	if len(all) > 0 {
		slices.SortFunc(all, byWallet)
		a.tell(Event{Kind: BalanceChanged, Balances: all, Why: why})
	}
}

// worth is what a size is worth at a price, in quote units.
func (m *market) worth(px, sz int64) decimal.Decimal {
	face := decimal.New(sz, m.sscale).Mul(decimal.New(m.contract, m.cscale))
	if m.Family == "inverse" {
		return face
	}
	return face.Mul(decimal.New(px, m.pscale))
}

// base is what a size stands for at a price, in base units.
func (m *market) base(px, sz int64) decimal.Decimal {
	face := decimal.New(sz, m.sscale).Mul(decimal.New(m.contract, m.cscale))
	if m.Family == "inverse" {
		return face.Quo(decimal.New(px, m.pscale)).Trunc(12)
	}
	return face
}

// value is the same in the currency of settlement, of contracts.
func (m *market) value(px, sz int64) decimal.Decimal {
	if m.Family == "inverse" {
		return m.base(px, sz)
	}
	return m.worth(px, sz)
}

// needs is what an order holds as long as it is open, or takes, of one that never rests.
func (o *shadow) needs() (*purse, decimal.Decimal) {
	a, m := o.a, o.m
	wallet, px := a.s.rules.wallet(m), o.px
	if m.Settle != "" {
		p := a.purse(wallet, m.Settle)
		if o.ReduceOnly {
			return p, decimal.New(0, 0)
		}
		if s := o.other(); px == 0 && len(s.levels) > 0 {
			px = s.rank(0).px
		}
		return p, a.margin(m.value(max(px, 1), o.left()))
	}
	if !o.buys() {
		sz := o.left()
		if !o.QuoteSize.Absent() && len(o.m.bids.levels) > 0 {
			sz = o.affords(o.m.bids.rank(0).px)
		}
		return a.purse(wallet, m.Base), decimal.New(sz, m.sscale)
	}
	p := a.purse(wallet, m.Quote)
	switch {
	case !o.QuoteSize.Absent():
		return p, o.QuoteSize.Sub(o.Cost)
	case px > 0:
		return p, m.worth(px, o.left())
	}
	return p, o.sweep()
}

// sweep is what a market order costs at the book's prices.
func (o *shadow) sweep() decimal.Decimal {
	cost, left := decimal.New(0, 0), o.left()
	for _, l := range o.other().top(len(o.other().levels)) {
		sz := min(left, l.sz)
		cost = cost.Add(o.m.worth(l.px, sz))
		if left -= sz; left == 0 {
			break
		}
	}
	return cost
}

// margin is what a value needs, rounded up.
func (a *Account) margin(value decimal.Decimal) decimal.Decimal {
	m := value.Quo(decimal.New(int64(a.opts.Leverage), 0))
	if t := m.Trunc(a.s.rules.digits); t.Cmp(m) < 0 {
		return t.Add(decimal.New(1, a.s.rules.digits))
	}
	return m
}

// reserve holds what an open order needs, and releases the rest.
func (o *shadow) reserve() {
	need := decimal.New(0, 0)
	p := o.hold
	if o.isOpen() && o.Type == "limit" {
		p, need = o.needs()
	}
	if p == nil {
		return
	}
	p.hold(need.Sub(o.held))
	o.hold, o.held = p, need
}

// fill makes one trade of an open order.
func (a *Account) fill(o *shadow, px, sz int64, maker bool) {
	h := a.holding(o.m)
	if o.ReduceOnly {
		if h == nil || h.size == 0 || (h.size > 0) == o.buys() {
			a.end(o, Expired, Overreduced, "")
			return
		}
		sz = min(sz, max(h.size, -h.size))
	}
	s := a.s
	s.fillID += 1 + a.rng.Int64N(3)
	f := Fill{
		Seq: int64(len(a.fills)) + 1, ID: firstFill + s.fillID, OrderID: o.ID, ClientID: o.ClientID,
		Symbol: o.Symbol, Market: o.Market, Family: o.Family, Side: o.Side, Maker: maker, At: s.stamp(),
		Price: decimal.New(px, o.m.pscale), Size: decimal.New(sz, o.m.sscale),
		Base: o.m.base(px, sz), Cost: o.m.worth(px, sz), Profit: decimal.New(0, 0),
	}
	if o.m.Settle == "" {
		a.exchanged(o, &f)
	} else {
		a.contracted(o, &f, px, sz)
	}
	o.filled(&f, sz)
	a.fills = append(a.fills, f)
	if o.last || o.sz > 0 && o.left() == 0 {
		a.close(o, Filled, "")
		o.Updated = f.At
	} else {
		o.reserve()
	}
	a.tell(Event{Kind: OrderFilled, Order: o.Order, Fill: f})
	a.settleUp("fill")
	if o.m.Settle != "" {
		h = a.holding(o.m)
		a.tell(Event{Kind: PositionChanged, Position: h.position(), Settled: h.p.balance(), Why: "fill"})
	}
}

// filled adds a fill to its order.
func (o *shadow) filled(f *Fill, sz int64) {
	o.done += sz
	o.Fills++
	o.Updated = f.At
	o.Filled = decimal.New(o.done, o.m.sscale)
	o.Base, o.Cost, o.Fee, o.FeeUnit = o.Base.Add(f.Base), o.Cost.Add(f.Cost), o.Fee.Add(f.Fee), f.FeeUnit
	o.Average = f.Price
	if o.Fills > 1 {
		o.Average = o.Cost.Quo(o.Base).Reduce()
	}
}

// rate is the account's fee for one trade.
func (a *Account) rate(m *market, maker bool) decimal.Decimal {
	m1, t1 := a.s.rules.fees(m)
	if maker {
		return decimal.MustParse(cmp.Or(a.opts.Maker, m1))
	}
	return decimal.MustParse(cmp.Or(a.opts.Taker, t1))
}

// exchanged moves the money of a spot fill: the fee is taken from what is received.
func (a *Account) exchanged(o *shadow, f *Fill) {
	wallet := a.s.rules.wallet(o.m)
	gets, gives := a.purse(wallet, o.m.Base), a.purse(wallet, o.m.Quote)
	got, gave := f.Base, f.Cost
	if !o.buys() {
		gets, gives, got, gave = gives, gets, gave, got
	}
	f.FeeUnit = gets.asset
	f.Fee = got.Mul(a.rate(o.m, f.Maker)).Trunc(a.s.rules.digits)
	gives.add(gave.Neg())
	gets.add(got.Sub(f.Fee))
}

// contracted moves the money of a fill of contracts.
func (a *Account) contracted(o *shadow, f *Fill, px, sz int64) {
	p := a.purse(a.s.rules.wallet(o.m), o.m.Settle)
	f.FeeUnit = p.asset
	f.Fee = o.m.value(px, sz).Mul(a.rate(o.m, f.Maker)).Trunc(a.s.rules.digits)
	if !o.buys() {
		sz = -sz
	}
	f.Profit = a.hold(o.m, p).trade(px, sz, f.Fee)
	p.add(f.Profit.Sub(f.Fee))
}
