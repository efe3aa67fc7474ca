package venuetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// huobiOrder is an order as customers of spot write it (section 7.2), and the instructions about orders (section 7.3).
type huobiOrder struct {
	Account   string   `json:"account-id"`
	Symbol    string   `json:"symbol"`
	Type      string   `json:"type"`
	Amount    string   `json:"amount"`
	Price     string   `json:"price"`
	ClientID  string   `json:"client-order-id"`
	IDs       []string `json:"order-ids"`
	ClientIDs []string `json:"client-order-ids"`
}

// huobiTypes are the words of spot for how an order trades.
var huobiTypes = map[string]Order{
	"limit":       {Type: "limit", TimeInForce: "GTC"},
	"limit-maker": {Type: "limit", TimeInForce: "GTC", PostOnly: true},
	"ioc":         {Type: "limit", TimeInForce: "IOC"},
	"limit-fok":   {Type: "limit", TimeInForce: "FOK"},
	"market":      {Type: "market"},
}

// spot answers sections 7.1 to 7.5; nil: there is no such call.
func (k *huobiCall) spot(method string, h *host) []byte {
	ok := func(data string) []byte { return []byte(`{"status":"ok","data":` + data + `}`) }
	var in huobiOrder
	if method == http.MethodPost && json.Unmarshal(k.body, &in) != nil {
		return k.fail(h, "invalid-parameter", "1067", "not json")
	}
	name, isOrder := strings.CutPrefix(k.path, "/v1/order/orders/")
	switch path := method + " " + k.path; {
	case path == "GET /v1/account/accounts":
		return ok(fmt.Sprintf(`[{"id":1%s,"type":"super-margin","subtype":"","state":"working"},{"id":%[1]s,"type":"spot","subtype":"","state":"working"}]`, k.a.opts.ID))
	case path == "GET /v1/account/accounts/"+k.a.opts.ID+"/balance":
		return ok(k.purses())
	case path == "POST /v1/order/orders/place":
		return k.place(h, in)
	case path == "POST /v1/order/orders/submitCancelClientOrder":
		o := k.a.called(nil, in.ClientID)
		if o == nil {
			return ok("0")
		}
		state := o.number()
		_ = k.a.cancel(o, "") // one that has ended has its number
		return ok(strconv.Itoa(state))
	case path == "POST /v1/order/orders/batchCancelOpenOrders":
		return ok(k.cancelAll(in))
	case method == http.MethodPost && isOrder && strings.HasSuffix(name, "/submitcancel"):
		return k.cancel(h, strings.TrimSuffix(name, "/submitcancel"))
	case path == "GET /v1/order/openOrders":
		return ok(k.list(func(o *shadow) bool { return o.isOpen() }, 500, "filled"))
	case path == "GET /v1/order/orders", path == "GET /v1/order/history":
		if path == "GET /v1/order/orders" && (k.q.Get("symbol") == "" || k.q.Get("states") == "") {
			return k.fail(h, "validation-constraints-required", "", "Field is missing: `symbol`.")
		}
		if !k.window(48 * time.Hour) {
			return k.fail(h, "invalid-start-date", "", "invalid start time")
		}
		return ok(k.list(func(o *shadow) bool { return !o.isOpen() && k.within(o.Created) }, 1000, "field"))
	case path == "GET /v1/order/orders/getClientOrder":
		return k.one(h, k.a.called(nil, k.q.Get("clientOrderId")))
	case path == "GET /v1/order/matchresults":
		if !k.window(48 * time.Hour) {
			return k.fail(h, "invalid-start-date", "", "invalid start time")
		}
		return ok(k.matched())
	case path == "GET /v1/query/deposit-withdraw":
		return ok(k.moves())
	case method == http.MethodGet && isOrder:
		id, _ := strconv.ParseInt(name, 10, 64)
		return k.one(h, k.a.order(id))
	}
	return nil
}

