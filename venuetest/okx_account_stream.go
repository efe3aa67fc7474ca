package venuetest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// okxChannels are the channels of accounts, by the path that has them (section 8).
var okxChannels = map[string]string{
	"account":         "private",
	"positions":       "private",
	"orders":          "private",
	"deposit-info":    "business",
	"withdrawal-info": "business",
}

// Of section 8.
const (
	okxConnections = 30              // of one account with one channel
	okxRefresh     = 5 * time.Second // between snapshots
	okxAssets      = 2               // on a page of a snapshot: few, so that there are pages
)

// login is section 6.2.
func (d okxSocket) login(c *conn, r *okxRequest) {
	if c.account != nil {
		d.fail(c, r.ID, "60031", "The WebSocket login cannot be repeated")
		return
	}
	var arg struct{ APIKey, Passphrase, Timestamp, Sign string }
	if len(r.Args) != 1 || json.Unmarshal(r.Args[0], &arg) != nil {
		d.fail(c, r.ID, "60013", "Invalid args")
		return
	}
	s := d.o.s
	seconds, err := strconv.ParseFloat(arg.Timestamp, 64)
	off := s.now().Sub(time.UnixMilli(int64(seconds * 1000))).Abs()
	mac, wrong := base64.StdEncoding.DecodeString(arg.Sign)
	a := s.account(arg.APIKey)
	code, text := "", ""
	switch {
	case err != nil:
		code, text = "60004", "Invalid timestamp"
	case off > okxWindow:
		code, text = "60006", "Timestamp request expired"
	case a == nil:
		code, text = "60005", "Invalid OK-ACCESS-KEY"
	case a.opts.Passphrase != arg.Passphrase:
		code, text = "60024", "Wrong passphrase"
	case wrong != nil || !a.signed([]byte(arg.Timestamp+"GET/users/self/verify"), mac):
		code, text = "60007", "Invalid sign"
	case a.refuses(c) || !a.from(c.ws.RemoteAddr().String()):
		code, text = "60009", "Login failed."
	}
	if code != "" {
		d.fail(c, "", code, text)
		c.end(4001, "Login Failed")
		return
	}
	c.account = a
	s.follow(c, a, "login", func(e *Event) [][]byte {
		if e.Kind == KeyRevoked {
			c.end(4007, "API key has been updated or deleted. Please reconnect.")
		}
		return nil
	})
	if !c.muted {
		c.text([]byte(`{"event":"login","code":"0","msg":"","connId":"` + c.id + `"}`))
	}
}

// own sees to an arg that is about the account, and reports whether it was one.
func (d okxSocket) own(c *conn, op, id string, raw json.RawMessage, arg okxArg) bool {
	path := okxChannels[arg.Channel]
	if path == "" || path != d.path {
		return false
	}
	s, name := d.o.s, arg.name()
	if op == "unsubscribe" {
		s.unfollow(c, name)
		s.unsubscribe(c, name)
		d.ack(c, op, id, raw, 0)
		return true
	}
	typed := arg.Channel == "orders" || arg.Channel == "positions"
	code := ""
	switch {
	case c.account == nil:
		code = "60011"
	case typed && !slices.Contains([]string{"ANY", "SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"}, arg.InstType), arg.Channel == "positions" && arg.InstType == "SPOT":
		code = "60018"
	case s.hit(c, nil, name, RefuseSubscribe) != nil:
		code = "60018"
	}
	if code != "" {
		d.fail(c, id, code, refusalText(code, arg))
		return true
	}
	wait := time.Duration(0)
	if f := s.hit(c, nil, "", DelayAck); f != nil {
		wait = f.For
	}
	again := slices.ContainsFunc(c.ears, func(x *ear) bool { return x.name == name })
	d.ack(c, op, id, raw, wait)
	n := d.connections(c, arg.Channel)
	event := "channel-conn-count"
	if n > okxConnections {
		event += "-error"
	}
	c.text([]byte(`{"event":"` + event + `","channel":"` + arg.Channel + `","connCount":"` + strconv.Itoa(n) + `","connId":"` + c.id + `"}`))
	if n > okxConnections || again {
		return true
	}
	a := c.account
	x := s.follow(c, a, name, func(e *Event) [][]byte { return d.o.happened(a, arg, e) })
	for _, page := range d.o.snapshot(a, arg, s.now()) {
		s.whisper(x, page)
	}
	if (arg.Channel == "account" || typed) && arg.Channel != "orders" && !strings.Contains(arg.ExtraParams, `"updateInterval":"0"`) {
		s.subscribe(c, name, topic{kind: "own", family: name, every: okxRefresh})
	}
	return true
}

