package okx

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// trading is how orders are given: by section 7.7, and over the socket by 8.7. The venue cannot cancel all of them at once.
var trading = exchange.Trading{
	Create: deed{
		path: "order", calls: placeCalls,
		op: "order", terms: placement,
	}.action(),
	Edit: deed{
		path: "amend-order", calls: amendCalls,
		op: "amend-order", terms: amendment,
	}.action(),
	Cancel: deed{
		path: "cancel-order", calls: cancelCalls,
		paths: "cancel-batch-orders", orders: cancelledOrders, most: 20,
		op: "cancel-order", ops: "batch-cancel-orders", terms: reference, ever: true,
	}.action(),
	Expires:  2 * lasting, // the clock that it goes by may be off by as much as a login may
	ClientID: func(random uint64) string { return "dw" + strconv.FormatUint(random, 36) },
	Own: func(id string) bool { // letters and digits
		foreign := func(c rune) bool { return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') }
		return id != "" && len(id) <= 32 && !strings.ContainsFunc(id, foreign)
	},
}

// lasting is how long a request is good (section 6.1). Over the socket it says so itself (section 8.7).
const lasting = 30 * time.Second

// deed is something that can be done to one order or, where most is not zero, to several.
type deed struct {
	path, paths   string
	calls, orders *rest.Limit // of requests about one order, of orders in requests about several
	most          int
	op, ops       string // over the socket
	terms         func(in *exchange.Instruction) (string, error)
	ever          bool // it is never too late for it
}

func (d deed) action() exchange.Action {
	return exchange.Action{
		Method: http.MethodPost,
		Batch:  d.most,
		Cost: func(ins []*exchange.Instruction) []rest.Charge {
			if len(ins) > 1 {
				return []rest.Charge{{Limit: d.orders, Cost: len(ins)}}
			}
			return []rest.Charge{{Limit: d.calls, Cost: 1}}
		},
		Request: func(r *rest.Request, ins []*exchange.Instruction) error {
			list, err := d.list(ins, func(m *exchange.Market) string { return `"instId":"` + m.ID + `"` })
			r.Path = "/api/v5/trade/" + d.path
			if len(ins) > 1 {
				r.Path, list = "/api/v5/trade/"+d.paths, "["+list+"]"
			}
			r.Body = []byte(list)
			return err
		},
		Parse:  parseOrdered,
		Socket: "private",
		For:    func(in *exchange.Instruction) bool { return in.Market.Code != "" },
		Frame: func(s *exchange.Session, id string, ins []*exchange.Instruction) ([]byte, error) {
			if strings.Contains(s.Host(), demoHosts) {
				return nil, errDemo
			}
			list, err := d.list(ins, func(m *exchange.Market) string { return `"instIdCode":` + m.Code })
			op := d.op
			if len(ins) > 1 {
				op = d.ops
			}
			until := ""
			if !d.ever {
				until = members("expTime", strconv.FormatInt(s.Now().Add(lasting).UnixMilli(), 10))
			}
			return fmt.Appendf(nil, `{"id":"%s","op":"%s","args":[%s]%s}`, id, op, list, until), err
		},
	}
}

// Demo trading does not take the codes that the venue publishes (section 8.7): what cannot be sent over the socket goes by REST.
const demoHosts = "pap.okx.com"

var errDemo = errors.New("okx: no orders over the sockets of demo trading")

// list writes orders, each under the name of its instrument.
func (d deed) list(ins []*exchange.Instruction, name func(*exchange.Market) string) (string, error) {
	var all []string
	for _, in := range ins {
		terms, err := d.terms(in)
		if err != nil {
			return "", err
		}
		all = append(all, "{"+name(in.Market)+terms+"}")
	}
	return strings.Join(all, ","), nil
}

// manner is what OKX says in one word.
type manner struct {
	kind     exchange.OrderType
	force    exchange.TimeInForce
	postOnly bool
}

var manners = map[manner]string{
	{exchange.LimitOrder, "", false}:            "limit",
	{exchange.LimitOrder, exchange.GTC, false}:  "limit",
	{exchange.LimitOrder, "", true}:             "post_only",
	{exchange.LimitOrder, exchange.GTC, true}:   "post_only",
	{exchange.LimitOrder, exchange.IOC, false}:  "ioc",
	{exchange.LimitOrder, exchange.FOK, false}:  "fok",
	{exchange.MarketOrder, "", false}:           "market",
	{exchange.MarketOrder, exchange.IOC, false}: "optimal_limit_ioc",
}

// placement are the terms of a new order, whose terms the client has checked. A pair is traded for cash, and its market orders, of which
// nothing is left to wait, always say in what currency their size is: what the venue takes for granted differs between buying and selling.
func placement(in *exchange.Instruction) (string, error) {
	word, pair, inQuote := manners[manner{in.Type, in.TimeInForce, in.PostOnly}], in.Market.Kind == exchange.Spot, !in.QuoteSize.Absent()
	switch {
	case word == "":
		return "", unfit(in, "the venue has no such type of order")
	case inQuote && !pair:
		return "", unfit(in, "QuoteSize is of pairs")
	}
	mode, size, unit, end := cmp.Or(string(in.Margin), string(exchange.CrossMargin)), in.Amount, "", ""
	if pair {
		mode = "cash"
	}
	if pair && in.Type == exchange.MarketOrder {
		word, unit = "market", "base_ccy"
	}
	if inQuote {
		size, unit = in.QuoteSize, "quote_ccy"
	}
	if in.ReduceOnly {
		end = `,"reduceOnly":true`
	}
	return members("tdMode", mode, "side", string(in.Side), "posSide", string(in.Held), "ordType", word,
		"px", number(in.Price), "sz", number(size), "tgtCcy", unit, "clOrdId", in.ClientID) + end, nil
}

// reference says which order is meant.
func reference(in *exchange.Instruction) (string, error) {
	if in.Ref.ID != "" {
		return members("ordId", in.Ref.ID), nil
	}
	return members("clOrdId", in.Ref.ClientID), nil
}

// amendment is what an order is changed to: its size with what is filled already.
func amendment(in *exchange.Instruction) (string, error) {
	if !in.QuoteSize.Absent() {
		return "", unfit(in, "a QuoteSize cannot be changed")
	}
	ref, err := reference(in)
	return ref + members("newSz", number(in.Amount), "newPx", number(in.Price)), err
}

// members writes pairs of a key and a text, those without a text left out, each behind a comma.
func members(pairs ...string) string {
	var b []byte
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] != "" {
			b = gjson.AppendJSONString(fmt.Appendf(b, `,"%s":`, pairs[i-1]), pairs[i])
		}
	}
	return string(b)
}

