package binance

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// Frames of sections 4.7, 8.1, 8.2, 8.3 and 8.5.
const (
	wrappedReport = `{"subscriptionId":0,"event":` + reportFill + `}`
	linearUpdate  = `{"e":"ORDER_TRADE_UPDATE","T":1763776800105,"E":1763776800108,"o":` + linearReport + `}`
	placedAnswer  = `{"id":"o-1","status":200,"result":{"symbol":"BTCUSDT","orderId":48211330989},"rateLimits":[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":1}]}`
)

func newAPI() *api {
	return &api{refuse: func(code, text string) error { return errors.New("denied: " + code + " " + text) }}
}

func TestRouteAccount(t *testing.T) {
	for _, tt := range []struct{ frame, want string }{
		{wrappedReport, "executionReport " + reportFill},
		{`{"event":{"e":"balanceUpdate","E":1763776810110,"a":"BTC","d":"-0.10000000","T":1763776810068},"subscriptionId":0}`, `balanceUpdate {"e":"balanceUpdate","E":1763776810110,"a":"BTC","d":"-0.10000000","T":1763776810068}`},
		{`{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1763776890334}}`, "binance: eventStreamTerminated"},
		{`{"event":{"e":"serverShutdown","E":1763776800123}}`, "leave serverShutdown"},
		{`{"e":"listenKeyExpired","E":1763780400500,"listenKey":"pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"}`, "binance: listenKeyExpired"},
		{`{"subscriptionId":0,"event":{"e":"externalLockUpdate","E":1763776811324,"a":"USDT","d":"10.00000000","T":1763776811268}}`, `outboundAccountPosition {"e":"externalLockUpdate","E":1763776811324,"a":"USDT","d":"10.00000000","T":1763776811268}`},
		{linearUpdate, "ORDER_TRADE_UPDATE " + linearReport},
		{`{"e":"ACCOUNT_UPDATE","a":{"B":[]}}`, `ACCOUNT_UPDATE {"e":"ACCOUNT_UPDATE","a":{"B":[]}}`},
		{placedAnswer, `o-1: {"symbol":"BTCUSDT","orderId":48211330989}`},
		{`{"id":7,"status":200,"result":[]}`, `7: []`},
		{`{"id":"o-2","status":400,"error":{"code":-2010,"msg":"Account has insufficient balance for requested action."},"rateLimits":[]}`, `o-2: {"code":-2010,"msg":"Account has insufficient balance for requested action."}`},
		{`{"id":"o-4","status":500,"error":{"code":-1007,"msg":"Timeout waiting for response from backend server."}}`, `o-4: {"code":-1007,"msg":"Timeout waiting for response from backend server."}`},
		{`{"id":"o-5","status":503,"error":{"code":-9999,"msg":"Unknown error, please check your request or try again later."}}`, "error " + errUnwell.Error()},
		{`{"id":"account","status":200,"result":{"subscriptionId":1}}`, "greeted"},
		{`{"id":"account","status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`, "denied: -2015 Invalid API-key, IP, or permissions for action."},
		{`{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`, "denied: -2015 Invalid API-key, IP, or permissions for action."},
		{`{"id":"account","status":400,"error":{"code":-1022,"msg":"Signature for this request is not valid."}}`, "denied: -1022 Signature for this request is not valid."},
		{`{"id":"account","status":400,"error":{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}}`, "denied: -1021 Timestamp for this request is outside of the recvWindow."},
		{`{"id":"account","status":500,"error":{"code":-1000,"msg":"An unknown error occurred while processing the request."}}`, "denied: -1000 An unknown error occurred while processing the request."},
	} {
		var f stream.Frame
		err := newAPI().Route([]byte(tt.frame), &f)
		got := ""
		switch {
		case err != nil:
			got = "error " + err.Error()
		case f.Leave != "":
			got = "leave " + f.Leave
		case f.Answer != nil:
			got = fmt.Sprintf("%s: %s", f.Answer, f.Data)
		case f.Greeted:
			got = "greeted"
		case f.Denied != nil:
			got = f.Denied.Error()
		default:
			got = fmt.Sprintf("%s %s", f.Topic, f.Data)
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.frame, got, tt.want)
		}
	}
}

