package venuetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/depthwire/depthwire/decimal"
)

// huobiV5 is an order of contracts as customers write it, and what names one (section 7.6).
type huobiV5 struct {
	Contract string `json:"contract_code"`
	Margin   string `json:"margin_mode"`
	Held     string `json:"position_side"`
	Side     string `json:"side"`
	Type     string `json:"type"`
	Price    string `json:"price"`
	Volume   string `json:"volume"`
	ClientID string `json:"client_order_id"`
	Reduce   int    `json:"reduce_only"`
	Lives    string `json:"time_in_force"`
	ID       string `json:"order_id"`
}

// linear answers section 7.6; nil: there is no such call.
func (k *huobiCall) linear(method string, h *host) []byte {
	var in huobiV5
	if method == http.MethodPost && json.Unmarshal(k.body, &in) != nil {
		return k.fail(h, "", "1030", "Input error.")
	}
	switch method + " " + k.path {
	case "GET /v5/account/balance":
		return k.ok(k.equity(nil, 0))
	case "POST /v5/trade/order":
		return k.placeV5(h, in)
	case "POST /v5/trade/cancel_order":
		return k.cancelV5(h, in)
	case "POST /v5/trade/cancel_all_orders":
		return k.ok(k.cancelAllV5(in))
	case "GET /v5/trade/order":
		o := k.named(k.q.Get("order_id"), k.q.Get("client_order_id"), k.q.Get("contract_code"))
		if o == nil {
			return k.refused(h, UnknownOrder)
		}
		return k.ok(k.rowV5(&o.Order))
	case "GET /v5/trade/order/opens":
		return k.ok(k.listV5(true))
	case "GET /v5/trade/order/history":
		if k.q.Get("contract_code") == "" || k.q.Get("margin_mode") == "" {
			return k.fail(h, "", "1067", "Invalid contract_code parameter")
		}
		return k.ok(k.listV5(false))
	case "GET /v5/trade/order/details":
		return k.ok(k.details())
	case "GET /v5/trade/position/opens":
		var rows []string
		for _, p := range k.a.positions(false) {
			if p.Family == "linear" && (k.q.Get("contract_code") == "" || k.q.Get("contract_code") == p.Market) {
				rows = append(rows, p.rowV5("", ""))
			}
		}
		return k.ok("[" + strings.Join(rows, ",") + "]")
	}
	return nil
}

func (k *huobiCall) ok(data string) []byte {
	return fmt.Appendf(nil, `{"code":200,"data":%s,"message":"Success","ts":%d}`, data, k.v.s.now().UnixMilli())
}

// equity is the account, or those of its currencies that have changed.
func (k *huobiCall) equity(changed []Balance, version int64) string {
	if changed == nil {
		changed = k.a.balances("linear")
	}
	var rows []string
	at := k.v.s.now().UnixMilli()
	for _, b := range changed {
		if b.Wallet == "linear" {
			rows = append(rows, fmt.Sprintf(`{"currency":"%s","equity":"%s","isolated_equity":"0","available":"%s","withdraw_available":"%[3]s","profit_unreal":"0","initial_margin":"%s","maintenance_margin":"0","voucher":"","created_time":1736756095314,"updated_time":%d}`,
				b.Asset, b.Total, b.Free, b.Used, at))
		}
	}
	tail := ""
	if version > 0 {
		tail = fmt.Sprintf(`,"version":%d`, version)
	}
	return fmt.Sprintf(`{"state":"normal","equity":"1","initial_margin":"0","maintenance_margin":"0","profit_unreal":"0","available_margin":"1","voucher_value":"","details":[%s],"created_time":1736736784249,"updated_time":%d%s}`,
		strings.Join(rows, ","), at, tail)
}

// idsV5 names an order: without an id of the customer's it has the venue's.
func idsV5(o *Order) (id, client string) {
	id = strconv.FormatInt(o.ID, 10)
	return id, cmp.Or(o.ClientID, id)
}

