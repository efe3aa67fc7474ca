package binance

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// Limits of orders, sections 9.1 and 9.2. They hold per account; what its kind of account is allowed is not known before, so that these
// are the smallest.
var (
	spotOrders   = rest.Limit{Name: "ORDERS 10s", Max: 50, Per: 10 * time.Second, Fixed: true, Used: orderCount("10S")}
	spotDay      = rest.Limit{Name: "ORDERS 1d", Max: 160_000, Per: 24 * time.Hour, Fixed: true, Used: orderCount("1D")}
	linearOrders = rest.Limit{Name: "ORDERS 10s", Max: 300, Per: 10 * time.Second, Fixed: true, Used: orderCount("10S")}
	linearMinute = rest.Limit{Name: "ORDERS 1m", Max: 1200, Per: time.Minute, Fixed: true, Used: orderCount("1M")}
)

func orderCount(period string) func(http.Header) (int, bool) {
	return func(h http.Header) (int, bool) {
		n, err := strconv.Atoi(h.Get("X-MBX-ORDER-COUNT-" + period))
		return n, err == nil
	}
}

// words are the parameters of an instruction, the same over the socket and over REST.
type words = func(in *exchange.Instruction) ([]rest.Param, error)

// action is what can be done with one order at a time. method is what the WebSocket API calls it; empty: it is not there.
func action(verb, path, socket, method string, parse exchange.Parser[exchange.Order], say words, charges ...rest.Charge) exchange.Action {
	return exchange.Action{
		Method: verb, Path: path, Parse: parse,
		Cost: func([]*exchange.Instruction) []rest.Charge { return charges },
		Request: func(r *rest.Request, ins []*exchange.Instruction) (err error) {
			r.Query, err = say(ins[0])
			return err
		},
		Socket: socket,
		Frame: func(s *exchange.Session, id string, ins []*exchange.Instruction) ([]byte, error) {
			params, err := say(ins[0])
			if err != nil {
				return nil, err
			}
			return asked(s, id, method, params...)
		},
	}
}

// recvWindow is how long after its time a request is taken, section 6.3, on arrival and again before the matching engine.
const recvWindow = 5 * time.Second

// spotTrading is sections 7.3, 7.4 and 8.3. What succeeds costs no weight: it is paid all the same, for what fails.
var spotTrading = exchange.Trading{
	Create:    action("POST", "/api/v3/order", "account", "order.place", orders, spotOrder, append(spotCharges(1), rest.Charge{Limit: &spotOrders, Cost: 1}, rest.Charge{Limit: &spotDay, Cost: 1})...),
	Cancel:    action("DELETE", "/api/v3/order", "account", "order.cancel", orders, named, spotCharges(1)...),
	Edit:      action("PUT", "/api/v3/order/amend/keepPriority", "account", "order.amend.keepPriority", orders, spotEdit, spotCharges(4)...),
	CancelAll: action("DELETE", "/api/v3/openOrders", "account", "openOrders.cancelAll", orders, cancelAll, spotCharges(1)...),
	ClientID:  clientID,
	Own:       func(id string) bool { return own(id, "-_") },
	Expires:   recvWindow,
}

// linearTrading is sections 7.7 and 8.6.
var linearTrading = exchange.Trading{
	Create:    action("POST", "/fapi/v1/order", "api", "order.place", orders, linearOrder, linearOrdered...),
	Cancel:    action("DELETE", "/fapi/v1/order", "api", "order.cancel", orders, named, linearCharges(1)...),
	Edit:      action("PUT", "/fapi/v1/order", "api", "order.modify", orders, linearEdit, linearOrdered...),
	CancelAll: action("DELETE", "/fapi/v1/allOpenOrders", "", "", orders, cancelAll, linearCharges(1)...),
	ClientID:  clientID,
	Own:       func(id string) bool { return own(id, "-_.:/") },
	Expires:   recvWindow,
}

var linearOrdered = []rest.Charge{{Limit: &linearWeight}, {Limit: &linearOrders, Cost: 1}, {Limit: &linearMinute, Cost: 1}}

func clientID(random uint64) string { return "dw-" + strconv.FormatUint(random, 36) }

// own reports whether an id is of letters, digits and some other characters, at most 36.
func own(id, other string) bool {
	return 0 < len(id) && len(id) <= 36 && !strings.ContainsFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(other, c))
	})
}

