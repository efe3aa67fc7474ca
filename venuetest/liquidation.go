package venuetest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// forced are the orders of an index and after by which the venue closed positions: some of
// those that trade.
func (m *market) forced(from int64) (all []aggregate) {
	for _, a := range m.aggs.from(from) {
		if a.id%8 == 0 {
			all = append(all, a)
		}
	}
	return all
}

// pushForced is section 4.10.
func (b *backpack) pushForced(st *stream, now time.Time) (evs []event) {
	for _, a := range st.m.forced(st.at) {
		evs = append(evs, said(envelope(st, func(w *writer) {
			w.keyTime("E", now, true)
			w.keyText("S", map[bool]string{false: "Bid", true: "Ask"}[a.sell])
			w.keyTime("T", a.at, true)
			w.keyText("e", "liquidation")
			w.keyPrice("p", st.m, a.px)
			w.trimmedSize("q", st.m, a.sz)
			w.keyText("s", st.m.ID)
		})))
	}
	st.at = st.m.aggs.next()
	return evs
}

// pushForced is section 4.8: only the last since the last push. The limit of the order lies
// beyond what it paid.
func (b *binance) pushForced(st *stream, now time.Time) []event {
	m, all := st.m, st.m.forced(st.at)
	st.at = m.aggs.next()
	if len(all) == 0 {
		return nil
	}
	a := all[len(all)-1]
	limit := a.px + a.px/200/m.tick*m.tick
	if a.sell {
		limit = a.px - a.px/200/m.tick*m.tick
	}
	var w writer
	w.open('{')
	w.keyText("e", "forceOrder")
	w.keyTime("E", now, false)
	w.key("o")
	w.open('{')
	w.keyText("s", m.ID)
	w.keyText("S", strings.ToUpper(side2(a.sell)))
	w.keyText("o", "LIMIT")
	w.keyText("f", "IOC")
	w.keySize("q", m, a.sz)
	w.keyPrice("p", m, limit)
	w.keyPrice("ap", m, a.px)
	w.keyText("X", "FILLED")
	w.keySize("l", m, a.sz)
	w.keySize("z", m, a.sz)
	w.keyTime("T", a.at, false)
	w.close('}')
	family(&w, m)
	w.close('}')
	return []event{said(w.b)}
}

// forcedTypes are the markets of an instType, of a stream that has all of them.
func (o *okx) forcedTypes(kind string) (ms []*market) {
	for _, m := range o.s.markets {
		if instType(m) == kind && m.Status == "" {
			ms = append(ms, m)
		}
	}
	return ms
}

// pushForced is section 4.4: of each market the last since the last push.
func (o *okx) pushForced(st *stream) (evs []event) {
	for i, m := range o.forcedTypes(st.family) {
		all := m.forced(st.seen[i])
		st.seen[i] = m.aggs.next()
		if len(all) == 0 {
			continue
		}
		var w writer
		w.open('{')
		w.key("arg")
		w.open('{')
		w.keyText("channel", st.kind)
		w.keyText("instType", st.family)
		w.close('}')
		w.key("data")
		w.open('[')
		forcedRow(&w, m, all[len(all)-1:])
		evs = append(evs, closed(&w))
	}
	return evs
}

func forcedRow(w *writer, m *market, as []aggregate) {
	w.open('{')
	w.key("details")
	w.open('[')
	for _, a := range as {
		w.open('{')
		w.keyText("bkLoss", "0")
		w.keyPrice("bkPx", m, a.px)
		w.keyText("ccy", "")
		w.keyText("posSide", map[bool]string{false: "short", true: "long"}[a.sell])
		w.keyText("side", side2(a.sell))
		w.keySize("sz", m, a.sz)
		w.keyMilli("ts", a.at)
		w.close('}')
	}
	w.close(']')
	w.keyText("instFamily", instFamily(m))
	w.keyText("instId", m.ID)
	w.keyText("instType", instType(m))
	w.keyText("uly", underlying(m))
	w.close('}')
}

