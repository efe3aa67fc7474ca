package huobi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// routed is a frame as text.
func routed(d stream.Dialect, frame string) string {
	var f stream.Frame
	err := d.Route([]byte(frame), &f)
	var all []string
	add := func(name, text string) {
		if text != "" {
			all = append(all, name+" "+text)
		}
	}
	add("topic", string(f.Topic))
	if f.Data != nil && string(f.Data) != frame {
		add("data", string(f.Data))
	}
	add("reply", string(f.Reply))
	add("answer", string(f.Answer))
	add("leave", f.Leave)
	for _, a := range f.Acks {
		all = append(all, fmt.Sprintf("ack %s%s drop %t again %t err %v", a.ID, a.Topic, a.Drop, a.Again, a.Err))
	}
	if f.Greeted {
		add("greeted", "yes")
	}
	if f.Denied != nil {
		all = append(all, fmt.Sprintf("denied for good %t: %v", errors.Is(f.Denied, stream.ErrDenied), f.Denied))
	}
	if err != nil {
		add("error", err.Error())
	}
	return strings.Join(all, "; ")
}

// Frames of sections 4.2, 6.4, 8 and 10.5 on the connections of accounts.
func TestPrivateRoute(t *testing.T) {
	spot, contracts := newSpotPrivate(nil), newContractPrivate(nil)
	for _, tt := range []struct {
		d           stream.Dialect
		frame, want string
	}{
		{spot, `{"action":"req","code":200,"ch":"auth","data":{}}`, "greeted yes"},
		{spot, `{"action":"req","code":2002,"ch":"auth","message":"auth.fail"}`, "denied for good true: stream: connection refused for good: huobi: authentication failed: 2002 auth.fail"},
		{spot, `{"action":"req","code":2000,"ch":"auth","message":"invalid.ip"}`, "denied for good true: stream: connection refused for good: huobi: address not allowed: 2000 invalid.ip"},
		{spot, `{"action":"req","code":500,"ch":"auth","message":"系统异常:"}`, "denied for good false: huobi: venue not available: 500 系统异常:"},
		{spot, vectors["sub"], "ack orders#* drop false again false err <nil>"},
		{spot, vectors["unsub"], "ack orders#* drop true again false err <nil>"},
		{spot, vectors["sub.refused"], "ack orders#* drop false again false err huobi: authentication failed: 2002 invalid.auth.state"},
		{spot, `{"action":"sub","code":2001,"ch":"orders#nope","message":"invalid.symbol"}`, "ack orders#nope drop false again false err huobi: unknown or inactive symbol: 2001 invalid.symbol"},
		{spot, `{"action":"sub","code":500,"ch":"accounts.update#2","message":"系统异常:"}`, "ack accounts.update#2 drop false again true err huobi: venue not available: 500 系统异常:"},
		{spot, `{"action":"ping","data":{"ts":1788081327012}}`, `reply {"action":"pong","data":{"ts":1788081327012}}`},
		{spot, vectors["push.created"], "topic orders#*"},
		{spot, strings.Replace(vectors["push.created"], "orders#ethusdt", "orders#*", 1), "topic orders#*"},
		{spot, `{"ch" : "orders#ethusdt","action":"push","data":{}}`, "topic orders#*"},
		{spot, vectors["push.clearing"], "topic trade.clearing#*#0"},
		{spot, strings.Replace(vectors["push.clearing"], `"action":"push",`, "", 1), "topic trade.clearing#*#0"},
		{spot, vectors["push.balance"], "topic accounts.update#2"},
		{spot, vectors["ws.placed"], "answer c1"},
		{spot, vectors["ws.refused"], "answer c1"},
		{spot, vectors["ws.alldone"], "answer c4"},
		{spot, "\xff", "error huobi: frame of unknown kind"},
		{spot, "[]", "error huobi: frame of unknown kind"},
		{contracts, `{"op":"auth","cid":"a1","type":"api","err-code":0,"ts":1788081327395,"data":{"user-id":"41312018"}}`, "greeted yes"},
		{contracts, `{"op":"auth","type":"api","ts":1788081327395,"err-code":2003,"err-msg":"Authentication failed."}`, "denied for good true: stream: connection refused for good: huobi: authentication failed: 2003 Authentication failed."},
		{contracts, `{"op":"auth","type":"api","ts":1,"err-code":2005,"err-msg":"already authenticated"}`, "greeted yes"},
		{contracts, vectors["v5.subbed"], "ack o1 drop false again false err <nil>"},
		{contracts, `{"op":"sub","cid":"o1","topic":"orders","ts":1,"err-code":2014,"err-msg":"repeated"}`, "ack o1 drop false again false err <nil>"},
		{contracts, `{"op":"ping","ts":"1788081327012"}`, `reply {"op":"pong","ts":"1788081327012"}`},
		{contracts, `{"op":"close","ts":1788081327012}`, "leave close"},
		{contracts, vectors["v5.push.order"], "topic orders"},
		{contracts, vectors["v5.push.trade"], "topic trade"},
		{contracts, vectors["v5.push.position"], "topic positions"},
		{contracts, vectors["v5.push.account"], "topic account"},
		{contracts, vectors["v5.ws.placed"], "answer p1"},
		{contracts, `{"code":1067,"message":"Illegal parameter volume.","data":null,"ts":1,"cid":"p9"}`, "answer p9"},
		{contracts, `{"op":"place_order","cid":"p9","err-code":2002,"err-msg":"not authenticated"}`, "answer p9"},
	} {
		if got := routed(tt.d, tt.frame); got != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", tt.frame, got, tt.want)
		}
	}
}

