package venuetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// linearBalance is section 7.6: all that the account can hold, zeros too.
func (b *binance) linearBalance(q *query, w *writer) {
	for _, asset := range []string{"BNB", "USDC", "USDT"} {
		q.account.purse("linear", asset)
	}
	profit := make(map[string]decimal.Decimal)
	for _, p := range q.account.positions(false) {
		if was, ok := profit[p.Settle]; ok {
			p.Unrealized = was.Add(p.Unrealized)
		}
		profit[p.Settle] = p.Unrealized
	}
	w.open('[')
	for _, have := range q.account.balances("linear") {
		w.open('{')
		w.keyText("accountAlias", "SgsR")
		w.keyText("asset", have.Asset)
		w.keyDecimal("balance", have.Total, 8)
		w.keyDecimal("crossWalletBalance", have.Total, 8)
		w.keyDecimal("crossUnPnl", or0(profit[have.Asset]), 8)
		w.keyDecimal("availableBalance", have.Free, 8)
		w.keyDecimal("maxWithdrawAmount", have.Free, 8)
		w.keyBool("marginAvailable", true)
		w.keyTime("updateTime", b.updated(q.account), false)
		w.close('}')
	}
	w.close(']')
}

// risked returns the positions that positionRisk lists: those of markets with a position or open orders.
func (b *binance) risked(q *query) (all []*holding) {
	for _, m := range q.ms {
		h := q.account.holding(m)
		orders := slices.ContainsFunc(q.account.open, func(o *shadow) bool { return o.m == m })
		if h == nil && orders {
			h = q.account.hold(m, q.account.purse("linear", m.Settle))
		}
		if h != nil && (h.size != 0 || orders) {
			all = append(all, h)
		}
	}
	return all
}

// positionRisk is section 7.6.
func (b *binance) positionRisk(q *query, w *writer) {
	w.open('[')
	for _, h := range b.risked(q) {
		p := h.position()
		orders := decimal.New(0, 0)
		for _, o := range q.account.open {
			if o.m == h.m {
				orders = orders.Add(o.held)
			}
		}
		w.open('{')
		w.keyText("symbol", p.Market)
		w.keyText("positionSide", "BOTH")
		w.keyDecimal("positionAmt", p.Size, p.Size.Scale())
		w.keyText("entryPrice", padded(p.Entry, 1, true))
		w.keyText("breakEvenPrice", padded(p.Entry, 1, true))
		w.keyDecimal("markPrice", p.Mark, 8)
		w.keyDecimal("unRealizedProfit", p.Unrealized, 8)
		w.keyRaw("liquidationPrice", `"0","isolatedMargin":"0"`)
		w.keyDecimal("notional", p.Size.Mul(p.Mark), 8)
		w.keyText("marginAsset", p.Settle)
		w.keyRaw("isolatedWallet", `"0"`)
		w.keyDecimal("initialMargin", p.Margin.Add(orders), 8)
		w.keyDecimal("maintMargin", p.Margin.Quo(decimal.New(20, 0)), 8)
		w.keyDecimal("positionInitialMargin", p.Margin, 8)
		w.keyDecimal("openOrderInitialMargin", orders, -1)
		w.keyRaw("adl", `2,"bidNotional":"0","askNotional":"0"`)
		w.keyInt("updateTime", updateTime(p))
		w.close('}')
	}
	w.close(']')
}

// updateTime is 0 of a position that never was.
func updateTime(p Position) int64 {
	if p.Updated.IsZero() {
		return 0
	}
	return p.Updated.UnixMilli()
}

// positionRiskV2 lists all markets, with leverage and mode.
func (b *binance) positionRiskV2(q *query, w *writer) {
	w.open('[')
	for _, m := range q.ms {
		if m.Listed {
			continue
		}
		p := Position{Market: m.ID, Size: decimal.New(0, m.sscale), Entry: decimal.New(0, 0), Mark: decimal.New(0, 0), Unrealized: decimal.New(0, 0)}
		if h := q.account.holding(m); h != nil {
			p = h.position()
		}
		w.open('{')
		w.keyText("symbol", p.Market)
		w.keyDecimal("positionAmt", p.Size, p.Size.Scale())
		w.keyText("entryPrice", padded(p.Entry, 1, true))
		w.keyText("breakEvenPrice", padded(p.Entry, 1, true))
		w.keyDecimal("markPrice", p.Mark, 8)
		w.keyDecimal("unRealizedProfit", p.Unrealized, 8)
		w.keyRaw("liquidationPrice", `"0"`)
		w.keyText("leverage", strconv.Itoa(q.account.opts.Leverage))
		w.keyRaw("maxNotionalValue", `"1000000","marginType":"cross","isolatedMargin":"0.00000000","isAutoAddMargin":"false","positionSide":"BOTH"`)
		w.keyDecimal("notional", p.Size.Mul(p.Mark), 8)
		w.keyRaw("isolatedWallet", `"0"`)
		w.keyInt("updateTime", updateTime(p))
		w.close('}')
	}
	w.close(']')
}

