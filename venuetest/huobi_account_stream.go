package venuetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// huobiPrivate is a connection that is the account's (sections 6.4 and 8): of spot, which talks in action and ch, or of
// contracts, which talk in op and topic.
type huobiPrivate struct {
	v     *huobi
	h     *host
	a     *Account // nil before the login
	from  string   // address of the client
	at    string   // host that it was reached by
	sides map[string]string
}

func (d *huobiPrivate) beat() (every, patience time.Duration) {
	if d.isSpot() {
		return 20 * time.Second, 40 * time.Second
	}
	return 5 * time.Second, 25 * time.Second
}
func (d *huobiPrivate) life() time.Duration    { return 0 }
func (d *huobiPrivate) idle() time.Duration    { return 0 }
func (d *huobiPrivate) slow() (int, string)    { return 0, "" }
func (d *huobiPrivate) control(c *conn) bool   { c.count(); return true }
func (d *huobiPrivate) unheard() (int, string) { return 1003, "ping check expired" }
func (d *huobiPrivate) isSpot() bool           { return d.h.name == "spot" }

func (d *huobiPrivate) ping(_ *conn, now time.Time) []byte {
	if d.isSpot() {
		return fmt.Appendf(nil, `{"action":"ping","data":{"ts":%d}}`, now.UnixMilli())
	}
	return fmt.Appendf(nil, `{"op":"ping","ts":"%d"}`, now.UnixMilli())
}

// huobiMessage is what a customer says on either kind of connection.
type huobiMessage struct {
	Action   string          `json:"action"`
	Channel  string          `json:"ch"`
	Op       string          `json:"op"`
	Topic    string          `json:"topic"`
	Contract string          `json:"contract_code"`
	CID      string          `json:"cid"`
	Params   json.RawMessage `json:"params"`
	Data     json.RawMessage `json:"data"`
}

// message answers one text frame. Under Server.mu.
func (d *huobiPrivate) message(c *conn, text []byte) {
	c.count()
	var m huobiMessage
	if c.dead || json.Unmarshal(text, &m) != nil {
		return
	}
	c.requests++
	switch {
	case m.Action == "pong" || m.Op == "pong":
		select {
		case c.beat <- "":
		default:
		}
	case m.Action == "req" && m.Channel == "auth":
		d.login(c, m.Params, "2.1", "")
	case m.Op == "auth":
		d.login(c, text, "2", m.CID)
	case m.Action == "sub" || m.Action == "unsub":
		d.subscribe(c, m.Action, m.Channel, m.Channel, `{"action":"%s","code":%d,"ch":"%s","%s`)
	case m.Op == "sub" || m.Op == "unsub":
		d.subscribe(c, m.Op, m.Topic, m.Topic, `{"op":"%s","err-code":%d,"cid":"`+m.CID+`","topic":"%s","%s`)
	default:
		d.instruct(c, &m)
	}
}

// login checks who has connected.
func (d *huobiPrivate) login(c *conn, text json.RawMessage, version, cid string) {
	var said map[string]json.RawMessage
	if json.Unmarshal(text, &said) != nil {
		return
	}
	params, mac := make(url.Values), ""
	for name, raw := range said {
		var value string
		switch json.Unmarshal(raw, &value); strings.ToLower(name) {
		case "signature":
			mac = value
		case "accesskey", "accesskeyid", "signaturemethod", "signatureversion", "timestamp":
			params.Set(name, value)
		}
	}
	a, why := d.v.identify("GET", d.at, c.path, version, params, mac, d.from)
	if why == nil && (a.refuses(c) || !a.may(false)) {
		why = wrongMAC
	}
	if why == nil {
		d.a = a
	}
	c.text(d.greeting(why, cid))
}

func (d *huobiPrivate) greeting(why *huobiFault, cid string) []byte {
	switch {
	case d.isSpot() && why == wrongAddress:
		return []byte(`{"action":"req","code":2000,"ch":"auth","message":"invalid.ip"}`)
	case d.isSpot() && why != nil:
		return []byte(`{"action":"req","code":2002,"ch":"auth","message":"auth.fail"}`)
	case d.isSpot():
		return []byte(`{"action":"req","code":200,"ch":"auth","data":{}}`)
	case why != nil:
		return fmt.Appendf(nil, `{"op":"auth","type":"api","ts":%d,"err-code":2003,"err-msg":"Authentication failed."}`, d.v.s.now().UnixMilli())
	}
	return fmt.Appendf(nil, `{"op":"auth","cid":"%s","type":"api","err-code":0,"ts":%d,"data":{"user-id":"%s"}}`, cid, d.v.s.now().UnixMilli(), d.a.opts.ID)
}