// number is without zeros at the end, and, as what is computed, without an exponent; empty when absent.
func number(d decimal.Decimal) string { return d.Neg().Neg().Reduce().String() }

func unfit(in *exchange.Instruction, why string) error {
	return &exchange.Error{Venue: name, Symbol: in.Market.Symbol, Kind: exchange.ErrInvalidOrder, Message: why}
}

// parseOrdered reads what the venue says to a request about orders: it has accepted them, and what becomes of them is told by the
// orders themselves. Of a request about several (code 2) it may have refused some; those that were gone already need nothing.
func parseOrdered(dst []exchange.Order, _ *exchange.Scope, b []byte) ([]exchange.Order, error) {
	if !gjson.ValidBytes(b) {
		return dst, errFrame
	}
	var failed error
	for _, row := range gjson.GetBytes(b, "data").Array() {
		switch code := row.Get("sCode").String(); {
		case code == "" || code == "0":
			o := exchange.Order{ID: row.Get("ordId").String(), ClientID: row.Get("clOrdId").String()}
			if ms := row.Get("ts").Int(); ms > 0 {
				o.Time = time.UnixMilli(ms).UTC()
			}
			dst = append(dst, o)
		case failed == nil && !errors.Is(codes[plainCode(code)], exchange.ErrOrderNotFound):
			failed = told(code, row.Get("sMsg").String(), exchange.ErrBadRequest)
		}
	}
	return dst, failed
}