// symbolConfig is section 7.6.
func (b *binance) symbolConfig(q *query, w *writer) {
	w.open('[')
	for _, m := range q.ms {
		if !m.Listed {
			w.raw(fmt.Sprintf(`{"symbol":%q,"marginType":"CROSSED","isAutoAddMargin":false,"leverage":%d,"maxNotionalValue":"1000000"}`, m.ID, q.account.opts.Leverage))
		}
	}
	w.close(']')
}

func (b *binance) oneWay(_ *query, w *writer) { w.raw(`{"dualSidePosition":false}`) }

// listenKey is what a socket of a USD-M account is connected with, section 8.4.
type listenKey struct {
	a     *Account
	text  string
	until time.Time
}

// keyLife is how long a listen key is good that nobody keeps alive.
const keyLife = time.Hour

// keyOf returns the listen key of an account that is good now, or nil.
func (b *binance) keyOf(a *Account) *listenKey {
	for _, k := range b.keys {
		if k.a == a {
			return k
		}
	}
	return nil
}

func (b *binance) startKey(q *query, w *writer) {
	k := b.keyOf(q.account)
	if k == nil {
		k = &listenKey{a: q.account, text: random(q.account.rng, 64, lowerDigits)}
		b.keys = append(b.keys, k)
	}
	b.kept(q, w, k)
}

func (b *binance) keepKey(q *query, w *writer) {
	k := b.keyOf(q.account)
	if k == nil {
		q.refuse(-1125, "This listenKey does not exist.")
		return
	}
	b.kept(q, w, k)
}

func (b *binance) kept(q *query, w *writer, k *listenKey) {
	k.until = q.now.Add(keyLife)
	w.open('{')
	w.keyText("listenKey", k.text)
	w.close('}')
}

func (b *binance) endKey(q *query, w *writer) {
	if k := b.keyOf(q.account); k != nil {
		b.expire(k, q.now)
	}
	w.raw("{}")
}

// age ends listen keys whose time is over. Under Server.mu.
func (b *binance) age(now time.Time) {
	for _, k := range slices.Clone(b.keys) {
		if !now.Before(k.until) {
			b.expire(k, now)
		}
	}
}

// expireAll ends all listen keys at once. Under Server.mu.
func (b *binance) expireAll(now time.Time) {
	for len(b.keys) > 0 {
		b.expire(b.keys[0], now)
	}
}

// expire tells the sockets of a listen key that it is good no more. They stay connected, and silent.
func (b *binance) expire(k *listenKey, now time.Time) {
	b.keys = slices.DeleteFunc(b.keys, func(x *listenKey) bool { return x == k })
	for _, c := range b.s.conns {
		if c.account != k.a || c.host.name != "linear" || len(c.ears) == 0 {
			continue
		}
		for len(c.ears) > 0 {
			b.s.unfollow(c, c.ears[0].name)
		}
		if !c.dead && !c.muted {
			c.text(wrapped(c.combined, k.text, fmt.Appendf(nil, `{"e":"listenKeyExpired","E":%d,"listenKey":%q}`, now.UnixMilli(), k.text)))
		}
	}
}

// wrapped puts an event into the combined form, where the connection has it.
func wrapped(combined bool, key string, data []byte) []byte {
	if !combined {
		return data
	}
	return fmt.Appendf(nil, `{"stream":%q,"data":%s}`, key, data)
}

// followLinear serves a socket of a USD-M account: /private/ws?listenKey=…&events=…, or /private/stream. Without events, or
// with a key that is not good, it is silent.
func (b *binance) followLinear(h *host, w http.ResponseWriter, r *http.Request, combined bool) {
	values := r.URL.Query()
	b.s.socket(h, binanceSocket{b: b, host: h.name, base: "private"}, w, r, func(c *conn) {
		c.combined = combined
		i := slices.IndexFunc(b.keys, func(k *listenKey) bool { return k.text == values.Get("listenKey") })
		if i < 0 {
			return
		}
		k := b.keys[i]
		c.account = k.a
		for _, kind := range askedEvents(values.Get("events")) {
			b.s.follow(c, k.a, kind, func(e *Event) (frames [][]byte) {
				if data := linearEvent(kind, e); data != nil {
					frames = append(frames, wrapped(combined, k.text, data))
				}
				return frames
			})
		}
	})
}