// topics are what the connections of accounts carry, and the first messages and those of events.
var huobiTopics = map[string]struct {
	path  string
	first func(d *huobiPrivate) [][]byte
	event func(d *huobiPrivate, e *Event) [][]byte
}{
	"orders#*":           {"/ws/v2", nothing, (*huobiPrivate).ordered},
	"trade.clearing#*#0": {"/ws/v2", nothing, (*huobiPrivate).cleared},
	"accounts.update#2":  {"/ws/v2", (*huobiPrivate).updatesNow, (*huobiPrivate).updates},
	"orders":             {"/ws/v5/notification", nothing, (*huobiPrivate).orderedV5},
	"trade":              {"/ws/v5/notification", nothing, (*huobiPrivate).tradedV5},
	"account":            {"/ws/v5/notification", (*huobiPrivate).equityNow, (*huobiPrivate).equity},
	"positions":          {"/ws/v5/notification", (*huobiPrivate).positionsNow, (*huobiPrivate).positions},
}

func nothing(*huobiPrivate) [][]byte { return nil }

// subscribe begins or ends a topic. form is the beginning of an answer.
func (d *huobiPrivate) subscribe(c *conn, op, name, shown, form string) {
	t, known := huobiTopics[name]
	s := d.v.s
	refuse := func(code int, text string) {
		key := "message"
		if !d.isSpot() {
			key = "err-msg"
		}
		c.text(fmt.Appendf(nil, form+`":"%s"}`, op, code, shown, key, text))
	}
	if f := s.hit(c, nil, name, RefuseSubscribe); f != nil {
		refuse(cmp.Or(f.Code, 2001), "系统异常:")
		return
	}
	switch {
	case s.hit(c, nil, name, NoAck) != nil:
		return
	case d.a == nil:
		refuse(2002, "invalid.auth.state")
		return
	case !known || t.path != c.path:
		refuse(2001, "invalid.ch")
		return
	case op == "unsub" && !s.unfollow(c, name):
		refuse(2012, "not subscribed")
		return
	}
	code, tail := 200, `data":{}}`
	if !d.isSpot() {
		code, tail = 0, fmt.Sprintf(`ts":%d,"contract_code":"*"}`, s.now().UnixMilli())
	}
	c.text(fmt.Appendf(nil, form, op, code, shown, tail))
	if op == "unsub" {
		return
	}
	s.follow(c, d.a, name, func(e *Event) [][]byte { return t.event(d, e) })
	for _, b := range t.first(d) {
		c.text(b)
	}
}

// call is an instruction of the socket as a call of REST.
func (d *huobiPrivate) call(body []byte) *huobiCall { return &huobiCall{v: d.v, a: d.a, body: body} }

// instruct carries out an order, or a cancel (sections 8.2 and 8.4).
func (d *huobiPrivate) instruct(c *conn, m *huobiMessage) {
	op, body := m.Channel, m.Params
	if !d.isSpot() {
		op, body = m.Op, m.Data
	}
	if c.path != "/ws/trade" && c.path != "/linear-swap-trade" {
		return
	}
	k := d.call(body)
	var out []byte
	switch {
	case d.a == nil:
		out = k.fail(d.h, "login-required", "2002", "invalid.auth.state")
	case !d.a.may(true):
		out = k.fail(d.h, lackingPermit.spot, lackingPermit.contract, lackingPermit.text)
	default:
		out = d.carryOut(k, op)
	}
	tail := fmt.Appendf(nil, `,"cid":"%s"}`, m.CID)
	d.v.s.reply(c, op, append(out[:len(out)-1:len(out)-1], tail...))
}

