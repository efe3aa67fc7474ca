package huobi

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// vectors are the messages of sections 7 and 8 of the venue's document, by names of ours.
var vectors = func() map[string]string {
	text, err := os.ReadFile("testdata/private.txt")
	if err != nil {
		panic(err)
	}
	all := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[key] = value
	}
	return all
}()

// told is a value as text: what it does not say is left out.
func told[T any](v *T) string { return strings.TrimPrefix(fields(reflect.ValueOf(v).Elem()), " ") }

func fields(v reflect.Value) (text string) {
	for i := range v.NumField() {
		f, name := v.Field(i), " "+v.Type().Field(i).Name
		if !f.CanInterface() {
			continue
		}
		switch x := f.Interface().(type) {
		case decimal.Decimal:
			if !x.Absent() {
				text += name + " " + x.String()
			}
		case time.Time:
			if !x.IsZero() {
				text += fmt.Sprint(name, " ", x.UnixMilli())
			}
		case exchange.Stamp, exchange.Fee:
			text += fields(f)
		default:
			if !f.IsZero() {
				text += fmt.Sprint(name, " ", x)
			}
		}
	}
	return text
}

// Every message of sections 7 and 8 that tells something of an account.
func TestPrivateVectors(t *testing.T) {
	markets := func(m *exchange.Market) *exchange.Scope { return &exchange.Scope{Market: m} }
	pair := &exchange.Market{ID: "ethusdt", Symbol: "ETH/USDT", Base: "ETH", Quote: "USDT", Kind: exchange.Spot}
	for _, tt := range []struct{ vector, got, want string }{
		{"balance", say(t, spotBalances, markets(nil), vectors["balance"], told), `Seq 477 Account spot Asset USDT Free 91.850043797676510303 Used 5.160000000000000015 Total 97.010043797676510318`},
		{"push.first", say(t, spotUpdates, &exchange.Scope{Args: exchange.Args{Account: "31276149"}}, vectors["push.first"], told), `Account spot Asset USDT Free 762.7 Used 260.411 Total 1023.111`},
		{"push.balance", say(t, spotUpdates, &exchange.Scope{Args: exchange.Args{Account: "31276149"}}, vectors["push.balance"], told), `Time 1788081315831 Seq 86872993928 Account spot Asset USDT Free 502.289 Used 260.411 Total 762.7`},
		{"push of another account", say(t, spotUpdates, &exchange.Scope{Args: exchange.Args{Account: "31276408"}}, vectors["push.balance"], told), ""},
		{"open", say(t, spotOrders, markets(pair), vectors["open"], told), `Symbol ETH/USDT Time 1788081300224 ID 1314507823485263 ClientID ag-20260830-0001 Created 1788081300224 Type limit TimeInForce GTC Side buy Price 2604.110000000000000000 Size 0.250000000000000000 Filled 0.0 Cost 0.0 Asset ETH Amount 0.0 Status open State submitted`},
		{"orders", say(t, spotOrders, markets(pair), vectors["orders"], told), `Symbol ETH/USDT Time 1788081320667 ID 1314507823485263 ClientID ag-20260830-0001 Created 1788081300224 Type limit TimeInForce GTC Side buy Price 2604.11 Average 2604.11 Size 0.25 Filled 0.1 Cost 260.411 Asset ETH Amount 0.0002 Status canceled State partial-canceled`},
		{"push.created", say(t, spotOrders, markets(pair), vectors["push.created"], told), `Symbol ETH/USDT Time 1788081300224 ID 1314507823485263 ClientID ag-20260830-0001 Created 1788081300224 Type limit TimeInForce GTC Side buy Price 2604.11 Size 0.25 Filled 0 Status open State submitted`},
		{"push.traded", say(t, spotOrders, markets(pair), vectors["push.traded"], told), `Symbol ETH/USDT Time 1788081315830 ID 1314507823485263 ClientID ag-20260830-0001 Type limit TimeInForce GTC Side buy Price 2604.11 Average 2604.11 Size 0.25 Filled 0.1 Cost 260.411 Status open State partial-filled`},
		{"push.canceled", say(t, spotOrders, markets(pair), vectors["push.canceled"], told), `Symbol ETH/USDT Time 1788081320663 ID 1314507823485263 ClientID ag-20260830-0001 Type limit TimeInForce GTC Side buy Price 2604.11 Average 2604.11 Size 0.25 Filled 0.1 Cost 260.411 Status canceled State partial-canceled`},
		{"push.rejected", say(t, spotOrders, markets(pair), vectors["push.rejected"], told), ``},
		{"push.deleted", say(t, spotOrders, markets(pair), vectors["push.deleted"], told), ``},
		{"matches", say(t, pulledFills, markets(pair), vectors["matches"], told), `Symbol ETH/USDT Time 1788081315839 ID 104517381190 OrderID 1314507823485263 Side buy Role maker Price 2604.11 Size 0.1 Cost 260.411 Asset ETH Amount 0.0002`},
		{"push.clearing", say(t, spotFills, markets(pair), vectors["push.clearing"], told), `Symbol ETH/USDT Time 1788081315830 ID 104517381190 OrderID 1314507823485263 ClientID ag-20260830-0001 Side buy Role maker Price 2604.11 Size 0.1 Cost 260.411 Asset ETH Amount 0.0002`},
		{"moves", say(t, withdrawals, markets(nil), vectors["moves"], told), `Time 1788001330443 ID 85182894 Kind withdrawal Asset USDT Network trc20usdt Address TXk3r1MadeUpAddress9f2Kd8Qw1Zp Amount 400 Asset USDT Amount 0 Status ok State confirmed Done 1788001389250`},
		{"placed", say(t, placed, markets(pair), vectors["placed"], told), `Symbol ETH/USDT ID 1314507823485263`},
		{"batch", say(t, placed, markets(pair), vectors["batch"], told), `Symbol ETH/USDT ID 1314507823485264 ClientID ag-2; huobi: invalid order: order-value-min-error Order total cannot be lower than: 10 USDT`},
		{"canceled", say(t, placed, markets(pair), vectors["canceled"], told), `Symbol ETH/USDT ID 1314507823485264; huobi: order not found: order-orderstate-error Incorrect order state`},
		{"ws.placed", say(t, placed, markets(pair), vectors["ws.placed"], told), `Symbol ETH/USDT ID 1314507823485263`},
		{"ws.batch", say(t, placed, markets(pair), vectors["ws.batch"], told), `Symbol ETH/USDT ID 1314507823485264 ClientID ag-10; Symbol ETH/USDT ID 1314507823485265`},
		{"ws.canceled", say(t, placed, markets(pair), vectors["ws.canceled"], told), `Symbol ETH/USDT ID 1314507823485263`},
		{"ws.alldone", say(t, counted100, markets(nil), vectors["ws.alldone"], told), ``},
		{"ws.margin", say(t, placed, markets(pair), vectors["ws.margin"], told), `Symbol ETH/USDT ID 1314507823485273`},
		{"v5.balance", say(t, contractBalances, markets(nil), vectors["v5.balance"], told), `Time 1788081068674 Account linear Asset USDT Free 977.41 Used 2.90 Total 980.31`},
		{"v5.push.account", say(t, contractBalances, markets(nil), vectors["v5.push.account"], told), `Time 1788081320682 Seq 1010 Account linear Asset USDT Free 974.1 Used 6.19 Total 980.29`},
		{"v5.order", say(t, contractOrders, markets(linear), vectors["v5.order"], told), `Symbol BTC/USDT:USDT Time 1788081320117 ID 1429503956647878656 ClientID 202608300001 Created 1788081300106 Type limit TimeInForce GTC Side buy Price 61000.5 Average 61000.5 Size 0.003 Contracts 3 Filled 0.001 FilledContracts 1 Cost 61.0005 Asset USDT Amount 0.0122001 Status open State partially_filled`},
		{"v5.push.order", say(t, contractOrders, markets(linear), vectors["v5.push.order"], told), `Symbol BTC/USDT:USDT Time 1788081320341 ID 1429503956647878656 ClientID 202608300001 Created 1788081320341 Type limit TimeInForce GTC Side buy Price 61000.5 Size 0.003 Contracts 3 Filled 0.000 FilledContracts 0 Cost 0 Amount 0 Status open State new`},
		{"v5.fill", say(t, contractFills, markets(linear), vectors["v5.fill"], told), `Symbol BTC/USDT:USDT Time 1788081320110 ID 1124147771 OrderID 1429503956647878656 ClientID 202608300001 Side buy Role maker Price 61000.5 Size 0.001 Contracts 1 Cost 61.0005 Asset USDT Amount 0.0122001`},
		{"v5.position", say(t, contractPositions, markets(linear), vectors["v5.position"], told), `Symbol BTC/USDT:USDT Time 1788081320110 Side long Size 0.001 Contracts 1 Entry 61000.5 Mark 61252.4 Liquidation 8123.4 Unrealized 0.2519 Leverage 10 MarginMode cross Initial 6.1252 Maintenance 0.23 Created 1788081320110`},
		{"v5.push.position", say(t, contractPositions, markets(linear), vectors["v5.push.position"], told), `Symbol BTC/USDT:USDT Time 1788081320110 Seq 21 Side long Size 0.001 Contracts 1 Entry 61000.5 Mark 61000.9 Liquidation 8123.4 Unrealized 0 Realized 0 Leverage 10 MarginMode cross Initial 6.1 Maintenance 0.23 Created 1788081320110`},
		{"v5.placed", say(t, placed, markets(linear), vectors["v5.placed"], told), `Symbol BTC/USDT:USDT ID 1429503956647878656 ClientID 202608300001`},
		{"v5.ws.placed", say(t, placed, markets(linear), vectors["v5.ws.placed"], told), `Symbol BTC/USDT:USDT ID 1429503956647878656`},
		{"v5.ws.canceled", say(t, placed, markets(linear), vectors["v5.ws.canceled"], told), `Symbol BTC/USDT:USDT ID 1429503956647878656`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", tt.vector, tt.got, tt.want)
		}
	}
	if ids, err := accountID(nil, &exchange.Scope{}, []byte(vectors["accounts"])); err != nil || len(ids) != 1 || ids[0] != "31276149" {
		t.Errorf("accounts: %v, %v", ids, err)
	}
}

