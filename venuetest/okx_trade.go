package venuetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// okxOrder is what an instruction says of one order (section 7.7).
type okxOrder struct {
	InstID     string      `json:"instId"`
	InstIDCode json.Number `json:"instIdCode"`
	TdMode     string      `json:"tdMode"`
	Side       string      `json:"side"`
	PosSide    string      `json:"posSide"`
	OrdType    string      `json:"ordType"`
	Px         string      `json:"px"`
	Sz         string      `json:"sz"`
	TgtCcy     string      `json:"tgtCcy"`
	ClOrdID    string      `json:"clOrdId"`
	OrdID      string      `json:"ordId"`
	NewSz      string      `json:"newSz"`
	NewPx      string      `json:"newPx"`
	ReqID      string      `json:"reqId"`
	ReduceOnly bool        `json:"reduceOnly"`
}

// okxDeeds are what can be done to orders, by the operation of the socket and the end of the path of REST.
var okxDeeds = map[string]func(o *okx, a *Account, m *market, x okxOrder) (*shadow, error){
	"order":               (*okx).place,
	"batch-orders":        (*okx).place,
	"cancel-order":        (*okx).cancel,
	"batch-cancel-orders": (*okx).cancel,
	"cancel-batch-orders": (*okx).cancel,
	"amend-order":         (*okx).amend,
	"batch-amend-orders":  (*okx).amend,
	"amend-batch-orders":  (*okx).amend,
}

// okxWrong is a refusal in the venue's words that no Refused has.
type okxWrong struct {
	code int
	text string
}

func (e okxWrong) Error() string { return fmt.Sprintf("venuetest: %d %s", e.code, e.text) }

// okxRefusals are the codes of section 10 for what the engine refuses.
var okxRefusals = map[Refused]okxWrong{
	NoMarket:     {51001, "Instrument ID, Instrument ID code or Spread ID doesn't exist."},
	MarketClosed: {51028, "Contract under delivery."},
	BadOrder:     {51000, "Parameter ordType error"},
	BadPrice:     {51000, "Parameter px error"},
	BadSize:      {51121, "Order quantity must be a multiple of the lot size."},
	TooSmall:     {51020, "Your order should meet or exceed the minimum order amount."},
	NoFunds:      {51008, "Order failed. Insufficient balance in account."},
	NoPosition:   {51169, "Order failed because you don't have any positions in this direction for this contract to reduce or close."},
	DuplicateID:  {51016, "Client order ID already exists."},
	UnknownOrder: {51400, "Cancellation failed as the order has been filled, canceled or does not exist."},
	OrderEnded:   {51400, "Cancellation failed as the order has been filled, canceled or does not exist."},
	NoChange:     {51506, "Order modification failed: nothing to modify."},
}

func okxRefusal(err error) okxWrong {
	if wrong, ok := err.(okxWrong); ok {
		return wrong
	}
	reason, _ := err.(Refused)
	if wrong, ok := okxRefusals[reason]; ok {
		return wrong
	}
	return okxWrong{51000, "Parameter error"}
}

// instruct is an instruction by REST: of one order, or of a list of them.
func (o *okx) instruct(q *okxQuery, w *writer) {
	var orders []okxOrder
	if strings.Contains(q.path, "batch") {
		if json.Unmarshal(q.body, &orders) != nil {
			q.refuse(http.StatusBadRequest, 50002, "JSON syntax error")
		}
	} else {
		orders = make([]okxOrder, 1)
		if json.Unmarshal(q.body, &orders[0]) != nil {
			q.refuse(http.StatusBadRequest, 50002, "JSON syntax error")
		}
	}
	if len(orders) == 0 || len(orders) > 20 {
		q.refuse(http.StatusBadRequest, 50025, "Parameter count exceeds the limit 20.")
	}
	if q.err != nil {
		return
	}
	find := func(x okxOrder) (*market, error) { return o.s.market("", x.InstID), nil }
	data, code, msg := o.carryOut(q.a, strings.TrimPrefix(q.path, "/trade/"), orders, find)
	w.open('{')
	w.texts("code", code)
	w.keyRaw("data", data)
	w.texts("inTime", micro(q.now), "msg", msg, "outTime", micro(q.now))
	w.close('}')
}