func (d *huobiPrivate) carryOut(k *huobiCall, op string) []byte {
	var spot huobiOrder
	var v5 huobiV5
	if json.Unmarshal(k.body, &spot) != nil || json.Unmarshal(k.body, &v5) != nil {
		return k.fail(d.h, "invalid-parameter", "1030", "Input error.")
	}
	switch op {
	case "create-order":
		return k.place(d.h, spot)
	case "cancel":
		return []byte(`{"status":"ok","data":` + k.cancels(spot) + `}`)
	case "cancelall":
		return []byte(`{"status":"ok","data":` + k.cancelAll(spot) + `}`)
	case "place_order":
		return k.placeV5(d.h, v5)
	case "cancel_order":
		return k.cancelV5(d.h, v5)
	case "cancel_all_orders":
		return k.ok(k.cancelAllV5(v5))
	}
	return k.fail(d.h, "invalid-parameter", "1030", "unknown operation")
}

// ordered tells of orders of spot (section 8.1).
func (d *huobiPrivate) ordered(e *Event) [][]byte {
	o, what := &e.Order, ""
	if o.Family != "spot" {
		return nil
	}
	size := fmt.Sprintf(`"orderSize":"%s"`, o.amount())
	done, left := o.Filled, o.amount().Sub(o.Filled)
	if o.word() == "buy-market" {
		size = fmt.Sprintf(`"orderValue":"%s"`, o.amount())
		done, left = o.Cost, o.amount().Sub(o.Cost)
	}
	if !o.Price.Absent() {
		size = fmt.Sprintf(`"orderPrice":"%s",`, o.Price) + size
	}
	moved := fmt.Sprintf(`"remainAmt":"%s","execAmt":"%s","totalTradeAmount":"%s",`, left, done, o.Cost)
	switch e.Kind {
	case OrderAccepted:
		what = fmt.Sprintf(`"orderCreateTime":%d,"accountId":%s,"eventType":"creation",`, o.Created.UnixMilli(), d.a.opts.ID)
	case OrderFilled:
		what = fmt.Sprintf(`"tradePrice":"%s","tradeVolume":"%s","tradeId":%d,"tradeTime":%d,"aggressor":%t,%s"eventType":"trade",`,
			e.Fill.Price, e.Fill.Size, e.Fill.ID, e.Fill.At.UnixMilli(), !e.Fill.Maker, moved)
	case OrderCanceled, OrderExpired:
		what = fmt.Sprintf(`"lastActTime":%d,%s"eventType":"cancellation",`, o.Updated.UnixMilli(), moved)
	default:
		return nil
	}
	return [][]byte{fmt.Appendf(nil, `{"action":"push","ch":"orders#%s","data":{%s"orderId":%d,"clientOrderId":"%s","orderSource":"spot-api",%s,"orderStatus":"%s","symbol":"%[1]s","type":"%s"}}`,
		o.Market, what, o.ID, o.ClientID, size, o.state(), o.word())}
}

// cleared tells of fills of spot, with their fees.
func (d *huobiPrivate) cleared(e *Event) [][]byte {
	f := &e.Fill
	if e.Kind != OrderFilled || f.Family != "spot" {
		return nil
	}
	return [][]byte{fmt.Appendf(nil, `{"ch":"trade.clearing#%s#0","data":{"eventType":"trade","symbol":"%[1]s","orderId":%d,"tradePrice":"%s","tradeVolume":"%s","orderSide":"%s","orderType":"%s","aggressor":%t,"tradeId":%d,"tradeTime":%d,"transactFee":"%s","feeCurrency":"%s","feeDeduct ":"0","feeDeductType":"","accountId":%s,"source":"spot-api","clientOrderId":"%s","orderStatus":"%s"}}`,
		f.Market, f.OrderID, f.Price, f.Size, f.Side, e.Order.word(), !f.Maker, f.ID, f.At.UnixMilli(), f.Fee, strings.ToLower(f.FeeUnit), d.a.opts.ID, f.ClientID, e.Order.state())}
}

// update is one balance of spot, and one that the customer has in his account of margins: updates are those of all accounts.
func (d *huobiPrivate) update(b Balance, why, at string, seq int64) [][]byte {
	row := func(account, total, free string) []byte {
		return fmt.Appendf(nil, `{"action":"push","ch":"accounts.update#2","data":{"currency":"%s","accountId":%s,"balance":"%s","available":"%s","changeType":%s,"accountType":"trade","changeTime":%s,"seqNum":"%d"}}`,
			strings.ToLower(b.Asset), account, total, free, why, at, seq)
	}
	return [][]byte{row(d.a.opts.ID, b.Total.String(), b.Free.String()), row("1"+d.a.opts.ID, "7777777777", "7777777777")}
}