// Subscriptions of sections 8.1 and 8.3.
func TestPrivateChange(t *testing.T) {
	for _, tt := range []struct {
		d                stream.Dialect
		topic, sub, drop string
	}{
		{newSpotPrivate(nil), "orders#*", `{"action":"sub","ch":"orders#*"}`, `{"action":"unsub","ch":"orders#*"}`},
		{newContractPrivate(nil), "orders", `{"op":"sub","cid":"1","topic":"orders","contract_code":"*"}`, `{"op":"unsub","cid":"2","topic":"orders","contract_code":"*"}`},
		{newContractPrivate(nil), "account", `{"op":"sub","cid":"1","topic":"account"}`, `{"op":"unsub","cid":"2","topic":"account"}`},
	} {
		add, drop := tt.d.Change(time.Time{}, nil, []string{tt.topic}, nil), tt.d.Change(time.Time{}, nil, nil, []string{tt.topic})
		if len(add) != 1 || string(add[0].Frame) != tt.sub || len(drop) != 1 || string(drop[0].Frame) != tt.drop || !drop[0].Drop {
			t.Errorf("%s: got %v and %v", tt.topic, add, drop)
		}
	}
}

// What tells that a deposit or a withdrawal has come, and what does not.
func TestMoved(t *testing.T) {
	for change, want := range map[string][2]bool{"deposit": {true, false}, "withdraw": {false, true}, "order.match": {}} {
		b := []byte(strings.Replace(vectors["push.balance"], "order.match", change, 1))
		if got := [2]bool{moved("deposit")(b), moved("withdraw")(b)}; got != want {
			t.Errorf("%s: %v", change, got)
		}
	}
	if vs, err := silent[exchange.Fill](nil, nil, []byte("{}")); vs != nil || err != nil {
		t.Errorf("%v, %v", vs, err)
	}
}

// What is pushed is routed without allocating.
func TestPrivateRouteAllocates(t *testing.T) {
	d, frame := newSpotPrivate(nil), []byte(vectors["push.traded"])
	var f stream.Frame
	if n := testing.AllocsPerRun(100, func() {
		if err := d.Route(frame, &f); err != nil || f.Topic == nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