// connections is how many connections of the account have a channel, with this one.
func (d okxSocket) connections(c *conn, channel string) int {
	n := 1
	for _, other := range d.o.s.conns {
		if other != c && other.account == c.account && slices.ContainsFunc(other.ears, func(x *ear) bool { return x.name == channel || strings.HasPrefix(x.name, channel+":") }) {
			n++
		}
	}
	return n
}

// refresh is a snapshot that comes by the time.
func (o *okx) refresh(st *stream, now time.Time) (evs []event) {
	channel, kind, _ := strings.Cut(st.family, ":")
	for _, page := range o.snapshot(st.subs[0].c.account, okxArg{Channel: channel, InstType: kind}, now) {
		evs = append(evs, said(page))
	}
	return evs
}

// ownFrame begins a frame of an account up to the bracket of its data.
func ownFrame(a *Account, arg okxArg, ahead func(w *writer)) *writer {
	w := &writer{}
	w.open('{')
	w.key("arg")
	w.open('{')
	w.texts("channel", arg.Channel)
	if arg.Channel == "orders" { // the order of the keys differs (section 8)
		w.texts("instType", arg.InstType, "uid", a.opts.ID)
	} else {
		w.texts("uid", a.opts.ID)
	}
	if arg.Channel == "positions" {
		w.texts("instType", arg.InstType)
	}
	w.close('}')
	if ahead != nil {
		ahead(w)
	}
	w.key("data")
	w.open('[')
	return w
}

// snapshot is what a channel says first and from time to time, in pages: what is not zero.
func (o *okx) snapshot(a *Account, arg okxArg, now time.Time) (pages [][]byte) {
	page := func(n int, last bool, rows ...string) {
		w := ownFrame(a, arg, func(w *writer) {
			w.texts("eventType", "snapshot")
			w.keyInt("curPage", int64(n))
			w.keyBool("lastPage", last)
		})
		for _, row := range rows {
			w.raw(row)
		}
		pages = append(pages, closed(w).frame(nil, false))
	}
	switch arg.Channel {
	case "account":
		all := slices.DeleteFunc(a.balances("trading"), func(b Balance) bool { return !b.holds() })
		for n := 1; n == 1 || len(all) > 0; n++ {
			part := all[:min(okxAssets, len(all))]
			all = all[len(part):]
			page(n, len(all) == 0, assets(okxAssetPush, now, part))
		}
	case "positions":
		var rows []string
		for _, p := range a.positions(false) {
			if arg.concerns(o.s.find(p.Symbol)) {
				rows = append(rows, o.position(okxPositionPush, p, now))
			}
		}
		page(1, true, rows...)
	}
	return pages
}

// concerns reports whether a channel has a market.
func (a okxArg) concerns(m *market) bool { return a.InstType == "ANY" || a.InstType == instType(m) }

// happened is what a channel says of an event.
func (o *okx) happened(a *Account, arg okxArg, e *Event) [][]byte {
	row, update := "", func(w *writer) { w.texts("eventType", "event_update") }
	switch {
	case arg.Channel == "account" && e.Kind == BalanceChanged:
		moved := slices.DeleteFunc(slices.Clone(e.Balances), func(b Balance) bool { return b.Wallet != "trading" })
		if len(moved) > 0 {
			row = assets(okxAssetPush, e.At, moved)
		}
	case arg.Channel == "positions" && e.Kind == PositionChanged && arg.concerns(o.s.find(e.Position.Symbol)):
		row = o.position(okxPositionPush, e.Position, e.At)
	case arg.Channel == "orders" && e.Order.ID != 0 && e.Kind != OrderRejected && arg.concerns(o.s.find(e.Order.Symbol)):
		row, update = o.order(okxOrderPush, a, e.Order, e), nil
	case arg.Channel == "deposit-info" && e.Kind == TransactionChanged && !e.Transaction.Withdrawal:
		row, update = movement(okxDepositPush, e.Transaction, a.opts.ID, e.At), nil
	case arg.Channel == "withdrawal-info" && e.Kind == TransactionChanged && e.Transaction.Withdrawal:
		row, update = movement(okxWithdrawalPush, e.Transaction, a.opts.ID, e.At), nil
	}
	if row == "" {
		return nil
	}
	w := ownFrame(a, arg, update)
	w.raw(row)
	return [][]byte{closed(w).frame(nil, false)}
}
