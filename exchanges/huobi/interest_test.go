package huobi

import (
	"fmt"
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

const (
	interestPull = `{"status":"ok","data":[{"volume":78696,"amount":78.696,"symbol":"BTC","value":4820161.48,"contract_code":"BTC-USDT","trade_amount":15266.388,"trade_volume":15266388,"trade_turnover":933211042.71,"business_type":"swap","pair":"BTC-USDT","contract_type":"swap"}],"ts":1788081327540}`
	forcedPush   = `{"op":"notify","topic":"public.BTC-USDT.liquidation_orders","ts":1788081327214,"data":[{"symbol":"BTC","contract_code":"BTC-USDT","direction":"sell","offset":"close","volume":432,"price":60880.2,"created_at":1788081327172,"amount":0.432,"trade_turnover":26300.2464,"contract_type":"swap","pair":"BTC-USDT","business_type":"swap"}]}`
	beatsPull    = `{"status":"ok","data":{"heartbeat":1,"estimated_recovery_time":null,"swap_heartbeat":1,"swap_estimated_recovery_time":null,"linear_swap_heartbeat":1,"linear_swap_estimated_recovery_time":null},"ts":1788081327033}`
	halfPull     = `{"status":"ok","data":{"heartbeat":0,"estimated_recovery_time":1,"swap_heartbeat":0,"swap_estimated_recovery_time":1788081327033,"linear_swap_heartbeat":1,"linear_swap_estimated_recovery_time":null},"ts":1788081327033}`
)

func TestInterest(t *testing.T) {
	interest := func(v *exchange.OpenInterest) string {
		return fmt.Sprint(v.Symbol, " ", v.Time.UnixMilli(), " ", v.Contracts, " ", v.Size, " ", v.Value)
	}
	forced := func(v *exchange.Liquidation) string {
		return fmt.Sprint(v.Symbol, " ", v.Time.UnixMilli(), " ", v.Side, " ", v.Price, " ", v.Contracts, " ", v.Size, " ", v.Cost)
	}
	in, other := &exchange.Scope{Market: linear}, &exchange.Scope{Market: inverse}
	for _, c := range []struct{ got, want string }{
		{say(t, interests, in, interestPull, interest), "BTC/USDT:USDT 1788081327540 39348 39.348 2410080.74"},
		{say(t, interests, other, interestPull, interest), ""},
		{say(t, liquidations, in, forcedPush, forced), "BTC/USDT:USDT 1788081327172 sell 60880.2 432 0.432 26300.2464"},
		{say(t, liquidations, other, forcedPush, forced), ""},
		{say(t, liquidations, in, `{"data":[{"contract_code":"BTC-USDT","direction":"up"}]}`, func(*exchange.Liquidation) string { return "one" }), "one; exchange: liquidation without a side"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestStatus(t *testing.T) {
	state := func(v *exchange.Status) string {
		return fmt.Sprint(v.Family, " ", v.State, " ", v.Message, v.Until.UnixMilli())
	}
	never := fmt.Sprint(milli0)
	for _, c := range []struct{ got, want string }{
		{say(t, spotStatus, &exchange.Scope{}, `{"code":200,"message":"success","data":{"marketStatus":1}}`, state), " ok " + never},
		{say(t, spotStatus, &exchange.Scope{}, `{"code":200,"message":"success","data":{"marketStatus":2,"haltStartTime":1788076800000,"haltEndTime":1788087600000,"haltReason":3,"affectedSymbols":"all"}}`, state), " maintenance halted: all1788087600000"},
		{say(t, spotStatus, &exchange.Scope{}, `{"code":200,"data":{"marketStatus":3,"affectedSymbols":"btcusdt"}}`, state), " ok halted: btcusdt" + never},
		{say(t, contractStatus, &exchange.Scope{}, beatsPull, state), "linear ok " + never + "; inverse ok " + never},
		{say(t, contractStatus, &exchange.Scope{}, halfPull, state), "linear ok " + never + "; inverse maintenance 1788081327033"},
		{say(t, contractStatus, &exchange.Scope{}, `{"status":"ok","data":{}}`, state), errFrame.Error()},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

const milli0 = int64(-62135596800000) // of the zero time
