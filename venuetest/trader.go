package venuetest

import (
	"math/rand/v2"
	"slices"

	"github.com/depthwire/depthwire/decimal"
)

// Trade has the account do n things by itself, by seed and by where the market is: it places orders that rest, take,
// expire and are refused, cancels, amends and fills them, and moves money in and out. Without symbols it trades in all
// markets. What it is refused counts as done.
func (a *Account) Trade(seed uint64, n int, symbols ...string) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for range n {
		a.s.mu.Lock()
		a.act(rng, symbols)
		a.s.mu.Unlock()
	}
}

// act does one thing. Under mu.
func (a *Account) act(rng *rand.Rand, symbols []string) {
	var ms []*market
	for _, m := range a.s.markets {
		if m.Status == "" && !m.Listed && (len(symbols) == 0 || slices.Contains(symbols, m.Symbol)) {
			ms = append(ms, m)
		}
	}
	if len(ms) == 0 {
		return
	}
	m := ms[rng.IntN(len(ms))]
	var o *shadow
	if len(a.open) > 0 {
		o = a.open[rng.IntN(len(a.open))]
	}
	switch p := rng.IntN(100); {
	case p < 4:
		a.move(rng, m)
	case o == nil || p < 45 && len(a.open) < 30:
		a.try(rng, m)
	case p < 75:
		lots := 1 + rng.Int64N(max(o.left()/o.m.step, 1))
		a.fill(o, o.px, min(lots*o.m.step, o.left()), true)
	case p < 82 && o.left() > o.m.step: // smaller: what every venue that amends can do
		lots := 1 + rng.Int64N(o.left()/o.m.step-1)
		_ = a.amend(o, amendment{size: decimal.New(o.done+lots*o.m.step, o.m.sscale)}) // it is open
	default:
		_ = a.cancel(o, "") // it is open
	}
}

// try places one order near the touch. Under mu.
func (a *Account) try(rng *rand.Rand, m *market) {
	bid, ask := m.touch()
	if bid.sz == 0 || ask.sz == 0 {
		return
	}
	o := Order{Side: "buy", Type: "limit", Size: decimal.New(a.lots(rng, m)*m.step, m.sscale)}
	px, away := bid.px, -m.tick
	if rng.IntN(2) == 0 {
		o.Side, px, away = "sell", ask.px, m.tick
	}
	switch rng.IntN(8) {
	case 0:
		o.Type = "market"
	case 1:
		o.TimeInForce, px = "IOC", px-away*rng.Int64N(20)
	case 2:
		o.TimeInForce, px = "FOK", px-away*rng.Int64N(20)
	case 3:
		o.PostOnly, px = true, px+away*(rng.Int64N(20)-3)
	case 4:
		px -= away * 10
	default:
		px += away * rng.Int64N(200)
	}
	if o.Type == "limit" {
		o.Price = decimal.New(max(px/m.tick, 1)*m.tick, m.pscale)
	}
	o.ReduceOnly = m.Settle != "" && rng.IntN(6) == 0
	_, _ = a.place(m, o) // refused or not
}

// lots is a size, in steps, of a few hundred quote units.
func (a *Account) lots(rng *rand.Rand, m *market) int64 {
	one := m.worth(m.ref, m.step)
	most, ok := mantissa(decimal.New(1000, 0).Quo(one).Trunc(0), 0)
	if !ok || most < 1 {
		most = 1
	}
	return 1 + rng.Int64N(most)
}

// move begins or ends a deposit or a withdrawal. Under mu.
func (a *Account) move(rng *rand.Rand, m *market) {
	for _, t := range a.transactions {
		if t.Status == Pending {
			a.settle(t, []TransactionStatus{Completed, Completed, Failed}[rng.IntN(3)])
			return
		}
	}
	t := Transaction{Asset: m.Quote, Network: "ETH", Address: "0x94df8b352de7f46f64b01d3666bf6e936e44ce60", Amount: decimal.New(1+rng.Int64N(5000), 2)}
	if rng.IntN(2) == 0 {
		a.begin(t)
		return
	}
	t.Withdrawal, t.Fee = true, decimal.New(1, 1)
	_, _ = a.withdraw(t) // refused or not
}