// FuzzPrivate: whatever comes is read or refused, and never more than once.
func FuzzPrivate(f *testing.F) {
	for _, b := range vectors {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []*exchange.Market{pair, linear} {
			in := &exchange.Scope{Market: m}
			_, err := spotBalances(nil, in, b)
			_, again := spotBalances(nil, in, b)
			if (err == nil) != (again == nil) {
				t.Errorf("%v, then %v", err, again)
			}
			read(t, spotUpdates, in, b)
			read(t, spotOrders, in, b)
			read(t, pulledFills, in, b)
			read(t, deposits, in, b)
			read(t, contractBalances, in, b)
			read(t, contractOrders, in, b)
			read(t, contractFills, in, b)
			read(t, contractPositions, in, b)
			read(t, placed, in, b)
			read(t, counted100, in, b)
			read(t, accountID, in, b)
		}
		for _, d := range []stream.Dialect{newSpotPrivate(nil), newContractPrivate(nil)} {
			var frame stream.Frame
			if err := d.Route(b, &frame); err == nil && frame.Topic != nil && len(frame.Data) == 0 {
				t.Error("a topic without data")
			}
		}
	})
}

// read reads a message behind what is there, and looks whether that has stayed.
func read[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b []byte) {
	t.Helper()
	if vs, _ := parse(make([]T, 3), in, b); len(vs) < 3 {
		t.Errorf("%d of 3 values are left", len(vs))
	}
}

func BenchmarkOrderPush(b *testing.B) {
	d, in, frame := newSpotPrivate(nil), &exchange.Scope{Market: pair}, []byte(vectors["push.traded"])
	var f stream.Frame
	var rows []exchange.Order
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Route(frame, &f); err != nil {
			b.Fatal(err)
		}
		if rows, _ = spotOrders(rows[:0], in, f.Data); len(rows) != 1 {
			b.Fatal("no order")
		}
	}
}