func (d *huobiPrivate) updatesNow() (all [][]byte) {
	for _, b := range d.a.balances("spot") {
		all = append(all, d.update(b, "null", "null", d.a.events.next())...)
	}
	return all
}

func (d *huobiPrivate) updates(e *Event) (all [][]byte) {
	words := map[string]string{"place": "order.place", "fill": "order.match", "cancel": "order.cancel", "amend": "other", "deposit": "deposit", "withdrawal": "withdraw"}
	for _, b := range e.Balances {
		if e.Kind == BalanceChanged && b.Wallet == "spot" {
			all = append(all, d.update(b, `"`+words[e.Why]+`"`, fmt.Sprint(e.At.UnixMilli()), e.Seq)...)
		}
	}
	return all
}

// notify is what connections of contracts push (section 8.3).
func (d *huobiPrivate) notify(topic, market, event, data string) [][]byte {
	if event != "" {
		event = `"event":"` + event + `",`
	}
	return [][]byte{fmt.Appendf(nil, `{"op":"notify","topic":"%s","contract_code":"%s","ts":%d,"uid":"%s",%s"data":%s}`, topic, market, d.v.s.now().UnixMilli(), d.a.opts.ID, event, data)}
}

// orderedV5 tells of orders of contracts: a market order that is filled in parts is called filled in each of them.
func (d *huobiPrivate) orderedV5(e *Event) [][]byte {
	o := &e.Order
	if o.Family != "linear" || e.Kind == BalanceChanged {
		return nil
	}
	state := o.stateV5()
	if o.Type == "market" && state == "partially_filled" {
		state = "filled"
	}
	return d.notify("orders", o.Market, "", o.fieldsV5(state, o.Size, "-"))
}

func (d *huobiPrivate) tradedV5(e *Event) [][]byte {
	f := &e.Fill
	if e.Kind != OrderFilled || f.Family != "linear" {
		return nil
	}
	role := "taker"
	if f.Maker {
		role = "maker"
	}
	return d.notify("trade", f.Market, "", fmt.Sprintf(`[{"direction":"%s","position_side":"both","id":"%d-%d-1","contract_code":"%s","contract_type":"swap","order_id":%[3]d,"trade_id":%[2]d,"trade_volume":"%[5]s","trade_price":"%s","trade_turnover":"%s","role":"%s","client_order_id":"%s","created_time":%d,"updated_time":%[10]d}]`,
		f.Side, f.ID, f.OrderID, f.Market, f.Size, f.Price, f.Cost, role, f.ClientID, f.At.UnixMilli()))
}

func (d *huobiPrivate) equityNow() [][]byte {
	return d.notify("account", "", "snapshot", d.call(nil).equity(nil, d.a.events.next()+1))
}

func (d *huobiPrivate) equity(e *Event) [][]byte {
	for _, b := range e.Balances {
		if e.Kind == BalanceChanged && b.Wallet == "linear" {
			return d.notify("account", "", "filled", d.call(nil).equity(e.Balances, e.Seq))
		}
	}
	return nil
}

func (d *huobiPrivate) positionsNow() [][]byte {
	var rows []string
	for _, p := range d.a.positions(false) {
		if p.Family == "linear" {
			rows = append(rows, d.position(&p))
		}
	}
	return d.notify("positions", "*", "snapshot", "["+strings.Join(rows, ",")+"]")
}

// position is a row of a push, which remembers the side for when it is closed.
func (d *huobiPrivate) position(p *Position) string {
	if d.sides == nil {
		d.sides = make(map[string]string)
	}
	switch {
	case p.Size.Sign() > 0:
		d.sides[p.Market] = "buy"
	case p.Size.Sign() < 0:
		d.sides[p.Market] = "sell"
	}
	return p.rowV5(d.sides[p.Market], fmt.Sprintf(`"version":%d,`, p.Version))
}

func (d *huobiPrivate) positions(e *Event) [][]byte {
	if e.Kind != PositionChanged || e.Position.Family != "linear" {
		return nil
	}
	return d.notify("positions", e.Position.Market, "filled", "["+d.position(&e.Position)+"]")
}