func (k *huobiCall) placeV5(h *host, in huobiV5) []byte {
	o := Order{Side: in.Side, Type: in.Type, TimeInForce: strings.ToUpper(in.Lives), ReduceOnly: in.Reduce == 1, ClientID: in.ClientID, Margin: in.Margin}
	if in.Type == "post_only" {
		o.Type, o.PostOnly = "limit", true
	}
	n, err := strconv.ParseInt(cmp.Or(in.ClientID, "1"), 10, 64)
	if in.Margin != "cross" || err != nil || n < 1 {
		return k.fail(h, "", "1067", "Illegal parameter client_order_id.")
	}
	if in.Held != "" && in.Held != "both" {
		return k.fail(h, "", "1500", "Your position mode is one-way.")
	}
	if o.Size, err = decimal.ParseString(in.Volume); err != nil {
		return k.refused(h, BadSize)
	}
	if o.Price, err = decimal.ParseString(in.Price); err != nil && in.Price != "" {
		return k.refused(h, BadPrice)
	}
	done, err := k.a.place(k.v.s.market("linear", strings.ToUpper(in.Contract)), o)
	if err != nil {
		return k.refused(h, err)
	}
	id, client := idsV5(&done.Order)
	return k.ok(fmt.Sprintf(`{"client_order_id":"%s","order_id":"%s"}`, client, id))
}

// named finds an order of contracts.
func (k *huobiCall) named(name, client, contract string) *shadow {
	id, _ := strconv.ParseInt(cmp.Or(name, client), 10, 64)
	o := k.a.order(id)
	if o == nil && name == "" {
		o = k.a.called(k.v.s.market("linear", strings.ToUpper(contract)), client)
	}
	if o == nil || o.Family != "linear" || contract != "" && !strings.EqualFold(o.Market, contract) {
		return nil
	}
	return o
}

func (k *huobiCall) cancelV5(h *host, in huobiV5) []byte {
	o := k.named(in.ID, in.ClientID, in.Contract)
	if o == nil {
		return k.refused(h, UnknownOrder)
	}
	if err := k.a.cancel(o, ""); err != nil {
		return k.refused(h, err)
	}
	id, client := idsV5(&o.Order)
	return k.ok(fmt.Sprintf(`{"client_order_id":"%s","order_id":"%s"}`, client, id))
}