// window reports whether the range that is asked for is as narrow as it must be. The end has a default.
func (k *huobiCall) window(most time.Duration) bool {
	from, to := k.at("start-time"), k.at("end-time")
	if to.IsZero() {
		to = k.v.s.now()
	}
	return from.IsZero() || to.Sub(from) <= most
}

// at is a time of the query, by the name that spot has for it, or that of contracts.
func (k *huobiCall) at(name string) time.Time {
	ms, _ := strconv.ParseInt(cmp.Or(k.q.Get(name), k.q.Get(strings.ReplaceAll(name, "-", "_"))), 10, 64)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (k *huobiCall) within(t time.Time) bool {
	from, to := k.at("start-time"), k.at("end-time")
	t = t.Truncate(time.Millisecond)
	return !t.Before(from) && (to.IsZero() || !t.After(to))
}

// purses has two rows for each currency (section 7.1).
func (k *huobiCall) purses() string {
	var rows []string
	seq := k.a.events.next()
	for _, b := range k.a.balances("spot") {
		for _, row := range [][2]string{{"trade", b.Free.String()}, {"frozen", b.Used.String()}} {
			rows = append(rows, fmt.Sprintf(`{"currency":"%s","type":"%s","balance":"%s","debt":"invalid","available":"invalid","seq-num":"%d"}`, strings.ToLower(b.Asset), row[0], row[1], seq))
		}
	}
	rows = append(rows, `{"currency":"zzz","type":"trade","balance":"0","debt":"invalid","available":"invalid","seq-num":"0"}`)
	return fmt.Sprintf(`{"id":%s,"type":"spot","state":"working","list":[%s]}`, k.a.opts.ID, strings.Join(rows, ","))
}

// place gives an order of spot.
func (k *huobiCall) place(h *host, in huobiOrder) []byte {
	side, word, _ := strings.Cut(in.Type, "-")
	o, known := huobiTypes[word]
	amount, err := decimal.ParseString(in.Amount)
	switch {
	case !known || side != "buy" && side != "sell":
		return k.refused(h, BadOrder)
	case in.Account != k.a.opts.ID:
		return k.fail(h, "account-get-accounts-inexistent-error", "", "account for id `"+in.Account+"` and user id does not exist")
	case err != nil:
		return k.refused(h, BadSize)
	}
	o.Side, o.Word, o.ClientID, o.Size = side, in.Type, in.ClientID, amount
	if in.Type == "buy-market" {
		o.Size, o.QuoteSize = decimal.Decimal{}, amount
	}
	if o.Price, err = decimal.ParseString(in.Price); err != nil && in.Price != "" {
		return k.refused(h, BadPrice)
	}
	done, err := k.a.place(k.v.s.market("spot", in.Symbol), o)
	if err != nil {
		return k.refused(h, err)
	}
	return fmt.Appendf(nil, `{"status":"ok","data":"%d"}`, done.ID)
}

func (k *huobiCall) cancel(h *host, name string) []byte {
	id, _ := strconv.ParseInt(name, 10, 64)
	o := k.a.order(id)
	switch {
	case o == nil:
		return k.refused(h, UnknownOrder)
	case k.a.cancel(o, "") != nil:
		return fmt.Appendf(nil, `{"status":"error","err-code":"order-orderstate-error","err-msg":"Incorrect order state","data":null,"order-state":%d}`, o.number())
	}
	return fmt.Appendf(nil, `{"status":"ok","data":"%d"}`, id)
}

// cancels is the socket's, which takes lists.
func (k *huobiCall) cancels(in huobiOrder) string {
	var done, failed []string
	try := func(o *shadow, id, client string) {
		state, code := 0, "base-not-found"
		if o != nil {
			state, code = o.number(), "order-orderstate-error"
			if k.a.cancel(o, "") == nil {
				done = append(done, `"`+cmp.Or(client, id)+`"`)
				return
			}
		}
		failed = append(failed, fmt.Sprintf(`{"err-msg":"Incorrect order state","order-state":%d,"order-id":"%s","err-code":"%s","client-order-id":"%s"}`, state, id, code, client))
	}
	for _, name := range in.IDs {
		id, _ := strconv.ParseInt(name, 10, 64)
		try(k.a.order(id), name, "")
	}
	for _, name := range in.ClientIDs {
		try(k.a.called(nil, name), "", name)
	}
	return fmt.Sprintf(`{"success":[%s],"failed":[%s]}`, strings.Join(done, ","), strings.Join(failed, ","))
}

// cancelAll cancels at most 100 orders of the pairs that are named, or of all.
func (k *huobiCall) cancelAll(in huobiOrder) string {
	n, next := 0, int64(-1)
	for _, o := range slices.Clone(k.a.open) {
		if o.Family != "spot" || in.Symbol != "" && !slices.Contains(strings.Split(in.Symbol, ","), o.Market) {
			continue
		}
		if n == 100 {
			next = o.ID
			break
		}
		_ = k.a.cancel(o, "") // it is open
		n++
	}
	return fmt.Sprintf(`{"success-count":%d,"failed-count":0,"next-id":%d}`, n, next)
}

// state is where an order of spot stands, and number the same as cancels tell it (section 7.3).
func (o *Order) state() string {
	part := o.Filled.Sign() > 0
	switch {
	case o.Status == Open && part:
		return "partial-filled"
	case o.Status == Open:
		return "submitted"
	case o.Status == Filled:
		return "filled"
	case part:
		return "partial-canceled"
	}
	return "canceled"
}

func (o *Order) number() int {
	return map[string]int{"submitted": 3, "partial-filled": 4, "partial-canceled": 5, "filled": 6, "canceled": 7}[o.state()]
}

// amount is what an order was for: of a market buy, what it spends.
func (o *Order) amount() decimal.Decimal {
	if o.Size.Absent() {
		return o.QuoteSize
	}
	return o.Size
}

// word is the venue's word for the side and the type of an order, whoever placed it.
func (o *Order) word() string {
	for word, t := range huobiTypes {
		if o.Type == t.Type && (o.TimeInForce == t.TimeInForce || o.Type == "market") && o.PostOnly == t.PostOnly {
			return o.Side + "-" + word
		}
	}
	return ""
}

// row is an order of spot: the words for what is filled differ (section 7.4).
func (k *huobiCall) row(o *Order, fill string) string {
	ended, canceled := int64(0), int64(0)
	if o.Status != Open {
		ended = o.Updated.UnixMilli()
	}
	if o.Status == Canceled || o.Status == Expired {
		canceled = ended
	}
	price := "0"
	if !o.Price.Absent() {
		price = o.Price.String()
	}
	row := fmt.Sprintf(`{"id":%d,"symbol":"%s","account-id":%s,"client-order-id":"%s","amount":"%s","price":"%s","created-at":%d,"type":"%s","source":"spot-api","state":"%s","%s-amount":"%s"`,
		o.ID, o.Market, k.a.opts.ID, o.ClientID, o.amount(), price, o.Created.UnixMilli(), o.word(), o.state(), fill, o.Filled)
	row += fmt.Sprintf(`,"%s-cash-amount":"%s","%[1]s-fees":"%[3]s"`, fill, o.Cost, o.Fee)
	if fill == "field" {
		row += fmt.Sprintf(`,"market-amount":"0","ice-amount":"0","is-ice":false,"finished-at":%d,"updated-at":%d,"canceled-at":%d,"canceled-source":3`, ended, o.Updated.UnixMilli(), canceled)
	}
	return row + "}"
}

// gone reports whether the venue has forgotten an order: one that ended without a fill is kept for two hours.
func (k *huobiCall) gone(o *shadow) bool {
	return !o.isOpen() && o.Filled.Sign() == 0 && k.v.s.now().Sub(o.Updated) > 2*time.Hour
}

func (k *huobiCall) one(h *host, o *shadow) []byte {
	if o == nil || o.Family != "spot" || k.gone(o) {
		return k.fail(h, "base-record-invalid", "", "record invalid")
	}
	return []byte(`{"status":"ok","data":` + k.row(&o.Order, "field") + `}`)
}

// list are orders of spot, the newest first, from an id on.
func (k *huobiCall) list(want func(o *shadow) bool, most int, fill string) string {
	size, _ := strconv.Atoi(k.q.Get("size"))
	size = min(max(size, 1), most)
	from, _ := strconv.ParseInt(k.q.Get("from"), 10, 64)
	var rows []string
	for i := len(k.a.orders) - 1; i >= 0 && len(rows) < size; i-- {
		o := k.a.orders[i]
		if o.Family == "spot" && (k.q.Get("symbol") == "" || k.q.Get("symbol") == o.Market) && (from == 0 || o.ID <= from) && !k.gone(o) && want(o) {
			rows = append(rows, k.row(&o.Order, fill))
		}
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// matched are fills of spot, the newest first. The record's id has no order.
func (k *huobiCall) matched() string {
	size, _ := strconv.Atoi(k.q.Get("size"))
	var rows []string
	for i := len(k.a.fills) - 1; i >= 0 && len(rows) < min(max(size, 1), 500); i-- {
		f := &k.a.fills[i]
		if f.Family != "spot" || k.q.Get("symbol") != "" && k.q.Get("symbol") != f.Market || !k.within(f.At) {
			continue
		}
		role := "taker"
		if f.Maker {
			role = "maker"
		}
		rows = append(rows, fmt.Sprintf(`{"symbol":"%s","fee-currency":"%s","source":"spot-api","price":"%s","created-at":%d,"role":"%s","order-id":%d,"match-id":%d,"trade-id":%d,"filled-amount":"%s","filled-fees":"%s","filled-points":"0.0","fee-deduct-currency":"","fee-deduct-state":"done","id":%d,"type":"%s-limit"}`,
			f.Market, strings.ToLower(f.FeeUnit), f.Price, f.At.UnixMilli(), role, f.OrderID, f.Seq, f.ID, f.Size, f.Fee, 913_288_753_120_940+f.ID*7_919%1_000_003, f.Side))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// moves are deposits or withdrawals, the newest first (section 7.5).
func (k *huobiCall) moves() string {
	from, _ := strconv.ParseInt(k.q.Get("from"), 10, 64)
	size, _ := strconv.Atoi(k.q.Get("size"))
	out := k.q.Get("type") == "withdraw"
	words := map[TransactionStatus]string{Pending: "confirming", Completed: "safe", Failed: "orphan", Withdrawn: "orphan"}
	if out {
		words = map[TransactionStatus]string{Pending: "submitted", Completed: "confirmed", Failed: "confirm-error", Withdrawn: "canceled"}
	}
	var rows []string
	for i := len(k.a.transactions) - 1; i >= 0 && len(rows) < min(max(size, 1), 500); i-- {
		t := k.a.transactions[i]
		if t.Withdrawal != out || from > 0 && t.ID > from || k.q.Get("currency") != "" && k.q.Get("currency") != strings.ToLower(t.Asset) {
			continue
		}
		rows = append(rows, fmt.Sprintf(`{"id":%d,"type":"%s","sub-type":"FAST","currency":"%s","chain":"%s","tx-hash":"%s","amount":%s,"from-addr-tag":"","address":"%s","address-tag":"%s","fee":%s,"state":"%s","created-at":%d,"updated-at":%d}`,
			t.ID, k.q.Get("type"), strings.ToLower(t.Asset), t.Network, t.TxID, t.Amount, t.Address, t.Tag, t.Fee, words[t.Status], t.At.UnixMilli(), t.Updated.UnixMilli()))
	}
	return "[" + strings.Join(rows, ",") + "]"
}