// pairs are parameters, without those that are empty.
func pairs(all ...string) (params []rest.Param) {
	for i := 1; i < len(all); i += 2 {
		if all[i] != "" {
			params = append(params, rest.Param{Key: all[i-1], Value: all[i]})
		}
	}
	return params
}

// plain is a number without an exponent, which the venue refuses, section 7.3.
func plain(d decimal.Decimal) string { return d.Trunc(d.Scale()).String() }

func unfit(kind error, why string) error {
	return &exchange.Error{Venue: name, Kind: kind, Message: why}
}

// lasting is the word for how long an order lives; postOnly that of one that may not take. A market order takes what there is.
func lasting(in *exchange.Instruction, postOnly string) (string, error) {
	switch {
	case in.Type == exchange.MarketOrder && in.TimeInForce == exchange.FOK:
		return "", unfit(exchange.ErrNotSupported, "there are no market orders for all or nothing")
	case in.Type == exchange.MarketOrder:
		return "", nil
	case in.PostOnly:
		return postOnly, nil
	}
	return cmp.Or(string(in.TimeInForce), string(exchange.GTC)), nil
}

func spotOrder(in *exchange.Instruction) ([]rest.Param, error) {
	kind := strings.ToUpper(string(in.Type))
	if in.PostOnly {
		kind = "LIMIT_MAKER"
	}
	force, err := lasting(in, "")
	return pairs("symbol", in.Market.ID, "side", strings.ToUpper(string(in.Side)), "type", kind, "timeInForce", force,
		"quantity", plain(in.Amount), "quoteOrderQty", plain(in.QuoteSize), "price", plain(in.Price),
		"newClientOrderId", in.ClientID, "newOrderRespType", "RESULT"), err
}

// linearOrder leaves out reduceOnly where both sides of a contract are held: there the side says it, and the word is refused.
func linearOrder(in *exchange.Instruction) ([]rest.Param, error) {
	reduce := ""
	switch {
	case !in.QuoteSize.Absent():
		return nil, unfit(exchange.ErrNotSupported, "futures have no QuoteSize")
	case in.Margin != "":
		return nil, unfit(exchange.ErrNotSupported, "Margin is a setting of the account for each contract, not of an order")
	case in.ReduceOnly && in.Held == "":
		reduce = "true"
	}
	force, err := lasting(in, "GTX")
	return pairs("symbol", in.Market.ID, "side", strings.ToUpper(string(in.Side)), "positionSide", strings.ToUpper(string(in.Held)),
		"type", strings.ToUpper(string(in.Type)), "timeInForce", force, "quantity", plain(in.Amount), "price", plain(in.Price),
		"reduceOnly", reduce, "newClientOrderId", in.ClientID, "newOrderRespType", "RESULT"), err
}

// spotEdit makes an order smaller, and nothing else: to cancel one and place another in one request may do the first and not the second,
// section 7.4. The order keeps the customer's own id where that is known.
func spotEdit(in *exchange.Instruction) ([]rest.Param, error) {
	if !in.Price.Absent() || in.Amount.Absent() {
		return nil, unfit(exchange.ErrNotSupported, "of spot orders the size alone can be changed, and only made smaller: cancel it and place another")
	}
	params, err := named(in)
	return append(params, pairs("newQty", plain(in.Amount), "newClientOrderId", in.Ref.ClientID)...), err
}

func linearEdit(in *exchange.Instruction) ([]rest.Param, error) {
	if in.Side == "" || in.Price.Absent() || in.Amount.Absent() {
		return nil, unfit(exchange.ErrBadRequest, "futures change an order by its Side, Price and Size, all of them")
	}
	params, err := named(in)
	return append(params, pairs("side", strings.ToUpper(string(in.Side)), "quantity", plain(in.Amount), "price", plain(in.Price))...), err
}

func cancelAll(in *exchange.Instruction) ([]rest.Param, error) {
	return pairs("symbol", in.Market.ID), nil
}

// named says which order is meant.
func named(in *exchange.Instruction) ([]rest.Param, error) { return byRef(in.Market, in.Ref) }

func byRef(m *exchange.Market, ref exchange.Ref) ([]rest.Param, error) {
	if ref.ID == "" {
		return pairs("symbol", m.ID, "origClientOrderId", ref.ClientID), nil
	}
	if _, err := strconv.ParseUint(ref.ID, 10, 63); err != nil {
		return nil, unfit(exchange.ErrBadRequest, "an order's ID is a number: "+strconv.Quote(ref.ID))
	}
	return pairs("symbol", m.ID, "orderId", ref.ID), nil
}