// micro is a time of inTime and outTime.
func micro(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// command is an instruction over the socket (section 8.7), which knows instruments by their codes alone.
func (d okxSocket) command(c *conn, r *okxRequest) {
	now := d.o.s.now()
	data, code, msg := "[]", "", ""
	var orders []okxOrder
	for _, arg := range r.Args {
		var x okxOrder
		if json.Unmarshal(arg, &x) != nil {
			code, msg = "60013", "Invalid args"
		}
		orders = append(orders, x)
	}
	switch {
	case code != "":
	case d.path != "private":
		code, msg = "60028", "The current operation is not supported by this URL."
	case c.account == nil:
		code, msg = "60011", "Please log in"
	case r.ID == "" || len(orders) == 0 || len(orders) > 20:
		code, msg = "60013", "Invalid args"
	case r.ExpTime != "" && r.ExpTime < milli(now):
		code, msg = "50036", "The expTime can't be earlier than the current system time. Please adjust the expTime and try again."
	case !c.account.may(true):
		code, msg = "50120", okxDenied[50120]
	default:
		data, code, msg = d.o.carryOut(c.account, r.Op, orders, d.o.coded)
	}
	var w writer
	w.open('{')
	w.texts("id", r.ID, "op", r.Op)
	w.keyRaw("data", data)
	w.texts("code", code, "msg", msg, "inTime", micro(now), "outTime", micro(now))
	w.close('}')
	d.o.s.reply(c, r.Op, w.b)
}

// okxCode is the first of the codes of instruments.
const okxCode = 10_000

// coded finds the market of a code. In demo trading the published codes are not known (section 8.7).
func (o *okx) coded(x okxOrder) (*market, error) {
	n, err := strconv.Atoi(x.InstIDCode.String())
	switch i := n - okxCode; {
	case x.InstIDCode == "":
		return nil, okxWrong{50014, "Parameter instIdCode can not be empty."}
	case err != nil || i < 0 || i >= len(o.s.markets):
		return nil, nil
	default:
		return o.s.markets[i], nil
	}
}

// carryOut does what an instruction says, and returns the rows of its answer, the code and the text above them.
func (o *okx) carryOut(a *Account, op string, orders []okxOrder, find func(okxOrder) (*market, error)) (data, code, msg string) {
	var w writer
	failed := 0
	w.open('[')
	for _, x := range orders {
		m, err := find(x)
		if err == nil && m == nil {
			err = NoMarket
		}
		var s *shadow
		if err == nil {
			s, err = okxDeeds[op](o, a, m, x)
		}
		id, client := x.OrdID, x.ClOrdID
		if s != nil {
			id, client = strconv.FormatInt(s.ID, 10), s.ClientID
		}
		wrong := okxWrong{}
		if err != nil {
			failed++
			wrong = okxRefusal(err)
		}
		w.open('{')
		w.texts("clOrdId", client, "ordId", id)
		if x.NewPx != "" || x.NewSz != "" {
			w.texts("reqId", x.ReqID)
		} else {
			w.texts("tag", "")
		}
		w.texts("ts", milli(o.s.now()), "sCode", strconv.Itoa(wrong.code), "sMsg", wrong.text)
		w.close('}')
	}
	w.close(']')
	switch failed {
	case 0:
		return string(w.b), "0", ""
	case len(orders):
		return string(w.b), "1", "All operations failed"
	}
	return string(w.b), "2", "Bulk operation partially succeeded."
}

// okxForces are the types of limit orders.
var okxForces = map[string]string{"limit": "GTC", "post_only": "GTC", "ioc": "IOC", "fok": "FOK"}

// place gives an order. The size of a market order of a pair is in tgtCcy, whose default depends on the side.
func (o *okx) place(a *Account, m *market, x okxOrder) (*shadow, error) {
	pair := m.Kind == "spot"
	modes := map[bool]string{true: "cash", false: "cross isolated"}[pair]
	want := Order{ClientID: x.ClOrdID, Side: x.Side, Type: "limit", TimeInForce: okxForces[x.OrdType], PostOnly: x.OrdType == "post_only",
		ReduceOnly: x.ReduceOnly, Word: x.OrdType, Margin: x.TdMode}
	switch {
	case x.TdMode == "" || !strings.Contains(modes, x.TdMode):
		return nil, okxWrong{51000, "Parameter tdMode error"}
	case x.PosSide != "" && x.PosSide != "net":
		return nil, okxWrong{51000, "Parameter posSide error"}
	case len(x.ClOrdID) > 32 || strings.Trim(strings.ToLower(x.ClOrdID), "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return nil, okxWrong{51000, "Parameter clOrdId error"}
	case x.OrdType == "market" || x.OrdType == "optimal_limit_ioc" && !pair:
		want.Type = "market"
	case want.TimeInForce == "":
		return nil, BadOrder
	}
	size, err := decimal.ParseString(x.Sz)
	if err != nil || size.Absent() {
		return nil, okxWrong{51000, "Parameter sz error"}
	}
	want.Size = size
	if least := decimal.MustParse(minSize(m)); pair && size.Cmp(least) < 0 {
		return nil, TooSmall
	}
	if inQuote := x.TgtCcy == "quote_ccy" || x.TgtCcy == "" && x.Side == "buy"; pair && want.Type == "market" && inQuote {
		want.Size, want.QuoteSize = decimal.Decimal{}, size
	}
	if want.Type == "limit" {
		if want.Price, err = decimal.ParseString(x.Px); err != nil {
			return nil, BadPrice
		}
	}
	return a.place(m, want)
}

func (o *okx) cancel(a *Account, m *market, x okxOrder) (*shadow, error) {
	s := a.named(x.OrdID, x.ClOrdID)
	if s == nil || s.m != m {
		return nil, UnknownOrder
	}
	return s, a.cancel(s, "")
}

func (o *okx) amend(a *Account, m *market, x okxOrder) (*shadow, error) {
	s := a.named(x.OrdID, x.ClOrdID)
	switch {
	case s == nil || s.m != m:
		return nil, okxWrong{51603, "Order does not exist"}
	case !s.isOpen():
		return s, okxWrong{51503, "Your order has already been filled or canceled."}
	}
	c := amendment{request: x.ReqID}
	var err, err2 error
	if x.NewPx != "" {
		c.price, err = decimal.ParseString(x.NewPx)
	}
	if x.NewSz != "" {
		c.size, err2 = decimal.ParseString(x.NewSz)
	}
	if err != nil || err2 != nil {
		return s, BadOrder
	}
	return s, a.amend(s, c)
}

// named finds an order by the venue's id or, where that is empty, the customer's own.
func (a *Account) named(id, client string) *shadow {
	if id == "" {
		return a.called(nil, client)
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return a.order(n)
}