func (k *huobiCall) cancelAllV5(in huobiV5) string {
	var rows []string
	for _, o := range k.a.cancelAll(func(o *shadow) bool {
		return o.Family == "linear" && (in.Contract == "" || strings.EqualFold(o.Market, in.Contract))
	}) {
		id, client := idsV5(&o.Order)
		rows = append(rows, fmt.Sprintf(`{"order_id":"%s","client_order_id":"%s","code":200,"message":"Success"}`, id, client))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// stateV5 is where an order of contracts stands.
func (o *Order) stateV5() string {
	return strings.NewReplacer("submitted", "new", "partial-", "partially_").Replace(o.state())
}

// rowV5 is an order of contracts (section 7.6.2). Its fee is below zero.
func (k *huobiCall) rowV5(o *Order) string { return o.fieldsV5(o.stateV5(), o.Size, "-") }

func (o *Order) fieldsV5(state string, size decimal.Decimal, sign string) string {
	id, client := idsV5(o)
	kind, price, lives := o.Type, "0", strings.ToLower(o.TimeInForce)
	if o.PostOnly {
		kind = "post_only"
	}
	if !o.Price.Absent() {
		price = o.Price.String()
	}
	if o.Fee.IsZero() {
		sign = ""
	}
	return fmt.Sprintf(`{"id":"%d","side":"%s","type":"%s","price":"%s","volume":"%s","state":"%s","profit":"0","contract_code":"%s","position_side":"both","price_match":null,"order_id":"%s","client_order_id":"%s","margin_mode":"cross","lever_rate":10,"order_source":"api","reduce_only":%t,"time_in_force":"%s","tp_trigger_price":null,"trade_avg_price":"%s","trade_volume":"%s","trade_turnover":"%s","fee_currency":"%s","fee":"%s%s","contract_type":"swap","created_time":"%d","updated_time":%d,"self_match_prevent":"cancel_taker","cancel_reason":null}`,
		o.ID+55, o.Side, kind, price, size, state, o.Market, id, client, o.ReduceOnly, lives, o.Average, o.Filled, o.Cost, o.FeeUnit, sign, o.Fee, o.Created.UnixMilli(), o.Updated.UnixMilli())
}

// listV5 are open orders, the oldest first from an id on, or those that ended, the newest first.
func (k *huobiCall) listV5(open bool) string {
	limit, _ := strconv.Atoi(k.q.Get("limit"))
	limit = min(cmp.Or(limit, 10), 100)
	from, _ := strconv.ParseInt(k.q.Get("from"), 10, 64)
	var rows []string
	add := func(o *shadow) {
		if len(rows) < limit && o.Family == "linear" && o.isOpen() == open && (k.q.Get("contract_code") == "" || k.q.Get("contract_code") == o.Market) && o.ID+55 > from && (open || k.within(o.Created)) {
			rows = append(rows, k.rowV5(&o.Order))
		}
	}
	all := slices.Clone(k.a.orders)
	if !open {
		slices.Reverse(all)
	}
	for _, o := range all {
		add(o)
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// details are fills of three days, the oldest first from an id on.
func (k *huobiCall) details() string {
	limit, _ := strconv.Atoi(k.q.Get("limit"))
	from, _ := strconv.ParseInt(k.q.Get("from"), 10, 64)
	var rows []string
	for i := range k.a.fills {
		f := &k.a.fills[i]
		if len(rows) == min(cmp.Or(limit, 10), 100) || f.Family != "linear" || k.q.Get("contract_code") != "" && k.q.Get("contract_code") != f.Market ||
			f.queryID() <= from || !k.within(f.At) || k.v.s.now().Sub(f.At) > 3*dayLong {
			continue
		}
		role, client := "TAKER", cmp.Or(f.ClientID, strconv.FormatInt(f.OrderID, 10))
		if f.Maker {
			role = "MAKER"
		}
		rows = append(rows, fmt.Sprintf(`{"id":"%d","contract_code":"%s","order_id":"%d","trade_id":"%d","side":"%s","position_side":"both","order_type":"1","margin_mode":"cross","type":"limit","client_order_id":"%s","role":"%s","trade_price":"%s","trade_volume":"%s","trade_turnover":"%s","created_time":%d,"updated_time":%[11]d,"order_source":"api","fee_currency":"%s","trade_fee":"%s","deduction_price":"","profit":"%s","contract_type":"swap"}`,
			f.queryID(), f.Market, f.OrderID, f.ID, f.Side, client, role, f.Price, f.Size, f.Cost, f.At.UnixMilli(), f.FeeUnit, f.Fee, f.Profit))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// queryID is the id of a fill in lists: not that of pushes.
func (f *Fill) queryID() int64 { return 1_124_147_771 + f.Seq }

// rowV5 is a position. One that is closed has the side that it had.
func (p *Position) rowV5(side, version string) string {
	if p.Size.Sign() > 0 || p.Size.IsZero() && side == "" {
		side = "buy"
	} else if p.Size.Sign() < 0 {
		side = "sell"
	}
	return fmt.Sprintf(`{"contract_code":"%s","position_side":"both","direction":"%s","margin_mode":"cross","open_avg_price":"%s","volume":"%s","available":"%[4]s","lever_rate":%d,"adl_risk_percent":null,"liquidation_price":"-12.5","initial_margin":"%s","maintenance_margin":"0","profit_unreal":"%s","profit_rate":"0","margin_rate":"0","mark_price":"%s","margin_currency":"%s","contract_type":"swap",%s"created_time":%d,"updated_time":%d}`,
		p.Market, side, p.Entry, p.Size.Abs(), p.Leverage, p.Margin, p.Unrealized, p.Mark, p.Settle, version, p.Created.UnixMilli(), p.Updated.UnixMilli())
}