func TestRouteAccountErrors(t *testing.T) {
	for _, frame := range []string{"", "null", "[]", "{}", `{"id":"1"}`, `{"id":null,"status":200,"result":{}}`, `{"event":7}`, `{"event":{"e":7`, `{"x":1}`, "<html>"} {
		var f stream.Frame
		if err := newAPI().Route([]byte(frame), &f); err == nil || !strings.HasPrefix(err.Error(), "binance: ") {
			t.Errorf("%q: got %v, %+v", frame, err, f)
		}
	}
}

func TestRouteAccountDoesNotAllocate(t *testing.T) {
	d := newAPI()
	for _, frame := range []string{wrappedReport, linearUpdate, placedAnswer} {
		b := []byte(frame)
		var f stream.Frame
		if n := testing.AllocsPerRun(100, func() { _ = d.Route(b, &f) }); n > 0 {
			t.Errorf("%s: %v allocations", frame, n)
		}
	}
}

func FuzzRouteAccount(f *testing.F) {
	for _, s := range []string{
		wrappedReport, linearUpdate, placedAnswer, `{"id":"account","status":200,"result":{}}`, `{"id":null,"error":{"code":-2015}}`, `{"e":"listenKeyExpired"}`,
		`{"e":"ORDER_TRADE_UPDATE"}`, `{"event":{"event":{"e":"a"}}}`, `{"id":"\u0061","result":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got stream.Frame
		if err := newAPI().Route(b, &got); err == nil && got.Topic == nil && got.Leave == "" && got.Answer == nil && got.Denied == nil && !got.Greeted {
			t.Fatal("nothing was said")
		}
	})
}

// Who is connected is told everything: there is nothing to ask for.
func TestChangeAccount(t *testing.T) {
	got := newAPI().Change(time.Time{}, nil, []string{"executionReport"}, []string{"balanceUpdate"})
	if len(got) != 1 || len(got[0].Frame) > 0 || !got[0].Mute || len(got[0].Topics) != 1 || got[0].Drop {
		t.Errorf("got %+v", got)
	}
	if got := newAPI().Change(time.Time{}, nil, nil, []string{"balanceUpdate"}); got != nil {
		t.Errorf("got %+v", got)
	}
}

// Section 8.4.
func TestListenKey(t *testing.T) {
	key, err := listenKey.Read([]byte(`{"listenKey":"pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"}`))
	if want := "?listenKey=pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE"; err != nil || listenKey.Address(key) != want {
		t.Errorf("got %s, %v, want %s", listenKey.Address(key), err, want)
	}
	for _, body := range []string{"", "{}", `{"listenKey":""}`, `{"listenKey":"a"`} {
		if key, err := listenKey.Read([]byte(body)); err == nil {
			t.Errorf("%s: got %q", body, key)
		}
	}
	if listenKey.Keep != 30*time.Minute || listenKey.Method+listenKey.KeepMethod != "POSTPUT" || !nameOnly[listenKey.Path] {
		t.Errorf("got %+v", listenKey)
	}
}

// An environment that left out an address would lead to the real venue.
func TestEnvironmentsAreWhole(t *testing.T) {
	for name, e := range venue.Environments {
		for _, f := range venue.Families {
			real := []exchange.Endpoint{f.Base}
			for _, s := range f.Sockets {
				real = append(real, s.Endpoint)
			}
			for _, at := range real {
				scheme, _, _ := strings.Cut(at.URL, "://")
				if got := e.Endpoints[at.Name]; !strings.HasPrefix(got, scheme+"://") || got == at.URL {
					t.Errorf("%s: %s is at %q", name, at.Name, got)
				}
			}
		}
	}
}

// What locks from outside is a hint, what has changed is not.
func TestHints(t *testing.T) {
	hint := spotFamily.Push.Balances.Hint
	if !hint([]byte(`{"e":"externalLockUpdate","E":1763776811324,"a":"USDT","d":"10.00000000","T":1763776811268}`)) || hint([]byte(`{"e":"outboundAccountPosition","u":1,"B":[]}`)) {
		t.Error("events are taken for one another")
	}
}