// liquidations answers with the newest first, between before and after, both exclusive.
func (o *okx) liquidations(q *okxQuery, w *writer) {
	if q.values.Get("instFamily")+q.values.Get("uly") == "" {
		q.refuse(http.StatusBadRequest, 50015, "Either parameter uly or instFamily is required")
		return
	}
	n, before, after := q.limit("limit", 100, 100), q.int64("before", -1), q.int64("after", 1<<62)
	o.each(q, func(m *market, _ int) {
		var as []aggregate
		all := m.forced(0)
		for i := len(all) - 1; i >= 0 && n > 0; i-- {
			if ms := all[i].at.UnixMilli(); ms > before && ms < after {
				as, n = append(as, all[i]), n-1
			}
		}
		if len(as) > 0 {
			forcedRow(w, m, as)
		}
	})
}

// pushForced is section 4.7.3.
func (v *huobi) pushForced(st *stream, now time.Time) (evs []event) {
	m := st.m
	for _, a := range m.forced(st.at) {
		evs = append(evs, said(fmt.Appendf(nil, `{"op":"notify","topic":"%s","ts":%d,"data":[{"symbol":"%s","contract_code":"%s","direction":"%s","offset":"close","volume":%s,"price":%s,"created_at":%d,"amount":%s,"trade_turnover":%s,"contract_type":"swap","pair":"%s-%s","business_type":"%s"}]}`,
			st.name, now.UnixMilli(), m.Base, m.ID, side2(a.sell), m.javaSize(a.sz), m.javaPrice(a.px), a.at.UnixMilli(), m.javaMoney(m.coin(a.px, a.sz)), m.javaMoney(m.quote(a.px, a.sz)), m.Base, m.Quote, m.business())))
	}
	st.at = m.aggs.next()
	return evs
}

func (m *market) business() string {
	if m.Kind == "future" {
		return "futures"
	}
	return "swap"
}

// interest is a row of section 3.11, counted on both sides.
func (m *market) interest() string {
	if m.Status != "" {
		return ""
	}
	oi := m.double(m.openInterest())
	return fmt.Sprintf(`{"volume":%s,"amount":%s,"symbol":"%s","value":%s,"contract_code":"%s","trade_amount":%s,"trade_volume":%s,"trade_turnover":%s,"business_type":"%s","pair":"%s-%s","contract_type":"swap"}`,
		m.javaSize(oi), m.javaMoney(m.coin(m.day.last, oi)), m.Base, m.javaMoney(m.quote(m.day.last, oi)), m.ID,
		m.javaMoney(m.double(m.day.coin)), m.javaSize(m.double(m.day.size)), m.javaMoney(m.double(m.day.quote)), m.business(), m.Base, m.Quote)
}

// status answers how spot is (section 2.3), or the contracts (section 3.12).
func (v *huobi) status(path string, now time.Time) []byte {
	down := v.s.lasting(Maintenance, nil, nil, "")
	end := now.Add(time.Hour).UnixMilli()
	switch {
	case path == marketStatus && down:
		return fmt.Appendf(nil, `{"code":200,"message":"success","data":{"marketStatus":2,"haltStartTime":%d,"haltEndTime":%d,"haltReason":3,"affectedSymbols":"all"}}`, now.UnixMilli(), end)
	case path == marketStatus:
		return []byte(`{"code":200,"message":"success","data":{"marketStatus":1}}`)
	case down:
		return fmt.Appendf(nil, `{"status":"ok","data":{"heartbeat":1,"estimated_recovery_time":null,"swap_heartbeat":1,"swap_estimated_recovery_time":null,"linear_swap_heartbeat":0,"linear_swap_estimated_recovery_time":%d},"ts":%d}`, end, now.UnixMilli())
	}
	return fmt.Appendf(nil, `{"status":"ok","data":{"heartbeat":1,"estimated_recovery_time":null,"swap_heartbeat":1,"swap_estimated_recovery_time":null,"linear_swap_heartbeat":1,"linear_swap_estimated_recovery_time":null},"ts":%d}`, now.UnixMilli())
}

const marketStatus, contractStatus = "/v2/market-status", "/heartbeat/"
